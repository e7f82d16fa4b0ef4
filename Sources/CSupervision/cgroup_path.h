// The two names of a cgroup: the folder where a mount shows it, and the kernel's, as /proc/PID/cgroup shows it ("inner").
#ifndef CGROUP_PATH_H
#define CGROUP_PATH_H

#include "roles.h"

enum { SW_CGROUP_PATH_MAX = 1024 };

/// The inner path of a process: the line "0::PATH" of its cgroup file. False with errno.
bool sw_cgroup_read_inner(int directory, const char *file, char *path, size_t room);
/// What follows `prefix` in `path`, if that is the folder or below it; else NULL.
const char *sw_cgroup_below(const char *path, const char *prefix);
/// Takes `path` from below the one end of a mount to below the other: from the folder where cgroup2 is mounted
/// (`from_point`) to the kernel's name, or back. Of the mounts that show it the last counts, which lies on top of the
/// others. A root above our namespace's ("/..") shows other hosts' or containers' cgroups: not ours. False with errno.
bool sw_cgroup_translate(const char *path, bool from_point, char *result, size_t room);
/// The inner path of a folder of cgroup2. False with errno.
bool sw_cgroup_inner(const char *folder, char *inner, size_t room);
/// Whether this is a folder of cgroup2.
bool sw_cgroup_is_cgroup2(int directory);

#endif
