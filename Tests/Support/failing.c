// A kernel or a sandbox that refuses: with LD_PRELOAD, the calls in SWITCHMAN_TEST_FAILING ("subreaper signalfd") fail, and so does
// "sendmsg", with ENOBUFS, while the file SWITCHMAN_TEST_FAILING_WHILE is there.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(const char *call) {
    const char *calls = getenv("SWITCHMAN_TEST_FAILING");
    return calls && strstr(calls, call);
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
    if (fails("signalfd")) return errno = EMFILE, -1;
    return syscall(SYS_signalfd4, fd, mask, 8, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *header, int flags) {
    const char *file = getenv("SWITCHMAN_TEST_FAILING_WHILE");
    if (fails("sendmsg") && file && access(file, F_OK) == 0) return errno = ENOBUFS, -1;
    return syscall(SYS_sendmsg, fd, header, flags);
}
