// Limits of this process that are too low to work with: said in one line, instead of found out half-way.
#define _GNU_SOURCE
#include "CSupervision.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    SW_OS_ERROR = 71, // EX_OSERR of sysexits.h, the outcome os-error

    /// Beside arguments and environment, which lie on the stack as well. Measured: switchman needs between 32 and 40 kB and
    /// switchmanctl between 40 and 48. The rest is for what a name server's answer, a long configuration or another version
    /// of a library takes. A thread gets as much as the whole limit (pthread_create(3)).
    SW_STACK_NEEDED_KB = 192,
    /// What is needed is rounded up to a multiple of this: the kernel begins the stack at a random place within 8 kB.
    SW_STACK_STEP_KB = 64,
};

/// Appends to a line that has room. No printf: its buffer alone would not fit on the stack.
static char *append_number(char *at, unsigned long number) {
    if (number >= 10) at = append_number(at, number / 10);
    *at++ = (char)('0' + number % 10);
    *at = '\0';
    return at;
}

static void complain_of_stack(unsigned long limit_kb, unsigned long needed_kb) {
    char line[256];
    char *at = line;
    // The name as far as it is an ordinary one: it comes from the caller.
    at = stpncpy(at, program_invocation_short_name, 32);
    at = stpcpy(at, ": the limit of the stack (ulimit -s) is ");
    at = append_number(at, limit_kb);
    at = stpcpy(at, " kB, too low; raise it to ");
    at = append_number(at, needed_kb);
    at = stpcpy(at, " kB or more\n");
    if (write(STDERR_FILENO, line, (size_t)(at - line)) < 0) return;
}

/// Before everything else, also before the other constructors: a stack that ends is a segmentation fault.
__attribute__((constructor(101))) static void refuse_small_stack(void) {
    struct rlimit limit;
    // The string at the upper end of the stack.
    const char *end = (const char *)getauxval(AT_EXECFN);
    if (!end || getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return;
    char here;
    unsigned long needed_kb = SW_STACK_NEEDED_KB + (unsigned long)(end - &here) / 1024;
    needed_kb += SW_STACK_STEP_KB - needed_kb % SW_STACK_STEP_KB;
    if (limit.rlim_cur / 1024 >= needed_kb) return;
    complain_of_stack(limit.rlim_cur / 1024, needed_kb);
    _exit(SW_OS_ERROR);
}

int sw_descriptors_lacking(void) {
    int held[SW_DESCRIPTORS_NEEDED];
    int count = 0, error = 0;
    while (count < SW_DESCRIPTORS_NEEDED && error == 0) {
        held[count] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        if (held[count] >= 0) count++;
        else error = errno;
    }
    while (count > 0) close(held[--count]);
    return error;
}

static struct rlimit former_core;
static enum { CORE_ALLOWED, CORE_LIMITED, CORE_UNDUMPABLE } core;

void sw_core_forbid(void) {
    if (core != CORE_ALLOWED || getrlimit(RLIMIT_CORE, &former_core) < 0) return;
    // One byte: too short for a file, and the only limit that also keeps the kernel from a program in core_pattern (do_coredump).
    struct rlimit forbidden = { .rlim_cur = 1, .rlim_max = former_core.rlim_max };
    if (setrlimit(RLIMIT_CORE, &forbidden) == 0) core = CORE_LIMITED;
    // A hard limit of 0 forbids files already, and not that program.
    else if (prctl(PR_SET_DUMPABLE, 0) == 0) core = CORE_UNDUMPABLE;
}

void sw_core_restore(void) {
    if (core == CORE_LIMITED) setrlimit(RLIMIT_CORE, &former_core);
    if (core == CORE_UNDUMPABLE) prctl(PR_SET_DUMPABLE, 1);
    core = CORE_ALLOWED;
}
