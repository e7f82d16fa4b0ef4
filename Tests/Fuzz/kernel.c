#define _GNU_SOURCE
#include "kernel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include "cgroup.h"
#include "guard.h"
#include "shared.h"
#include "sweep.h"
#include <sys/uio.h>
#include <sys/wait.h>

kernel k;
/// The deadline in it is the supervisor's, and this one writes none.
static sw_shared page;

void kernel_begin(const uint8_t *bytes, size_t count) {
    memset(&k, 0, sizeof k);
    k.in = (input){ bytes, count };
    memset(&page, 0, sizeof page);
    page.kill_at_ns = INT64_MAX;
    k.now_ns = INT64_C(1000000000);
    k.armed_ns = INT64_MAX;
    k.next_pid = FIRST_PID;
    k.plan.descendants = input_byte(&k.in) % 3;
    uint8_t byte = input_byte(&k.in);
    k.plan.termination_ns = byte * INT64_C(100000000);
    k.gigabytes = byte % 32;
}

void kernel_end(void) {
    for (int i = k.read; i < k.sent; i++) free(k.mails[i].bytes);
}

bool kernel_has_children(void) { return k.leader || k.kids || k.kid_zombies; }
bool kernel_has_tree(void) { return kernel_has_children() || k.outsiders; }

// ----------------------------------------------------------------------------------------- what the input makes happen

static void post(const void *bytes, size_t count) {
    if (k.sent == MAIL_MAX || k.supervisor_closed) return;
    k.mails[k.sent] = (mail){ .bytes = malloc(count ? count : 1), .count = count };
    memcpy(k.mails[k.sent++].bytes, bytes, count);
}

static void post_message(void) {
    struct {
        sw_message head;
        char block[16];
    } whole = { 0 };
    whole.head.type = input_byte(&k.in) % (SW_TYPES + 1);
    whole.head.flags = input_byte(&k.in);
    whole.head.number = (int8_t)input_byte(&k.in);
    whole.head.seq = (uint64_t)k.sent + 1;
    whole.head.term_at_ns = input_instant(&k.in, k.now_ns);
    whole.head.kill_at_ns = input_instant(&k.in, k.now_ns);
    if (whole.head.flags & 0x80) whole.head.block = whole.head.flags >> 3 & 15;
    post(&whole, sizeof whole.head + whole.head.block);
}

static void post_bytes(void) {
    size_t count = input_byte(&k.in);
    if (count > k.in.count) count = k.in.count;
    if (count == 0) return;
    post(k.in.bytes, count);
    k.in.bytes += count;
    k.in.count -= count;
}

static void leader_ends(int status) {
    if (!k.leader || k.leader_zombie) return;
    k.leader_zombie = true;
    k.leader_status = status;
    k.stop_news = 0;
    k.exec_write_open = false;
}

static void exec_ends(bool failed) {
    if (!k.leader || k.leader_zombie || k.exec_over) return;
    k.exec_over = true;
    k.exec_failed = failed;
    k.exec_write_open = false;
    if (failed) leader_ends(127 << 8);
}

static void happen_to_the_host(uint8_t what) {
    switch (what % 8) {
    case 0: k.storm = !k.storm; return;
    case 1: k.stillbirth = !k.stillbirth; return;
    case 2:
        if (k.leader && k.exec_over && !k.leader_zombie) k.outsiders++;
        return;
    case 3: k.outsiders -= k.outsiders > 0; return;
    case 4: k.sweeping = !k.sweeping; return;
    case 5: k.no_timers = !k.no_timers; return;
    default: k.fork_fails = !k.fork_fails; return;
    }
}

