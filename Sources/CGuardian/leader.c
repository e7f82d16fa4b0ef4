// The guardian's dealings with the command's first process: its start, its stops, and the news of its end.
#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/// The command has its own copies by now. As long as we hold the caller's pipes, their readers wait in vain for the end
/// of file.
static void let_go_of_descriptors(const sw_guard *guard) {
    for (int fd = 0; fd <= 2; fd++) sw_descriptor_silence(fd);
    const sw_proc *proc = sw_proc_held();
    const int kept[] = { guard->supervisor_fd, guard->timer_fd, guard->child_fd, guard->exec_fd, proc->root, proc->children };
    sw_descriptors_close_but(kept, sizeof kept / sizeof *kept);
}

/// fork, not vfork: an exec that hangs on a dead NFS server must not hang the timer. The pipe tells of the exec from
/// afar: it closes with it, or brings the error.
static bool fork_command(sw_guard *guard, char *block, size_t block_bytes) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return false;
    pid_t guardian = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(guard->supervisor_fd); // or the supervisor would not see us die while the exec hangs
        sw_scheduling_inherit();
        sw_stage stage = sw_command_exec(guard->role, guardian, block, block_bytes);
        sw_exec_failure failure = { .stage = (int)stage, .error = errno };
        _exit(write(ends[1], &failure, sizeof failure) == sizeof failure ? 127 : 126);
    }
    int error = errno;
    sw_scheduling_leave();
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return errno = error, false;
    }
    guard->leader = pid;
    guard->leader_stopped = guard->exec_failed = false;
    guard->exec_fd = ends[0];
    return true;
}

void sw_leader_start(sw_guard *guard, const sw_message *message, char *block, size_t block_bytes) {
    bool idle = guard->deadman.phase == SW_IDLE;
    sw_guard_act(guard, (sw_event){ SW_EVENT_START, message->term_at_ns, message->kill_at_ns });
    if (!idle) return; // a second command on top of the first: the dead man's switch has taken that for the end
    if (guard->deadman.phase == SW_IDLE) {
        sw_guard_report(guard, (sw_message){ .type = SW_REFUSED, .seq = message->seq });
    } else if (fork_command(guard, block, block_bytes)) {
        sw_guard_report(guard, (sw_message){ .type = SW_ACK, .seq = message->seq });
        if (!(message->flags & SW_KEEP_DESCRIPTORS)) let_go_of_descriptors(guard);
    } else {
        sw_guard_report(guard, (sw_message){ .type = SW_FORK_FAILED, .number = errno, .seq = message->seq });
        sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_FAILED });
    }
}

void sw_leader_look_at_exec(sw_guard *guard) {
    if (guard->exec_fd < 0) return;
    ssize_t got = read(guard->exec_fd, &guard->exec_failure, sizeof guard->exec_failure);
    if (got < 0) return;
    close(guard->exec_fd);
    guard->exec_fd = -1;
    guard->exec_failed = got == sizeof guard->exec_failure;
    if (!guard->exec_failed) sw_guard_report(guard, (sw_message){ .type = SW_STARTED, .number = guard->leader });
}

void sw_leader_note_reaped(void *context, pid_t pid, int status) {
    sw_guard *guard = context;
    if (pid != guard->leader) return;
    guard->leader_reaped = true;
    guard->leader_status = status;
}

static void note_stopped(sw_guard *guard, int signal) {
    // What is being ended may be stopped for it, and nobody is to wait for that to be continued.
    if (guard->deadman.phase != SW_RUNNING) return;
    guard->leader_stopped = true;
    sw_message message = { .type = SW_STOPPED, .number = signal, .term_at_ns = sw_now_ns() };
    sw_outbox_offer(&guard->outbox, guard->supervisor_fd, &message);
}

static void note_continued(sw_guard *guard) {
    if (!guard->leader_stopped) return;
    guard->leader_stopped = false;
    sw_message message = { .type = SW_CONTINUED };
    sw_outbox_offer(&guard->outbox, guard->supervisor_fd, &message);
}

/// Tells what became of the leader, once.
static void report_leader(sw_guard *guard, bool tree_is_dead) {
    sw_leader_look_at_exec(guard); // its end of the pipe is closed: STARTED or the failure is there by now, and comes first
    guard->leader_reaped = false;
    guard->leader = 0;
    if (guard->exec_failed) {
        const sw_exec_failure *failure = &guard->exec_failure;
        sw_guard_report(guard, (sw_message){ .type = SW_EXEC_FAILED, .number = failure->error, .detail = failure->stage });
        sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_FAILED });
        return;
    }
    sw_guard_report(guard, (sw_message){
        .type = SW_EXITED,
        .number = guard->leader_status,
        .detail = tree_is_dead ? 0 : sw_tree_count(),
        .causes = guard->deadman.causes,
    });
    if (!tree_is_dead) sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_LEADER_REAPED });
}

void sw_leader_settle(sw_guard *guard, bool tree_is_dead) {
    if (guard->leader_reaped) report_leader(guard, tree_is_dead);
    if (tree_is_dead) sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_ALL_REAPED });
}

void sw_leader_reap(sw_guard *guard) {
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL | WNOHANG | WUNTRACED | WCONTINUED);
        if (pid < 0 && errno == EINTR) continue;
        if (pid <= 0) {
            sw_leader_settle(guard, pid < 0);
            return;
        }
        if (!WIFSTOPPED(status) && !WIFCONTINUED(status)) sw_leader_note_reaped(guard, pid, status);
        else if (pid == guard->leader && WIFSTOPPED(status)) note_stopped(guard, WSTOPSIG(status));
        else if (pid == guard->leader) note_continued(guard);
    }
}
