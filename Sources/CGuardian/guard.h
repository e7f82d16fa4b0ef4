// The guardian's state, shared by its loop (guardian.c) and its dealings with the command (leader.c).
#ifndef GUARD_H
#define GUARD_H

#include "outbox.h"

typedef struct sw_exec_failure {
    int stage;
    int error;
} sw_exec_failure;

typedef struct sw_guard {
    const sw_role *role;
    int supervisor_fd, timer_fd, child_fd;
    int exec_fd;                 // -1, or the pipe that ends with the exec
    sw_outbox outbox;
    sw_deadman deadman;
    int64_t armed_ns;
    pid_t leader;                // 0: none, or reaped
    bool leader_reaped;          // and not yet reported
    int leader_status;
    bool leader_stopped;
    bool exec_failed;
    sw_exec_failure exec_failure;
    int64_t killing_since_ns, complain_at_ns, pause_ns;
} sw_guard;

/// Tells the dead man's switch, and carries out what it decides.
void sw_guard_act(sw_guard *guard, sw_event event);
/// Sends to the supervisor, now or as soon as it reads.
void sw_guard_report(sw_guard *guard, sw_message message);

/// Forks the command, in answer to SW_START.
void sw_leader_start(sw_guard *guard, const sw_message *message, char *block, size_t block_bytes);
/// Looks at the pipe that ends with the exec; safe to call at any time. A failure is reported when the child has been reaped.
void sw_leader_look_at_exec(sw_guard *guard);
/// Waits for everything that can be waited for at once, and reports.
void sw_leader_reap(sw_guard *guard);
/// The same for one who reaps himself: note_reaped for each child, then settle.
void sw_leader_note_reaped(void *guard, pid_t pid, int status);
void sw_leader_settle(sw_guard *guard, bool tree_is_dead);

#endif
