// The dead man's switch: any events in any order, at instants that never go back. Its source: deadman.c.
#include "CSupervision.h"
#include "input.h"

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static bool same(const sw_deadman *a, const sw_deadman *b) {
    return a->phase == b->phase && a->term_at_ns == b->term_at_ns && a->kill_at_ns == b->kill_at_ns
        && a->grace_at_ns == b->grace_at_ns && a->causes == b->causes && a->abandoned == b->abandoned;
}

static void check_idle(const sw_deadman *before, const sw_deadman *after, int64_t now_ns, sw_event event, sw_action action) {
    bool in_time = event.term_at_ns > now_ns && event.kill_at_ns > now_ns;
    switch (event.kind) {
    case SW_EVENT_START:
        EXPECT(action.order == (in_time ? SW_DO_START : SW_DO_REFUSE));
        EXPECT(after->phase == (in_time ? SW_RUNNING : SW_IDLE));
        if (!in_time) break;
        EXPECT(after->term_at_ns == event.term_at_ns && after->kill_at_ns == event.kill_at_ns);
        EXPECT(after->grace_at_ns == INT64_MAX && after->causes == 0 && !after->abandoned); // nothing left of the last run
        break;
    case SW_EVENT_QUIT:
    case SW_EVENT_LOST: EXPECT(action.order == SW_DO_EXIT); break;
    default: EXPECT(action.order == SW_DO_NOTHING && same(before, after));
    }
}

static void check_tick(const sw_deadman *before, const sw_deadman *after, int64_t now_ns, sw_action action) {
    if (now_ns < sw_deadman_wake_ns(before)) {
        EXPECT(action.order == SW_DO_NOTHING && same(before, after));
        return;
    }
    EXPECT(after->phase > before->phase);
    EXPECT(after->phase == SW_KILLING || (now_ns < after->kill_at_ns && now_ns < before->grace_at_ns));
}

static void check_alive(const sw_deadman *before, const sw_deadman *after, int64_t now_ns, sw_event event, sw_action action) {
    bool over = after->phase == SW_IDLE;
    EXPECT(over || after->phase >= before->phase);
    EXPECT(after->grace_at_ns <= before->grace_at_ns);
    EXPECT((after->causes & before->causes) == before->causes);
    EXPECT(after->abandoned || !before->abandoned);
    EXPECT((action.order == SW_DO_KILL) <= (after->phase == SW_KILLING));
    EXPECT((action.order == SW_DO_TERMINATE) == (before->phase == SW_RUNNING && after->phase == SW_TERMINATING));
    EXPECT((after->phase == SW_KILLING && before->phase != SW_KILLING) <= (action.order == SW_DO_KILL));
    EXPECT((action.order == SW_DO_REPORT || action.order == SW_DO_EXIT) <= over);
    EXPECT(action.order != SW_DO_START && action.order != SW_DO_REFUSE);
    if (event.kind != SW_EVENT_DEADLINE || before->phase == SW_KILLING) {
        EXPECT(after->term_at_ns == before->term_at_ns && after->kill_at_ns == before->kill_at_ns);
    }

    switch (event.kind) {
    case SW_EVENT_TICK:
        if (before->phase != SW_KILLING) check_tick(before, after, now_ns, action);
        break;
    case SW_EVENT_START:
    case SW_EVENT_QUIT:
    case SW_EVENT_LOST: EXPECT(after->phase == SW_KILLING && after->abandoned && action.order == SW_DO_KILL); break;
    case SW_EVENT_KILL: EXPECT(after->phase == SW_KILLING); break;
    case SW_EVENT_END:
        EXPECT(after->phase >= SW_TERMINATING);
        EXPECT(before->phase == SW_KILLING || after->grace_at_ns <= event.kill_at_ns);
        break;
    case SW_EVENT_SIGNAL: EXPECT(after->phase == before->phase && action.order == SW_DO_NOTHING); break;
    case SW_EVENT_DEADLINE: EXPECT(after->phase == before->phase && after->grace_at_ns == before->grace_at_ns); break;
    case SW_EVENT_ALL_REAPED:
        EXPECT(over && action.order == (before->abandoned ? SW_DO_EXIT : SW_DO_REPORT));
        EXPECT(action.causes == before->causes);
        break;
    case SW_EVENT_FAILED: EXPECT(over); break;
    case SW_EVENT_LEADER_REAPED: EXPECT(over <= (before->descendants == SW_DESCENDANTS_LEAVE)); break;
    default: EXPECT(before->phase == SW_KILLING || after->phase == SW_KILLING); // no event that there is
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    input in = { bytes, count };
    sw_deadman deadman;
    int64_t grace_ns = input_byte(&in) * INT64_C(100000000);
    if (grace_ns == 25500000000) grace_ns = INT64_MAX;
    sw_deadman_init(&deadman, input_byte(&in) % 3, grace_ns);
    int64_t now_ns = INT64_C(1000000000);
    while (in.count > 0) {
        now_ns += input_byte(&in) * INT64_C(10000000);
        sw_event event = { .kind = input_byte(&in) % (SW_EVENT_ALL_REAPED + 2) };
        if (event.kind == SW_EVENT_START || event.kind == SW_EVENT_DEADLINE) event.term_at_ns = input_instant(&in, now_ns);
        if (event.term_at_ns || event.kind == SW_EVENT_END) event.kill_at_ns = input_instant(&in, now_ns);
        sw_deadman before = deadman;
        sw_action action = sw_deadman_step(&deadman, now_ns, event);
        EXPECT(deadman.descendants == before.descendants && deadman.termination_ns == before.termination_ns);
        if (before.phase == SW_IDLE) check_idle(&before, &deadman, now_ns, event, action);
        else check_alive(&before, &deadman, now_ns, event, action);
        int64_t wake_ns = sw_deadman_wake_ns(&deadman);
        EXPECT(deadman.phase != SW_RUNNING || wake_ns <= earlier(deadman.term_at_ns, deadman.kill_at_ns));
        EXPECT(deadman.phase != SW_TERMINATING || wake_ns <= earlier(deadman.kill_at_ns, deadman.grace_at_ns));
    }
    return 0;
}
