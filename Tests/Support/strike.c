// Blows that follow each other by the millisecond, whatever else the machine does.
//
//     strike SIGNAL PID [PAUSE_MS SIGNAL PID]...
//
// Prints the instant of the first and of the last (CLOCK_BOOTTIME, ns). Who is gone already is no error.

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void pause_until(int64_t at_ns) {
    struct timespec t = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
    while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL) == EINTR) continue;
}

int main(int argc, char **argv) {
    // Not every account may; the pauses are as exact as they can be then.
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 60});
    int64_t first_ns = now_ns(), at_ns = first_ns;
    for (int i = 1; i + 1 < argc; i += 3) {
        if (i > 1) {
            at_ns += atoll(argv[i - 1]) * 1000000;
            pause_until(at_ns);
        }
        if (kill(atoi(argv[i + 1]), atoi(argv[i])) != 0 && errno != ESRCH) {
            perror("kill");
            return 70;
        }
    }
    printf("%lld %lld\n", (long long)first_ns, (long long)now_ns());
    return 0;
}
