/// Three processes and one dead man's switch.
///
///     front        the original process: passes signals on, stops and continues with its group, exits with the status
///       supervisor   returns from sw_start into Swift; talks to ZooKeeper
///         guardian     holds the timer; kills the tree when it fires, or when the supervisor is gone
///           command      in the caller's process group
///
/// All instants are CLOCK_BOOTTIME nanoseconds; INT64_MAX is never. Signals stay blocked in all three, so none of them
/// dies of a signal but SIGKILL; the command gets the caller's mask and dispositions back.
#ifndef CSUPERVISION_H
#define CSUPERVISION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------------------------------- the plan

/// What becomes of processes that outlive the command's first process, its leader.
typedef enum sw_descendants {
    SW_DESCENDANTS_WAIT,  ///< waited for, deadlines and all, as if the leader still ran
    SW_DESCENDANTS_KILL,  ///< ended: SIGTERM, grace, SIGKILL
    SW_DESCENDANTS_LEAVE, ///< forgotten, unless the tree was already being ended
} sw_descendants;

typedef struct sw_plan {
    char *const *argv;         ///< the command, NULL-terminated; copied by sw_start
    sigset_t original_mask;    ///< filled by sw_save_signals; restored in the command
    sigset_t ignored;          ///< filled by sw_save_signals; stay ignored in the command, and are not forwarded
    sw_descendants descendants;
    int64_t termination_ns;    ///< grace between SIGTERM and SIGKILL
    int lost_exit_code;        ///< front's exit status when the supervisor dies without having sent SW_EXIT ...
    int unbegun_exit_code;     ///< ... and without SW_BEGUN
    const char *lockname;      ///< for front's line about that on standard error; copied
    const char *cgroup;        ///< "auto", "off", or a folder of cgroup2 below which a cgroup is made for this run; copied
    bool captures_output;      ///< what the command writes goes through the supervisor, but for terminals and files
} sw_plan;

/// One of the command's streams.
typedef struct sw_stream {
    int from; ///< non-blocking: what the command writes; -1: it has the caller's own
    int to;   ///< the caller's
} sw_stream;

typedef struct sw_supervision {
    int front_fd;    ///< non-blocking, close-on-exec; end of file: front is dead
    int guardian_fd; ///< non-blocking, close-on-exec; end of file: the guardian is dead
    pid_t front;
    pid_t guardian;  ///< a child of the supervisor
    sw_stream output, error_output;
    bool output_is_joined; ///< standard error is the same as standard output, and has no stream of its own
} sw_supervision;

/// What the three processes cannot do without.
typedef enum sw_need {
    SW_NEEDS_PROC,      ///< a /proc to find a tree in, whose numbers are those of the processes forked
    SW_NEEDS_SUBREAPER, ///< a process that adopts orphans
    SW_NEEDS_OPEN,      ///< from here on a system call: open(2), of what is in /proc
    SW_NEEDS_MEMORY,
    SW_NEEDS_FORK,
    SW_NEEDS_SOCKETPAIR,
    SW_NEEDS_PIPE,
    SW_NEEDS_SIGNALFD,
    SW_NEEDS_TIMERFD_CREATE,
    SW_NEEDS_TIMERFD_SETTIME,
    SW_NEEDS_POLL,
    SW_NEEDS_PPOLL,
    SW_NEEDS_FLOCK,
} sw_need;

/// Why there are no three processes.
typedef struct sw_refusal {
    sw_need need;
    int error; ///< errno
} sw_refusal;

/// What a need is called: a system call, as in section 2 of the manual.
const char *sw_need_name(sw_need need);

/// Call first in main: records mask and ignored signals in `plan`, blocks all signals, undoes an ignored SIGCHLD (wait
/// would not work), and does sw_fill_standard_descriptors.
void sw_save_signals(sw_plan *plan);

/// Puts close-on-exec placeholders on those of the descriptors 0 to 2 that the caller had closed, so that nothing that is
/// opened later takes their numbers. Reading and writing fail as on closed ones.
void sw_fill_standard_descriptors(void);

