// The guardian: starts the command, holds the timer, kills the tree. deadman.c decides; this is the driver around it.
//
// One thread, one loop, no malloc, nothing that blocks: it must do its work while the supervisor is stopped, hung or dead.
#define _GNU_SOURCE
#include "guard.h"
#include "cgroup.h"
#include "shared.h"
#include "timer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int64_t PATIENCE_NS = 5 * SW_SECOND_NS;    // with a tree that does not die, before the supervisor is told
static const int64_t COMPLAINT_NS = 60 * SW_SECOND_NS;  // between one complaint and the next
static const int64_t RESEND_NS = 10 * SW_MILLISECOND_NS; // with messages that could not be sent
enum { MESSAGES_AT_ONCE = 64 };                         // then the timer has its turn again

void sw_guard_report(sw_guard *guard, sw_message message) {
    if (!sw_outbox_send(&guard->outbox, guard->supervisor_fd, &message)) sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_LOST });
}

/// Nobody is left who would tell front to go on: its caller would wait for ever.
static _Noreturn void leave(sw_guard *guard) {
    if (guard->supervisor_fd < 0) {
        sw_cgroup_remove();
        if (guard->front_pidfd >= 0) syscall(SYS_pidfd_send_signal, guard->front_pidfd, SIGCONT, NULL, 0);
        else if (getppid() == guard->role->front) kill(guard->role->front, SIGCONT);
    }
    _exit(EXIT_SUCCESS);
}

/// SIGTERM goes to the tree for no longer than until SIGKILL is due.
static int64_t kill_is_due_ns(const sw_guard *guard) {
    const sw_deadman *deadman = &guard->deadman;
    return deadman->kill_at_ns < deadman->grace_at_ns ? deadman->kill_at_ns : deadman->grace_at_ns;
}

void sw_guard_act(sw_guard *guard, sw_event event) {
    int64_t now_ns = sw_now_ns();
    bool was_killing = guard->deadman.phase == SW_KILLING;
    sw_action action = sw_deadman_step(&guard->deadman, now_ns, event);
    atomic_store(&sw_shared_page()->busy, guard->deadman.phase != SW_IDLE);
    bool unasked = event.kind == SW_EVENT_TICK || event.kind == SW_EVENT_LEADER_REAPED;

    switch (action.order) {
    case SW_DO_TERMINATE:
        sw_tree_signal(SIGTERM, kill_is_due_ns(guard));
        break;
    case SW_DO_KILL:
        if (was_killing) break;
        guard->killing_since_ns = now_ns;
        guard->complain_at_ns = now_ns + PATIENCE_NS;
        guard->pause_ns = guard->next_round_ns = 0;
        break;
    case SW_DO_REPORT:
        sw_cgroup_remove_attempts();
        sw_guard_report(guard, (sw_message){ .type = SW_REAPED, .causes = action.causes });
        return;
    case SW_DO_EXIT: leave(guard);
    case SW_DO_NOTHING:
    case SW_DO_START:
    case SW_DO_REFUSE: return;
    }
    if (unasked) sw_guard_report(guard, (sw_message){ .type = SW_ENDING, .causes = action.causes });
}

// ----------------------------------------------------------------------------------------------------- the supervisor

static bool is_stop(int signal) {
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/// The pid is the leader's own until we reap it.
static void pass_on(sw_guard *guard, int signal, bool escalate) {
    // What is being killed has been stopped, so that it cannot fork; a signal's SIGCONT would let it.
    if (guard->deadman.phase == SW_IDLE || guard->deadman.phase == SW_KILLING) return;
    // It would strike once the command is continued: whoever stopped the group has stopped the command.
    bool strikes_late = is_stop(signal) && guard->leader_stopped;
    if (guard->leader && !strikes_late) kill(guard->leader, signal);
    else if (!guard->leader && escalate) sw_tree_signal(signal, kill_is_due_ns(guard));
    if (escalate) sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_SIGNAL });
}

