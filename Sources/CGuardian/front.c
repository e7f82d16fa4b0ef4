// Front: the process that the caller started, and the only one it knows. It stands in for the command: what is sent to
// it is passed on, it stops and continues with the command, and exits with its status.
#define _GNU_SOURCE
#include "roles.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const int FORWARDED[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH };
static const int STOPPING[] = { SIGTSTP, SIGTTIN, SIGTTOU };
#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct sw_face {
    const sw_role *role;
    pid_t supervisor;
    bool reaped;            // the supervisor: its number may be another's by now
    int supervisor_fd, signal_fd;
    int guardian_pidfd;     // -1: none to be had
    bool stopped;           // by the job control of the shell; its SIGCONT is still to come
    int64_t continued_at_ns;
    bool hung_up;           // by ourselves: hang_up_once
    bool has_begun;         // there may be a command
    bool has_exit;
    sw_message exit;
} sw_face;

/// Process 1 of a container inherits whoever loses its parent there: a `docker exec`, a health check.
static void reap_strangers(sw_face *face) {
    if (getpid() != 1 || face->reaped) return;
    for (;;) {
        siginfo_t info = { 0 };
        // Looked at first: the supervisor is reaped where that is taken note of.
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 || info.si_pid == 0) return;
        if (info.si_pid == face->supervisor) return;
        waitpid(info.si_pid, NULL, WNOHANG | __WALL);
    }
}

static bool supervisor_reaped(sw_face *face, int options) {
    if (face->reaped) return true;
    pid_t pid;
    do {
        pid = waitpid(face->supervisor, NULL, __WALL | options);
    } while (pid < 0 && errno == EINTR);
    face->reaped = pid != 0; // ECHILD too: it cannot be waited for, so it is not there
    return face->reaped;
}

// -------------------------------------------------------------------------------------------------------------- the end

static _Noreturn void exit_as_told(const sw_message *exit) {
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

/// Front had children before, so it is no subreaper, and the guardian is out of its reach: but it sees the end of file,
/// and does not end before the tree.
static void wait_for_guardian(sw_face *face) {
    if (!face->reaped) kill(face->supervisor, SIGKILL);
    supervisor_reaped(face, 0);
    if (face->guardian_pidfd < 0) return;
    syscall(SYS_pidfd_send_signal, face->guardian_pidfd, SIGCONT, NULL, 0);
    struct pollfd dead = { .fd = face->guardian_pidfd, .events = POLLIN };
    while (poll(&dead, 1, -1) < 0 && errno == EINTR) continue;
}

/// The supervisor is dead, or talks nonsense. Whatever it started must not outlive it, the guardian included.
static _Noreturn void lose_everything(sw_face *face) {
    const char *lockname = face->role->plan->lockname;
    if (face->role->had_children) {
        wait_for_guardian(face);
    } else if (sw_tree_kill(sw_now_ns() + 5 * SW_SECOND_NS, NULL, NULL).alive > 0) {
        dprintf(STDERR_FILENO, "switchman: %s: the supervisor died, and the command cannot be killed; waiting for it\n", lockname);
        sw_tree_kill(INT64_MAX, NULL, NULL);
    }
    const char *end = face->has_begun ? "the command was killed" : "nothing was started";
    dprintf(STDERR_FILENO, "switchman: %s: the supervisor died; %s\n", lockname, end);
    _exit(face->has_begun ? face->role->plan->lost_exit_code : face->role->plan->unbegun_exit_code);
}

// ---------------------------------------------------------------------------------------------------------- job control

static void pass_on(const sw_face *face, int signal, uint32_t flags) {
    // Should the socket be full, the supervisor has some hundred signals waiting and has not looked at one.
    sw_message message = { .type = SW_SIGNAL, .number = signal, .flags = flags };
    if (face->supervisor_fd >= 0) sw_send(face->supervisor_fd, &message, NULL, 0);
}

static bool is_in(int signal, const int *signals, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (signals[i] == signal) return true;
    }
    return false;
}

/// SIGSTOP, whatever the signal was: it must not be caught by our own mask.
static void stop_like_the_command(sw_face *face) {
    face->stopped = true;
    raise(SIGSTOP);
    face->continued_at_ns = sw_now_ns();
}

/// Of a terminal: without one, or in its foreground, nobody but a hand sends SIGTTIN and SIGTTOU.
static bool is_in_background(void) {
    int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (terminal < 0) return errno != ENXIO;
    pid_t foreground = tcgetpgrp(terminal);
    close(terminal);
    return foreground > 0 && foreground != getpgrp();
}

static bool is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// The command has asked the terminal for something from the background, and nobody will bring it forward. Without us it would have
/// failed with EIO (setpgid(2), "orphaned"): here it gets what the kernel sends to a stopped group that becomes an orphan, SIGHUP
/// and SIGCONT. Once: who asks again stays stopped, until what follows SIGHUP. So does who ignores hang-ups (nohup).
static void hang_up_once(sw_face *face) {
    if (face->hung_up || is_ignored(SIGHUP)) return;
    face->hung_up = true;
    pass_on(face, SIGHUP, 0);
    kill(0, SIGCONT);
}

