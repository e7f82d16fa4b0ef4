// Finding the tree of this process in /proc. No malloc: the guardian and front must not depend on memory being left.
#define _GNU_SOURCE
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/// More processes than this on one host: those found are killed; the others are once they are children of ours.
enum { PROCESSES_MAX = 65536 };

/// Static: of its 2 MB only the pages that a walk fills ever exist.
static sw_process processes[PROCESSES_MAX];

struct directory_entry { // linux_dirent64, which no header declares
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/// Calls `visit` with each entry that is a number. opendir would call malloc.
static bool each_number(int directory, void (*visit)(void *context, pid_t number), void *context) {
    _Alignas(struct directory_entry) char buffer[32768];
    for (;;) {
        long got = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
        if (got <= 0) return got == 0;
        for (long at = 0; at < got;) {
            struct directory_entry *entry = (struct directory_entry *)(buffer + at);
            at += entry->length;
            if (entry->name[0] >= '1' && entry->name[0] <= '9') visit(context, atoi(entry->name));
        }
    }
}

/// The comm in parentheses may hold blanks and parentheses of its own, so the fields are counted from the last one that closes.
static bool parse_stat(char *text, sw_process *process) {
    char *field = strrchr(text, ')');
    if (!field) return false;
    field++;
    for (int number = 3; number <= 22; number++) {
        if (*field++ != ' ') return false;
        char *end = field + strcspn(field, " ");
        switch (number) {
        case 3: process->state = *field; break;
        case 4: process->parent = atoi(field); break;
        case 20: process->threads = atoi(field); break;
        case 22: process->start_ticks = strtoull(field, NULL, 10); break;
        }
        field = end;
    }
    return true;
}

bool sw_process_read(pid_t pid, sw_process *process) {
    char path[32], text[1024];
    snprintf(path, sizeof path, "%d/stat", pid);
    int fd = openat(sw_proc_held()->root, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0) return false;
    text[got] = '\0';
    process->pid = pid;
    process->ours = false;
    return parse_stat(text, process);
}

struct walk {
    int count;
    pid_t ancestor;
    sw_on_found on_found;
    void *context;
};

/// The kernel lists /proc by ascending pid.
static const sw_process *find(int count, pid_t pid) {
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (processes[middle].pid < pid) low = middle + 1;
        else high = middle;
    }
    return low < count && processes[low].pid == pid ? &processes[low] : NULL;
}

/// True if this one is found to be a descendant now, and was not before.
static bool mark(const struct walk *walk, sw_process *process) {
    if (process->ours) return false;
    const sw_process *parent = process->parent == walk->ancestor ? NULL : find(walk->count, process->parent);
    if (process->parent != walk->ancestor && !(parent && parent->ours)) return false;
    process->ours = true;
    if (walk->on_found) walk->on_found(walk->context, process);
    return true;
}

static void add_process(void *context, pid_t pid) {
    struct walk *walk = context;
    if (walk->count == PROCESSES_MAX || !sw_process_read(pid, &processes[walk->count])) return;
    mark(walk, &processes[walk->count]);
    walk->count++;
}

/// The transitive closure. Most are marked by now; the others have parents with larger numbers, since numbers start over.
static void mark_the_rest(const struct walk *walk) {
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < walk->count; i++) changed |= mark(walk, &processes[i]);
    }
}

sw_process *sw_tree_find(int *count, sw_on_found on_found, void *context) {
    int proc = sw_proc_held()->root;
    struct walk walk = { .ancestor = getpid(), .on_found = on_found, .context = context };
    if (lseek(proc, 0, SEEK_SET) == 0) each_number(proc, add_process, &walk);
    mark_the_rest(&walk);

    int kept = 0;
    for (int i = 0; i < walk.count; i++) {
        if (processes[i].ours) processes[kept++] = processes[i];
    }
    *count = kept;
    return processes;
}

struct children {
    int tasks;
    int count;
    bool listed;
};

/// The kernel hands out whole pids, but at most a page of them in one read.
static void read_children(struct children *children, int fd) {
    char text[4096];
    children->listed = true;
    pid_t pid = 0;
    for (ssize_t got; (got = read(fd, text, sizeof text)) > 0;) {
        for (ssize_t i = 0; i < got; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
            } else if (pid != 0) {
                if (children->count < PROCESSES_MAX) processes[children->count++] = (sw_process){ .pid = pid, .parent = getpid() };
                pid = 0;
            }
        }
    }
}

static void add_children(void *context, pid_t thread) {
    struct children *children = context;
    char path[32];
    snprintf(path, sizeof path, "%d/children", thread);
    int fd = openat(children->tasks, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    read_children(children, fd);
    close(fd);
}

sw_process *sw_tree_children(int *count) {
    const sw_proc *proc = sw_proc_held();
    struct children children = { .tasks = openat(proc->root, "self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    if (children.tasks >= 0) {
        each_number(children.tasks, add_children, &children);
        close(children.tasks);
    }
    // No descriptor left. What a process leaves behind when it dies is handed to our first thread.
    if (!children.listed && lseek(proc->children, 0, SEEK_SET) == 0) read_children(&children, proc->children);
    *count = children.count;
    return children.listed ? processes : NULL;
}

bool sw_tree_descends(pid_t pid, pid_t ancestor) {
    sw_process process = { .parent = pid };
    // Parents change while we climb; a bound keeps that from becoming a circle.
    for (int depth = 0; depth < 4096 && process.parent > 1 && process.parent != ancestor; depth++) {
        if (!sw_process_read(process.parent, &process)) break;
    }
    return process.parent == ancestor;
}

bool sw_tree_visible(void) {
    char text[32];
    ssize_t got = readlink("/proc/self", text, sizeof text - 1);
    if (got <= 0) return false;
    text[got] = '\0';
    return atoi(text) == getpid();
}
