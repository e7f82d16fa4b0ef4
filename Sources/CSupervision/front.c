// Front: the process that the caller started, and the only one it knows. It stands in for the command: what is sent to
// it is passed on, it stops and continues with the command, and exits with its status, once nothing of this run is left.
//
// It is the third dead man's switch: it knows the deadline from the page that the three share, and kills when the other two do not.
#define _GNU_SOURCE
#include "front.h"
#include "cgroup.h"
#include "shared.h"
#include "timer.h"
#include "tree.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/// Behind the guardian, which kills when it is due, and the supervisor, half a second later.
static const int64_t SLACK_NS = 750 * SW_MILLISECOND_NS;
/// A guardian that kills comes round several times in this time, also when what it kills resists.
static const int64_t STANDSTILL_NS = 500 * SW_MILLISECOND_NS;
/// For a supervisor that has said its last, and for a guardian that has nothing to do any more.
static const int64_t PATIENCE_NS = 3 * SW_SECOND_NS;
/// Between two looks at the clock.
enum { AT_ONCE = 64 };

/// By a pidfd, which becomes readable; without one (a kernel before 5.3, a sandbox), or without poll, by its number and its start.
static bool guardian_is_dead(const sw_face *face) {
    struct pollfd dead = { .fd = face->guardian_pidfd, .events = POLLIN };
    int found = face->guardian_pidfd >= 0 ? poll(&dead, 1, 0) : -1;
    if (found >= 0) return found > 0;
    sw_process guardian;
    return !sw_process_read(face->guardian, &guardian) || guardian.start_ticks != face->guardian_start || guardian.state == 'Z'
        || guardian.state == 'X';
}

static void note_reaped(void *context, pid_t pid, int status) {
    (void)status;
    sw_face *face = context;
    if (pid == face->supervisor) face->reaped = true;
    if (pid == face->guardian) face->guardian_reaped = true;
}

/// Process 1 of a container inherits whoever loses its parent there: a `docker exec`, a health check.
static void reap_strangers(sw_face *face) {
    if (getpid() != 1 || face->reaped) return;
    for (int i = 0; i < AT_ONCE; i++) {
        siginfo_t info = { 0 };
        // Looked at first: the supervisor is reaped where that is taken note of.
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 || info.si_pid == 0) return;
        if (info.si_pid == face->supervisor) return;
        if (waitpid(info.si_pid, NULL, WNOHANG | __WALL) == face->guardian) face->guardian_reaped = true;
    }
}

static bool supervisor_reaped(sw_face *face) {
    if (face->reaped) return true;
    pid_t pid;
    do {
        pid = waitpid(face->supervisor, NULL, __WALL | WNOHANG);
    } while (pid < 0 && errno == EINTR);
    face->reaped = pid != 0; // ECHILD too: it cannot be waited for, so it is not there
    return face->reaped;
}

/// Inherited from the supervisor, or reaped by it; in front that is no subreaper it is another's child.
static bool guardian_is_gone(sw_face *face) {
    if (!face->guardian_reaped && face->reaped && waitpid(face->guardian, NULL, __WALL | WNOHANG) == face->guardian) {
        face->guardian_reaped = true;
    }
    return face->guardian_reaped || guardian_is_dead(face);
}

static void signal_guardian(const sw_face *face, int signal) {
    if (face->guardian_pidfd >= 0) syscall(SYS_pidfd_send_signal, face->guardian_pidfd, signal, NULL, 0);
    else if (!guardian_is_dead(face)) kill(face->guardian, signal);
}

static void sleep_ns(int64_t ns) {
    struct timespec pause = { .tv_sec = ns / SW_SECOND_NS, .tv_nsec = ns % SW_SECOND_NS };
    nanosleep(&pause, NULL);
}

/// A line on standard error, which may hang (a pipe that nobody reads, a file server): a child writes it, and is not waited
/// for long.
static void say(const sw_face *face, const char *text) {
    char line[1024];
    int length = snprintf(line, sizeof line, "switchman: %s: %s\n", face->role->plan->lockname, text);
    if (length >= (int)sizeof line) length = sizeof line - 1;
    pid_t writer = fork();
    if (writer == 0) sw_cgroup_let_go();
    if (writer == 0) _exit(write(STDERR_FILENO, line, (size_t)length) == length ? EXIT_SUCCESS : EXIT_FAILURE);
    for (int i = 0; writer > 0 && waitpid(writer, NULL, WNOHANG) == 0 && i < 1100; i++) {
        if (i == 1000) kill(writer, SIGKILL);
        sleep_ns(SW_MILLISECOND_NS);
    }
}

// -------------------------------------------------------------------------------------------------------------- the end

/// What is in our name on this host goes with us.
static void tidy(void) {
    if (!sw_cgroup_remove()) {
        sleep_ns(20 * SW_MILLISECOND_NS); // the last of it may have died this moment
        sw_cgroup_remove();
    }
}

