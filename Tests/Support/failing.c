// A kernel or a sandbox that refuses, or is slow. With LD_PRELOAD, what SWITCHMAN_TEST_FAILING names fails: "subreaper",
// "signalfd" (front's, which has SIGTERM); "slow-fork": the guardian's takes 3 s; and while the file SWITCHMAN_TEST_REFUSED is
// there "open", with ENFILE, "settime-of-guardian" and "settime-of-others" (timerfd_settime), with EPERM, or "sendmsg", with
// ENOBUFS, for the types of message (digits) that this file holds. Each message that was refused is added to the file of that
// name with ".seen".
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int fails(const char *call) {
    const char *calls = getenv("SWITCHMAN_TEST_FAILING");
    return calls && strstr(calls, call);
}

static int is_guardian(void) {
    char name[16] = "";
    syscall(SYS_prctl, PR_GET_NAME, name, 0, 0, 0);
    return strcmp(name, "sm-guardian") == 0;
}

pid_t fork(void) {
    pid_t (*real)(void) = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
    struct timespec pause = { .tv_sec = 3 };
    if (is_guardian() && fails("slow-fork")) nanosleep(&pause, NULL);
    return real();
}

int prctl(int option, ...) {
    va_list more;
    va_start(more, option);
    unsigned long a = va_arg(more, unsigned long), b = va_arg(more, unsigned long);
    unsigned long c = va_arg(more, unsigned long), d = va_arg(more, unsigned long);
    va_end(more);
    if (option == PR_SET_CHILD_SUBREAPER && fails("subreaper")) return errno = EINVAL, -1;
    return syscall(SYS_prctl, option, a, b, c, d);
}

int signalfd(int fd, const sigset_t *mask, int flags) {
    if (sigismember(mask, SIGTERM) == 1 && fails("signalfd")) return errno = EMFILE, -1;
    return syscall(SYS_signalfd4, fd, mask, _NSIG / 8, flags);
}

static int open_file(int folder, const char *path, int flags, int mode) {
    return syscall(SYS_openat, folder, path, flags, mode);
}

static int open_unless_refused(int folder, const char *path, int flags, va_list more) {
    const char *file = getenv("SWITCHMAN_TEST_REFUSED");
    if (file && fails("open") && access(file, F_OK) == 0) return errno = ENFILE, -1;
    return open_file(folder, path, flags, flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0);
}

int openat(int folder, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int fd = open_unless_refused(folder, path, flags, more);
    va_end(more);
    return fd;
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int fd = open_unless_refused(AT_FDCWD, path, flags, more);
    va_end(more);
    return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *due, struct itimerspec *old) {
    const char *whose = is_guardian() ? "settime-of-guardian" : "settime-of-others";
    const char *file = getenv("SWITCHMAN_TEST_REFUSED");
    if (file && fails(whose) && access(file, F_OK) == 0) return errno = EPERM, -1;
    return syscall(SYS_timerfd_settime, fd, flags, due, old);
}

static int is_refused(int type) {
    const char *path = getenv("SWITCHMAN_TEST_REFUSED");
    if (!path || type > 9 || !fails("sendmsg")) return 0;
    char types[16] = "", digit = '0' + type, seen[4096];
    int fd = open_file(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    ssize_t got = read(fd, types, sizeof types - 1);
    close(fd);
    if (got <= 0 || !strchr(types, digit)) return 0;
    snprintf(seen, sizeof seen, "%s.seen", path);
    fd = open_file(AT_FDCWD, seen, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, &digit, 1) != 1) abort();
    close(fd);
    return 1;
}

ssize_t sendmsg(int fd, const struct msghdr *header, int flags) {
    if (is_refused(*(int *)header->msg_iov[0].iov_base)) return errno = ENOBUFS, -1;
    return syscall(SYS_sendmsg, fd, header, flags);
}