/// One thing happens. True: and the guardian wakes.
static bool happen(void) {
    switch (input_byte(&k.in) % 16) {
    case 0:
    case 1: k.now_ns += input_byte(&k.in) * INT64_C(20000000); return true;
    case 2:
    case 3: post_message(); return false;
    case 4: post_bytes(); return false;
    case 5: k.supervisor_closed = true; return false;
    case 6: k.reset_pending = true; return false;
    case 7: k.deaf = !k.deaf; return false;
    case 8: exec_ends(false); return false;
    case 9: exec_ends(true); return false;
    case 10: exec_ends(false), leader_ends(input_byte(&k.in) << 8); return false;
    case 11:
        if (k.leader && !k.leader_zombie && k.exec_over) k.kids++;
        return false;
    case 12:
        if (k.kids) k.kids--, k.kid_zombies += !k.leader;
        return false;
    case 13:
        if (k.leader && !k.leader_zombie && k.exec_over) k.stop_news = input_byte(&k.in) & 1 ? SIGSTOP << 8 | 0x7f : 0xffff;
        return false;
    case 14: k.resistance = input_byte(&k.in) % 8; return false;
    default: happen_to_the_host(input_byte(&k.in)); return false;
    }
}

// --------------------------------------------------------------------------------- the system calls, as fake_<their name>

int64_t sw_now_ns(void) { return k.now_ns; }

int fake_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *pause, const sigset_t *mask) {
    (void)fds, (void)count, (void)mask;
    referee_sleeps(k.armed_ns, pause ? pause->tv_sec * INT64_C(1000000000) + pause->tv_nsec : -1);
    k.waits = 0;
    while (k.in.count > 0) {
        if (happen()) return 1;
    }
    // The input is over: so is the supervisor, and nothing resists any more.
    k.supervisor_closed = true;
    k.storm = false;
    k.resistance = k.outsiders = 0;
    k.now_ns += INT64_C(1000000);
    return 1;
}

int fake_timerfd_settime(int fd, int flags, const struct itimerspec *due, struct itimerspec *old) {
    (void)old;
    EXPECT(fd == TIMER_FD && flags == TFD_TIMER_ABSTIME);
    EXPECT(due->it_value.tv_nsec >= 0 && due->it_value.tv_nsec < 1000000000 && due->it_value.tv_sec >= 0); // or EINVAL
    bool disarms = due->it_value.tv_sec == 0 && due->it_value.tv_nsec == 0;
    if (k.no_timers && !disarms) referee_timer_denied();
    if (k.no_timers) return errno = EPERM, -1;
    k.armed_ns = due->it_value.tv_sec * INT64_C(1000000000) + due->it_value.tv_nsec;
    if (k.armed_ns == 0) k.armed_ns = INT64_MAX;
    return 0;
}

int fake_timerfd_create(int clock, int flags) { return (void)clock, (void)flags, TIMER_FD; }
int fake_signalfd(int fd, const sigset_t *mask, int flags) { return (void)fd, (void)mask, (void)flags, CHILD_FD; }
int fake_setpgid(pid_t pid, pid_t group) { return (void)pid, (void)group, 0; }
int fake_prctl(int option, ...) { return (void)option, 0; }
pid_t fake_getpid(void) { return FIRST_PID - 1; }

ssize_t fake_recvmsg(int fd, struct msghdr *header, int flags) {
    (void)flags;
    EXPECT(fd == SUPERVISOR_FD && !k.guardian_closed);
    if (k.reset_pending) return k.reset_pending = false, errno = ECONNRESET, -1;
    if (k.read == k.sent) {
        if (k.supervisor_closed) return referee_lost(), 0;
        return errno = EAGAIN, -1;
    }
    mail next = k.mails[k.read++];
    size_t at = 0;
    for (size_t i = 0; i < header->msg_iovlen; i++) {
        size_t part = next.count - at < header->msg_iov[i].iov_len ? next.count - at : header->msg_iov[i].iov_len;
        if (part) memcpy(header->msg_iov[i].iov_base, next.bytes + at, part);
        at += part;
    }
    header->msg_flags = at < next.count ? MSG_TRUNC : 0;
    referee_delivered(next.bytes, next.count);
    free(next.bytes);
    return (ssize_t)at;
}

ssize_t fake_sendmsg(int fd, const struct msghdr *header, int flags) {
    (void)flags;
    EXPECT(fd == SUPERVISOR_FD && !k.guardian_closed);
    if (k.supervisor_closed) return errno = EPIPE, -1;
    referee_heard(header->msg_iov[0].iov_base, k.deaf);
    return k.deaf ? (errno = EAGAIN, -1) : (ssize_t)sizeof(sw_message);
}

