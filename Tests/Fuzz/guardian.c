// The whole guardian on a kernel of its own (kernel.h): any messages, any fate of the command, in any order. This file is
// the referee, who knows only what was delivered and what the guardian did. Its sources: guardian.c, leader.c, outbox.c,
// timer.c, wire.c, deadman.c.
#define _GNU_SOURCE
#include "kernel.h"

#include <signal.h>

static struct {
    sw_message start;        // the newest
    bool owned;              // a tree that is to be dead before the guardian lets go
    int64_t term_at_ns, kill_at_ns, grace_at_ns;
    bool end_asked, kill_asked, doomed, deaf_once, unheard;
    bool terminated, killing, started, exited;
    bool passes_on;          // SIGTERM to what the leader has left behind: asked for, and nothing else is begun with it
    bool slept_late;
    bool stillborn;          // the kernel has killed the child before its first instruction: once more, by an ordinary fork
    int sleeps_after_end;
} r;

void referee_begin(void) {
    memset(&r, 0, sizeof r);
    r.term_at_ns = r.kill_at_ns = r.grace_at_ns = INT64_MAX;
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static void doom(void) {
    r.doomed = true;
}

static void grace(int64_t latest_ns) {
    r.grace_at_ns = earlier(r.grace_at_ns, earlier(k.now_ns + k.plan.termination_ns, latest_ns));
}

/// The last of them was reaped. A stillborn one is born again, unless it was to be ended meanwhile.
static void settle(void) {
    bool is_born_again = r.stillborn && !r.killing && !r.terminated;
    if (!kernel_has_tree() && !is_born_again) r.owned = false;
}

// ------------------------------------------------------------------------------------------------- what was delivered

void referee_lost(void) { doom(); }

/// Nothing would wake the guardian at its deadline: what runs is to be killed now.
void referee_timer_denied(void) {
    if (r.owned) r.kill_asked = true;
}

void referee_delivered(const uint8_t *bytes, size_t count) {
    sw_message message;
    settle();
    r.passes_on = false;
    if (count < sizeof message) return doom();
    memcpy(&message, bytes, sizeof message);
    if (count - sizeof message != message.block || (message.block && bytes[count - 1])) return doom();
    switch (message.type) {
    case SW_START:
        if (r.owned) return doom();
        r.start = message;
        return;
    case SW_DEADLINE:
        if (!r.owned || r.killing || r.doomed || r.kill_asked) return;
        r.term_at_ns = message.term_at_ns;
        r.kill_at_ns = message.kill_at_ns;
        return;
    case SW_SIGNAL:
        if (message.number < 1 || message.number >= NSIG) return doom();
        if (r.owned && message.flags & SW_ESCALATE) grace(INT64_MAX);
        r.passes_on = message.flags & SW_ESCALATE && message.number == SIGTERM && !k.leader;
        return;
    case SW_END:
        if (r.owned) r.end_asked = true, grace(message.kill_at_ns);
        return;
    case SW_KILL:
        if (r.owned) r.kill_asked = true;
        return;
    case SW_QUIT: return doom();
    default: return doom();
    }
}

// ---------------------------------------------------------------------------------------------- what the guardian does

void referee_stillborn(void) { r.stillborn = true; }

void referee_forked(bool succeeded, bool moves) {
    if (r.stillborn && moves) {
        EXPECT(!r.killing && !r.terminated);
        r.stillborn = false;
        r.owned = succeeded;
        return;
    }
    r.stillborn = false;
    EXPECT(r.start.type == SW_START);
    EXPECT(k.sweeping == 0); // nothing is started beside what a dead run has left
    EXPECT(r.start.term_at_ns > k.now_ns && r.start.kill_at_ns > k.now_ns); // never a command that is late already
    EXPECT(!r.owned && !r.doomed);
    if (!succeeded) return;
    sw_message start = r.start;
    bool deaf_once = r.deaf_once;
    referee_begin();
    r.deaf_once = deaf_once;
    r.owned = true;
    r.term_at_ns = start.term_at_ns;
    r.kill_at_ns = start.kill_at_ns;
}

void referee_leader_reaped(void) {
    bool forgotten = k.plan.descendants == SW_DESCENDANTS_LEAVE && !r.killing && !r.terminated;
    if (r.stillborn && !r.killing && !r.terminated) return; // the next comes at once, or there is none
    if (k.exec_failed || forgotten || !kernel_has_tree()) r.owned = false;
    else if (k.plan.descendants == SW_DESCENDANTS_KILL) r.end_asked = true, grace(INT64_MAX);
    // Orphans are the guardian's children now.
}

void referee_signalled(pid_t pid, int number) {
    EXPECT(number >= 1 && number < NSIG);
    if (pid || number != SIGTERM) return;
    EXPECT(!r.killing);
    if (r.passes_on) {
        r.passes_on = false;
        return;
    }
    EXPECT(!r.terminated);
    EXPECT(r.end_asked || k.now_ns >= r.term_at_ns);
    r.terminated = true;
    if (!r.end_asked) grace(r.kill_at_ns);
}

void referee_killed(void) {
    bool due = k.now_ns >= r.kill_at_ns || k.now_ns >= r.grace_at_ns;
    EXPECT(r.killing || r.doomed || r.kill_asked || due || r.deaf_once); // not without a reason
    r.killing = true;
}

void referee_heard(const sw_message *message, bool blocked) {
    r.unheard = blocked;
    if (blocked) r.deaf_once = true; // more than the outbox holds is a reason to give up
    if (message->type == SW_READY) return;
    EXPECT(message->type >= SW_ACK && message->type <= SW_UNKILLABLE && message->block == 0);
    if (blocked || r.deaf_once) return; // what waited in the outbox is of a moment ago
    if (message->type == SW_ACK) {
        // As prototypes took, a process and a GB (Sources/CSupervision/budget.c): no less is reckoned with, once it is measured.
        EXPECT(message->budget_ns >= INT64_C(2000000000) && message->budget_ns >= message->term_at_ns);
        if (message->number > 0) {
            EXPECT(message->term_at_ns >= message->number * INT64_C(180000) + k.gigabytes * INT64_C(70000000));
        }
    }
    if (message->type == SW_STARTED) {
        EXPECT(!r.started && message->number == k.newest_leader);
        r.started = true;
    }
    if (message->type == SW_EXITED) {
        EXPECT((r.started || r.stillborn) && !r.exited && !k.leader);
        r.exited = true;
    }
    if (message->type == SW_REAPED) {
        EXPECT(k.plan.descendants == SW_DESCENDANTS_LEAVE || !kernel_has_tree());
        EXPECT(!k.leader);
    }
}

void referee_sleeps(int64_t due_ns, int64_t pause_ns) {
    settle();
    r.passes_on = false;
    // Negative: for ever. What the supervisor has not taken is offered again, and the cgroup looked at again, but not without a
    // pause; only who has more to reap has none.
    bool has_more = k.waits >= 64 && pause_ns == 0;
    EXPECT(r.killing || pause_ns < 0 || has_more || ((r.unheard || k.outsiders) && pause_ns >= 1000000));
    if (k.in.count == 0 && k.supervisor_closed) EXPECT(++r.sleeps_after_end < 8); // it comes to its end
    if (!r.owned || k.exec_failed) return;
    bool kills = r.killing;
    EXPECT(kills || !(r.doomed || r.kill_asked));
    EXPECT(kills || k.now_ns < r.kill_at_ns);
    // A grace of nothing begins after the look at the clock: the timer fires at once, and then it is over.
    EXPECT(kills || k.now_ns < r.grace_at_ns || (due_ns <= k.now_ns && !r.slept_late));
    r.slept_late = !kills && k.now_ns >= r.grace_at_ns;
    EXPECT(kills || r.terminated || (k.now_ns < r.term_at_ns && !r.end_asked));
    EXPECT(!kills || pause_ns >= 0);
    EXPECT(kills || due_ns <= earlier(r.kill_at_ns, r.grace_at_ns));
    EXPECT(kills || r.terminated || due_ns <= r.term_at_ns);
}

void referee_exited(void) {
    EXPECT(r.doomed || r.deaf_once);
    EXPECT(k.plan.descendants == SW_DESCENDANTS_LEAVE || !kernel_has_tree());
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    if (count > 4096) return -1;
    kernel_begin(bytes, count);
    referee_begin();
    sw_role role = { .plan = &k.plan, .front_pidfd = -1 };
    if (setjmp(k.exit) == 0) sw_guardian(&role, SUPERVISOR_FD);
    kernel_end();
    return 0;
}
