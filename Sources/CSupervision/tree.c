// Finding the tree of this process in /proc. No malloc: the guardian and front must not depend on memory being left.
//
// From the roots down, by /proc/PID/task/TID/children: what it costs depends on the tree, not on the host. The numbers found are
// those of a moment ago, so a process is looked at before and after its children are listed: they are its own only if it is the
// same (its start), and each of them only if it names this parent, or one of us, who inherit the children of the dead.
#define _GNU_SOURCE
#include "tree.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// More processes than this in one tree, or, where the kernel does not list children, on one host: those found are killed; the
/// others are once they are children of ours.
enum { PROCESSES_MAX = 65536 };

/// Of a thread's flags (the kernel's sched.h): it is in do_exit.
enum { PF_EXITING = 0x4 };

/// Static: only the pages that a walk fills ever exist.
static sw_process processes[PROCESSES_MAX];
static sw_scope scope = { .own = true };

void sw_tree_set_scope(sw_scope new) {
    scope = new;
}

sw_scope sw_tree_scope(void) {
    return scope;
}

bool sw_tree_spares(pid_t pid) {
    return pid > 0 && (pid == scope.spared[0] || pid == scope.spared[1]);
}

/// The comm in parentheses may hold blanks and parentheses of its own, so the fields are counted from the last one that closes.
static bool parse_stat(char *text, sw_process *process) {
    char *field = strrchr(text, ')');
    if (!field) return false;
    field++;
    bool is_exiting = false;
    for (int number = 3; number <= 31; number++) {
        if (*field++ != ' ') return false;
        char *end = field + strcspn(field, " ");
        switch (number) {
        case 3: process->state = *field; break;
        case 4: process->parent = atoi(field); break;
        case 9: is_exiting = strtoul(field, NULL, 10) & PF_EXITING; break;
        case 20: process->threads = atoi(field); break;
        case 22: process->start_ticks = strtoull(field, NULL, 10); break;
        case 24: process->resident_pages = strtol(field, NULL, 10); break;
        // A SIGKILL for the process is made pending for each of its threads (complete_signal in the kernel's signal.c).
        case 31: process->is_dying = strtoull(field, NULL, 10) >> (SIGKILL - 1) & 1; break;
        }
        field = end;
    }
    // On its way out it has taken the signal, and may be without the processor for long. A first thread may leave alone.
    if (is_exiting && process->threads <= 1) process->is_dying = true;
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
    return process->is_read = parse_stat(text, process);
}

// ------------------------------------------------------------------------------------------------------- from the roots down

struct queue {
    int count;
    pid_t parent; // of those that are being added
    int tasks;    // the folder of the parent's threads
    bool listed;
};

static void add_child(void *context, pid_t pid) {
    struct queue *queue = context;
    if (queue->count == PROCESSES_MAX || pid <= 0) return;
    processes[queue->count++] = (sw_process){ .pid = pid, .parent = queue->parent };
}

static void add_children_of_thread(struct queue *queue, int directory, const char *thread) {
    char path[64];
    snprintf(path, sizeof path, "%s/children", thread);
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    queue->listed = true;
    sw_read_numbers(fd, add_child, queue);
    close(fd);
}

static void visit_thread(void *context, const char *name, unsigned char type) {
    (void)type;
    struct queue *queue = context;
    if (name[0] >= '1' && name[0] <= '9') add_children_of_thread(queue, queue->tasks, name);
}

