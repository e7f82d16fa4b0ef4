// The guardian's state, shared by its loop (guardian.c) and its dealings with the command (leader.c).
#ifndef GUARD_H
#define GUARD_H

#include "outbox.h"

/// What the command's first process writes into the pipe that ends with its exec: that it lives, and what failed.
typedef struct sw_exec_news {
    int stage; // sw_stage, or ...
    int error;
} sw_exec_news;
enum { SW_STAGE_BORN = -1 }; // ... this: it runs; error: why it is not in its cgroup, or 0

/// How late the guardian was given the processor, of late.
enum { SW_LATENESS_KEPT = 16 };

typedef struct sw_guard {
    const sw_role *role;
    int supervisor_fd, timer_fd, child_fd;
    int events_fd;               // -1, or the cgroup's events
    int front_pidfd;             // -1: none to be had
    int exec_fd;                 // -1, or the pipe that ends with the exec
    sw_outbox outbox;
    sw_deadman deadman;
    int64_t armed_ns;
    pid_t leader;                // 0: none, or reaped
    bool leader_reaped;          // and not yet reported
    int leader_status;
    bool leader_stopped;
    bool leader_born;            // it has said so
    bool leader_moves;           // it was forked outside of its cgroup, and enters it itself
    bool is_outside;             // of the cgroup, so that only the walk finds what it forks
    bool exec_failed;
    sw_exec_news exec_failure;
    size_t block_bytes;          // of the newest START, whose block stays where it was received
    uint32_t start_flags;
    bool has_more;               // to reap: no sleep before
    int64_t outsiders_pause_ns;  // wait says that nobody is left, and the cgroup is not empty: 0 if it is not so
    int64_t lateness_ns[SW_LATENESS_KEPT];
    unsigned measured;           // lateness, so far
    int64_t started_ns;          // when the last start was done: what waited for that was not late
    sw_tree_size size;
    int64_t measure_again_ns;
    int64_t killing_since_ns, complain_at_ns, pause_ns, next_round_ns;
} sw_guard;

/// Tells the dead man's switch, and carries out what it decides.
void sw_guard_act(sw_guard *guard, sw_event event);
/// Sends to the supervisor, now or as soon as it reads.
void sw_guard_report(sw_guard *guard, sw_message message);
/// Notes how late a deadline was heard of, and counts the tree now and then.
void sw_guard_measure(sw_guard *guard, const sw_message *message);
/// Acknowledges `seq`, with the budget for killing as it is now.
void sw_guard_acknowledge(sw_guard *guard, uint64_t seq);

/// Forks the command, in answer to SW_START.
void sw_leader_start(sw_guard *guard, const sw_message *message, char *block, size_t block_bytes);
/// Looks at the pipe that ends with the exec; safe to call at any time. A failure is reported when the child has been reaped.
void sw_leader_look_at_exec(sw_guard *guard);
/// Waits for what can be waited for at once, up to a bound, and reports.
void sw_leader_reap(sw_guard *guard);
/// The same for one who reaps himself: note_reaped for each child, then settle.
void sw_leader_note_reaped(void *guard, pid_t pid, int status);
void sw_leader_settle(sw_guard *guard, bool tree_is_dead);

#endif
