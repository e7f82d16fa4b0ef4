// What the files of this target share and nobody else sees.
#ifndef ROLES_H
#define ROLES_H

#include "CSupervision.h"

#define SW_MILLISECOND_NS INT64_C(1000000)
#define SW_SECOND_NS INT64_C(1000000000)

/// What sw_start hands to the roles it forks. The copies outlive the caller's argv, whose memory the guardian overwrites.
typedef struct sw_role {
    const sw_plan *plan;
    pid_t front;
    pid_t caller_group; ///< 0: its leader is outside of our PID namespace, and who leaves it cannot come back
    int front_pidfd;   ///< front's own, for the guardian; -1: none to be had
    int signal_fd;     ///< for front, close-on-exec; opened before the first fork, since front could not do without
    int front_timer_fd; ///< likewise
    bool had_children; ///< before the first fork: `exec switchman` in a script with background jobs
} sw_role;

/// A descriptor of the signals that front takes, but for those that the caller ignores. -1 with errno.
int sw_front_signals(const sigset_t *ignored);
_Noreturn void sw_front(const sw_role *role, pid_t supervisor, pid_t guardian, int supervisor_fd);
_Noreturn void sw_guardian(const sw_role *role, int supervisor_fd);

/// What ps, pgrep and killall see of the guardian.
void sw_take_own_name(void);

/// Becomes the command. Returns only on failure, with errno, and says at which stage.
sw_stage sw_command_exec(const sw_role *role, pid_t guardian, char *block, size_t block_bytes);

/// What is held of /proc, for the walks; close-on-exec. -1: not held.
typedef struct sw_proc {
    int root;
    int children; ///< the list of this process's own, as its first thread has them: what needs no other descriptor
    pid_t self;
} sw_proc;

/// Opens them for this process, in place of those of its parent. False with errno.
bool sw_proc_take(void);
const sw_proc *sw_proc_held(void);

/// Whether a shell is there that continues our process group once it is stopped.
bool sw_shell_is_there(void);

/// Whether `pid` is a descendant of `ancestor`, or it itself.
bool sw_tree_descends(pid_t pid, pid_t ancestor);
/// Whether /proc shows this process under the number it knows itself by.
bool sw_tree_visible(void);
/// How long to wait before the next round of killing.
int64_t sw_tree_pause_ns(sw_resistance last, int64_t previous_ns, int64_t since_ns);

/// How a process gets the processor: sched_setscheduler(2), nice(2). All of it as far as we may, and without a word.
typedef struct sw_scheduling {
    int policy; ///< with SCHED_RESET_ON_FORK
    int priority, nice;
} sw_scheduling;

/// Keeps the caller's, before the first fork: by the kernel's flag a child may have another.
void sw_scheduling_remember(void);
/// The caller's, for the command.
void sw_scheduling_inherit(void);
/// Above what the command can be expected to have: the killer competes with what it kills. Returns what was before.
sw_scheduling sw_scheduling_rise(void);
/// Whether this process does not wait for ordinary ones.
bool sw_scheduling_is_real_time(void);
void sw_scheduling_restore(const sw_scheduling *before);
/// Becomes an ordinary process (SCHED_OTHER), unless it has risen. There may be no way back, so the forks come first.
void sw_scheduling_leave(void);

/// Instead of SW_READY. As sw_send.
int sw_send_unfit(int fd, sw_refusal why);
/// As sw_receive, with the block of a START. `block` holds SW_BLOCK_BYTES_MAX bytes.
int sw_receive_block(int fd, sw_message *message, char *block, size_t *block_bytes);

/// The most descriptors that one of the three keeps.
enum { SW_KEPT_MAX = 16 };
/// Closes all descriptors from 3 up but these, SW_KEPT_MAX at the most; -1 counts for nothing.
void sw_descriptors_close_but(const int *kept, size_t count);
/// Closes those from 3 up that came from the caller, which are those that are not close-on-exec.
void sw_descriptors_close_inherited(void);
/// Points a descriptor at /dev/null.
void sw_descriptor_silence(int fd);

#endif
