// Killing the tree of this process: stop all that moves, then kill, until wait says that nobody is left.
//
// First all is stopped, children and walk in turn. A kill makes room for another fork (of a bomb at its limit of
// processes), a stop does not, and what is stopped leaves the processor to us: killing at once took over 5 s for 200
// processes on two busy cores, this takes 0.4 to 1.1 s. Children alone never converge against a bomb, where one
// generation is born while another is stopped; the walk alone is slow against a chain of processes that fork and exit,
// each of which lives shorter than a walk takes. Only wait is believed: a zombie in /proc may be a leader whose threads
// run on.
#define _GNU_SOURCE
#include "tree.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// Rounds over the children for each walk: as many as take about as long as a walk of a few hundred processes.
enum { CHILDREN_ROUNDS = 8 };
/// Then the kill comes in any case: somebody in the tree may be sending SIGCONT. A bomb needs two or three.
enum { FREEZING_PASSES = 8 };

int64_t sw_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * SW_SECOND_NS + now.tv_nsec;
}

/// Whether /proc still shows the process we meant. Its parent may have died since, which makes it our child.
static bool is_same(const sw_process *process) {
    sw_process again;
    return sw_process_read(process->pid, &again) && again.start_ticks == process->start_ticks
        && (again.parent == process->parent || again.parent == getpid());
}

/// False if we are not allowed to. A child's number is its own until we reap it; another's may be recycled at any time,
/// so it is pinned by a pidfd first and looked at afterwards.
static bool signal_process(const sw_process *process, int signal) {
    if (process->parent == getpid()) return kill(process->pid, signal) == 0 || errno != EPERM;

    int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (pidfd < 0 && errno == ESRCH) return true;
    if (!is_same(process)) {
        if (pidfd >= 0) close(pidfd);
        return true;
    }
    // Without pidfds (a kernel before 5.3, a sandbox, no descriptor left) the window is some microseconds.
    if (pidfd < 0) return kill(process->pid, signal) == 0 || errno != EPERM;
    bool allowed = syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0 || errno != EPERM;
    close(pidfd);
    return allowed;
}

static int signal_all(const sw_process *processes, int count, int signal) {
    int denied = 0;
    for (int i = 0; i < count; i++) {
        if (!signal_process(&processes[i], signal)) denied++;
    }
    return denied;
}

/// False once wait says that there is no child left. __WALL: children made by clone without SIGCHLD count too.
static bool reap(sw_on_reaped on_reaped, void *context, int *reaped) {
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) return false;
        if (pid == 0) return true;
        (*reaped)++;
        if (on_reaped) on_reaped(context, pid, status);
    }
}

static bool at_rest(const sw_process *process) {
    return process->state == 'T' || (process->state == 'Z' && process->threads <= 1);
}

static void stop(void *context, const sw_process *process) {
    bool *still = context;
    if (!at_rest(process) && signal_process(process, SIGSTOP)) *still = false;
}

/// Stops whatever still moves. True if nothing did that we may stop.
static bool freeze(void) {
    int count;
    for (int round = 0; round < CHILDREN_ROUNDS; round++) {
        const sw_process *children = sw_tree_children(&count);
        if (!children) break;
        signal_all(children, count, SIGSTOP);
    }
    bool still = true;
    sw_tree_find(&count, stop, &still);
    return still;
}

sw_resistance sw_tree_kill_step(sw_on_reaped on_reaped, void *context) {
    sw_resistance resistance = { 0 };
    int count;
    for (int pass = 0; pass < FREEZING_PASSES && !freeze(); pass++) continue;
    const sw_process *tree = sw_tree_find(&count, NULL, NULL);
    resistance.denied = signal_all(tree, count, SIGKILL);
    // What the walk does not show (/proc mounted with hidepid, and a program that may not be read; more processes than we have
    // room for; no descriptor left) is our child at last, when those between have died.
    int hidden;
    const sw_process *children = sw_tree_children(&hidden);
    if (children) signal_all(children, hidden, SIGKILL);
    if (reap(on_reaped, context, &resistance.reaped)) resistance.alive = count > 0 ? count : 1;
    return resistance;
}

int64_t sw_tree_pause_ns(sw_resistance last, int64_t previous_ns, int64_t since_ns) {
    // Where something died something else may be born: no pause. What resists for seconds (D state, another user's) is
    // not worth a hundred walks a second.
    int64_t most_ns = sw_now_ns() - since_ns < 5 * SW_SECOND_NS ? 10 * SW_MILLISECOND_NS : 250 * SW_MILLISECOND_NS;
    if (last.reaped > 0) return 0;
    int64_t next_ns = previous_ns == 0 ? SW_MILLISECOND_NS / 16 : previous_ns * 2;
    return next_ns < most_ns ? next_ns : most_ns;
}

sw_resistance sw_tree_kill(int64_t until_ns, sw_on_reaped on_reaped, void *context) {
    int64_t since_ns = sw_now_ns(), pause_ns = 0;
    sw_scheduling before = sw_scheduling_rise();
    for (;;) {
        sw_resistance resistance = sw_tree_kill_step(on_reaped, context);
        if (resistance.alive == 0 || sw_now_ns() >= until_ns) {
            sw_scheduling_restore(&before);
            return resistance;
        }
        pause_ns = sw_tree_pause_ns(resistance, pause_ns, since_ns);
        struct timespec pause = { .tv_nsec = pause_ns };
        nanosleep(&pause, NULL);
    }
}

/// SIGTERM wakes what is stopped as well.
static void signal_and_wake(const sw_process *process, int signal) {
    signal_process(process, signal);
    if (signal == SIGTERM) signal_process(process, SIGCONT);
}

/// Children of ours that have had the signal, for the walk that comes next; with more of them some get it twice.
static pid_t told[1024];

static bool is_told(pid_t pid, int count) {
    for (int i = 0; i < count; i++) {
        if (told[i] == pid) return true;
    }
    return false;
}

void sw_tree_signal(int signal) {
    // First the children, which /proc may hide; whoever becomes one meanwhile is found by the walk.
    int count, told_count = 0;
    const sw_process *children = sw_tree_children(&count);
    for (int i = 0; children && i < count; i++) {
        signal_and_wake(&children[i], signal);
        if (told_count < (int)(sizeof told / sizeof *told)) told[told_count++] = children[i].pid;
    }
    const sw_process *tree = sw_tree_find(&count, NULL, NULL);
    for (int i = 0; i < count; i++) {
        if (!is_told(tree[i].pid, told_count)) signal_and_wake(&tree[i], signal);
    }
}

int sw_tree_count(void) {
    int count, living = 0;
    const sw_process *tree = sw_tree_find(&count, NULL, NULL);
    for (int i = 0; i < count; i++) {
        if (tree[i].state != 'Z' || tree[i].threads > 1) living++;
    }
    return living;
}
