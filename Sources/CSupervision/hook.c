// A hook's start. By posix_spawn, since the ZooKeeper client's threads may live on in the supervisor.
#define _GNU_SOURCE
#include "CSupervision.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

/// What the hook gets of ours is nothing but this: neither the guardian's socket, whose end of file must mean that the
/// supervisor is dead, nor the client's, which are not close-on-exec.
static int set_descriptors(posix_spawn_file_actions_t *actions, int output) {
    // The supervisor's standard input reads nothing. Duplicated to itself, it is no longer close-on-exec.
    int error = posix_spawn_file_actions_adddup2(actions, STDIN_FILENO, STDIN_FILENO);
    if (!error) error = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    if (!error) error = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return error;
}

/// All signals are blocked in the supervisor, and some may be ignored since the caller ignores them.
static void set_signals(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int spawn(pid_t *process, const char *script, char *const environment[], int output) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = set_descriptors(&actions, output);
    if (!error) error = posix_spawnattr_init(&attributes);
    if (!error) {
        set_signals(&attributes);
        char *const argv[] = { "sh", "-c", (char *)script, NULL };
        error = posix_spawn(process, "/bin/sh", &actions, &attributes, argv, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int sw_hook_start(const char *script, char *const environment[], sw_hook *out) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return errno;
    pid_t process;
    int error = spawn(&process, script, environment, ends[1]);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return error;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *out = (sw_hook){ .process = process, .output_fd = ends[0], .pidfd = (int)syscall(SYS_pidfd_open, process, 0) };
    return 0;
}
