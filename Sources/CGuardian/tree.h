// A process as /proc shows it, and the finding of a tree. What is found lies in one static workspace, until the next call.
#ifndef TREE_H
#define TREE_H

#include "roles.h"

typedef struct sw_process {
    pid_t pid;
    pid_t parent;
    uint64_t start_ticks; ///< with the pid: its identity
    int threads;
    char state;
    bool ours;
} sw_process;

bool sw_process_read(pid_t pid, sw_process *process);

/// Told of each descendant, at the latest when the walk is over.
typedef void (*sw_on_found)(void *context, const sw_process *process);
/// All descendants of this process. Those whose parents have smaller numbers are told of as soon as they are seen: in
/// the middle of a bomb a walk of 3 ms takes half a second, and each process that is stopped on the way makes the rest
/// of it faster.
sw_process *sw_tree_find(int *count, sw_on_found on_found, void *context);
/// Its own children only, faster by far; just `pid` and `parent` are filled in. NULL: this kernel does not list them.
sw_process *sw_tree_children(int *count);

#endif