/// What one run may have open at the same time, beside what it inherits: 9 for itself, the others for the log, metrics, a hook,
/// name servers and several servers of ZooKeeper.
enum { SW_DESCRIPTORS_NEEDED = 24 };
/// Whether so many descriptors can be opened: 0, or errno, which is EMFILE at the limit of this process (ulimit -n).
int sw_descriptors_lacking(void);

/// From here on no core file is written of this process and of those that it forks: its memory holds credentials. A command gets
/// the caller's limit back; a hook does not.
void sw_core_forbid(void);
/// For a child that is about to become another program, and for who holds none after all.
void sw_core_restore(void);

/// Lets through what asks for an end or a stop, as far as the caller does, for what may take its time and has nothing to undo:
/// so Ctrl-C ends it. Not in process 1, to which a signal that it neither blocks nor handles is never delivered
/// (pid_namespaces(7)).
void sw_let_signals(const sw_plan *plan);
/// All blocked, as after sw_save_signals.
void sw_hold_signals(void);

/// Forks. Call on the main thread before any other thread exists.
///
/// Returns 0 in the supervisor only: a subreaper in its own process group, whose standard input and output are
/// /dev/null and which has let go of all other descriptors inherited from the caller (those that are not close-on-exec)
/// but standard error, so that the caller's pipes see the end of file as soon as the command closes them.
///
/// Returns -1 with the reason in the original process, which is then as it was before, if any of the three lacks what it needs.
/// Otherwise the original process becomes front and never returns.
int sw_start(const sw_plan *plan, sw_supervision *out, sw_refusal *why);

/// CLOCK_BOOTTIME.
int64_t sw_now_ns(void);

// ------------------------------------------------------------------------------------------------------ the messages

typedef enum sw_type {
    SW_NONE = 0,

    // supervisor -> guardian. All but START and QUIT are harmless when nothing runs.
    SW_START,      ///< seq, term_at_ns, kill_at_ns, flags (SW_KEEP_DESCRIPTORS), block of environment changes. Answer: ACK, then
                   ///< STARTED or EXEC_FAILED; or FORK_FAILED; or REFUSED. Again only after one of the failures or REAPED.
    SW_DEADLINE,   ///< seq, term_at_ns, kill_at_ns: the new deadline. Answer: ACK
    SW_SIGNAL,     ///< number: a signal for the leader; flags: SW_ESCALATE: SIGKILL to the tree after the grace (when the leader is
                   ///< gone already, such a signal goes to what is left of the tree)
    SW_END,        ///< kill_at_ns: SIGTERM to the tree now, SIGKILL after the grace, but at kill_at_ns at the latest
    SW_KILL,       ///< SIGKILL to the tree now
    SW_QUIT,       ///< nothing runs: exit

    // guardian -> supervisor
    SW_ACK,         ///< seq; budget_ns; term_at_ns: the part of budget_ns that the size of the tree alone asks for, so at most
                    ///< budget_ns (not an instant); number: how many processes that is reckoned from
    SW_STARTED,     ///< number: the leader's pid. Its exec succeeded
    SW_EXEC_FAILED, ///< number: errno; detail: sw_stage. The child is reaped
    SW_FORK_FAILED, ///< number: errno
    SW_REFUSED,     ///< a START whose term_at_ns or kill_at_ns had passed (number: 0), or before which a dead run of this lock on
                    ///< this host could not be killed yet (number: how many of its processes live). Nothing was started
    SW_EXITED,      ///< number: wait status of the leader; detail: how many of its descendants live; causes: why we had signalled
                    ///< the tree before the leader was reaped (0: it ended by itself, or by a signal passed on)
    SW_STOPPED,     ///< number: the signal that stopped the leader (SIGSTOP, SIGTSTP...); term_at_ns: when. Pass on to front
                    ///< as SW_STOP
    SW_CONTINUED,   ///< after SW_STOPPED
    SW_ENDING,      ///< the guardian on its own signals the tree now; causes: one cause, with SW_KILLED if it is SIGKILL
    SW_REAPED,      ///< the tree is dead (wait said ECHILD; with SW_DESCENDANTS_LEAVE: the leader is); causes: all of them
    SW_UNKILLABLE,  ///< number: how many resist SIGKILL, detail: of these, how many we may not signal; after 5 s, then each minute

    // front -> supervisor: SW_SIGNAL, with number and flags: SW_FROM_TERMINAL, SW_UNPLACED
    // supervisor -> front
    SW_STOP,        ///< number, term_at_ns as in SW_STOPPED: stop, so that the caller's shell sees the job stopped
    SW_BEGUN,       ///< a START follows: from now on there may be a command
    SW_EXIT,        ///< number: exit status; detail: 0, or a signal to die of instead; flags: SW_LAST. Front acts on it once
                    ///< supervisor and guardian have exited

    // internal to sw_start: from the guardian to the supervisor, and from the supervisor to front
    SW_READY,       ///< number: from the supervisor, the guardian's pid
    SW_UNFIT,       ///< number: errno; detail: sw_need
    SW_TYPES,       ///< their number
} sw_type;

