// The forks that make three processes of one.
#define _GNU_SOURCE
#include "capture.h"
#include "cgroup.h"
#include "shared.h"
#include "sweep.h"
#include "timer.h"
#include "tree.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *sw_need_name(sw_need need) {
    static const char *const NAMES[] = {
        [SW_NEEDS_PROC] = "/proc",
        [SW_NEEDS_SUBREAPER] = "prctl",
        [SW_NEEDS_OPEN] = "open",
        [SW_NEEDS_MEMORY] = "mmap",
        [SW_NEEDS_FORK] = "fork",
        [SW_NEEDS_SOCKETPAIR] = "socketpair",
        [SW_NEEDS_PIPE] = "pipe2",
        [SW_NEEDS_SIGNALFD] = "signalfd",
        [SW_NEEDS_TIMERFD_CREATE] = "timerfd_create",
        [SW_NEEDS_TIMERFD_SETTIME] = "timerfd_settime",
        [SW_NEEDS_POLL] = "poll",
        [SW_NEEDS_PPOLL] = "ppoll",
        [SW_NEEDS_FLOCK] = "flock",
    };
    return NAMES[need];
}

/// False, always: so that it ends a chain of conditions.
static bool refuse(sw_refusal *why, sw_need need) {
    *why = (sw_refusal){ need, errno };
    return false;
}

static bool socket_pair(int ends[2], sw_refusal *why) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0 || refuse(why, SW_NEEDS_SOCKETPAIR);
}

/// Pointers and strings in one block, never freed: the processes that hold it end with it.
static char **copy_arguments(char *const *argv) {
    size_t count = 0, bytes = 0;
    for (; argv[count]; count++) bytes += strlen(argv[count]) + 1;
    char **copy = malloc((count + 1) * sizeof *copy + bytes);
    if (!copy) return NULL;
    char *at = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        copy[i] = at;
        at = stpcpy(at, argv[i]) + 1;
    }
    copy[count] = NULL;
    return copy;
}

/// Without it orphans go to init, and are believed dead.
static bool become_subreaper(sw_refusal *why) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 || refuse(why, SW_NEEDS_SUBREAPER);
}

