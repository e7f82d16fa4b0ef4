// The guardian's dealings with the command's first process: its start, its stops, and the news of its end.
#define _GNU_SOURCE
#include "guard.h"
#include "cgroup.h"
#include "shared.h"
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/// Where START's block lies until the next START, for a second birth.
static char *block;

/// The command has its own copies by now. As long as we hold the caller's pipes, their readers wait in vain for the end
/// of file.
static void let_go_of_descriptors(const sw_guard *guard) {
    for (int fd = 0; fd <= 2; fd++) sw_descriptor_silence(fd);
    const sw_proc *proc = sw_proc_held();
    int kept[SW_KEPT_MAX] = {
        guard->supervisor_fd, guard->timer_fd, guard->child_fd, guard->events_fd, guard->front_pidfd, guard->exec_fd,
        proc->root, proc->children, sw_sweep_descriptor(),
    };
    enum { OWN = 9 };
    sw_descriptors_close_but(kept, OWN + sw_cgroup_descriptors(kept + OWN));
}

static void be_the_command(sw_guard *guard, pid_t guardian, int attempt, int news_fd) {
    // Or a dead run would look alive as long as the exec hangs, and the supervisor would not see us die.
    sw_cgroup_let_go();
    close(guard->supervisor_fd);
    sw_scheduling_inherit();
    sw_exec_news born = { .stage = SW_STAGE_BORN };
    if (guard->leader_moves && attempt >= 0) born.error = sw_cgroup_enter(attempt);
    if (write(news_fd, &born, sizeof born) != sizeof born) _exit(126);
    // Guardian and supervisor may have been stopped since it was decided.
    sw_shared *shared = sw_shared_page();
    if (sw_now_ns() >= atomic_load(&shared->kill_at_ns)) {
        atomic_store(&shared->is_late, 1);
        kill(getpid(), SIGKILL);
    }
    sw_stage stage = sw_command_exec(guard->role, guardian, block, guard->block_bytes);
    sw_exec_news failure = { .stage = (int)stage, .error = errno };
    _exit(write(news_fd, &failure, sizeof failure) == sizeof failure ? 127 : 126);
}

/// fork, not vfork: an exec that hangs on a dead NFS server must not hang the timer. The pipe tells of the exec from
/// afar: it closes with it, or brings the error.
static bool fork_command(sw_guard *guard, bool moves) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return false;
    int attempt = sw_cgroup_attempt();
    pid_t guardian = getpid();
    guard->leader_moves = moves || attempt < 0;
    pid_t pid = guard->leader_moves ? -1 : sw_fork_into(attempt);
    if (pid < 0) {
        guard->leader_moves = true;
        pid = fork();
    }
    if (pid == 0) be_the_command(guard, guardian, attempt, ends[1]);
    int error = errno;
    sw_scheduling_leave();
    close(ends[1]);
    if (attempt >= 0) close(attempt);
    if (pid < 0) {
        close(ends[0]);
        return errno = error, false;
    }
    guard->leader = pid;
    guard->is_outside = attempt < 0;
    guard->leader_stopped = guard->leader_born = guard->exec_failed = false;
    guard->exec_fd = ends[0];
    atomic_store(&sw_shared_page()->leader, pid);
    return true;
}

void sw_leader_start(sw_guard *guard, const sw_message *message, char *environment, size_t block_bytes) {
    bool idle = guard->deadman.phase == SW_IDLE;
    // What a run whose three processes are dead has left on this host is in nobody's hands but ours.
    int resisting = idle ? sw_sweep(guard->role->plan->lockname) : 0;
    if (resisting > 0) {
        sw_guard_report(guard, (sw_message){ .type = SW_REFUSED, .seq = message->seq, .number = resisting });
        return;
    }
    sw_guard_act(guard, (sw_event){ SW_EVENT_START, message->term_at_ns, message->kill_at_ns });
    if (!idle) return; // a second command on top of the first: the dead man's switch has taken that for the end
    block = environment;
    guard->block_bytes = block_bytes;
    guard->start_flags = message->flags;
    guard->size = (sw_tree_size){ 0 };
    atomic_store(&sw_shared_page()->is_late, 0);
    if (guard->deadman.phase == SW_IDLE) {
        sw_guard_report(guard, (sw_message){ .type = SW_REFUSED, .seq = message->seq });
    } else if (fork_command(guard, false)) {
        sw_guard_acknowledge(guard, message->seq);
        sw_sweep_others(guard->role->plan->lockname);
    } else {
        sw_guard_report(guard, (sw_message){ .type = SW_FORK_FAILED, .number = errno, .seq = message->seq });
        sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_FAILED });
    }
}

