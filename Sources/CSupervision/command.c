// The guardian's child on its way to becoming the command: between fork and exec.
#define _GNU_SOURCE
#include "roles.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

extern char **environ;

static size_t name_length(const char *string) {
    return strcspn(string, "=");
}

static bool same_name(const char *a, const char *b) {
    size_t length = name_length(a);
    return length == name_length(b) && memcmp(a, b, length) == 0;
}

/// Whether the block, from `at` on, has a say about the variable that `string` sets.
static bool decides(const char *at, const char *end, const char *string) {
    for (; at < end; at += strlen(at) + 1) {
        if (same_name(at, string)) return true;
    }
    return false;
}

/// Our environment with the block's changes; of several for one name the last counts. NULL: no memory.
static char **changed_environment(char **old, char *block, size_t block_bytes) {
    char *end = block + block_bytes;
    size_t most = 1;
    for (char **entry = old; entry && *entry; entry++) most++;
    for (char *change = block; change < end; change += strlen(change) + 1) most++;

    // mmap, since malloc is not for a forked child of ours (the rule has no exceptions, so that nobody has to think).
    char **new = mmap(NULL, most * sizeof *new, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (new == MAP_FAILED) return NULL;
    size_t count = 0;
    for (char **entry = old; entry && *entry; entry++) {
        if (!decides(block, end, *entry)) new[count++] = *entry;
    }
    for (char *change = block; change < end; change += strlen(change) + 1) {
        bool sets = change[name_length(change)] == '=';
        if (sets && !decides(change + strlen(change) + 1, end, change)) new[count++] = change;
    }
    new[count] = NULL;
    return new;
}

/// Writes "NAME=PID" into `out`, which has SW_PID_ENTRY_BYTES bytes. snprintf(3) may allocate.
enum { SW_PID_ENTRY_BYTES = 32 };
static void write_pid_entry(char *out, const char *name, pid_t pid) {
    char digits[12];
    char *at = digits + sizeof digits;
    *--at = '\0';
    do *--at = (char)('0' + pid % 10);
    while ((pid /= 10) > 0);
    stpcpy(stpcpy(stpcpy(out, name), "="), at);
}

/// Variables by which systemd addresses one process, see sd_listen_fds(3) and sd_watchdog_enabled(3).
static const char *const ADDRESSES[] = { "LISTEN_PID", "WATCHDOG_PID" };
enum { SW_ADDRESSES = sizeof ADDRESSES / sizeof *ADDRESSES };

/// Readdresses these variables from one process to another. Those that address a third process stay.
static void readdress(char **environment, pid_t from, pid_t to) {
    static char fresh[SW_ADDRESSES][SW_PID_ENTRY_BYTES];
    for (size_t i = 0; i < SW_ADDRESSES; i++) {
        char former[SW_PID_ENTRY_BYTES];
        write_pid_entry(former, ADDRESSES[i], from);
        write_pid_entry(fresh[i], ADDRESSES[i], to);
        for (char **entry = environment; *entry; entry++) {
            if (strcmp(*entry, former) == 0) *entry = fresh[i];
        }
    }
}

sw_stage sw_command_exec(const sw_role *role, pid_t guardian, char *block, size_t block_bytes) {
    // The group may be gone, with all its members but us: then nobody can send it Ctrl-C either.
    if (role->caller_group > 0) setpgid(0, role->caller_group);

    // If supervisor and guardian are killed at one stroke. It may have happened already, and the flag does not look back.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guardian) _exit(128 + SIGKILL);

    char **environment = changed_environment(environ, block, block_bytes);
    if (!environment) return SW_STAGE_ENVIRONMENT;
    readdress(environment, role->front, getpid()); // the caller meant the process that it started, which is the front
    environ = environment; // execvp looks for the command in the PATH of this one

    if (sigismember(&role->plan->ignored, SIGCHLD)) signal(SIGCHLD, SIG_IGN);
    sw_core_restore();
    sigprocmask(SIG_SETMASK, &role->plan->original_mask, NULL);
    execvp(role->plan->argv[0], role->plan->argv);
    // A file among the folders of PATH: a name that is found nowhere is not a bad path.
    if (errno == ENOTDIR && !strchr(role->plan->argv[0], '/')) errno = ENOENT;
    return SW_STAGE_EXEC;
}
