// What Swift's Glibc module leaves out: descriptors for events, signals and timers, malloc's settings, and capabilities.
#include <linux/capability.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/// Whether nobody can open the pipe behind a descriptor anew: once its readers are gone, they are gone for good.
static inline bool sw_is_pipe_without_name(int fd) {
    struct statfs found;
    return fstatfs(fd, &found) == 0 && found.f_type == 0x50495045; // PIPEFS_MAGIC
}

/// How much a pipe can hold; -1: it is none.
static inline int sw_pipe_bytes(int fd) {
    return fcntl(fd, 1032); // F_GETPIPE_SZ, which the C library has for _GNU_SOURCE only
}

/// Whether this process has capabilities that it got from its program's file (setcap(8)): the kernel's own rule for AT_SECURE
/// (capabilities(7)). AT_SECURE alone does not say so, since a security module sets it for a program that it confines.
static inline bool sw_has_capabilities_of_file(void) {
    if (!getauxval(AT_SECURE) || getuid() == 0) return false; // real root gains nothing by a file
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
    if (syscall(SYS_capget, &header, data) != 0) return true; // forbidden by a sandbox
    for (unsigned capability = 0; capability < 32 * _LINUX_CAPABILITY_U32S_3; capability++) {
        if (!(data[capability / 32].permitted >> capability % 32 & 1)) continue;
        // An ambient one is the caller's, who has let its programs have it.
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) != 1) return true;
    }
    return false;
}
