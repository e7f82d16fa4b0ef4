// The job that the tests run: it keeps its own books, so that nobody has to believe the program under test.
//
//     job FOLDER LABEL [OPTIONS]
//
//   --claim NAME:TOTAL:COUNT   hold COUNT of TOTAL slots of NAME for as long as any process of this tree lives; a slot is
//                              a locked file that children inherit, so the kernel gives it back with the last of them.
//                              Too few free slots means that another tree still lives: a "violation" is recorded.
//   --await NAME               wait until the only slot of NAME is free, record that as "free", and end
//   --for MS, --until FILE     run so long, or until the file is there; else for ever
//   --exit N                   the exit status in the end
//   --stubborn                 ignore TERM, INT, HUP and QUIT, and fork a child that calls setsid and a double-forked
//                              grandchild, which do the same and never end by themselves
//   --spin N                   fork N children that do nothing but write down that they live, without a pause, each in a
//                              session of its own, ignoring the same signals; with --together all in one session; they
//                              begin when the file that --let-go names is there
//   --orphans N                leave N sleeping processes to whoever reaps orphans; all end by themselves, at one stroke,
//                              when the file that --let-go names is there
//   --let-go FILE              see --spin and --orphans
//   --storm                    stop and continue these orphans, again and again
//   --dead-leader              fork a child, in a session of its own, whose first thread ends while two others live on
//   --change-user UID          fork a child, in a session of its own, that becomes this user
//   --log-signals              record each signal that arrives, with its sender, instead of dying of it
//   --end-on N                 with --log-signals: exit when signal N has been recorded
//
// FOLDER/events gets lines "KIND LABEL PID BOOTTIME_NS [DETAIL]"; FOLDER/stamps/LABEL.PID holds two int64, the first and
// the newest instant (CLOCK_BOOTTIME, ns) at which that process was alive, renewed every 2 ms. Those of --spin share one
// file, LABEL.0, with two such for each, renewed all the time. A "ready" event says that all these processes are there.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *folder, *label;
static int events_fd;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    _exit(70);
}

static void record(const char *kind, const char *detail) {
    char line[1024];
    int length = snprintf(line, sizeof line, "%s %s %d %lld %s\n", kind, label, (int)getpid(), (long long)now_ns(), detail);
    if (write(events_fd, line, length) != length) fail("events");
}

// The scan is serialised, so that legitimate holders always find their slots: others can only give back meanwhile.
static void claim(char *text) {
    char *name = strtok(text, ":");
    int total = atoi(strtok(NULL, ":")), count = atoi(strtok(NULL, ":"));
    char path[4096];
    snprintf(path, sizeof path, "%s/slots.%s.mutex", folder, name);
    int mutex = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (mutex < 0 || flock(mutex, LOCK_EX) != 0) fail(path);
    for (int slot = 0; slot < total && count > 0; slot++) {
        snprintf(path, sizeof path, "%s/slots.%s.%d", folder, name, slot);
        int fd = open(path, O_RDWR | O_CREAT, 0666);
        if (fd < 0) fail(path);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            count--;
            // Out of the low numbers, where the tests look for descriptors of their own.
            if (fcntl(fd, F_DUPFD, 200) < 0) fail("F_DUPFD");
        }
        close(fd);
    }
    if (count > 0) record("violation", name);
    close(mutex);
}

static void await(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/slots.%s.0", folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) fail(path);
    record("free", name);
    _exit(0);
}

static volatile int64_t *map_stamps(pid_t pid, size_t count) {
    char path[4096];
    snprintf(path, sizeof path, "%s/stamps/%s.%d", folder, label, (int)pid);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, 16 * count) != 0) fail(path);
    volatile int64_t *map = mmap(NULL, 16 * count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) fail("mmap");
    close(fd);
    return map;
}

static volatile int64_t *stamps(void) {
    volatile int64_t *map = map_stamps(getpid(), 1);
    map[0] = map[1] = now_ns();
    return map;
}


static void keep_stamping(volatile int64_t *alive) {
    for (;;) {
        alive[1] = now_ns();
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

static void stamp_for_ever(void) {
    keep_stamping(stamps());
}

static void ignore_signals(void) {
    int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) signal(numbers[i], SIG_IGN);
}

static pid_t fork_or_fail(void) {
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    return pid;
}

// They begin all at once, so that the first do not keep the last from being forked: when what is returned is closed.
static int spin(int count, int together) {
    volatile int64_t *alive = map_stamps(0, count);
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) != 0) fail("pipe2");
    pid_t parent = together ? fork_or_fail() : 0;
    if (parent == 0) {
        if (together) setsid();
        for (int i = 0; i < count; i++) {
            if (fork_or_fail() != 0) continue;
            char end;
            ignore_signals();
            if (!together) setsid();
            alive[2 * i] = alive[2 * i + 1] = now_ns();
            close(gate[1]);
            if (read(gate[0], &end, 1) != 0) fail("gate");
            for (;;) alive[2 * i + 1] = now_ns();
        }
        if (together) _exit(0);
    }
    for (int i = 0; i < count; i++) while (alive[2 * i] == 0) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    close(gate[0]);
    return gate[1];
}

