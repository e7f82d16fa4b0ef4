#define _GNU_SOURCE
#include "cgroup.h"
#include "cgroup_path.h"
#include "cgroup_tree.h"
#include "sweep.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    int directory;                    // of the run
    int kill;                         // its cgroup.kill, locked
    int events;                       // its cgroup.events, read by pread: position and buffer are nobody's
    char path[SW_CGROUP_PATH_MAX];    // as the file system has it
    char inner[SW_CGROUP_PATH_MAX];   // as /proc/PID/cgroup has it
    int attempts;
} held = { .directory = -1, .kill = -1, .events = -1 };

static sw_cgroup_finding found = { .step = SW_CGROUP_OFF };

void sw_cgroup_found(sw_cgroup_finding *out) {
    *out = found;
}

static bool fail(sw_cgroup_step step, int error, const char *path) {
    found = (sw_cgroup_finding){ .step = step, .error = error };
    sw_copy_text(found.path, sizeof found.path, path);
    return false;
}

// ------------------------------------------------------------------------------------------------------------- where it is

static bool find_base(const char *setting, const char *own, char *base, char *inner) {
    if (setting[0] != '/') {
        sw_copy_text(inner, SW_CGROUP_PATH_MAX, own);
        if (strstr(inner, "/..")) return fail(SW_CGROUP_OWN_PATH, EXDEV, inner);
        if (!sw_cgroup_translate(inner, false, base, SW_CGROUP_PATH_MAX)) return fail(SW_CGROUP_MOUNT, errno, inner);
        return true;
    }
    if (!sw_copy_text(base, SW_CGROUP_PATH_MAX, setting)) return fail(SW_CGROUP_FOLDER, ENAMETOOLONG, setting);
    int directory = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return fail(SW_CGROUP_FOLDER, errno, base);
    bool is_cgroup2 = sw_cgroup_is_cgroup2(directory);
    // As the kernel names it, without links and "..".
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, base, SW_CGROUP_PATH_MAX - 1);
    close(directory);
    if (length <= 0 || base[0] != '/') return fail(SW_CGROUP_FOLDER, EINVAL, setting);
    base[length] = '\0';
    if (!is_cgroup2) return fail(SW_CGROUP_FOLDER, EMEDIUMTYPE, base);
    if (!sw_cgroup_inner(base, inner, SW_CGROUP_PATH_MAX)) return fail(SW_CGROUP_MOUNT, errno, base);
    return true;
}

/// Whether a process of ours may be put there: who moves it needs the right to write to the cgroup.procs of the next one above
/// both (cgroups(7), delegation containment).
static bool may_enter(const char *own, const char *base, const char *inner) {
    char ancestor[SW_CGROUP_PATH_MAX + 16];
    size_t common = 0, i = 0;
    for (; own[i] && own[i] == inner[i]; i++) {
        if (own[i] == '/') common = i;
    }
    bool is_one_below_the_other = (own[i] == '\0' || own[i] == '/') && (inner[i] == '\0' || inner[i] == '/');
    if (is_one_below_the_other || strcmp(own, "/") == 0) common = strcmp(own, "/") == 0 ? 0 : i;
    if (strcmp(inner, "/") == 0) inner = "";
    size_t rest = strlen(inner) - common, length = strlen(base);
    if (rest > length) return fail(SW_CGROUP_ENTER, EXDEV, base);
    snprintf(ancestor, sizeof ancestor, "%.*s/cgroup.procs", (int)(length - rest), base);
    return faccessat(AT_FDCWD, ancestor, W_OK, AT_EACCESS) == 0 || fail(SW_CGROUP_ENTER, errno, ancestor);
}

// ---------------------------------------------------------------------------------------------------------------- the run's

