// The descriptors: the command gets every one of the caller's and none of ours; we let go of the caller's as soon as we can.
#define _GNU_SOURCE
#include "roles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Something that is open, for the sake of its number. Without a /dev (a bare chroot): reads and writes fail as on a
/// closed one.
static int open_nothing(void) {
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return fd >= 0 ? fd : open("/", O_PATH | O_CLOEXEC);
}

/// Whatever is opened next takes the lowest free number: a log or a socket of ours would become the command's standard output.
void sw_fill_standard_descriptors(void) {
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) open("/", O_PATH | O_CLOEXEC);
    }
}

void sw_save_signals(sw_plan *plan) {
    sw_fill_standard_descriptors();

    sigprocmask(SIG_SETMASK, NULL, &plan->original_mask);
    sw_hold_signals();

    sigemptyset(&plan->ignored);
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction action;
        if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN) sigaddset(&plan->ignored, signal);
    }
    // The kernel would reap for us, and the exit status would be lost.
    signal(SIGCHLD, SIG_DFL);
}

void sw_let_signals(const sw_plan *plan) {
    static const int MEANT_FOR_US[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };
    if (getpid() == 1) return;
    sigset_t mask;
    sigfillset(&mask);
    for (size_t i = 0; i < sizeof MEANT_FOR_US / sizeof *MEANT_FOR_US; i++) {
        if (sigismember(&plan->original_mask, MEANT_FOR_US[i]) == 0) sigdelset(&mask, MEANT_FOR_US[i]);
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

void sw_hold_signals(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

void sw_descriptor_silence(int fd) {
    int nothing = open_nothing();
    if (nothing < 0) return;
    dup3(nothing, fd, O_CLOEXEC);
    close(nothing);
}

static int descriptors_end(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 1 << 20) return 1 << 20;
    return (int)limit.rlim_cur;
}

static void close_between(unsigned first, unsigned last) {
    if (first > last) return;
    if (syscall(SYS_close_range, first, last, 0) == 0) return;
    // A kernel before 5.9, or a sandbox.
    for (unsigned fd = first; fd <= last && fd < (unsigned)descriptors_end(); fd++) close((int)fd);
}

static int by_number(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

void sw_descriptors_close_but(const int *kept, size_t count) {
    int sorted[SW_KEPT_MAX];
    if (count > SW_KEPT_MAX) return;
    for (size_t i = 0; i < count; i++) sorted[i] = kept[i];
    qsort(sorted, count, sizeof *sorted, by_number);

    unsigned next = 3;
    for (size_t i = 0; i < count; i++) {
        if (sorted[i] < (int)next) continue;
        close_between(next, (unsigned)sorted[i] - 1);
        next = (unsigned)sorted[i] + 1;
    }
    close_between(next, ~0U);
}

void sw_descriptors_close_inherited(void) {
    DIR *open_descriptors = opendir("/proc/self/fd");
    if (!open_descriptors) return;
    for (struct dirent *entry; (entry = readdir(open_descriptors));) {
        int fd = atoi(entry->d_name);
        int flags = fd > 2 ? fcntl(fd, F_GETFD) : -1;
        if (flags >= 0 && !(flags & FD_CLOEXEC)) close(fd);
    }
    closedir(open_descriptors);
}