static _Noreturn void exit_as_told(const sw_message *exit) {
    tidy();
    int signal_to_die_of = exit->detail;
    if (signal_to_die_of <= 0 || signal_to_die_of >= NSIG) _exit(exit->number);
    // A shell ends its loop only if it sees us die of the signal, not if we exit with a number.
    prctl(PR_SET_DUMPABLE, 0); // the command's core is the one of interest
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, signal_to_die_of);
    signal(signal_to_die_of, SIG_DFL);
    raise(signal_to_die_of);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    _exit(128 + signal_to_die_of); // process 1 of a container does not die of a signal it sent itself
}

/// The supervisor has exited, and nothing of the command is left: nor is the guardian to be, whatever became of its dismissal.
static _Noreturn void exit_after_guardian(sw_face *face) {
    for (int64_t since_ns = sw_now_ns(); !guardian_is_gone(face); sleep_ns(SW_MILLISECOND_NS)) {
        int64_t waited_ns = sw_now_ns() - since_ns;
        if (waited_ns > PATIENCE_NS) signal_guardian(face, SIGKILL);
        if (waited_ns > 2 * PATIENCE_NS) break; // in uninterruptible sleep
    }
    exit_as_told(&face->exit);
}

/// All that was left to do is done, and yet its process does not end: a thread of it sleeps where no signal reaches it.
static _Noreturn void exit_before_supervisor(sw_face *face) {
    say(face, "a file or folder that it writes to hangs; leaving the process that waits for it");
    exit_as_told(&face->exit);
}

/// Whether the guardian, which has read end of file, is still at its work.
static bool guardian_works(sw_face *face) {
    return !guardian_is_gone(face) && sw_now_ns() - atomic_load(&sw_shared_page()->progress_ns) < STANDSTILL_NS;
}

/// Kills the tree beside the guardian, and the guardian only when nothing else is left to kill.
static void kill_all(sw_face *face) {
    sw_tree_set_scope((sw_scope){ .own = !face->role->had_children, .spared = { face->guardian_reaped ? 0 : face->guardian } });
    bool is_told = false;
    for (int64_t since_ns = sw_now_ns();; ) {
        int64_t now_ns = sw_now_ns();
        // Its number is its own until somebody has reaped it.
        if (guardian_is_gone(face)) sw_tree_set_scope((sw_scope){ .own = !face->role->had_children });
        bool is_dead = sw_tree_kill(now_ns + 200 * SW_MILLISECOND_NS, note_reaped, face).alive == 0;
        if (is_dead && guardian_is_gone(face)) return;
        if (is_dead && !guardian_works(face)) signal_guardian(face, SIGKILL);
        if (!is_told && now_ns - since_ns > 5 * SW_SECOND_NS) {
            is_told = true;
            say(face, "the supervisor died, and the command cannot be killed; waiting for it");
        }
        sleep_ns(is_dead ? SW_MILLISECOND_NS : 0);
    }
}

/// The supervisor is dead, or talks nonsense. Whatever it started must not outlive it, the guardian included.
static _Noreturn void lose_everything(sw_face *face) {
    if (!face->reaped) kill(face->supervisor, SIGKILL);
    kill_all(face);
    supervisor_reaped(face);
    tidy();
    say(face, face->has_begun ? "the supervisor died; the command was killed" : "the supervisor died; nothing was started");
    _exit(face->has_begun ? face->role->plan->lost_exit_code : face->role->plan->unbegun_exit_code);
}

// ----------------------------------------------------------------------------------------------------------- the deadline

/// Once it is over, and others are at work: how often that is looked at.
static const int64_t RECHECK_NS = 100 * SW_MILLISECOND_NS;

static void arm_timer(sw_face *face) {
    const sw_shared *shared = sw_shared_page();
    int64_t at_ns = atomic_load(&shared->kill_at_ns), now_ns = sw_now_ns();
    int64_t due_ns = at_ns < INT64_MAX - SLACK_NS ? at_ns + SLACK_NS : 0; // all zero disarms
    if (due_ns == face->armed_ns) return;
    // Where nothing runs the next start says so (SW_BEGUN), with a deadline of its own.
    if (due_ns <= now_ns) due_ns = atomic_load(&shared->busy) ? now_ns + RECHECK_NS : 0;
    if (due_ns == face->armed_ns) return;
    face->armed_ns = due_ns;
    face->is_deaf = !sw_timer_arm(face->timer_fd, due_ns == 0 ? INT64_MAX : due_ns);
    if (face->is_deaf) face->armed_ns = -1;
}