/// False: no message that a sane supervisor sends.
static bool obey(sw_guard *guard, const sw_message *message, char *block, size_t block_bytes) {
    switch (message->type) {
    case SW_START:
        sw_leader_start(guard, message, block, block_bytes);
        // Nothing else that a guardian does forks, which takes long while many processes with the same libraries die.
        guard->started_ns = sw_now_ns();
        return true;
    case SW_DEADLINE:
        sw_guard_act(guard, (sw_event){ SW_EVENT_DEADLINE, message->term_at_ns, message->kill_at_ns });
        sw_guard_measure(guard, message);
        sw_guard_acknowledge(guard, message->seq);
        return true;
    case SW_SIGNAL:
        if (message->number < 1 || message->number >= NSIG) return false;
        pass_on(guard, message->number, message->flags & SW_ESCALATE);
        return true;
    case SW_END:
        sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_END, .kill_at_ns = message->kill_at_ns });
        return true;
    case SW_KILL:
        sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_KILL });
        return true;
    case SW_QUIT:
        sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_QUIT });
        return true;
    default: return false;
    }
}

static void listen_to_supervisor(sw_guard *guard) {
    static char block[SW_BLOCK_BYTES_MAX];
    for (int i = 0; i < MESSAGES_AT_ONCE && guard->supervisor_fd >= 0; i++) {
        sw_message message;
        size_t block_bytes = 0;
        int got = sw_receive_block(guard->supervisor_fd, &message, block, &block_bytes);
        if (got == 0) return;
        if (got == 1 && obey(guard, &message, block, block_bytes)) continue;
        // With our end closed, a supervisor that lives takes us for dead, and kills as we do.
        close(guard->supervisor_fd);
        guard->supervisor_fd = -1;
        sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_LOST });
    }
}

// ------------------------------------------------------------------------------------------------------------ the loop

static void kill_round(sw_guard *guard) {
    // Also where /proc shows nothing of it.
    if (guard->leader) kill(guard->leader, SIGKILL);
    guard->has_more = false;
    sw_resistance resistance = sw_tree_kill_step(sw_leader_note_reaped, guard);
    sw_leader_settle(guard, resistance.alive == 0);
    guard->pause_ns = sw_tree_pause_ns(resistance, guard->pause_ns, guard->killing_since_ns);
    guard->next_round_ns = sw_now_ns() + guard->pause_ns;

    if (guard->deadman.phase != SW_KILLING || sw_now_ns() < guard->complain_at_ns) return;
    guard->complain_at_ns += COMPLAINT_NS;
    sw_message complaint = { .type = SW_UNKILLABLE, .number = resistance.alive, .detail = resistance.denied };
    sw_outbox_offer(&guard->outbox, guard->supervisor_fd, &complaint);
}

static void arm_timer(sw_guard *guard) {
    int64_t due_ns = sw_deadman_wake_ns(&guard->deadman);
    if (due_ns == guard->armed_ns) return;
    guard->armed_ns = due_ns;
    if (sw_timer_arm(guard->timer_fd, due_ns) || due_ns == INT64_MAX) return;
    // Nothing would wake us at the deadline: so it is now. What comes next is armed anew, though it be for the same instant.
    guard->armed_ns = INT64_MIN;
    sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_DEADLINE });
    sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_TICK });
}

/// For how long nothing that happens may wake us; negative: for ever. A socket may well be writable while the kernel has no
/// memory for a message (ENOBUFS), so what is unsent is tried again in a while.
static int64_t longest_sleep_ns(const sw_guard *guard) {
    if (guard->has_more) return 0;
    if (guard->deadman.phase == SW_KILLING) {
        int64_t left_ns = guard->next_round_ns - sw_now_ns();
        return left_ns > 0 ? left_ns : 0;
    }
    if (guard->outsiders_pause_ns > 0) return guard->outsiders_pause_ns;
    return sw_outbox_is_empty(&guard->outbox) ? -1 : RESEND_NS;
}

