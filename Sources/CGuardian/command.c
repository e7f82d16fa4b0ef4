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

sw_stage sw_command_exec(const sw_role *role, pid_t guardian, char *block, size_t block_bytes) {
    // The group may be gone, with all its members but us: then nobody can send it Ctrl-C either.
    if (role->caller_group > 0) setpgid(0, role->caller_group);

    // If supervisor and guardian are killed at one stroke. It may have happened already, and the flag does not look back.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guardian) _exit(128 + SIGKILL);

    char **environment = changed_environment(environ, block, block_bytes);
    if (!environment) return SW_STAGE_ENVIRONMENT;
    environ = environment; // execvp looks for the command in the PATH of this one

    if (sigismember(&role->plan->ignored, SIGCHLD)) signal(SIGCHLD, SIG_IGN);
    sigprocmask(SIG_SETMASK, &role->plan->original_mask, NULL);
    execvp(role->plan->argv[0], role->plan->argv);
    return SW_STAGE_EXEC;
}
