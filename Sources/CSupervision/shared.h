// What the three know of each other without a message: a page of memory that their forks share. So the deadline is known to
// whoever runs, also when the others are stopped or dead.
#ifndef SHARED_H
#define SHARED_H

#include "roles.h"

#include <stdatomic.h>

typedef struct sw_shared {
    _Atomic int64_t kill_at_ns;   ///< when SIGKILL is due; written by the supervisor, before the guardian hears of it
    _Atomic int64_t progress_ns;  ///< when the guardian's loop, or its killing, last came round
    _Atomic int is_late;          ///< the deadline was over, and somebody else than the guardian has killed for it; until
                                  ///< the next start
    _Atomic int taken_over;       ///< the supervisor kills by itself
    _Atomic int busy;             ///< the guardian's: there may be a process of the command
    _Atomic pid_t leader;         ///< the guardian's: the command's first process; 0: none
} sw_shared;

/// Before the first fork. False with errno.
bool sw_shared_make(void);
/// Before sw_shared_make it is this process's own.
sw_shared *sw_shared_page(void);

#endif
