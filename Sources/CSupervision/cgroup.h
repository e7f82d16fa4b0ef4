// The cgroup that holds the tree of one run (cgroups(7), version 2). The kernel puts every child into its parent's, whatever
// session, user or PID namespace it enters, and kills all of them at one write.
//
//     BASE/switchman.RANDOM        the run's, made by front before it forks; the command's first attempt is born there
//     BASE/switchman.RANDOM/N      one for each further attempt, made by the guardian
//
// BASE is our own cgroup, or the configured folder. An exclusive flock(2) on the run's cgroup.kill is inherited by supervisor and
// guardian, so it is free exactly when the last of the three is dead: sweep.c kills what such a run has left.
#ifndef CGROUP_H
#define CGROUP_H

#include "roles.h"

/// Makes the run's cgroup and holds it, or notes why there is none (sw_cgroup_finding). `setting` as in sw_plan.
void sw_cgroup_take(const char *setting, const char *lockname);
bool sw_cgroup_is_held(void);

/// Opens the cgroup for an attempt, a fresh one from the second on. It is never one that was killed: a child that is cloned
/// into such a one dies before its first instruction, since the kernel compares how often its two cgroups were killed. -1
/// with errno.
int sw_cgroup_attempt(void);
/// Removes those of the attempts so far.
void sw_cgroup_remove_attempts(void);
/// In a child on its way to the command: lets go of the lock, which must not outlive the three.
void sw_cgroup_let_go(void);
/// As fork, but the child is born in the cgroup (CLONE_INTO_CGROUP, Linux 5.7). -1 with errno: not here.
pid_t sw_fork_into(int attempt);
/// The calling process enters the cgroup of the attempt. 0, or an errno.
int sw_cgroup_enter(int attempt);

/// Whether any process of the run lives. False without a cgroup.
bool sw_cgroup_is_populated(void);
/// Readable by POLLPRI once that changes: a descriptor of the calling process's own, or -1.
int sw_cgroup_watch(void);
/// SIGKILL to all of it at one write. False with errno; EOPNOTSUPP: a kernel before 5.14, or a threaded cgroup.
bool sw_cgroup_kill(void);
/// SIGKILL to each process listed: cgroup.kill misses one whose first thread has exited. Returns how many are listed; adds to
/// `denied` those that we may not signal.
int sw_cgroup_kill_listed(int *denied);
/// Stops all of it where killing is refused.
void sw_cgroup_freeze(void);
/// How many processes are listed, the tree's size, as far as they were counted at `until_ns`.
int sw_cgroup_count(int64_t until_ns);

/// Writes the descriptors held to `out`, of room for three; returns how many.
size_t sw_cgroup_descriptors(int *out);

#endif
