#define _GNU_SOURCE
#include "sweep.h"
#include "cgroup_path.h"
#include "cgroup_tree.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/// A link to nothing may be that of a run which has not made its cgroup yet, or one that another container's view of the
/// hierarchy does not show.
enum { STALE_S = 86400 };

static int folder = -1;
static char own[64]; // the name of our own link; empty: none

static uint64_t hash(const char *text) { // FNV-1a
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static int open_folder(const char *parent) {
    char path[SW_CGROUP_PATH_MAX];
    if (snprintf(path, sizeof path, "%s/switchman", parent) >= (int)sizeof path) return -1;
    if (mkdir(path, 0700) < 0 && errno != EEXIST) return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat info;
    // Whoever can write there could have us kill what is not ours.
    if (fd >= 0 && (fstat(fd, &info) < 0 || info.st_uid != geteuid() || info.st_mode & 022)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void find_folder(void) {
    if (geteuid() == 0) {
        folder = open_folder("/run");
        return;
    }
    const char *given = getenv("XDG_RUNTIME_DIR");
    if (given && given[0] == '/') folder = open_folder(given);
    char usual[64];
    snprintf(usual, sizeof usual, "/run/user/%u", (unsigned)geteuid());
    if (folder < 0) folder = open_folder(usual);
}

bool sw_sweep_open(void) {
    find_folder();
    // Of what is not locked: takes nothing from nobody.
    return folder < 0 || flock(folder, LOCK_UN) == 0;
}

void sw_sweep_register(const char *lockname, uint64_t number, const char *path) {
    own[0] = '\0';
    if (folder < 0) return;
    snprintf(own, sizeof own, "%016lx.%016lx", hash(lockname), number);
    if (symlinkat(path, folder, own) < 0) own[0] = '\0';
}

bool sw_sweep_is_registered(void) {
    return own[0] != '\0';
}

void sw_sweep_forget(void) {
    if (own[0]) unlinkat(folder, own, 0);
    own[0] = '\0';
}

int sw_sweep_descriptor(void) {
    return folder;
}

struct sweep {
    char lock[20];     // with which the links of our lock's runs begin
    bool is_of_lock;   // only those, or only the others
    int64_t until_ns;
    int resisting;     // of our lock
};

static void remove_if_stale(const char *link) {
    struct stat info;
    if (fstatat(folder, link, &info, AT_SYMLINK_NOFOLLOW) < 0) return;
    if (time(NULL) - info.st_mtime > STALE_S) unlinkat(folder, link, 0);
}

/// How many processes it leaves alive.
static int clear(const struct sweep *sweep, const char *link, const char *path, int directory, int kill_fd) {
    char inner[SW_CGROUP_PATH_MAX];
    if (!sw_cgroup_inner(path, inner, sizeof inner)) return 1;
    int left = sw_cgroup_clear(directory, kill_fd, inner, sweep->until_ns);
    if (left == 0 && (rmdir(path) == 0 || errno == ENOENT)) unlinkat(folder, link, 0);
    return left;
}

/// How many processes of the run live that is dead, as far as is known: what cannot be looked at is not known to be dead.
static int look_into(const struct sweep *sweep, const char *link, const char *path) {
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 && errno == ENOENT) return remove_if_stale(link), 0;
    if (directory < 0) return 1;
    int left = 0, kill_fd = openat(directory, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    if (!sw_cgroup_is_cgroup2(directory)) left = 0;
    else if (kill_fd < 0) left = errno == ENOENT || errno == ENODEV ? 0 : 1;
    // Refused: one of its three processes lives; no other sweep is under way.
    else if (flock(kill_fd, LOCK_EX | LOCK_NB) == 0) left = clear(sweep, link, path, directory, kill_fd);
    if (kill_fd >= 0) close(kill_fd);
    close(directory);
    return left;
}

static void look_at(void *context, const char *link, unsigned char type) {
    struct sweep *sweep = context;
    char path[SW_CGROUP_PATH_MAX];
    if (type != DT_LNK && type != DT_UNKNOWN) return;
    if (strcmp(link, own) == 0) return;
    bool is_of_lock = strncmp(link, sweep->lock, strlen(sweep->lock)) == 0;
    if (is_of_lock != sweep->is_of_lock || (!is_of_lock && sw_now_ns() >= sweep->until_ns)) return;
    ssize_t length = readlinkat(folder, link, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = '\0';
    const char *name = strrchr(path, '/');
    if (!name || strncmp(name, "/switchman.", 11) != 0) return;
    int left = look_into(sweep, link, path);
    if (is_of_lock) sweep->resisting += left;
}

/// Another sweep holds the locks of the dead runs that it clears, which then look alive: one at a time.
static bool take_turn(int fd, int64_t until_ns) {
    struct timespec pause = { .tv_nsec = SW_MILLISECOND_NS };
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (sw_now_ns() >= until_ns) return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

/// The guardian hears nothing meanwhile, and is believed dead after a second. For other locks only if nobody else sweeps, and in
/// half the time, so that a start gets its turn.
static const int64_t SWEEP_NS = 300 * SW_MILLISECOND_NS, OTHERS_NS = 150 * SW_MILLISECOND_NS;

static int sweep(const char *lockname, bool is_of_lock) {
    if (folder < 0) return 0;
    int64_t began_ns = sw_now_ns();
    struct sweep sweep = { .is_of_lock = is_of_lock, .until_ns = began_ns + (is_of_lock ? SWEEP_NS : OTHERS_NS) };
    snprintf(sweep.lock, sizeof sweep.lock, "%016lx.", hash(lockname));
    // By a description of our own: the position in a directory is shared with front and supervisor.
    int fresh = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fresh < 0) return 1;
    if (take_turn(fresh, is_of_lock ? sweep.until_ns : began_ns)) sw_each_entry(fresh, look_at, &sweep);
    else sweep.resisting = 1;
    close(fresh);
    return sweep.resisting;
}

int sw_sweep(const char *lockname) {
    return sweep(lockname, true);
}

void sw_sweep_others(const char *lockname) {
    sweep(lockname, false);
}
