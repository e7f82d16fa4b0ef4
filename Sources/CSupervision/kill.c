// Killing the tree of this process: by its cgroup at one write, where it has one, and by the walk: stop all that moves, then kill.
// Again and again, until wait says that nobody is left and the cgroup is empty.
//
// Guardian, supervisor and front kill by the same code, two or three of them at a time if need be, and none of them signals
// another (sw_scope) before the tree is dead: whoever is stopped in the middle of it disables nobody.
//
// In the walk all is stopped first, children and descent in turn. A kill makes room for another fork (of a bomb at its limit of
// processes), a stop does not, and what is stopped leaves the processor to us. Children alone never converge against a bomb,
// where one generation is born while another is stopped; the descent alone is slow against a chain of processes that fork and
// exit. Only wait is believed: a zombie in /proc may be a leader whose threads run on.
#define _GNU_SOURCE
#include "cgroup.h"
#include "shared.h"
#include "tree.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// Rounds over the children for each descent: a chain of forks is one generation further after each.
enum { CHILDREN_ROUNDS = 8 };
/// Then the kill comes in any case: somebody in the tree may be sending SIGCONT. A bomb needs two or three.
enum { FREEZING_PASSES = 8 };
/// Rounds in which the cgroup alone is killed. What is left then may be outside of it, or have lost its first thread.
enum { CGROUP_ROUNDS = 2 };

int64_t sw_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * SW_SECOND_NS + now.tv_nsec;
}

/// Whether /proc still shows the process we meant. Its parent may have died since, which makes it a child of one of us.
static bool is_same(const sw_process *process) {
    sw_process again;
    return sw_process_read(process->pid, &again) && again.start_ticks == process->start_ticks
        && (again.parent == process->parent || again.parent == sw_proc_held()->self || sw_tree_spares(again.parent));
}

/// False if we are not allowed to. Without a pidfd (a child of ours; a kernel before 5.3, a sandbox, no descriptor left) by
/// the number: another's may have been recycled in the microseconds since it was looked at.
static bool send_signal(pid_t pid, int pidfd, int signal) {
    int result = pidfd < 0 ? kill(pid, signal) : (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
    return result == 0 || errno != EPERM;
}

/// False if we are not allowed to. A child's number is its own until we reap it; another's may be recycled at any time,
/// so it is pinned by a pidfd first and looked at afterwards.
static bool signal_process(const sw_process *process, int signal) {
    if (process->parent == sw_proc_held()->self) return send_signal(process->pid, -1, signal);

    int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (pidfd < 0 && errno == ESRCH) return true;
    if (!is_same(process)) {
        if (pidfd >= 0) close(pidfd);
        return true;
    }
    bool allowed = send_signal(process->pid, pidfd, signal);
    if (pidfd >= 0) close(pidfd);
    return allowed;
}

static int signal_all(const sw_process *processes, int count, int signal) {
    int denied = 0;
    for (int i = 0; i < count; i++) {
        if (!signal_process(&processes[i], signal)) denied++;
    }
    return denied;
}

/// Our own children, by their numbers alone. Returns how many there are.
static int signal_children(int signal) {
    int count;
    if (!sw_tree_scope().own) return 0;
    const sw_process *children = sw_tree_children(&count);
    if (!children) return 0;
    signal_all(children, count, signal);
    return count;
}

static bool spares_anybody(sw_scope scope) {
    return scope.spared[0] > 0 || scope.spared[1] > 0;
}

static void forget_spared(pid_t pid) {
    sw_scope scope = sw_tree_scope();
    for (int i = 0; i < 2; i++) {
        if (scope.spared[i] == pid) scope.spared[i] = 0;
    }
    sw_tree_set_scope(scope);
}

/// Between two looks at the clock. waitpid goes through all children each time.
enum { REAPED_AT_ONCE = 4096 };

/// False once wait says that there is no child left. __WALL: children made by clone without SIGCHLD count too.
static bool reap(sw_on_reaped on_reaped, void *context, int *reaped) {
    if (!sw_tree_scope().own) return true;
    for (int i = 0; i < REAPED_AT_ONCE; i++) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) return false;
        if (pid == 0) return true;
        (*reaped)++;
        forget_spared(pid);
        if (on_reaped) on_reaped(context, pid, status);
    }
    return true;
}

