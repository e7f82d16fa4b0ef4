// The register of this host's runs that have a cgroup, and the sweep of those whose three processes are dead.
//
// cron, ssh and units have different cgroups and would not find each other's, so each run leaves a symbolic link to its own in
// /run/switchman (root), or XDG_RUNTIME_DIR/switchman or /run/user/UID/switchman: LOCK.RANDOM, LOCK being a hash of the lock's
// name. Without such a folder nothing is registered, and nothing swept.
#ifndef SWEEP_H
#define SWEEP_H

#include "roles.h"

/// Opens the folder, before the first fork. False: it is there, and cannot be locked (errno), so that nobody would ever know
/// whether what an earlier run has left is dead.
bool sw_sweep_open(void);
/// Before the cgroup is made, so that there is never one that nobody can find.
void sw_sweep_register(const char *lockname, uint64_t number, const char *path);
bool sw_sweep_is_registered(void);
void sw_sweep_forget(void);

/// The folder's descriptor, or -1.
int sw_sweep_descriptor(void);

/// Kills what dead runs of this very lock have left, removes their cgroups and links, and returns how many of those processes live
/// on, or cannot be looked at. Takes a third of a second at the most: what resists longer is for the next sweep.
int sw_sweep(const char *lockname);
/// The same for all other locks, in half that time and only if nobody else sweeps; nobody waits for that before a start.
void sw_sweep_others(const char *lockname);

#endif