/// Where nobody would continue us (`ssh -t host switchman ...`, or a script that has put us into the background and ended) the
/// kernel would not have stopped the group either, were it not for our guardian: so all of it goes on. We get that SIGCONT as
/// well, and pass it on, should the command have stopped after it.
static void stop_or_go_on(sw_face *face, int signal) {
    if (sw_shell_is_there()) stop_like_the_command(face);
    else if (signal != SIGTSTP && is_in_background()) hang_up_once(face);
    else kill(0, SIGCONT);
}

// -------------------------------------------------------------------------------------------------------------- signals

/// That the terminal is gone: SIGHUP and SIGCONT, which the kernel sends to the session's leader alone.
static bool is_hang_up(const struct signalfd_siginfo *info) {
    bool is_either = info->ssi_signo == SIGHUP || info->ssi_signo == SIGCONT;
    return is_either && info->ssi_code > 0 && getsid(0) == getpid();
}

static void take_signal(sw_face *face, const struct signalfd_siginfo *info) {
    int signal = (int)info->ssi_signo;
    bool hang_up = is_hang_up(info);
    bool from_terminal = info->ssi_code > 0 && !hang_up;
    if (is_in(signal, STOPPING, COUNT(STOPPING))) {
        stop_or_go_on(face, signal);
    } else if (signal == SIGCONT && face->stopped && !hang_up) {
        face->stopped = false; // the shell has continued the whole group
    } else if (is_in(signal, FORWARDED, COUNT(FORWARDED))) {
        // Whoever continues us means the command as well: news of an earlier stop, which may be on its way, is to be forgotten.
        if (signal == SIGCONT) {
            face->stopped = false;
            face->continued_at_ns = sw_now_ns();
        }
        // A command that does `kill 0` has had its signal; front got it as a member of the same group.
        bool from_tree = !from_terminal && info->ssi_pid != 0 && sw_tree_descends((pid_t)info->ssi_pid, face->supervisor);
        if (!from_tree) pass_on(face, signal, from_terminal ? SW_FROM_TERMINAL : 0);
    }
}

static void take_signals(sw_face *face) {
    struct signalfd_siginfo info;
    while (read(face->signal_fd, &info, sizeof info) == sizeof info) take_signal(face, &info);
}

/// The command stopped. With Ctrl-Z the terminal has stopped front as well, and the news of it arrives when all has long been
/// continued: then it is to be forgotten.
static void command_stopped(sw_face *face, int signal, int64_t at_ns) {
    // A SIGCONT that has come already would be lost with our own SIGSTOP (signal(7)), and nobody sends another.
    take_signals(face);
    if (at_ns <= face->continued_at_ns) return;
    if (is_in(signal, STOPPING, COUNT(STOPPING))) stop_or_go_on(face, signal);
    else stop_like_the_command(face);
}

int sw_front_signals(const sigset_t *ignored) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    for (size_t i = 0; i < COUNT(FORWARDED); i++) sigaddset(&mask, FORWARDED[i]);
    for (size_t i = 0; i < COUNT(STOPPING); i++) sigaddset(&mask, STOPPING[i]);
    for (int signal = 1; signal < NSIG; signal++) {
        if (signal != SIGCHLD && sigismember(ignored, signal) == 1) sigdelset(&mask, signal);
    }
    return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

// -------------------------------------------------------------------------------------------------------- the supervisor

static void listen_to_supervisor(sw_face *face) {
    while (face->supervisor_fd >= 0) {
        sw_message message;
        int got = sw_receive(face->supervisor_fd, &message);
        if (got == 0) return;
        if (got == 1 && message.type == SW_STOP) {
            command_stopped(face, message.number, message.term_at_ns);
        } else if (got == 1 && message.type == SW_BEGUN) {
            face->has_begun = true;
        } else if (got == 1 && message.type == SW_EXIT) {
            face->exit = message;
            face->has_exit = true;
            // With process 1 of a container all others are killed, and the session would be left to expire.
            if (message.flags & SW_LAST && getpid() != 1) exit_as_told(&face->exit);
        } else if (face->has_exit) {
            close(face->supervisor_fd); // it is about to exit
            face->supervisor_fd = -1;
        } else {
            lose_everything(face);
        }
    }
}

_Noreturn void sw_front(const sw_role *role, pid_t supervisor, pid_t guardian, int supervisor_fd) {
    const sw_proc *proc = sw_proc_held();
    const int kept[] = { supervisor_fd, role->signal_fd, proc->root, proc->children };
    sw_descriptors_close_but(kept, COUNT(kept));
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    sw_scheduling_leave();
    sw_face face = {
        .role = role,
        .supervisor = supervisor,
        .supervisor_fd = supervisor_fd,
        .signal_fd = role->signal_fd,
        .guardian_pidfd = (int)syscall(SYS_pidfd_open, guardian, 0),
    };

    for (;;) {
        struct pollfd fds[] = { { .fd = face.signal_fd, .events = POLLIN }, { .fd = face.supervisor_fd, .events = POLLIN } };
        poll(fds, COUNT(fds), -1);
        take_signals(&face);
        reap_strangers(&face);
        // First whether it is dead, then what it said: so nothing that it said is missed.
        bool reaped = supervisor_reaped(&face, WNOHANG);
        listen_to_supervisor(&face);
        if (reaped && face.has_exit) exit_as_told(&face.exit);
        if (reaped) lose_everything(&face);
    }
}