/// Where a START failed.
typedef enum sw_stage {
    SW_STAGE_EXEC,        ///< execvp; its errno tells 126 from 127
    SW_STAGE_ENVIRONMENT, ///< no memory for the environment
} sw_stage;

/// Bits of sw_message.flags.
enum {
    SW_ESCALATE = 1,         ///< SW_SIGNAL to the guardian
    SW_FROM_TERMINAL = 2,    ///< SW_SIGNAL from front: the terminal sent it to the whole group, the command has it already
    SW_UNPLACED = 16,        ///< SW_SIGNAL from front: its sender is gone, and may have been of the command
    SW_LAST = 8,             ///< SW_EXIT: nothing is left to do but to exit, so front waits for that no longer than a few seconds
    SW_KEEP_DESCRIPTORS = 4, ///< SW_START: there may be another (a retry); else the caller's descriptors are let go of now
};

/// Bits of sw_message.causes: why the tree was signalled to end.
enum {
    SW_BY_REQUEST = 1,   ///< SW_END or SW_KILL
    SW_BY_DEADLINE = 2,
    SW_BY_SIGNAL = 4,    ///< the grace after a signal with SW_ESCALATE was over
    SW_BY_EXIT = 8,      ///< the leader exited, and SW_DESCENDANTS_KILL
    SW_BY_LOSS = 16,     ///< the supervisor died or sent nonsense (nobody is there to be told; the simulation reads it)
    SW_KILLED = 32,      ///< it went as far as SIGKILL
};

typedef struct sw_message {
    sw_type type;
    uint32_t flags;
    uint32_t causes;
    int32_t number;
    int32_t detail;
    uint32_t block;      ///< bytes of block that follow; set by sw_send
    uint64_t seq;
    int64_t term_at_ns;
    int64_t kill_at_ns;
    int64_t sent_at_ns;  ///< SW_START, SW_DEADLINE: when; the guardian measures by it how late it is given the processor
    int64_t budget_ns;   ///< SW_ACK: how long before its deadline the tree has to get SIGKILL, by its size and that lateness
} sw_message;

/// The environment block of START: strings one after the other, each with its terminating NUL. "NAME=VALUE" sets,
/// "NAME" unsets.
enum { SW_BLOCK_BYTES_MAX = 64 * 1024 };

/// Sends one message, never blocks. 0; or -1 with errno: EAGAIN (the peer does not read, or there is no memory), EPIPE or
/// ECONNRESET (it is gone), EMSGSIZE (the block is too large).
int sw_send(int fd, const sw_message *message, const void *block, size_t block_bytes);

/// Receives one message without a block, never blocks. 1: a message; 0: nothing there; -1: end of file, or a peer that talks
/// nonsense, which is to be treated no better.
int sw_receive(int fd, sw_message *message);

// ---------------------------------------------------------------------------------------------------------- the tree
// Of the calling process: all its descendants but the other processes of this run, and all that is in the run's cgroup. It
// must be a subreaper, or orphans escape. The calls share a static workspace: one thread in each process. They wait for
// every child of the process, whoever forked it.