static bool hold(void) {
    held.directory = open(held.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (held.directory < 0) return fail(SW_CGROUP_MAKE, errno, held.path);
    held.kill = openat(held.directory, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    if (held.kill < 0) return fail(SW_CGROUP_KILL, errno, held.path);
    if (flock(held.kill, LOCK_EX | LOCK_NB) < 0) return fail(SW_CGROUP_LOCK, errno, held.path);
    // Below a threaded one there can only be threaded ones, which hold no process.
    char type[32];
    if (sw_read_text(held.directory, "cgroup.type", type, sizeof type) && strncmp(type, "domain\n", 7) != 0) {
        return fail(SW_CGROUP_ENTER, EOPNOTSUPP, held.path);
    }
    held.events = openat(held.directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
    if (held.events < 0) return fail(SW_CGROUP_KILL, errno, held.path);
    return true;
}

void sw_cgroup_let_go(void) {
    int fds[3];
    size_t count = sw_cgroup_descriptors(fds);
    for (size_t i = 0; i < count; i++) close(fds[i]);
    held.directory = held.kill = held.events = -1;
}

static uint64_t random_number(void) {
    uint64_t number;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number) return number;
    return (uint64_t)sw_now_ns() ^ (uint64_t)getpid() << 40;
}

void sw_cgroup_take(const char *setting, const char *lockname) {
    found = (sw_cgroup_finding){ .step = SW_CGROUP_OFF };
    if (strcmp(setting, "off") == 0) return;
    char own[SW_CGROUP_PATH_MAX], base[SW_CGROUP_PATH_MAX], inner[SW_CGROUP_PATH_MAX];
    if (!sw_cgroup_read_inner(AT_FDCWD, "/proc/self/cgroup", own, sizeof own)) {
        fail(SW_CGROUP_OWN_PATH, errno, "/proc/self/cgroup");
        return;
    }
    if (!find_base(setting, own, base, inner) || !may_enter(own, base, inner)) return;

    // A sweep may come between the making and the lock, and take it for a dead run's: another name then.
    for (int tries = 0; tries < 4 && held.directory < 0; tries++) {
        uint64_t number = random_number();
        const char *between = strcmp(inner, "/") == 0 ? "" : inner;
        if (snprintf(held.path, sizeof held.path, "%s/switchman.%016lx", base, number) >= (int)sizeof held.path
            || snprintf(held.inner, sizeof held.inner, "%s/switchman.%016lx", between, number) >= (int)sizeof held.inner) {
            fail(SW_CGROUP_MAKE, ENAMETOOLONG, base);
            return;
        }
        sw_sweep_register(lockname, number, held.path);
        if (mkdir(held.path, 0755) < 0) {
            fail(SW_CGROUP_MAKE, errno, held.path);
        } else if (hold()) {
            found = (sw_cgroup_finding){ .step = SW_CGROUP_MADE, .is_registered = sw_sweep_is_registered() };
            sw_copy_text(found.path, sizeof found.path, held.path);
            return;
        } else {
            sw_cgroup_let_go();
            rmdir(held.path);
        }
        sw_sweep_forget();
        if (found.step != SW_CGROUP_LOCK && found.error != EEXIST && found.error != ENOENT) return;
    }
}

bool sw_cgroup_is_held(void) {
    return held.directory >= 0;
}

size_t sw_cgroup_descriptors(int *out) {
    size_t count = 0;
    const int all[] = { held.directory, held.kill, held.events };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i] >= 0) out[count++] = all[i];
    }
    return count;
}

// ------------------------------------------------------------------------------------------------------------- the attempts

int sw_cgroup_attempt(void) {
    if (held.directory < 0) return errno = ENOENT, -1;
    // Making and removing another takes a quarter of a millisecond, and most runs have one attempt.
    if (held.attempts++ == 0) return openat(held.directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char name[16];
    snprintf(name, sizeof name, "%d", held.attempts);
    if (mkdirat(held.directory, name, 0755) < 0) return -1;
    return openat(held.directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

pid_t sw_fork_into(int attempt) {
    struct clone_args arguments = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)attempt };
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

int sw_cgroup_enter(int attempt) {
    int fd = openat(attempt, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    int error = write(fd, "0", 1) == 1 ? 0 : errno;
    close(fd);
    return error;
}

void sw_cgroup_remove_attempts(void) {
    if (held.directory >= 0) sw_cgroup_empty(held.directory);
}

bool sw_cgroup_remove(void) {
    if (held.directory < 0) return true;
    if (rmdir(held.path) < 0 && errno != ENOENT) {
        sw_cgroup_remove_attempts();
        if (rmdir(held.path) < 0 && errno != ENOENT) return false;
    }
    sw_sweep_forget();
    return true;
}

// --------------------------------------------------------------------------------------------------------- life and death

bool sw_cgroup_is_populated(void) {
    return held.events >= 0 && sw_cgroup_says_populated(held.events);
}

int sw_cgroup_watch(void) {
    if (held.directory < 0) return -1;
    // Not the others' own: what one reads is not news to the other any more.
    int fd = openat(held.directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) sw_cgroup_says_populated(fd);
    return fd;
}

bool sw_cgroup_kill(void) {
    return sw_cgroup_write_one(held.kill);
}

void sw_cgroup_freeze(void) {
    int fd = openat(held.directory, "cgroup.freeze", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    sw_cgroup_write_one(fd);
    close(fd);
}

int sw_cgroup_kill_listed(int *denied) {
    return held.directory >= 0 ? sw_cgroup_kill_below(held.directory, held.inner, denied) : 0;
}

int sw_cgroup_count(int64_t until_ns) {
    return held.directory >= 0 ? sw_cgroup_count_below(held.directory, until_ns) : 0;
}

// ------------------------------------------------------------------------------------------------------- what check hosts asks

void sw_cgroup_probe(const char *setting, sw_cgroup_finding *out) {
    sw_sweep_open();
    sw_cgroup_take(setting, "check hosts");
    *out = found;
    if (!sw_cgroup_is_held()) return;
    int attempt = sw_cgroup_attempt();
    if (attempt < 0) *out = (sw_cgroup_finding){ .step = SW_CGROUP_MAKE, .error = errno };
    else close(attempt);
    sw_cgroup_remove();
    sw_cgroup_let_go();
}
