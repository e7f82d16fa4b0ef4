// The signals that front takes: passed on to the command, which front stands in for; it stops and continues with the command's
// group.
#define _GNU_SOURCE
#include "front.h"
#include "shared.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int FORWARDED[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH };
static const int STOPPING[] = { SIGTSTP, SIGTTIN, SIGTTOU };
#define COUNT(array) (sizeof(array) / sizeof *(array))
/// Between two looks at the clock.
enum { SIGNALS_AT_ONCE = 64 };

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

/// True if our process group is in the background of a terminal. Elsewhere only kill(2) can have sent SIGTTIN or SIGTTOU.
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

/// Who sent a signal. A command that does `kill 0` has had its signal; front got it as a member of the same group.
typedef enum sender { SOMEBODY, THE_TREE, NOBODY_KNOWS } sender;

static sender place(const sw_face *face, const struct signalfd_siginfo *info) {
    pid_t pid = (pid_t)info->ssi_pid;
    if (pid == 0) return SOMEBODY; // the kernel, or a process outside of our PID namespace
    if (sw_tree_descends(pid, face->supervisor)) return THE_TREE;
    // A sender that lived for a moment (`/bin/kill -HUP 0`) may have been one of the command's.
    return kill(pid, 0) < 0 && errno == ESRCH ? NOBODY_KNOWS : SOMEBODY;
}

/// The shell that has continued us has continued the whole group, but not a command that has made a group of its own (a shell with
/// job control), nor, if it was sent to us alone, any.
static bool is_command_stopped(void) {
    sw_process leader;
    pid_t pid = atomic_load(&sw_shared_page()->leader);
    return pid > 0 && sw_process_read(pid, &leader) && leader.state == 'T';
}

static void take_stop(sw_face *face, int signal, const struct signalfd_siginfo *info) {
    bool is_sent = info->ssi_code <= 0, is_busy = atomic_load(&sw_shared_page()->busy);
    if (!is_sent || !is_busy) return stop_or_go_on(face, signal);
    // Sent to us alone, it is meant for the command; we stop when it has stopped. What the tree sends it has itself.
    if (place(face, info) != THE_TREE) pass_on(face, signal, 0);
}

static void take_continue(sw_face *face, bool from_terminal) {
    bool was_stopped = face->stopped;
    // Whoever continues us means the command as well: news of an earlier stop, which may be on its way, is to be forgotten.
    face->stopped = false;
    if (!was_stopped) face->continued_at_ns = sw_now_ns();
    if (!was_stopped || is_command_stopped()) pass_on(face, SIGCONT, from_terminal ? SW_FROM_TERMINAL : 0);
}

static void take_signal(sw_face *face, const struct signalfd_siginfo *info) {
    int signal = (int)info->ssi_signo;
    bool hang_up = is_hang_up(info);
    bool from_terminal = info->ssi_code > 0 && !hang_up;
    if (is_in(signal, STOPPING, COUNT(STOPPING))) return take_stop(face, signal, info);
    if (!is_in(signal, FORWARDED, COUNT(FORWARDED))) return;
    sender sender = from_terminal || hang_up ? SOMEBODY : place(face, info);
    if (sender == THE_TREE) return;
    if (signal == SIGCONT && !hang_up) return take_continue(face, from_terminal);
    if (signal == SIGCONT) face->stopped = false, face->continued_at_ns = sw_now_ns();
    pass_on(face, signal, from_terminal ? SW_FROM_TERMINAL : sender == NOBODY_KNOWS ? SW_UNPLACED : 0);
}

void sw_front_take_signals(sw_face *face) {
    struct signalfd_siginfo info;
    for (int i = 0; i < SIGNALS_AT_ONCE && read(face->signal_fd, &info, sizeof info) == sizeof info; i++) take_signal(face, &info);
}

/// The command stopped. With Ctrl-Z the terminal has stopped front as well, and the news of it arrives when all has long been
/// continued: then it is to be forgotten.
void sw_front_command_stopped(sw_face *face, int signal, int64_t at_ns) {
    // A SIGCONT that has come already would be lost with our own SIGSTOP (signal(7)), and nobody sends another.
    sw_front_take_signals(face);
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
