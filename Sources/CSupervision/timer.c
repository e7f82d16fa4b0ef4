#define _GNU_SOURCE
#include "timer.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

bool sw_timer_arm(int fd, int64_t due_ns) {
    struct itimerspec due = { 0 }; // all zero disarms, so an instant of zero or less becomes the first nanosecond
    if (due_ns <= 0) due_ns = 1;
    if (due_ns != INT64_MAX) due.it_value = (struct timespec){ due_ns / SW_SECOND_NS, due_ns % SW_SECOND_NS };
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &due, NULL) == 0;
}

int sw_timer_make(sw_refusal *why) {
    int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0) {
        *why = (sw_refusal){ SW_NEEDS_TIMERFD_CREATE, errno };
    } else if (!sw_timer_arm(fd, INT64_MAX)) {
        *why = (sw_refusal){ SW_NEEDS_TIMERFD_SETTIME, errno };
        close(fd);
        fd = -1;
    }
    return fd;
}