// Returns what holds them: they end when it is closed.
static int leave_orphans(int count, pid_t *pids) {
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) != 0) fail("pipe2");
    if (fork_or_fail() == 0) {
        close(gate[1]);
        for (int i = 0; i < count; i++) {
            pid_t pid = fork_or_fail();
            if (pid != 0) {
                pids[i] = pid;
                continue;
            }
            char end;
            ignore_signals();
            while (read(gate[0], &end, 1) < 0) continue;
            _exit(0);
        }
        _exit(0);
    }
    for (int i = 0; i < count; i++)
        while (((volatile pid_t *)pids)[i] == 0) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    close(gate[0]);
    return gate[1];
}

static void storm(const pid_t *pids, int count) {
    for (int i = 0; i < 2; i++) {
        if (fork_or_fail() != 0) continue;
        ignore_signals();
        setsid();
        volatile int64_t *alive = stamps();
        for (int n = 0;; n = (n + 1) % count) {
            kill(pids[n], SIGSTOP);
            kill(pids[n], SIGCONT);
            alive[1] = now_ns();
        }
    }
}

static void *stamp_in_thread(void *alive) {
    keep_stamping(alive);
    return NULL;
}

static void leave_dead_leader(void) {
    if (fork_or_fail() != 0) return;
    ignore_signals();
    setsid();
    void *alive = (void *)stamps();
    pthread_t thread;
    for (int i = 0; i < 2; i++) if (pthread_create(&thread, NULL, stamp_in_thread, alive) != 0) fail("pthread_create");
    pthread_exit(NULL);
}

static void leave_changed_user(uid_t user) {
    if (fork_or_fail() != 0) return;
    ignore_signals();
    setsid();
    volatile int64_t *alive = stamps();
    if (setresuid(user, user, user) != 0) fail("setresuid");
    keep_stamping(alive);
}

static void be_stubborn(void) {
    ignore_signals();
    if (fork() == 0) {
        setsid();
        stamp_for_ever();
    }
    if (fork() == 0) {
        setsid();
        if (fork() == 0) stamp_for_ever();
        _exit(0);
    }
}

int main(int argc, char **argv) {
    if (argc < 3) return 70;
    folder = argv[1];
    label = argv[2];
    umask(0); // other accounts' jobs write here as well
    int status = 0, stubborn = 0, log_signals = 0, end_on = 0, spinners = 0, together = 0, orphans = 0, storms = 0;
    int dead_leader = 0, user = -1, gate = -1;
    int64_t end_ns = INT64_MAX;
    const char *until = NULL, *let_go = NULL;
    char path[4096];
    snprintf(path, sizeof path, "%s/events", folder);
    int low = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    events_fd = fcntl(low, F_DUPFD_CLOEXEC, 200);
    if (events_fd < 0) fail(path);
    close(low);

    for (int i = 3; i < argc; i++) {
        if (!strcmp(argv[i], "--claim")) claim(argv[++i]);
        else if (!strcmp(argv[i], "--await")) await(argv[++i]);
        else if (!strcmp(argv[i], "--for")) end_ns = now_ns() + atoll(argv[++i]) * 1000000;
        else if (!strcmp(argv[i], "--until")) until = argv[++i];
        else if (!strcmp(argv[i], "--exit")) status = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--stubborn")) stubborn = 1;
        else if (!strcmp(argv[i], "--log-signals")) log_signals = 1;
        else if (!strcmp(argv[i], "--end-on")) end_on = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--spin")) spinners = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--together")) together = 1;
        else if (!strcmp(argv[i], "--orphans")) orphans = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--let-go")) let_go = argv[++i];
        else if (!strcmp(argv[i], "--storm")) storms = 1;
        else if (!strcmp(argv[i], "--dead-leader")) dead_leader = 1;
        else if (!strcmp(argv[i], "--change-user")) user = atoi(argv[++i]);
        else return 70;
    }

    sigset_t logged;
    sigemptyset(&logged);
    if (log_signals) {
        int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaddset(&logged, numbers[i]);
        sigprocmask(SIG_BLOCK, &logged, NULL);
    }
    if (stubborn) be_stubborn();
    volatile int64_t *alive = stamps();
    const char *token = getenv("SWITCHMAN_FENCING_TOKEN");
    record("start", token ? token : "-");

    if (dead_leader) leave_dead_leader();
    if (user >= 0) leave_changed_user(user);
    if (orphans > 0) {
        pid_t *pids = mmap(NULL, orphans * sizeof *pids, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (pids == MAP_FAILED) fail("mmap");
        gate = leave_orphans(orphans, pids);
        if (storms) storm(pids, orphans);
    }
    if (spinners > 0) gate = spin(spinners, together);
    if (spinners > 0 && !let_go) close(gate);
    if (dead_leader || user >= 0 || orphans > 0 || spinners > 0) record("ready", "-");

    while (now_ns() < end_ns && !(until && access(until, F_OK) == 0)) {
        alive[1] = now_ns();
        if (gate >= 0 && let_go && access(let_go, F_OK) == 0) {
            close(gate);
            gate = -1;
        }
        siginfo_t info;
        int number = sigtimedwait(&logged, &info, &(struct timespec){.tv_nsec = 2000000});
        if (number > 0) {
            char detail[64];
            snprintf(detail, sizeof detail, "%d %d", number, (int)info.si_pid);
            record("signal", detail);
            if (number == end_on) break;
        }
    }
    alive[1] = now_ns();
    record("end", "-");
    return status;
}
