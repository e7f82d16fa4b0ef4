#define _GNU_SOURCE
#include "cgroup_tree.h"
#include "cgroup_path.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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

static void remove_below(int directory, int depth) {
    struct removal removal = { .directory = directory, .depth = depth };
    sw_each_folder(directory, remove_folder, &removal);
}

void sw_cgroup_empty(int directory) {
    remove_below(directory, 0);
}

bool sw_cgroup_says_populated(int events) {
    char text[256];
    ssize_t got = pread(events, text, sizeof text - 1, 0);
    if (got <= 0) return errno != ENODEV; // that: it is removed
    text[got] = '\0';
    return strstr(text, "populated 1") != NULL;
}

bool sw_cgroup_write_one(int fd) {
    return fd >= 0 && pwrite(fd, "1", 1, 0) == 1;
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
    if (sw_cgroup_read_inner(sw_proc_held()->root, file, inner, sizeof inner) && sw_cgroup_below(inner, listing->inner)) {
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

int sw_cgroup_kill_below(int directory, const char *inner, int *denied) {
    struct listing listing = { .inner = inner, .kills = true, .until_ns = INT64_MAX };
    list_below(directory, &listing);
    *denied += listing.denied;
    return listing.count;
}

int sw_cgroup_count_below(int directory, int64_t until_ns) {
    struct listing listing = { .until_ns = until_ns };
    list_below(directory, &listing);
    return listing.count;
}

int sw_cgroup_clear(int directory, int kill_fd, const char *inner, int64_t until_ns) {
    int events = openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
    struct listing listing = { .inner = inner, .kills = true, .until_ns = until_ns };
    struct timespec pause = { .tv_nsec = SW_MILLISECOND_NS / 4 };
    for (bool is_first = true; sw_cgroup_says_populated(events) && (is_first || sw_now_ns() < until_ns); is_first = false) {
        sw_cgroup_write_one(kill_fd);
        nanosleep(&pause, NULL);
        if (!sw_cgroup_says_populated(events)) break;
        listing.count = listing.denied = 0;
        list_below(directory, &listing);
        pause.tv_nsec = 2 * SW_MILLISECOND_NS;
    }
    int left = sw_cgroup_says_populated(events) ? listing.count > 0 ? listing.count : 1 : 0;
    if (events >= 0) close(events);
    if (left == 0) sw_cgroup_empty(directory);
    return left;
}