ssize_t fake_read(int fd, void *buffer, size_t count) {
    if (fd != EXEC_FD) return errno = EAGAIN, -1;
    EXPECT(k.exec_read_open && count >= 2 * sizeof(int));
    if (k.newborn) {
        const int born[2] = { SW_STAGE_BORN, 0 };
        k.newborn = false;
        memcpy(buffer, born, sizeof born);
        return sizeof born;
    }
    if (k.exec_write_open) return errno = EAGAIN, -1;
    if (!k.exec_failed) return 0;
    const int failure[2] = { SW_STAGE_EXEC, ENOENT };
    memcpy(buffer, failure, sizeof failure);
    return sizeof failure;
}

ssize_t fake_write(int fd, const void *bytes, size_t count) { return (void)fd, (void)bytes, (ssize_t)count; }

int fake_close(int fd) {
    switch (fd) {
    case SUPERVISOR_FD:
        EXPECT(!k.guardian_closed);
        k.guardian_closed = true;
        break;
    case EXEC_FD:
        EXPECT(k.exec_read_open);
        k.exec_read_open = false;
        break;
    case ATTEMPT_FD: break;
    default: EXPECT(fd == EXEC_WRITE_FD); // the guardian's copy: the child holds the pipe open
    }
    return 0;
}

int fake_pipe2(int ends[2], int flags) {
    (void)flags;
    EXPECT(!k.exec_read_open);
    ends[0] = EXEC_FD;
    ends[1] = EXEC_WRITE_FD;
    k.exec_read_open = true;
    return 0;
}

static pid_t fork_a_child(bool moves) {
    referee_forked(!k.fork_fails, moves);
    if (k.fork_fails) return errno = EAGAIN, -1;
    EXPECT(!k.leader);
    k.leader = k.newest_leader = k.next_pid++;
    k.leader_zombie = k.exec_over = k.exec_failed = false;
    k.exec_write_open = k.newborn = true;
    k.stop_news = 0;
    // Killed before its first instruction (see cgroup.h).
    if (!moves && k.stillbirth) {
        k.newborn = false;
        k.exec_over = true;
        leader_ends(SIGKILL);
        referee_stillborn();
    }
    return k.leader;
}

pid_t fake_fork(void) { return fork_a_child(true); }
pid_t sw_fork_into(int attempt) {
    EXPECT(attempt == ATTEMPT_FD);
    return fork_a_child(false);
}

int fake_kill(pid_t pid, int number) {
    EXPECT(pid == k.leader && k.leader); // not yet reaped: the number is nobody else's
    referee_signalled(pid, number);
    if (number == SIGKILL && k.resistance == 0) leader_ends(SIGKILL);
    return 0;
}

static void reap_leader(void) {
    k.leader = 0;
    referee_leader_reaped();
}

int fake_waitid(idtype_t type, id_t id, siginfo_t *info, int options) {
    EXPECT(type == P_PID && (pid_t)id == k.leader && options == (WSTOPPED | WCONTINUED | WNOHANG));
    if (!k.stop_news) return 0;
    *info = (siginfo_t){ .si_code = k.stop_news == 0xffff ? CLD_CONTINUED : CLD_STOPPED };
    info->si_pid = k.leader;
    info->si_status = WSTOPSIG(k.stop_news);
    if (!k.storm) k.stop_news = 0;
    return 0;
}

pid_t fake_waitpid(pid_t pid, int *status, int options) {
    EXPECT(pid == -1 && options == (__WALL | WNOHANG));
    EXPECT(++k.waits < 1000); // between two looks at the clock
    if (k.leader_zombie && k.leader) {
        pid_t reaped = k.leader;
        *status = k.leader_status;
        reap_leader();
        return reaped;
    }
    // In a storm another exits for each that is reaped.
    if (k.kid_zombies) return k.kid_zombies -= !k.storm, *status = 0, k.next_pid++;
    return kernel_has_children() ? 0 : (errno = ECHILD, -1);
}

