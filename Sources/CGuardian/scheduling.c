// The processor: the command gets it as its caller had it; who has to end the command must not wait for it meanwhile.
#define _GNU_SOURCE
#include "roles.h"

#include <limits.h>
#include <sched.h>
#include <sys/resource.h>

static sw_scheduling inherited;

static sw_scheduling present(void) {
    struct sched_param parameters = { 0 };
    sched_getparam(0, &parameters);
    return (sw_scheduling){
        .policy = sched_getscheduler(0),
        .priority = parameters.sched_priority,
        .nice = getpriority(PRIO_PROCESS, 0),
    };
}

static bool set_policy(int policy, int priority) {
    struct sched_param parameters = { .sched_priority = priority };
    return sched_setscheduler(0, policy, &parameters) == 0;
}

static bool is_real_time(int policy) {
    int without_flag = policy & ~SCHED_RESET_ON_FORK;
    return without_flag == SCHED_FIFO || without_flag == SCHED_RR;
}

void sw_scheduling_remember(void) {
    inherited = present();
}

void sw_scheduling_restore(const sw_scheduling *before) {
    set_policy(before->policy, before->priority);
    setpriority(PRIO_PROCESS, 0, before->nice);
}

void sw_scheduling_inherit(void) {
    sw_scheduling_restore(&inherited);
}

sw_scheduling sw_scheduling_rise(void) {
    sw_scheduling before = present();
    setpriority(PRIO_PROCESS, 0, -20);
    // Its equals and all others a real-time process keeps waiting for as long as it likes. The highest, since the command may
    // have raised itself. For others niceness is enough, and a walk of /proc is nothing that the whole host should wait for.
    if (is_real_time(inherited.policy) && !set_policy(SCHED_FIFO, sched_get_priority_max(SCHED_FIFO))) {
        struct rlimit most;
        if (getrlimit(RLIMIT_RTPRIO, &most) == 0 && most.rlim_cur < INT_MAX && (int)most.rlim_cur > inherited.priority)
            set_policy(SCHED_FIFO, (int)most.rlim_cur);
    }
    return before;
}

void sw_scheduling_leave(void) {
    sw_scheduling now = present();
    if (is_real_time(now.policy) && now.priority > inherited.priority) return;
    // Equals of this kind take turns.
    if ((now.policy & ~SCHED_RESET_ON_FORK) == SCHED_RR) return;
    // Without the right to rise above a real-time command this is still better than to be its equal: of the time that it may have
    // (sched(7), sched_rt_runtime_us) 5 % is for the ordinary. To clear that flag needs the right as well.
    set_policy(SCHED_OTHER | (now.policy & SCHED_RESET_ON_FORK), 0);
}