/// Told of each child that was reaped.
typedef void (*sw_on_reaped)(void *context, pid_t pid, int status);

typedef struct sw_resistance {
    int alive;  ///< processes found in the last round, zombies not yet reaped included; 0: nothing of the tree is left
    int denied; ///< of these, how many the kernel did not let us signal
    int reaped; ///< in the last round
    bool still; ///< nothing moved any more when SIGKILL was sent, so that nothing can be born
    int64_t took_ns;
} sw_resistance;

/// One round: kill the cgroup; stop and kill what is found; reap what is dead. Never sleeps. To be repeated until `alive`
/// is 0: then wait says ECHILD, or, where other processes of the run are left alone, two rounds in a row have found
/// nothing.
sw_resistance sw_tree_kill_step(sw_on_reaped on_reaped, void *context);

/// Rounds until nothing is alive or `until_ns` has come, with pauses that grow to 10 ms.
sw_resistance sw_tree_kill(int64_t until_ns, sw_on_reaped on_reaped, void *context);

/// For the supervisor, and for front once its supervisor is dead: kills the tree beside the guardian, which may be killing as well,
/// and the guardian only when nothing else of the tree lives; then waits for all.
sw_resistance sw_tree_take_over(int64_t until_ns, sw_on_reaped on_reaped, void *context);

/// Sends a signal to every process of the tree, once; after SIGTERM also SIGCONT, so that those who are stopped can act on it. Ends
/// at `until_ns`, whoever has not had it.
void sw_tree_signal(int signal, int64_t until_ns);

typedef struct sw_tree_size {
    int processes;        ///< that live; zombies do not count, unless threads of theirs run on
    int64_t resident_pages;
} sw_tree_size;

/// How large the tree is. At `until_ns` at the latest: what was counted by then, and what was known to follow.
sw_tree_size sw_tree_measure(int64_t until_ns);

/// The deadline, to the others of this run that may have to act on it: before START or DEADLINE is sent.
void sw_share_deadline(int64_t kill_at_ns);
/// Nothing runs any more, and there is no guardian to say so.
void sw_share_end(void);

/// Waits for the guardian, for a second at the most, and kills it then: nothing runs, and it was dismissed or has said so. By the
/// supervisor, before it exits, so that nobody is left as an orphan and the caller is told of the processor time.
void sw_await_guardian(pid_t guardian);

/// Why a process does not answer, in words that follow "it": "is stopped", "hangs in the kernel, in cgroup_mkdir". False: not
/// known. Of the moment, for a line in the log. Source: proc_pid_stat(5).
bool sw_doing(pid_t pid, char *text, size_t room);

// ------------------------------------------------------------------------------------------------------------- the cgroup

/// How far the making of a cgroup for a run came.
typedef enum sw_cgroup_step {
    SW_CGROUP_MADE,     ///< there is one, at `path`
    SW_CGROUP_OFF,      ///< none was asked for
    SW_CGROUP_OWN_PATH, ///< our own cgroup of version 2 is not known, or outside of our namespace
    SW_CGROUP_MOUNT,    ///< no mount of cgroup2 shows it
    SW_CGROUP_FOLDER,   ///< the configured folder cannot be opened, or (EMEDIUMTYPE) is none of cgroup2
    SW_CGROUP_MAKE,     ///< mkdir
    SW_CGROUP_KILL,     ///< no cgroup.kill there: a kernel before 5.14
    SW_CGROUP_LOCK,     ///< flock
    SW_CGROUP_ENTER,    ///< no process of ours may be put there
} sw_cgroup_step;

typedef struct sw_cgroup_finding {
    sw_cgroup_step step;
    int error;       ///< errno, but for MADE and OFF
    char path[256];  ///< what the step was about, cut
    bool is_registered; ///< of one that is made: a later run on this host finds it
} sw_cgroup_finding;

/// Of this run's.
void sw_cgroup_found(sw_cgroup_finding *out);
/// Makes one, and removes it again. `setting` as in sw_plan.
void sw_cgroup_probe(const char *setting, sw_cgroup_finding *out);
/// Removes this run's, once nothing lives there; twice does no harm. False: it is busy, and is left to the next run's sweep.
bool sw_cgroup_remove(void);