static bool has_children(void) {
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

/// The original process is as it was before.
static int give_up(const sw_role *role) {
    sw_cgroup_remove();
    if (role->signal_fd >= 0) close(role->signal_fd);
    if (role->front_timer_fd >= 0) close(role->front_timer_fd);
    if (role->front_pidfd >= 0) close(role->front_pidfd);
    if (!role->had_children) prctl(PR_SET_CHILD_SUBREAPER, 0);
    return -1;
}

/// The first message of a process that was just forked: that it is ready, or why not. It takes no longer than a few system calls.
static bool hears_ready(int fd, sw_message *first, sw_refusal *why) {
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    while (poll(&readable, 1, -1) < 0 && errno == EINTR) continue;
    int got = sw_receive(fd, first);
    if (got == 1 && first->type == SW_READY) return true;
    *why = got == 1 && first->type == SW_UNFIT ? (sw_refusal){ (sw_need)first->detail, first->number }
                                               : (sw_refusal){ SW_NEEDS_FORK, ECHILD };
    return false;
}

/// In another PID namespace than its parent (`unshare --pid` without --fork) a process has one number for itself and another in the
/// /proc that it was started with: what is found there would be strangers.
static bool finds_itself(sw_refusal *why) {
    return sw_tree_visible() || refuse(why, SW_NEEDS_PROC);
}

static bool takes_proc(sw_refusal *why) {
    return sw_proc_take() || refuse(why, SW_NEEDS_OPEN);
}

/// Who cannot wait asks without end, and keeps the processor from everybody else.
static bool can_wait(sw_refusal *why) {
    struct timespec at_once = { 0 };
    if (poll(NULL, 0, 0) < 0) return refuse(why, SW_NEEDS_POLL);
    return ppoll(NULL, 0, &at_once, NULL) == 0 || refuse(why, SW_NEEDS_PPOLL);
}

/// For supervisor and guardian.
static bool finds_tree(sw_refusal *why) {
    return become_subreaper(why) && takes_proc(why) && finds_itself(why);
}

/// In the supervisor. The guardian hears of nobody but the supervisor, and nobody but it holds the supervisor's end.
static pid_t fork_guardian(const sw_role *role, int front_fd, sw_supervision *out, sw_refusal *why) {
    int ends[2];
    sw_capture capture;
    if (!socket_pair(ends, why) || !sw_capture_make(role->plan, &capture, why)) return -1;
    pid_t guardian = fork();
    if (guardian == 0) {
        close(front_fd);
        close(ends[0]);
        sw_capture_enter(&capture);
        if (finds_tree(why)) sw_guardian(role, ends[1]);
        sw_send_unfit(ends[1], *why);
        _exit(EXIT_FAILURE);
    }
    if (guardian < 0) return refuse(why, SW_NEEDS_FORK), -1;
    close(ends[1]);
    sw_capture_leave(&capture);
    *out = (sw_supervision){
        .front_fd = front_fd, .guardian_fd = ends[0], .front = role->front, .guardian = guardian,
        .output = capture.stream[0], .error_output = capture.stream[1], .output_is_joined = capture.is_joined,
    };
    sw_message first;
    return hears_ready(ends[0], &first, why) ? guardian : -1;
}

/// The rest of sw_start in the supervisor.
static int be_supervisor(const sw_role *role, int front_fd, sw_supervision *out) {
    close(role->signal_fd);
    close(role->front_timer_fd);
    sw_refusal why = { 0 };
    pid_t guardian = finds_tree(&why) ? fork_guardian(role, front_fd, out, &why) : -1;
    sw_message ready = { .type = SW_READY, .number = guardian };
    int sent = guardian < 0 ? sw_send_unfit(front_fd, why) : sw_send(front_fd, &ready, NULL, 0);
    if (guardian < 0 || sent < 0) _exit(EXIT_FAILURE);
    setpgid(0, 0); // Ctrl-C and Ctrl-Z are for front and the command
    sw_scheduling_leave();
    if (role->front_pidfd >= 0) close(role->front_pidfd);
    sw_tree_set_scope((sw_scope){ .own = true, .spared = { guardian } });
    sw_descriptor_silence(STDIN_FILENO);
    sw_descriptor_silence(STDOUT_FILENO);
    sw_descriptors_close_inherited();
    return 0;
}

/// The rest of sw_start in the original process. Returns only if there is no guardian.
static int be_front(const sw_role *role, pid_t supervisor, int supervisor_fd, sw_refusal *why) {
    sw_message first;
    if (hears_ready(supervisor_fd, &first, why)) sw_front(role, supervisor, first.number, supervisor_fd);
    close(supervisor_fd);
    // Should it live, then without a guardian, which it would notice; but we are not to return while it does.
    kill(supervisor, SIGKILL);
    while (waitpid(supervisor, NULL, 0) < 0 && errno == EINTR) continue;
    return give_up(role);
}

void sw_await_guardian(pid_t guardian) {
    for (int64_t since_ns = sw_now_ns();;) {
        pid_t pid = waitpid(guardian, NULL, __WALL | WNOHANG);
        if (pid == guardian || (pid < 0 && errno != EINTR)) return;
        if (sw_now_ns() - since_ns > SW_SECOND_NS) kill(guardian, SIGKILL);
        struct pollfd dead = { .fd = (int)syscall(SYS_pidfd_open, guardian, 0), .events = POLLIN };
        poll(&dead, 1, dead.fd < 0 ? 1 : 100);
        if (dead.fd >= 0) close(dead.fd);
    }
}

int sw_start(const sw_plan *plan, sw_supervision *out, sw_refusal *why) {
    if (!can_wait(why) || !finds_itself(why) || !takes_proc(why)) return -1;
    static sw_plan copy;
    copy = *plan;
    copy.argv = copy_arguments(plan->argv);
    copy.lockname = strdup(plan->lockname ? plan->lockname : "");
    copy.cgroup = strdup(plan->cgroup ? plan->cgroup : "auto");
    if (!copy.argv || !copy.lockname || !copy.cgroup || !sw_shared_make()) return refuse(why, SW_NEEDS_MEMORY), -1;
    sw_role role = {
        .plan = &copy, .front = getpid(), .caller_group = getpgrp(), .had_children = has_children(),
        .front_pidfd = -1, .front_timer_fd = -1,
    };

    sw_scheduling_remember();
    role.signal_fd = sw_front_signals(&copy.ignored);
    if (role.signal_fd < 0) return refuse(why, SW_NEEDS_SIGNALFD), give_up(&role);
    role.front_timer_fd = sw_timer_make(why);
    if (role.front_timer_fd < 0) return give_up(&role);
    role.front_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (!sw_sweep_open()) return refuse(why, SW_NEEDS_FLOCK), give_up(&role);
    // What is left on purpose would be killed with the cgroup, and its removal would fail.
    sw_cgroup_take(copy.descendants == SW_DESCENDANTS_LEAVE ? "off" : copy.cgroup, copy.lockname);

    // Children from before (`exec switchman` in a script with background jobs) are none of our business. As a subreaper
    // front would be handed their orphans and could not tell them from ours; so then it is none, see lose_everything in
    // front.c.
    if (!role.had_children && !become_subreaper(why)) return give_up(&role);
    int ends[2];
    if (!socket_pair(ends, why)) return give_up(&role);

    pid_t supervisor = fork();
    if (supervisor == 0) {
        close(ends[0]);
        return be_supervisor(&role, ends[1], out);
    }
    if (supervisor < 0) refuse(why, SW_NEEDS_FORK);
    close(ends[1]);
    if (supervisor > 0) return be_front(&role, supervisor, ends[0], why);
    close(ends[0]);
    return give_up(&role);
}
