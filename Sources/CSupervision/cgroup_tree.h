// What is in a cgroup, the run's own or a dead run's, and in those below it: counted, killed, removed.
#ifndef CGROUP_TREE_H
#define CGROUP_TREE_H

#include "roles.h"

/// Whether any process is in it, by its cgroup.events, which is read without a position.
bool sw_cgroup_says_populated(int events);
/// Writes to cgroup.kill or cgroup.freeze. False with errno.
bool sw_cgroup_write_one(int fd);
/// Removes the cgroups below, the deepest first, as far as nothing is in them.
void sw_cgroup_empty(int directory);
/// SIGKILL to each process listed. Returns how many are listed; adds to `denied` those that we may not signal.
int sw_cgroup_kill_below(int directory, const char *inner, int *denied);
/// How many processes are listed, as far as they were counted at `until_ns`.
int sw_cgroup_count_below(int directory, int64_t until_ns);
/// Kills, until `until_ns` but once in any case, and removes what is below. Returns how many processes live.
int sw_cgroup_clear(int directory, int kill_fd, const char *inner, int64_t until_ns);

#endif