static bool is_dead(const sw_process *process) {
    return process->state == 'X' || (process->state == 'Z' && process->threads <= 1);
}

// ------------------------------------------------------------------------------------------------------------------ the walk

/// On sight: the one look that tells who it is comes between the pidfd and the signal. Among busy processes we have a turn of some
/// milliseconds, and the next when each of them has had its own, so what counts is how many are stopped in one turn.
static bool stop(void *context, sw_process *process) {
    bool *still = context;
    bool is_child = process->parent == sw_proc_held()->self;
    int pidfd = is_child ? -1 : (int)syscall(SYS_pidfd_open, process->pid, 0);
    bool is_gone = !is_child && pidfd < 0 && errno == ESRCH;
    bool is_meant = sw_tree_look(process);
    bool at_rest = process->state == 'T' || process->is_dying || is_dead(process);
    bool moves = is_meant && !at_rest && !is_gone && !sw_tree_spares(process->pid);
    if (moves && send_signal(process->pid, pidfd, SIGSTOP)) *still = false;
    if (pidfd >= 0) close(pidfd);
    return is_meant;
}

/// Stops whatever still moves. True if nothing did that we may stop.
static bool freeze(void) {
    int before = -1;
    for (int round = 0; round < CHILDREN_ROUNDS; round++) {
        int count = signal_children(SIGSTOP);
        if (count == before) break;
        before = count;
    }
    bool still = true;
    sw_tree_visit(stop, &still);
    return still;
}

/// Returns how many live.
static int kill_by_walk(int *denied, bool *still) {
    int pass = 0;
    while (pass < FREEZING_PASSES && !freeze()) pass++;
    *still = pass < FREEZING_PASSES;
    int count, living = 0;
    const sw_process *tree = sw_tree_find(&count, NULL, NULL);
    for (int i = 0; i < count; i++) living += !is_dead(&tree[i]);
    *denied += signal_all(tree, count, SIGKILL);
    // What the descent does not show (/proc mounted with hidepid, and a program that may not be read; more processes than we
    // have room for; no descriptor left) is our child at last, when those between have died.
    signal_children(SIGKILL);
    return living;
}

// ------------------------------------------------------------------------------------------------------------ round by round

static int rounds; // since the last end of a tree
static int empty;  // rounds in a row that have found nothing
/// Then what may not be signalled, one process at a time or all at once, is at least stopped.
enum { PATIENT_ROUNDS = 20 };

sw_resistance sw_tree_kill_step(sw_on_reaped on_reaped, void *context) {
    sw_resistance resistance = { .still = true };
    int64_t began_ns = sw_now_ns();
    int living = 0;
    bool by_cgroup = sw_cgroup_is_held() && sw_cgroup_kill();
    rounds++;
    if (by_cgroup && rounds > CGROUP_ROUNDS && sw_cgroup_is_populated()) living = sw_cgroup_kill_listed(&resistance.denied);
    // In the first rounds the kernel does the work, and a walk would only be in its way.
    if (!by_cgroup || rounds > CGROUP_ROUNDS || !sw_cgroup_is_populated())
        living += kill_by_walk(&resistance.denied, &resistance.still);
    if (by_cgroup && resistance.denied > 0 && rounds > PATIENT_ROUNDS) sw_cgroup_freeze();
    bool has_children = reap(on_reaped, context, &resistance.reaped);
    bool is_populated = sw_cgroup_is_populated();

    sw_scope scope = sw_tree_scope();
    // Where wait does not tell, two looks in a row have to find nothing.
    bool by_wait = scope.own && !spares_anybody(scope);
    empty = living == 0 && !is_populated ? empty + 1 : 0;
    bool is_over = !is_populated && (by_wait ? !has_children : empty > 1);
    if (is_over) rounds = empty = 0;
    else resistance.alive = living > 0 ? living : 1;
    resistance.took_ns = sw_now_ns() - began_ns;
    return resistance;
}

