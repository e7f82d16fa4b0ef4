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

bool sw_scheduling_is_real_time(void) {
    return is_real_time(sched_getscheduler(0));
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
    // Niceness is not enough: with autogroups (sched(7)) it counts inside one session only, and beside a thousand busy processes a
    // sleeper at -20 was woken 0.3 to 4.5 s late; a real-time one at once. The lowest priority will do against ordinary processes.
    // Against a real-time command the highest, since it may have raised itself, and keeps its equals waiting as long as it likes.
    bool is_against_real_time = is_real_time(inherited.policy);
    int priority = is_against_real_time ? sched_get_priority_max(SCHED_FIFO) : sched_get_priority_min(SCHED_FIFO);
    if (set_policy(SCHED_FIFO, priority) || !is_against_real_time) return before;
    struct rlimit most;
    if (getrlimit(RLIMIT_RTPRIO, &most) == 0 && most.rlim_cur < INT_MAX && (int)most.rlim_cur > inherited.priority)
        set_policy(SCHED_FIFO, (int)most.rlim_cur);
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