/// Returns when there is something to do. What it is, each part of the loop finds out for itself, at the price of a few
/// system calls.
static void sleep_until_needed(sw_guard *guard) {
    struct pollfd fds[] = {
        { .fd = guard->supervisor_fd, .events = POLLIN },
        { .fd = guard->timer_fd, .events = POLLIN },
        { .fd = guard->child_fd, .events = POLLIN },
        { .fd = guard->exec_fd, .events = POLLIN },
        { .fd = guard->outsiders_pause_ns > 0 ? guard->events_fd : -1, .events = POLLPRI },
    };
    int64_t longest_ns = longest_sleep_ns(guard);
    struct timespec pause = { .tv_sec = longest_ns / SW_SECOND_NS, .tv_nsec = longest_ns % SW_SECOND_NS };
    // Where it fails, with EINVAL after prlimit(1) has lowered the limit of open files, everything is looked at each millisecond:
    // without a pause nobody else would get this processor.
    if (ppoll(fds, sizeof fds / sizeof *fds, longest_ns < 0 ? NULL : &pause, NULL) < 0 && errno != EINTR)
        nanosleep(&(struct timespec){ .tv_nsec = SW_MILLISECOND_NS }, NULL);

    // Once: children that are stopped and continued without end would keep us here.
    uint64_t expirations;
    struct signalfd_siginfo child;
    if (read(guard->timer_fd, &expirations, sizeof expirations) < 0) expirations = 0;
    if (read(guard->child_fd, &child, sizeof child) < 0) child.ssi_signo = 0;
    // Until it is read it would wake us without end.
    char events[256];
    if (fds[4].revents && pread(guard->events_fd, events, sizeof events, 0) < 0) events[0] = '\0';
    atomic_store(&sw_shared_page()->progress_ns, sw_now_ns());
}

static bool make_descriptors(sw_guard *guard, sw_refusal *why) {
    guard->timer_fd = sw_timer_make(why);
    if (guard->timer_fd < 0) return false;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    guard->child_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (guard->child_fd < 0) *why = (sw_refusal){ SW_NEEDS_SIGNALFD, errno };
    return guard->child_fd >= 0;
}

_Noreturn void sw_guardian(const sw_role *role, int supervisor_fd) {
    if (role->caller_group > 0) setpgid(0, 0); // else the command could not be in it
    static sw_guard guard;
    guard = (sw_guard){
        .role = role,
        .supervisor_fd = supervisor_fd,
        .events_fd = sw_cgroup_watch(),
        .front_pidfd = role->front_pidfd,
        .exec_fd = -1,
        .armed_ns = INT64_MAX,
    };
    sw_take_own_name();
    sw_scheduling_rise(); // when the timer fires, a command with many busy processes must not keep us waiting
    sw_refusal why;
    bool is_fit = make_descriptors(&guard, &why);
    int sent = is_fit ? sw_send(supervisor_fd, &(sw_message){ .type = SW_READY }, NULL, 0) : sw_send_unfit(supervisor_fd, why);
    if (!is_fit || sent < 0) _exit(EXIT_FAILURE);
    sw_deadman_init(&guard.deadman, role->plan->descendants, role->plan->termination_ns);

    for (;;) {
        sleep_until_needed(&guard);
        sw_leader_look_at_exec(&guard);
        sw_leader_reap(&guard);
        listen_to_supervisor(&guard);
        sw_outbox_flush(&guard.outbox, guard.supervisor_fd);
        sw_guard_act(&guard, (sw_event){ .kind = SW_EVENT_TICK });
        arm_timer(&guard);
        // Whoever dies wakes us, and is reaped; the others are given their time.
        if (guard.deadman.phase == SW_KILLING && sw_now_ns() >= guard.next_round_ns) kill_round(&guard);
    }
}
