// A kernel for the guardian alone, which is compiled against it by renaming the system calls: time stands still but in
// ppoll, the supervisor's socket and the tree are what the input says. The one real part is the guardian.
#ifndef KERNEL_H
#define KERNEL_H

#include "input.h"
#include "roles.h"

#include <setjmp.h>

enum {
    SUPERVISOR_FD = 5, TIMER_FD, CHILD_FD, EXEC_FD, EXEC_WRITE_FD, PROC_FD, PROC_CHILDREN_FD, EVENTS_FD, ATTEMPT_FD, CGROUP_FD,
    SWEEP_FD, FIRST_PID = 100, MAIL_MAX = 128
};

typedef struct mail {
    uint8_t *bytes; // NULL: end of file
    size_t count;
} mail;

typedef struct kernel {
    input in;
    int64_t now_ns;
    jmp_buf exit;
    sw_plan plan;

    mail mails[MAIL_MAX]; // on their way to the guardian
    int sent, read;
    bool reset_pending;   // the socket says ECONNRESET once
    bool deaf;            // the supervisor does not read: the socket is full
    bool supervisor_closed, guardian_closed;

    pid_t leader, newest_leader; // 0: none, or reaped
    bool leader_zombie, exec_over, exec_failed, exec_read_open, exec_write_open;
    int leader_status, stop_news; // 0, or what waitpid is to tell of a leader that lives
    int kids, kid_zombies;        // the leader's descendants
    int resistance;               // rounds that the tree survives
    bool fork_fails, newborn;
    bool no_timers;               // timerfd_settime fails from now on
    bool stillbirth;              // the kernel kills at birth what is cloned into a cgroup
    bool storm;                   // for each wait there is something more to wait for
    int waits;                    // since the last look at the clock
    int outsiders;                // in the cgroup, and no descendants
    int gigabytes;                // resident, of the tree
    int sweeping;                 // processes of a dead run that resist
    pid_t next_pid;
    int64_t armed_ns;
} kernel;

/// The one that is played, and its input begun.
extern kernel k;
void kernel_begin(const uint8_t *bytes, size_t count);
void kernel_end(void);
bool kernel_has_children(void);
/// Or anything in the cgroup.
bool kernel_has_tree(void);

// What guardian.c, the referee, is told.
void referee_begin(void);
void referee_delivered(const uint8_t *bytes, size_t count);
void referee_lost(void);
void referee_timer_denied(void);
void referee_heard(const sw_message *message, bool blocked);
/// `moves`: by an ordinary fork; else into the cgroup, which is tried first.
void referee_forked(bool succeeded, bool moves);
void referee_stillborn(void);
void referee_leader_reaped(void);
void referee_killed(void);
void referee_signalled(pid_t pid, int number);
void referee_sleeps(int64_t due_ns, int64_t pause_ns);
void referee_exited(void);

#endif