int64_t sw_tree_pause_ns(sw_resistance last, int64_t previous_ns, int64_t since_ns) {
    // Where something still moves something else may be born: no pause. Where nothing does, what has SIGKILL needs the processor
    // to die, and we have a higher priority: it gets three times what the round took. What resists for seconds (D state, another
    // user's) is not worth a hundred walks a second.
    int64_t most_ns = sw_now_ns() - since_ns < 5 * SW_SECOND_NS ? 10 * SW_MILLISECOND_NS : 250 * SW_MILLISECOND_NS;
    if (!last.still) return 0;
    int64_t next_ns = previous_ns == 0 ? SW_MILLISECOND_NS / 16 : previous_ns * 2;
    if (next_ns > most_ns) next_ns = most_ns;
    return next_ns > 3 * last.took_ns ? next_ns : 3 * last.took_ns;
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
        struct timespec pause = { .tv_sec = pause_ns / SW_SECOND_NS, .tv_nsec = pause_ns % SW_SECOND_NS };
        nanosleep(&pause, NULL);
    }
}

/// Nothing of the tree lives, so it is not needed any more, also if it is stopped.
sw_resistance sw_tree_take_over(int64_t until_ns, sw_on_reaped on_reaped, void *context) {
    sw_resistance resistance;
    atomic_store(&sw_shared_page()->taken_over, 1);
    for (;;) {
        resistance = sw_tree_kill(until_ns, on_reaped, context);
        sw_scope scope = sw_tree_scope();
        if (resistance.alive > 0 || !spares_anybody(scope)) return resistance;
        for (int i = 0; i < 2; i++) {
            if (scope.spared[i] > 0) kill(scope.spared[i], SIGKILL);
        }
        // What it may have forked meanwhile is our child now, and wait has the last word.
        sw_tree_set_scope((sw_scope){ .own = scope.own });
    }
}

// -------------------------------------------------------------------------------------------------------- other signals, and size

struct telling {
    int signal;
    int64_t until_ns;
    int count;
};

static bool is_time(const struct telling *telling, int every) {
    return telling->count % every == 0 && sw_now_ns() >= telling->until_ns;
}

/// SIGTERM wakes what is stopped as well.
static bool tell(void *context, const sw_process *process) {
    struct telling *telling = context;
    telling->count++;
    if (is_time(telling, 16)) return false;
    signal_process(process, telling->signal);
    if (telling->signal == SIGTERM) signal_process(process, SIGCONT);
    return true;
}

void sw_tree_signal(int signal, int64_t until_ns) {
    struct telling telling = { .signal = signal, .until_ns = until_ns };
    int count;
    sw_tree_find(&count, tell, &telling);
}

struct size {
    struct telling bound;
    long resident_pages;
};

static bool add_size(void *context, const sw_process *process) {
    struct size *size = context;
    if (!is_dead(process)) {
        size->bound.count++;
        size->resident_pages += process->resident_pages;
    }
    return !is_time(&size->bound, 16);
}

sw_tree_size sw_tree_measure(int64_t until_ns) {
    struct size size = { .bound.until_ns = until_ns };
    int known;
    sw_tree_find(&known, add_size, &size);
    sw_tree_size result = { .processes = size.bound.count, .resident_pages = size.resident_pages };
    // It had enough, or /proc does not show all: the numbers that are listed count.
    if (is_time(&size.bound, 1) && known > result.processes) result.processes = known;
    int held = sw_cgroup_count(until_ns);
    if (held > result.processes) result.processes = held;
    return result;
}
