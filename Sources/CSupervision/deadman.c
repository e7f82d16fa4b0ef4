// The decisions of the dead man's switch. Pure: the guardian drives it with real time, the simulation with its own.
#include "CSupervision.h"
#include "holds.h"

void sw_deadman_init(sw_deadman *deadman, sw_descendants descendants, int64_t termination_ns) {
    *deadman = (sw_deadman){
        .phase = SW_IDLE,
        .descendants = descendants,
        .termination_ns = termination_ns,
        .term_at_ns = INT64_MAX,
        .kill_at_ns = INT64_MAX,
        .grace_at_ns = INT64_MAX,
    };
}

/// What must hold between two steps.
static bool is_sound(const sw_deadman *deadman) {
    bool has_grace = deadman->grace_at_ns != INT64_MAX;
    if (has_grace && deadman->grace_cause == 0) return false;
    switch (deadman->phase) {
    case SW_IDLE: return true;
    case SW_RUNNING: return deadman->causes == 0 && !deadman->abandoned;
    case SW_TERMINATING: return deadman->causes != 0 && !(deadman->causes & SW_KILLED) && !deadman->abandoned;
    case SW_KILLING: return deadman->causes & SW_KILLED;
    }
    return false;
}

static sw_action nothing(void) {
    return (sw_action){ .order = SW_DO_NOTHING };
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/// SIGKILL is now due one grace from now at the latest. Of several reasons the one that strikes first is the cause.
static void start_grace(sw_deadman *deadman, int64_t now_ns, int64_t latest_ns, uint32_t cause) {
    int64_t grace_over_ns;
    if (__builtin_add_overflow(now_ns, deadman->termination_ns, &grace_over_ns)) grace_over_ns = INT64_MAX;
    int64_t at_ns = earlier(grace_over_ns, latest_ns);
    if (at_ns >= deadman->grace_at_ns) return;
    deadman->grace_at_ns = at_ns;
    deadman->grace_cause = cause;
}

static sw_action kill_tree(sw_deadman *deadman, uint32_t cause) {
    deadman->phase = SW_KILLING;
    deadman->causes |= cause | SW_KILLED;
    return (sw_action){ .order = SW_DO_KILL, .causes = cause | SW_KILLED };
}

/// SIGTERM goes out once: a second one would tell a command that is busy cleaning up to hurry, or to give up doing so.
static sw_action terminate_tree(sw_deadman *deadman, int64_t now_ns, int64_t latest_ns, uint32_t cause) {
    start_grace(deadman, now_ns, latest_ns, cause);
    deadman->causes |= cause;
    if (deadman->phase == SW_TERMINATING) return nothing();
    deadman->phase = SW_TERMINATING;
    return (sw_action){ .order = SW_DO_TERMINATE, .causes = cause };
}

static sw_action start(sw_deadman *deadman, int64_t now_ns, sw_event event) {
    // Past term_at the command would get SIGTERM in the moment of its birth.
    if (earlier(event.term_at_ns, event.kill_at_ns) <= now_ns) return (sw_action){ .order = SW_DO_REFUSE };
    sw_deadman_init(deadman, deadman->descendants, deadman->termination_ns);
    deadman->phase = SW_RUNNING;
    deadman->term_at_ns = event.term_at_ns;
    deadman->kill_at_ns = event.kill_at_ns;
    return (sw_action){ .order = SW_DO_START };
}

static sw_action lost(sw_deadman *deadman) {
    if (deadman->phase == SW_IDLE) return (sw_action){ .order = SW_DO_EXIT };
    deadman->abandoned = true;
    return kill_tree(deadman, SW_BY_LOSS);
}

static sw_action leader_reaped(sw_deadman *deadman, int64_t now_ns) {
    if (deadman->phase != SW_RUNNING) return nothing();
    switch (deadman->descendants) {
    case SW_DESCENDANTS_KILL:
        return terminate_tree(deadman, now_ns, INT64_MAX, SW_BY_EXIT);
    case SW_DESCENDANTS_LEAVE:
        deadman->phase = SW_IDLE;
        return (sw_action){ .order = SW_DO_REPORT, .causes = deadman->causes };
    case SW_DESCENDANTS_WAIT:
        break;
    }
    return nothing();
}

static sw_action all_reaped(sw_deadman *deadman) {
    deadman->phase = SW_IDLE;
    return (sw_action){ .order = deadman->abandoned ? SW_DO_EXIT : SW_DO_REPORT, .causes = deadman->causes };
}

static sw_action tick(sw_deadman *deadman, int64_t now_ns) {
    // The deadline first: `lost` overrides every other reason for the end.
    if (now_ns >= deadman->kill_at_ns) return kill_tree(deadman, SW_BY_DEADLINE);
    if (now_ns >= deadman->grace_at_ns) return kill_tree(deadman, deadman->grace_cause);
    if (deadman->phase == SW_RUNNING && now_ns >= deadman->term_at_ns) {
        return terminate_tree(deadman, now_ns, deadman->kill_at_ns, SW_BY_DEADLINE);
    }
    return nothing();
}

/// What is expected when nothing runs. The others crossed with the news that all is over.
static sw_action step_idle(sw_deadman *deadman, int64_t now_ns, sw_event event) {
    switch (event.kind) {
    case SW_EVENT_START: return start(deadman, now_ns, event);
    case SW_EVENT_QUIT:
    case SW_EVENT_LOST: return lost(deadman);
    default: return nothing();
    }
}

/// Once SIGKILL is being sent nothing can be decided any more, except who is to be told.
static sw_action step_killing(sw_deadman *deadman, sw_event event) {
    switch (event.kind) {
    case SW_EVENT_ALL_REAPED:
    case SW_EVENT_FAILED: return all_reaped(deadman);
    case SW_EVENT_START:
    case SW_EVENT_QUIT:
    case SW_EVENT_LOST: return lost(deadman);
    default: return nothing();
    }
}

static sw_action step(sw_deadman *deadman, int64_t now_ns, sw_event event) {
    if (deadman->phase == SW_IDLE) return step_idle(deadman, now_ns, event);
    if (deadman->phase == SW_KILLING) return step_killing(deadman, event);

    switch (event.kind) {
    case SW_EVENT_TICK: return tick(deadman, now_ns);
    case SW_EVENT_DEADLINE:
        deadman->term_at_ns = event.term_at_ns;
        deadman->kill_at_ns = event.kill_at_ns;
        return nothing();
    case SW_EVENT_SIGNAL:
        start_grace(deadman, now_ns, INT64_MAX, SW_BY_SIGNAL);
        return nothing();
    case SW_EVENT_END: return terminate_tree(deadman, now_ns, event.kill_at_ns, SW_BY_REQUEST);
    case SW_EVENT_KILL: return kill_tree(deadman, SW_BY_REQUEST);
    case SW_EVENT_START:
    case SW_EVENT_QUIT:
    case SW_EVENT_LOST: return lost(deadman);
    case SW_EVENT_FAILED:
        deadman->phase = SW_IDLE;
        return nothing();
    case SW_EVENT_LEADER_REAPED: return leader_reaped(deadman, now_ns);
    case SW_EVENT_ALL_REAPED: return all_reaped(deadman);
    }
    return lost(deadman);
}

sw_action sw_deadman_step(sw_deadman *deadman, int64_t now_ns, sw_event event) {
    SW_HOLDS(is_sound(deadman));
    sw_action action = step(deadman, now_ns, event);
    SW_HOLDS(is_sound(deadman));
    // Nobody is killed and forgotten: who has had SIGKILL is waited for, and who is told that all is over has nothing left.
    SW_HOLDS(action.order != SW_DO_KILL || deadman->phase == SW_KILLING);
    SW_HOLDS((action.order != SW_DO_REPORT && action.order != SW_DO_EXIT) || deadman->phase == SW_IDLE);
    SW_HOLDS(action.order != SW_DO_START || (deadman->phase == SW_RUNNING && sw_deadman_wake_ns(deadman) > now_ns));
    return action;
}

int64_t sw_deadman_wake_ns(const sw_deadman *deadman) {
    switch (deadman->phase) {
    case SW_IDLE:
    case SW_KILLING: return INT64_MAX;
    case SW_RUNNING: return earlier(deadman->term_at_ns, earlier(deadman->kill_at_ns, deadman->grace_at_ns));
    case SW_TERMINATING: return earlier(deadman->kill_at_ns, deadman->grace_at_ns);
    }
    return INT64_MAX;
}
