// What this process holds of /proc. Opened before there is a command: one of root's may mount something else over /proc,
// and when its tree has to die there may be no descriptor left.
#define _GNU_SOURCE
#include "roles.h"

#include <fcntl.h>
#include <unistd.h>

static sw_proc held = { .root = -1, .children = -1 };

bool sw_proc_take(void) {
    int root = held.root < 0 ? AT_FDCWD : held.root;
    // Not the parent's own: the position in a directory is shared.
    int fresh = openat(root, held.root < 0 ? "/proc" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fresh < 0) return false;
    if (held.root >= 0) close(held.root);
    if (held.children >= 0) close(held.children);
    held = (sw_proc){ .root = fresh, .children = openat(fresh, "thread-self/children", O_RDONLY | O_CLOEXEC), .self = getpid() };
    return true;
}

const sw_proc *sw_proc_held(void) {
    return &held;
}
