// The shell: whether there is one that stops and continues our process group.
#define _GNU_SOURCE
#include "tree.h"

#include <unistd.h>

/// A parent in the same session and another group, of one of the group's processes: without such a one the kernel lets no
/// Ctrl-Z stop the group (setpgid(2), orphaned process groups). It takes our guardian for one. When in doubt: yes.
bool sw_shell_is_there(void) {
    pid_t session = getsid(0), group = getpgrp();
    if (session == getpid()) return false; // the leader's parent is in another session
    sw_process process = { .parent = getppid() };
    // 0: outside of our PID namespace. Parents change while we climb; a bound keeps that from becoming a circle.
    for (int depth = 0; depth < 4096 && process.parent > 0; depth++) {
        if (getsid(process.parent) != session || getpgid(process.parent) != group) break;
        if (!sw_process_read(process.parent, &process)) break;
    }
    return process.parent == 0 || getsid(process.parent) == session;
}