/// A process has its children by thread: those that it forked there, and what it inherits with the first that lives.
static void add_children(struct queue *queue, pid_t pid, int threads) {
    char path[48];
    queue->parent = pid;
    if (threads == 1) {
        snprintf(path, sizeof path, "%d/task/%d", pid, pid);
        return add_children_of_thread(queue, sw_proc_held()->root, path);
    }
    snprintf(path, sizeof path, "%d/task", pid);
    queue->tasks = openat(sw_proc_held()->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (queue->tasks < 0) return;
    sw_each_entry(queue->tasks, visit_thread, queue);
    close(queue->tasks);
}

static void add_roots(struct queue *queue) {
    if (scope.own) {
        add_children(queue, sw_proc_held()->self, 0);
        // No descriptor left. What a process leaves behind when it dies is handed to our first thread.
        const sw_proc *proc = sw_proc_held();
        if (!queue->listed && proc->children >= 0 && lseek(proc->children, 0, SEEK_SET) == 0) {
            queue->listed = true;
            sw_read_numbers(proc->children, add_child, queue);
        }
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (scope.spared[i] > 0) add_children(queue, scope.spared[i], 0);
    }
}

/// Its parent may have died since it was listed, which makes it a child of one of us. One that is not shown (hidepid, no descriptor
/// left) is our child all the same, until we reap it.
bool sw_tree_look(sw_process *process) {
    pid_t parent = process->parent, self = sw_proc_held()->self;
    if (!sw_process_read(process->pid, process)) return parent == self;
    return process->parent == parent || process->parent == self || sw_tree_spares(process->parent);
}

struct visitor {
    sw_on_listed on_listed;
    sw_on_found on_found;
    void *context;
};

static bool look(const struct visitor *visitor, sw_process *process) {
    return visitor->on_listed ? visitor->on_listed(visitor->context, process) : sw_tree_look(process);
}

static bool descend(struct queue *queue, const struct visitor *visitor) {
    int kept = 0, looked_at = 0;
    for (int at = 0; at < queue->count; at++) {
        // Those that are gone, or none of ours, have no number any more.
        int end = looked_at > at ? looked_at : visitor->on_listed ? queue->count : at + 1;
        for (; looked_at < end; looked_at++) {
            if (!look(visitor, &processes[looked_at])) processes[looked_at].pid = 0;
        }
        sw_process process = processes[at], after;
        if (process.pid == 0) continue;
        // The others' own children were queued with the roots, or come now.
        bool spared = sw_tree_spares(process.pid);
        int before = queue->count;
        if (process.is_read && (!spared || scope.own)) add_children(queue, process.pid, process.threads);
        if (queue->count > before
            && (!sw_process_read(process.pid, &after) || after.start_ticks != process.start_ticks)) queue->count = before;
        // Who dies of what it is told leaves its children to one of us, whose own have been listed already.
        if (!spared && visitor->on_found && !visitor->on_found(visitor->context, &process)) {
            queue->count = kept + queue->count - at;
            return false;
        }
        if (!spared) processes[kept++] = process;
    }
    queue->count = kept;
    return true;
}

// ----------------------------------------------------------------------------------- where the kernel does not list children

struct walk {
    int count;
    const struct visitor *visitor;
    bool has_enough;
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

static bool is_root(pid_t pid) {
    return scope.own ? pid == sw_proc_held()->self : sw_tree_spares(pid);
}

/// True if this one is found to be of the tree now, and was not before.
static bool mark(struct walk *walk, sw_process *process) {
    if (process->ours) return false;
    const sw_process *parent = is_root(process->parent) ? NULL : find(walk->count, process->parent);
    if (!is_root(process->parent) && !(parent && parent->ours)) return false;
    process->ours = true;
    const struct visitor *visitor = walk->visitor;
    if (sw_tree_spares(process->pid) || walk->has_enough) return true;
    if (visitor->on_listed) {
        sw_process listed = *process;
        visitor->on_listed(visitor->context, &listed);
    }
    if (visitor->on_found) walk->has_enough = !visitor->on_found(visitor->context, process);
    return true;
}

static void add_process(void *context, const char *name, unsigned char type) {
    (void)type;
    struct walk *walk = context;
    if (name[0] < '1' || name[0] > '9' || walk->count == PROCESSES_MAX || walk->has_enough) return;
    if (!sw_process_read(atoi(name), &processes[walk->count])) return;
    mark(walk, &processes[walk->count]);
    walk->count++;
}

/// The transitive closure. Most are marked by now; the others have parents with larger numbers, since numbers start over.
static int mark_the_rest(struct walk *walk) {
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < walk->count; i++) changed |= mark(walk, &processes[i]);
    }
    int kept = 0;
    for (int i = 0; i < walk->count; i++) {
        if (processes[i].ours && !sw_tree_spares(processes[i].pid)) processes[kept++] = processes[i];
    }
    return kept;
}

static int visit(const struct visitor *visitor) {
    struct queue queue = { 0 };
    add_roots(&queue);
    if (queue.listed) {
        descend(&queue, visitor);
        return queue.count;
    }
    struct walk walk = { .visitor = visitor };
    sw_each_entry(sw_proc_held()->root, add_process, &walk);
    return mark_the_rest(&walk);
}

sw_process *sw_tree_find(int *count, sw_on_found on_found, void *context) {
    *count = visit(&(struct visitor){ .on_found = on_found, .context = context });
    return processes;
}

void sw_tree_visit(sw_on_listed on_listed, void *context) {
    visit(&(struct visitor){ .on_listed = on_listed, .context = context });
}

sw_process *sw_tree_children(int *count) {
    struct queue queue = { 0 };
    add_roots(&queue);
    int kept = 0;
    for (int i = 0; i < queue.count; i++) {
        if (!sw_tree_spares(processes[i].pid)) processes[kept++] = processes[i];
    }
    *count = kept;
    return queue.listed ? processes : NULL;
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
    const sw_proc *proc = sw_proc_held();
    ssize_t got = proc->root < 0 ? readlink("/proc/self", text, sizeof text - 1)
                                 : readlinkat(proc->root, "self", text, sizeof text - 1);
    if (got <= 0) return false;
    text[got] = '\0';
    return atoi(text) == getpid();
}
