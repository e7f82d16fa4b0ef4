// A process as /proc shows it, and the finding of a tree. What is found lies in one static workspace, until the next call.
#ifndef TREE_H
#define TREE_H

#include "roles.h"

typedef struct sw_process {
    pid_t pid;
    pid_t parent;
    uint64_t start_ticks; ///< with the pid: its identity
    int threads;
    long resident_pages;
    char state;
    bool is_dying;        ///< SIGKILL is pending, or it is on its way out: it needs the processor for nothing but its end, and
                          ///< cannot fork any more
    bool is_read;         ///< else only `pid` and `parent` are known
    bool ours;
} sw_process;

bool sw_process_read(pid_t pid, sw_process *process);

/// Whose descendants the tree is, and who among them is none of the command: the other processes that may have to kill it, which
/// a killer leaves alone.
typedef struct sw_scope {
    bool own;          ///< all children of this process are roots; else `spared` are, and nobody else
    pid_t spared[2];   ///< supervisor and guardian; 0: nobody
} sw_scope;

/// Of this process from here on. Before: all of its own descendants, and nobody is spared.
void sw_tree_set_scope(sw_scope scope);
sw_scope sw_tree_scope(void);
bool sw_tree_spares(pid_t pid);

/// Told of each process of the tree, as soon as it is seen. False: enough.
typedef bool (*sw_on_found)(void *context, const sw_process *process);
/// Told of each process that is listed, a generation at a time, before any of them is asked for its children. It looks at the
/// process by `sw_tree_look`, whose answer it returns, and may signal it at once.
typedef bool (*sw_on_listed)(void *context, sw_process *process);
/// Reads a process that was listed. False: it is another one by now, or none.
bool sw_tree_look(sw_process *process);

/// All of the tree, found from its roots down. `count` processes are in the array that is returned; if the visitor had enough it
/// says only how many were known of. What moves is not found for certain: to be repeated.
sw_process *sw_tree_find(int *count, sw_on_found on_found, void *context);
/// The same for a visitor that is in a hurry.
void sw_tree_visit(sw_on_listed on_listed, void *context);
/// The roots only, faster by far; just `pid` and `parent` are filled in. NULL: this kernel does not list them.
sw_process *sw_tree_children(int *count);

#endif
