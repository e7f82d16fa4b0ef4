// Front's state, shared by its loop (front.c) and its signals (front_signals.c).
#ifndef FRONT_H
#define FRONT_H

#include "roles.h"

typedef struct sw_face {
    const sw_role *role;
    pid_t supervisor, guardian;
    bool reaped;              // the supervisor: its number may be another's by now
    bool guardian_reaped;     // by us, who have inherited it
    int supervisor_fd, signal_fd, timer_fd;
    int guardian_pidfd;       // -1: none to be had, then it is known by its start
    uint64_t guardian_start;
    int64_t armed_ns;
    bool is_deaf;             // the timer could not be set: the clock is looked at again and again
    bool stopped;             // by the job control of the shell; its SIGCONT is still to come
    int64_t continued_at_ns;
    bool hung_up;             // by ourselves: hang_up_once
    bool has_begun;           // there may be a command
    bool has_exit, is_last;
    int64_t last_at_ns;       // when the supervisor said so
    sw_message exit;
    bool killing;             // the deadline has passed, and nobody else kills
    int64_t killing_since_ns, pause_ns;
} sw_face;

/// Takes what signals there are, up to a bound.
void sw_front_take_signals(sw_face *face);
/// The command stopped: so does front, if somebody is there to continue it.
void sw_front_command_stopped(sw_face *face, int signal, int64_t at_ns);

#endif
