// A timer of CLOCK_BOOTTIME, by a descriptor that becomes readable when it fires.
#ifndef TIMER_H
#define TIMER_H

#include "roles.h"

/// A timer that has been set once, so that a sandbox that forbids that is known before anything depends on it. -1 with the reason.
int sw_timer_make(sw_refusal *why);
/// Fires at that instant; INT64_MAX: never. False with errno: it fires when it would have, if at all.
bool sw_timer_arm(int fd, int64_t due_ns);

#endif