void sw_leader_look_at_exec(sw_guard *guard) {
    while (guard->exec_fd >= 0) {
        sw_exec_news news;
        ssize_t got = read(guard->exec_fd, &news, sizeof news);
        if (got < 0) return;
        if (got == sizeof news && news.stage == SW_STAGE_BORN) {
            guard->leader_born = true;
            guard->is_outside |= news.error != 0;
            if (!(guard->start_flags & SW_KEEP_DESCRIPTORS)) let_go_of_descriptors(guard);
            continue;
        }
        close(guard->exec_fd);
        guard->exec_fd = -1;
        guard->exec_failed = got == sizeof news;
        if (guard->exec_failed) guard->exec_failure = news;
        else if (guard->leader_born) sw_guard_report(guard, (sw_message){ .type = SW_STARTED, .number = guard->leader });
    }
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

/// It died before its first instruction, and not by us: nothing of the command has run.
static bool was_stillborn(const sw_guard *guard) {
    sw_shared *shared = sw_shared_page();
    if (sw_now_ns() >= atomic_load(&shared->kill_at_ns)) atomic_store(&shared->is_late, 1);
    bool is_killed = guard->deadman.causes != 0 || atomic_load(&shared->is_late) || atomic_load(&shared->taken_over);
    return !guard->leader_born && guard->deadman.phase == SW_RUNNING && !is_killed;
}

/// A kernel that compares how often the child's two cgroups were killed (6.14 and newer) kills it at birth where ours was killed
/// before. Once more, then, with a child that enters by itself.
static void bear_again(sw_guard *guard) {
    errno = ECANCELED;
    if (!guard->leader_moves && fork_command(guard, true)) return;
    sw_guard_report(guard, (sw_message){ .type = SW_FORK_FAILED, .number = errno });
    sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_FAILED });
}

/// Tells what became of the leader, once.
static void report_leader(sw_guard *guard, bool tree_is_dead) {
    sw_leader_look_at_exec(guard); // its end of the pipe is closed: STARTED or the failure is there by now, and comes first
    guard->leader_reaped = false;
    guard->leader = 0;
    atomic_store(&sw_shared_page()->leader, 0);
    if (was_stillborn(guard)) return bear_again(guard);
    if (guard->exec_failed) {
        const sw_exec_news *failure = &guard->exec_failure;
        sw_guard_report(guard, (sw_message){ .type = SW_EXEC_FAILED, .number = failure->error, .detail = failure->stage });
        sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_FAILED });
        return;
    }
    sw_guard_report(guard, (sw_message){
        .type = SW_EXITED,
        .number = guard->leader_status,
        .detail = tree_is_dead ? 0 : sw_tree_measure(sw_now_ns() + 10 * SW_MILLISECOND_NS).processes,
        .causes = guard->deadman.causes | (atomic_load(&sw_shared_page()->is_late) ? SW_BY_DEADLINE | SW_KILLED : 0),
    });
    if (!tree_is_dead) sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_LEADER_REAPED });
}

void sw_leader_settle(sw_guard *guard, bool tree_is_dead) {
    if (guard->leader_reaped) report_leader(guard, tree_is_dead);
    if (tree_is_dead && !guard->leader) sw_guard_act(guard, (sw_event){ .kind = SW_EVENT_ALL_REAPED });
}

/// Stops and continues that nobody waits for are no news: only the leader's are asked for, so that a tree whose processes are
/// stopped and continued all the time cannot keep us from the clock.
static void look_for_stops(sw_guard *guard) {
    if (!guard->leader || guard->leader_reaped) return;
    siginfo_t info = { 0 };
    if (waitid(P_PID, (id_t)guard->leader, &info, WSTOPPED | WCONTINUED | WNOHANG) < 0 || info.si_pid == 0) return;
    if (info.si_code == CLD_CONTINUED) note_continued(guard);
    else note_stopped(guard, info.si_status);
}

/// Between two looks at the clock; each goes through all children.
enum { REAPED_AT_ONCE = 64 };

void sw_leader_reap(sw_guard *guard) {
    look_for_stops(guard);
    guard->has_more = false;
    for (int i = 0; i < REAPED_AT_ONCE; i++) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);
        if (pid < 0 && errno == EINTR) continue;
        if (pid == 0) {
            guard->outsiders_pause_ns = 0;
            sw_leader_settle(guard, false);
            return;
        }
        if (pid < 0) {
            // Whoever has entered another PID namespace left its orphans there, and in the cgroup.
            bool has_outsiders = guard->deadman.phase != SW_IDLE && sw_cgroup_is_populated();
            int64_t pause_ns = guard->outsiders_pause_ns;
            guard->outsiders_pause_ns = !has_outsiders ? 0 : pause_ns == 0 ? SW_MILLISECOND_NS : pause_ns * 2;
            if (guard->outsiders_pause_ns > 128 * SW_MILLISECOND_NS) guard->outsiders_pause_ns = 128 * SW_MILLISECOND_NS;
            sw_leader_settle(guard, !has_outsiders);
            return;
        }
        sw_leader_note_reaped(guard, pid, status);
    }
    guard->has_more = true;
    sw_leader_settle(guard, false);
}