void fake__exit(int status) {
    (void)status;
    referee_exited();
    longjmp(k.exit, 1);
}

// --------------------------------------------------------------- the parts of the guardian that walk through real trees

void sw_take_own_name(void) {}
bool sw_proc_take(void) { return true; }
const sw_proc *sw_proc_held(void) {
    static const sw_proc held = { .root = PROC_FD, .children = PROC_CHILDREN_FD, .self = FIRST_PID - 1 };
    return &held;
}
bool sw_tree_visible(void) { return true; }
sw_scheduling sw_scheduling_rise(void) { return (sw_scheduling){ 0 }; }
bool sw_scheduling_is_real_time(void) { return false; }
void sw_scheduling_inherit(void) {}
void sw_scheduling_leave(void) {}
void sw_descriptor_silence(int fd) { EXPECT(fd >= 0 && fd <= 2); }
sw_tree_size sw_tree_measure(int64_t until_ns) {
    EXPECT(until_ns >= k.now_ns);
    return (sw_tree_size){
        .processes = k.kids + (k.leader != 0) + k.outsiders,
        .resident_pages = k.gigabytes * ((INT64_C(1) << 30) / sysconf(_SC_PAGESIZE)),
    };
}

// The cgroup: processes of the command that are no descendants of the guardian (in another PID namespace) are `outsiders`.
bool sw_cgroup_is_held(void) { return true; }
int sw_cgroup_attempt(void) { return ATTEMPT_FD; }
int sw_cgroup_enter(int attempt) { abort(); (void)attempt; }
void sw_cgroup_let_go(void) { abort(); }
void sw_cgroup_remove_attempts(void) {}
bool sw_cgroup_remove(void) { return true; }
int sw_cgroup_watch(void) { return EVENTS_FD; }
bool sw_cgroup_is_populated(void) { return k.outsiders > 0; }
size_t sw_cgroup_descriptors(int *out) { return *out = CGROUP_FD, 1; }
int sw_sweep(const char *lockname) { return (void)lockname, k.sweeping; }
int sw_sweep_descriptor(void) { return SWEEP_FD; }
void sw_sweep_others(const char *lockname) { (void)lockname; }
sw_shared *sw_shared_page(void) {
    return &page;
}
int64_t sw_tree_pause_ns(sw_resistance last, int64_t previous_ns, int64_t since_ns) {
    EXPECT(since_ns <= k.now_ns && previous_ns >= 0);
    return last.alive ? SW_MILLISECOND_NS : 0;
}
sw_stage sw_command_exec(const sw_role *role, pid_t guardian, char *block, size_t block_bytes) {
    (void)role, (void)guardian, (void)block, (void)block_bytes;
    abort(); // no child ever runs here
}
void sw_descriptors_close_but(const int *kept, size_t count) {
    const int expected[] = {
        k.guardian_closed ? -1 : SUPERVISOR_FD, TIMER_FD, CHILD_FD, EVENTS_FD, -1, EXEC_FD, PROC_FD, PROC_CHILDREN_FD,
        SWEEP_FD, CGROUP_FD,
    };
    EXPECT(count == sizeof expected / sizeof *expected && memcmp(kept, expected, sizeof expected) == 0);
}
void sw_tree_signal(int number, int64_t until_ns) {
    (void)until_ns;
    referee_signalled(0, number);
}

sw_resistance sw_tree_kill_step(sw_on_reaped on_reaped, void *context) {
    referee_killed();
    if (k.resistance > 0) return k.resistance--, (sw_resistance){ .alive = 1 + k.kids };
    leader_ends(SIGKILL);
    if (k.leader) {
        pid_t reaped = k.leader;
        reap_leader();
        on_reaped(context, reaped, k.leader_status);
    }
    k.outsiders = 0;
    for (int i = k.kids + k.kid_zombies; i > 0; i--) on_reaped(context, k.next_pid++, SIGKILL);
    k.kids = k.kid_zombies = 0;
    return (sw_resistance){ .alive = 0 };
}
