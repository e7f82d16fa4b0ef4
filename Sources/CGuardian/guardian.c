// The guardian: starts the command, holds the timer, kills the tree. deadman.c decides; this is the driver around it.
//
// One thread, one loop, no malloc, nothing that blocks: it must do its work while the supervisor is stopped, hung or dead.
#define _GNU_SOURCE
#include "guard.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static const int64_t PATIENCE_NS = 5 * SW_SECOND_NS;    // with a tree that does not die, before the supervisor is told
static const int64_t COMPLAINT_NS = 60 * SW_SECOND_NS;  // between one complaint and the next
static const int64_t RESEND_NS = 10 * SW_MILLISECOND_NS; // with messages that could not be sent
enum { MESSAGES_AT_ONCE = 64 };                         // then the timer has its turn again

void sw_guard_report(sw_guard *guard, sw_message message) {
    if (!sw_outbox_send(&guard->outbox, guard->supervisor_fd, &message)) sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_LOST });
}

void sw_guard_act(sw_guard *guard, sw_event event) {
    int64_t now_ns = sw_now_ns();
    bool was_killing = guard->deadman.phase == SW_KILLING;
    sw_action action = sw_deadman_step(&guard->deadman, now_ns, event);
    bool unasked = event.kind == SW_EVENT_TICK || event.kind == SW_EVENT_LEADER_REAPED;

    switch (action.order) {
    case SW_DO_TERMINATE:
        sw_tree_signal(SIGTERM);
        break;
    case SW_DO_KILL:
        if (was_killing) break;
        guard->killing_since_ns = now_ns;
        guard->complain_at_ns = now_ns + PATIENCE_NS;
        guard->pause_ns = 0;
        break;
    case SW_DO_REPORT:
        sw_guard_report(guard, (sw_message){ .type = SW_REAPED, .causes = action.causes });
        return;
    case SW_DO_EXIT: _exit(EXIT_SUCCESS);
    case SW_DO_NOTHING:
    case SW_DO_START:
    case SW_DO_REFUSE: return;
    }
    if (unasked) sw_guard_report(guard, (sw_message){ .type = SW_ENDING, .causes = action.causes });
}

// ----------------------------------------------------------------------------------------------------- the supervisor

/// The pid is the leader's own until we reap it.
static void pass_on(sw_guard *guard, int signal, bool escalate) {
    // What is being killed has been stopped, so that it cannot fork; a signal's SIGCONT would let it.
    if (guard->deadman.phase == SW_IDLE || guard->deadman.phase == SW_KILLING) return;
    if (guard->leader) kill(guard->leader, signal);
    else if (escalate) sw_tree_signal(signal);
    if (escalate) sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_SIGNAL });
}

/// False: no message that a sane supervisor sends.
static bool obey(sw_guard *guard, const sw_message *message, char *block, size_t block_bytes) {
    switch (message->type) {
    case SW_START:
        sw_leader_start(guard, message, block, block_bytes);
        return true;
    case SW_DEADLINE:
        sw_guard_act(guard, (sw_event){ SW_EVENT_DEADLINE, message->term_at_ns, message->kill_at_ns });
        sw_guard_report(guard, (sw_message){ .type = SW_ACK, .seq = message->seq });
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
    sw_resistance resistance = sw_tree_kill_step(sw_leader_note_reaped, guard);
    sw_leader_settle(guard, resistance.alive == 0);
    guard->pause_ns = sw_tree_pause_ns(resistance, guard->pause_ns, guard->killing_since_ns);

    if (guard->deadman.phase != SW_KILLING || sw_now_ns() < guard->complain_at_ns) return;
    guard->complain_at_ns += COMPLAINT_NS;
    sw_message complaint = { .type = SW_UNKILLABLE, .number = resistance.alive, .detail = resistance.denied };
    sw_outbox_offer(&guard->outbox, guard->supervisor_fd, &complaint);
}

static void arm_timer(sw_guard *guard) {
    int64_t due_ns = sw_deadman_wake_ns(&guard->deadman);
    if (due_ns == guard->armed_ns) return;
    guard->armed_ns = due_ns;
    struct itimerspec due = { 0 }; // all zero disarms, so an instant of zero or less becomes the first nanosecond
    if (due_ns <= 0) due_ns = 1;
    if (due_ns != INT64_MAX) due.it_value = (struct timespec){ due_ns / SW_SECOND_NS, due_ns % SW_SECOND_NS };
    timerfd_settime(guard->timer_fd, TFD_TIMER_ABSTIME, &due, NULL);
}

/// For how long nothing that happens may wake us; negative: for ever. A socket may well be writable while the kernel has no
/// memory for a message (ENOBUFS), so what is unsent is tried again in a while.
static int64_t longest_sleep_ns(const sw_guard *guard) {
    if (guard->deadman.phase == SW_KILLING) return guard->pause_ns;
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
    };
    int64_t longest_ns = longest_sleep_ns(guard);
    struct timespec pause = { .tv_nsec = longest_ns };
    ppoll(fds, sizeof fds / sizeof *fds, longest_ns < 0 ? NULL : &pause, NULL);

    uint64_t expirations;
    struct signalfd_siginfo child;
    while (read(guard->timer_fd, &expirations, sizeof expirations) > 0) continue;
    while (read(guard->child_fd, &child, sizeof child) > 0) continue;
}

_Noreturn void sw_guardian(const sw_role *role, int supervisor_fd) {
    if (role->caller_group > 0) setpgid(0, 0); // else the command could not be in it
    bool finds_tree = prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && sw_proc_take();
    sw_take_own_name();
    sw_scheduling_rise(); // when the timer fires, a command with many busy processes must not keep us waiting

    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    static sw_guard guard;
    guard = (sw_guard){
        .role = role,
        .supervisor_fd = supervisor_fd,
        .timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK),
        .child_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK),
        .exec_fd = -1,
        .armed_ns = INT64_MAX,
    };
    // The supervisor sees the end of file; nothing has been started.
    if (!finds_tree || guard.timer_fd < 0 || guard.child_fd < 0) _exit(EXIT_FAILURE);
    sw_deadman_init(&guard.deadman, role->plan->descendants, role->plan->termination_ns);

    for (;;) {
        arm_timer(&guard);
        sleep_until_needed(&guard);
        sw_leader_look_at_exec(&guard);
        sw_leader_reap(&guard);
        listen_to_supervisor(&guard);
        sw_outbox_flush(&guard.outbox, guard.supervisor_fd);
        sw_guard_act(&guard, (sw_event){ .kind = SW_EVENT_TICK });
        if (guard.deadman.phase == SW_KILLING) kill_round(&guard);
    }
}