/// Supervisor and guardian are stopped, or one of them is dead, and the deadline has passed.
static bool is_ours_to_kill(const sw_face *face) {
    const sw_shared *shared = sw_shared_page();
    int64_t now_ns = sw_now_ns(), at_ns = atomic_load(&shared->kill_at_ns);
    bool is_past = at_ns < INT64_MAX - SLACK_NS && now_ns >= at_ns + SLACK_NS;
    if (!is_past || !atomic_load(&shared->busy)) return false;
    return guardian_is_dead(face) || now_ns - atomic_load(&shared->progress_ns) >= STANDSTILL_NS;
}

/// A round of it; nobody is disabled, and what becomes of the run is the supervisor's to say.
static void kill_if_ours(sw_face *face) {
    uint64_t expirations;
    if (read(face->timer_fd, &expirations, sizeof expirations) > 0) face->armed_ns = -1;
    bool was_killing = face->killing;
    face->killing = is_ours_to_kill(face);
    if (!face->killing) return;
    if (!was_killing) {
        face->killing_since_ns = sw_now_ns();
        face->pause_ns = 0;
        sw_scheduling_rise();
        atomic_store(&sw_shared_page()->is_late, 1);
    }
    sw_tree_set_scope((sw_scope){
        .own = !face->role->had_children,
        .spared = { face->reaped ? 0 : face->supervisor, guardian_is_gone(face) ? 0 : face->guardian },
    });
    sw_resistance resistance = sw_tree_kill_step(note_reaped, face);
    // What comes after, a command that is forked this moment, is looked for as well, until the others say that all is over.
    face->pause_ns = resistance.alive == 0 ? 100 * SW_MILLISECOND_NS
                                           : sw_tree_pause_ns(resistance, face->pause_ns, face->killing_since_ns);
}

// -------------------------------------------------------------------------------------------------------- the supervisor

static void listen_to_supervisor(sw_face *face) {
    for (int i = 0; i < AT_ONCE && face->supervisor_fd >= 0; i++) {
        sw_message message;
        int got = sw_receive(face->supervisor_fd, &message);
        if (got == 0) return;
        if (got == 1 && message.type == SW_STOP) {
            sw_front_command_stopped(face, message.number, message.term_at_ns);
        } else if (got == 1 && message.type == SW_BEGUN) {
            face->has_begun = true;
        } else if (got == 1 && message.type == SW_EXIT) {
            face->exit = message;
            face->has_exit = true;
            if (message.flags & SW_LAST && !face->is_last) {
                face->is_last = true;
                face->last_at_ns = sw_now_ns();
            }
        } else if (face->has_exit) {
            close(face->supervisor_fd); // it is about to exit
            face->supervisor_fd = -1;
        } else {
            lose_everything(face);
        }
    }
}

/// For how many milliseconds nothing that happens may wake us; negative: for ever.
static int longest_sleep_ms(const sw_face *face) {
    if (face->killing) return (int)(face->pause_ns / SW_MILLISECOND_NS) + 1;
    if (!face->is_last) return face->is_deaf ? (int)(RECHECK_NS / SW_MILLISECOND_NS) : -1;
    int64_t left_ns = face->last_at_ns + PATIENCE_NS - sw_now_ns();
    return left_ns <= 0 ? 0 : (int)(left_ns / SW_MILLISECOND_NS) + 1;
}

_Noreturn void sw_front(const sw_role *role, pid_t supervisor, pid_t guardian, int supervisor_fd) {
    sw_face face = {
        .role = role,
        .supervisor = supervisor,
        .guardian = guardian,
        .supervisor_fd = supervisor_fd,
        .signal_fd = role->signal_fd,
        .timer_fd = role->front_timer_fd,
        .guardian_pidfd = (int)syscall(SYS_pidfd_open, guardian, 0),
    };
    sw_process started;
    if (sw_process_read(guardian, &started)) face.guardian_start = started.start_ticks;
    const sw_proc *proc = sw_proc_held();
    int kept[SW_KEPT_MAX] = {
        supervisor_fd, face.signal_fd, face.timer_fd, face.guardian_pidfd, proc->root, proc->children,
    };
    enum { OWN = 6 };
    sw_descriptors_close_but(kept, OWN + sw_cgroup_descriptors(kept + OWN));
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    sw_scheduling_leave();

    for (;;) {
        arm_timer(&face);
        struct pollfd fds[] = {
            { .fd = face.signal_fd, .events = POLLIN },
            { .fd = face.supervisor_fd, .events = POLLIN },
            { .fd = face.timer_fd, .events = POLLIN },
        };
        poll(fds, COUNT(fds), longest_sleep_ms(&face));
        sw_front_take_signals(&face);
        reap_strangers(&face);
        // First whether it is dead, then what it said: so nothing that it said is missed.
        bool reaped = supervisor_reaped(&face);
        listen_to_supervisor(&face);
        kill_if_ours(&face);
        if (reaped && face.has_exit) exit_after_guardian(&face);
        if (reaped) lose_everything(&face);
        if (face.is_last && sw_now_ns() - face.last_at_ns > PATIENCE_NS) exit_before_supervisor(&face);
    }
}