// --------------------------------------------------------------------------------------------------------------- a hook

typedef struct sw_hook {
    pid_t process;  ///< a child, and the leader of a process group of its own
    int output_fd;  ///< non-blocking: what it writes to standard output and standard error
    int pidfd;      ///< readable once it is dead; -1: not to be had
} sw_hook;

/// Starts `sh -c script` with this environment, nothing to read, no other descriptor, no signal blocked or ignored. Safe
/// beside other threads. 0, or an errno.
int sw_hook_start(const char *script, char *const environment[], sw_hook *out);

// ----------------------------------------------------------------------------------------------- the dead man's switch
// The guardian's decisions: no clock, no system calls, so that the simulation runs the very same code.

typedef enum sw_phase {
    SW_IDLE,        ///< nothing runs
    SW_RUNNING,     ///< no ending of the tree has begun (though a grace may run, after a signal to the leader)
    SW_TERMINATING, ///< the tree has had SIGTERM
    SW_KILLING,     ///< SIGKILL, until all is reaped
} sw_phase;

typedef struct sw_deadman {
    sw_phase phase;
    sw_descendants descendants;
    int64_t termination_ns;
    int64_t term_at_ns;  ///< ownership: SIGTERM is due ...
    int64_t kill_at_ns;  ///< ... and SIGKILL. DEADLINE replaces both; once SIGTERM is sent, only this one still matters
    int64_t grace_at_ns; ///< SIGKILL is due for another reason: once set, it only ever comes nearer. What began is not cancelled
    uint32_t grace_cause;
    uint32_t causes;     ///< all causes since START
    bool abandoned;      ///< nobody listens any more: exit when all is reaped
} sw_deadman;

typedef enum sw_event_kind {
    SW_EVENT_TICK,          ///< time has passed
    SW_EVENT_START,         ///< term_at_ns, kill_at_ns
    SW_EVENT_DEADLINE,      ///< term_at_ns, kill_at_ns
    SW_EVENT_SIGNAL,        ///< a signal with SW_ESCALATE is being passed on
    SW_EVENT_END,           ///< kill_at_ns
    SW_EVENT_KILL,
    SW_EVENT_QUIT,
    SW_EVENT_LOST,          ///< end of file, or nonsense
    SW_EVENT_FAILED,        ///< fork or exec failed, no process is left
    SW_EVENT_LEADER_REAPED,
    SW_EVENT_ALL_REAPED,    ///< wait said ECHILD
} sw_event_kind;

typedef struct sw_event {
    sw_event_kind kind;
    int64_t term_at_ns;
    int64_t kill_at_ns;
} sw_event;

typedef enum sw_order {
    SW_DO_NOTHING,
    SW_DO_START,     ///< fork the command
    SW_DO_REFUSE,    ///< it is too late for that
    SW_DO_TERMINATE, ///< SIGTERM, then SIGCONT, to the tree
    SW_DO_KILL,      ///< SIGKILL to the tree, again and again, until wait says ECHILD
    SW_DO_REPORT,    ///< SW_REAPED
    SW_DO_EXIT,
} sw_order;

typedef struct sw_action {
    sw_order order;
    uint32_t causes; ///< with TERMINATE and KILL: the one cause, with SW_KILLED; with REPORT: all of them
} sw_action;

void sw_deadman_init(sw_deadman *deadman, sw_descendants descendants, int64_t termination_ns);

/// Takes in one event at the instant `now_ns`. Due times are looked at on SW_EVENT_TICK only: a driver first hands over the
/// messages that have arrived (a deadline in the queue was acknowledged by ZooKeeper, however late we read it), then a tick.
/// START and QUIT while something runs count as LOST: a supervisor that errs so far is not to be relied on.
sw_action sw_deadman_step(sw_deadman *deadman, int64_t now_ns, sw_event event);

/// When the next tick is due at the latest; INT64_MAX: no need.
int64_t sw_deadman_wake_ns(const sw_deadman *deadman);

#ifdef __cplusplus
}
#endif

#endif
