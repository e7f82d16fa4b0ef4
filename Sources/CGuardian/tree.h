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

int sw_proc_open(void);
bool sw_process_read(int proc, pid_t pid, sw_process *process);

/// All descendants of this process.
sw_process *sw_tree_find(int proc, int *count);
/// Its own children only, faster by far; just `pid` and `parent` are filled in. NULL: this kernel does not list them.
sw_process *sw_tree_children(int *count);

#endif
