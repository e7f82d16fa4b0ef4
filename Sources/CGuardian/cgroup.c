#define _GNU_SOURCE
#include "cgroup.h"
#include "sweep.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
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

/// The line "0::PATH" of a process's cgroup file.
static bool read_inner_path(int directory, const char *file, char *path, size_t room) {
    char text[8192];
    if (!sw_read_text(directory, file, text, sizeof text)) return false;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        if (strncmp(line, "0::/", 4) == 0) return sw_copy_text(path, room, line + 3);
    }
    return errno = ENOENT, false;
}

/// Octal escapes of mountinfo, in place.
static void unescape(char *text) {
    char *to = text;
    for (const char *from = text; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/// What follows `prefix` in `path`, if that is the folder or below it.
static const char *below(const char *path, const char *prefix) {
    size_t length = strcmp(prefix, "/") == 0 ? 0 : strlen(prefix);
    if (strncmp(path, prefix, length) != 0) return NULL;
    return path[length] == '/' || path[length] == '\0' ? path + length : NULL;
}

/// A line of mountinfo (proc_pid_mountinfo(5)): ID PARENT DEV ROOT POINT OPTIONS [TAGS...] - TYPE SOURCE OPTIONS.
static bool parse_mount(char *line, char **root, char **point) {
    char *type = strstr(line, " - ");
    if (!type || strncmp(type + 3, "cgroup2 ", 8) != 0) return false;
    char *field[6], *at = line;
    for (int i = 0; i < 6; i++) field[i] = strsep(&at, " ");
    if (!field[5]) return false;
    *root = field[3];
    *point = field[4];
    unescape(*root);
    unescape(*point);
    return true;
}

/// Takes `path` from below the one end of a mount to below the other: from the folder where cgroup2 is mounted (`from_point`) to the
/// kernel's name, or back. Of the mounts that show it the last counts, which lies on top of the others. A root above our
/// namespace's ("/..") shows other hosts' or containers' cgroups: not ours.
static bool translate(const char *path, bool from_point, char *result, size_t room) {
    static char text[65536];
    if (!sw_read_text(AT_FDCWD, "/proc/self/mountinfo", text, sizeof text)) return false;
    bool is_found = false;
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        char *root, *point;
        if (!parse_mount(line, &root, &point) || strncmp(root, "/..", 3) == 0) continue;
        const char *rest = below(path, from_point ? point : root), *start = from_point ? root : point;
        if (!rest) continue;
        // Neither "//x" nor "x/".
        if (from_point && strcmp(start, "/") == 0) start = "";
        if (!from_point && strcmp(rest, "/") == 0) rest = "";
        is_found = snprintf(result, room, "%s%s", start, rest) < (int)room;
    }
    return is_found || (errno = ENOENT, false);
}

bool sw_cgroup_inner(const char *folder, char *inner, size_t room) {
    return translate(folder, true, inner, room);
}

bool sw_cgroup_is_cgroup2(int directory) {
    struct statfs info;
    return fstatfs(directory, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

static bool find_base(const char *setting, const char *own, char *base, char *inner) {
    if (setting[0] != '/') {
        sw_copy_text(inner, SW_CGROUP_PATH_MAX, own);
        if (strstr(inner, "/..")) return fail(SW_CGROUP_OWN_PATH, EXDEV, inner);
        if (!translate(inner, false, base, SW_CGROUP_PATH_MAX)) return fail(SW_CGROUP_MOUNT, errno, inner);
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
    if (!read_inner_path(AT_FDCWD, "/proc/self/cgroup", own, sizeof own)) {
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
            found = (sw_cgroup_finding){ .step = SW_CGROUP_MADE };
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

enum { DEPTH_MAX = 16 }; // of cgroups that the command has made below its own; a descriptor each

struct removal {
    int directory;
    int depth;
};

static void remove_below(int directory, int depth);

static void remove_folder(void *context, const char *name, unsigned char type) {
    (void)type;
    const struct removal *removal = context;
    int child = removal->depth < DEPTH_MAX ? openat(removal->directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (child >= 0) {
        remove_below(child, removal->depth + 1);
        close(child);
    }
    unlinkat(removal->directory, name, AT_REMOVEDIR);
}

/// The deepest first.
static void remove_below(int directory, int depth) {
    struct removal removal = { .directory = directory, .depth = depth };
    sw_each_folder(directory, remove_folder, &removal);
}

void sw_cgroup_remove_attempts(void) {
    if (held.directory >= 0) remove_below(held.directory, 0);
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

static bool is_populated(int events) {
    char text[256];
    ssize_t got = pread(events, text, sizeof text - 1, 0);
    if (got <= 0) return errno != ENODEV; // that: it is removed
    text[got] = '\0';
    return strstr(text, "populated 1") != NULL;
}

bool sw_cgroup_is_populated(void) {
    return held.events >= 0 && is_populated(held.events);
}

int sw_cgroup_watch(void) {
    if (held.directory < 0) return -1;
    // Not the others' own: what one reads is not news to the other any more.
    int fd = openat(held.directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) is_populated(fd);
    return fd;
}

static bool write_one(int fd) {
    return fd >= 0 && pwrite(fd, "1", 1, 0) == 1;
}

bool sw_cgroup_kill(void) {
    return write_one(held.kill);
}

void sw_cgroup_freeze(void) {
    int fd = openat(held.directory, "cgroup.freeze", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    write_one(fd);
    close(fd);
}

struct listing {
    const char *inner;
    bool kills;
    int64_t until_ns;
    int count, denied;
    int directory, depth; // where it is
};

static bool is_over(const struct listing *listing) {
    return listing->count % 64 == 0 && sw_now_ns() >= listing->until_ns;
}

/// The number may be another's by now: pinned first, looked at afterwards.
static void kill_listed(struct listing *listing, pid_t pid) {
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0 && errno == ESRCH) return;
    char file[32], inner[SW_CGROUP_PATH_MAX];
    snprintf(file, sizeof file, "%d/cgroup", pid);
    if (read_inner_path(sw_proc_held()->root, file, inner, sizeof inner) && below(inner, listing->inner)) {
        long sent = pidfd >= 0 ? syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) : kill(pid, SIGKILL);
        if (sent < 0 && errno == EPERM) listing->denied++;
    }
    if (pidfd >= 0) close(pidfd);
}

/// 0 stands for a process outside of our PID namespace: only cgroup.kill reaches it.
static void list_number(void *context, pid_t pid) {
    struct listing *listing = context;
    if (is_over(listing)) return;
    listing->count++;
    if (listing->kills && pid > 0) kill_listed(listing, pid);
}

static void list_below(int directory, struct listing *listing);

static void list_folder(void *context, const char *name, unsigned char type) {
    (void)type;
    struct listing *listing = context;
    if (listing->depth == DEPTH_MAX || sw_now_ns() >= listing->until_ns) return;
    int above = listing->directory;
    int child = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (child < 0) return;
    listing->depth++;
    list_below(child, listing);
    listing->depth--;
    listing->directory = above;
    close(child);
}

static void list_below(int directory, struct listing *listing) {
    int processes = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    if (processes >= 0) {
        sw_read_numbers(processes, list_number, listing);
        close(processes);
    }
    listing->directory = directory;
    sw_each_folder(directory, list_folder, listing);
}

int sw_cgroup_kill_listed(int *denied) {
    struct listing listing = { .inner = held.inner, .kills = true, .until_ns = INT64_MAX };
    if (held.directory >= 0) list_below(held.directory, &listing);
    *denied += listing.denied;
    return listing.count;
}

int sw_cgroup_count(int64_t until_ns) {
    struct listing listing = { .until_ns = until_ns };
    if (held.directory >= 0) list_below(held.directory, &listing);
    return listing.count;
}

int sw_cgroup_clear(int directory, int kill_fd, const char *inner, int64_t until_ns) {
    int events = openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
    struct listing listing = { .inner = inner, .kills = true, .until_ns = until_ns };
    struct timespec pause = { .tv_nsec = SW_MILLISECOND_NS / 4 };
    for (bool is_first = true; is_populated(events) && (is_first || sw_now_ns() < until_ns); is_first = false) {
        write_one(kill_fd);
        nanosleep(&pause, NULL);
        if (!is_populated(events)) break;
        listing.count = listing.denied = 0;
        list_below(directory, &listing);
        pause.tv_nsec = 2 * SW_MILLISECOND_NS;
    }
    int left = is_populated(events) ? listing.count > 0 ? listing.count : 1 : 0;
    if (events >= 0) close(events);
    if (left == 0) remove_below(directory, 0);
    return left;
}

// ------------------------------------------------------------------------------------------------------- what check hosts asks

void sw_cgroup_probe(const char *setting, sw_cgroup_finding *out) {
    sw_cgroup_take(setting, "check hosts");
    *out = found;
    if (!sw_cgroup_is_held()) return;
    int attempt = sw_cgroup_attempt();
    if (attempt < 0) *out = (sw_cgroup_finding){ .step = SW_CGROUP_MAKE, .error = errno };
    else close(attempt);
    sw_cgroup_remove();
    sw_cgroup_let_go();
}
