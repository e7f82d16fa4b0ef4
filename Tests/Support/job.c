// The job that the tests run: it keeps its own books, so that nobody has to believe the program under test.
//
//     job FOLDER LABEL [OPTIONS]
//
//   --claim NAME:TOTAL:COUNT   hold COUNT of TOTAL slots of NAME for as long as any process of this tree lives; a slot is
//                              a locked file that children inherit, so the kernel gives it back with the last of them.
//                              Too few free slots means that another tree still lives: a "violation" is recorded.
//   --for MS, --until FILE     run so long, or until the file is there; else for ever
//   --exit N                   the exit status in the end
//   --stubborn                 ignore TERM, INT, HUP and QUIT, and fork a child that calls setsid and a double-forked
//                              grandchild, which do the same and never end by themselves
//   --log-signals              record each signal that arrives, with its sender, instead of dying of it
//   --end-on N                 with --log-signals: exit when signal N has been recorded
//
// FOLDER/events gets lines "KIND LABEL PID BOOTTIME_NS [DETAIL]"; FOLDER/stamps/LABEL.PID holds two int64, the first and
// the newest instant (CLOCK_BOOTTIME, ns) at which that process was alive, renewed every 2 ms.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
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

static volatile int64_t *stamps(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s/stamps/%s.%d", folder, label, (int)getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, 16) != 0) fail(path);
    volatile int64_t *map = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) fail("mmap");
    close(fd);
    map[0] = map[1] = now_ns();
    return map;
}

static void stamp_for_ever(void) {
    volatile int64_t *alive = stamps();
    for (;;) {
        alive[1] = now_ns();
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

static void be_stubborn(void) {
    int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) signal(numbers[i], SIG_IGN);
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
    int status = 0, stubborn = 0, log_signals = 0, end_on = 0;
    int64_t end_ns = INT64_MAX;
    const char *until = NULL;
    char path[4096];
    snprintf(path, sizeof path, "%s/events", folder);
    int low = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    events_fd = fcntl(low, F_DUPFD_CLOEXEC, 200);
    if (events_fd < 0) fail(path);
    close(low);

    for (int i = 3; i < argc; i++) {
        if (!strcmp(argv[i], "--claim")) claim(argv[++i]);
        else if (!strcmp(argv[i], "--for")) end_ns = now_ns() + atoll(argv[++i]) * 1000000;
        else if (!strcmp(argv[i], "--until")) until = argv[++i];
        else if (!strcmp(argv[i], "--exit")) status = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--stubborn")) stubborn = 1;
        else if (!strcmp(argv[i], "--log-signals")) log_signals = 1;
        else if (!strcmp(argv[i], "--end-on")) end_on = atoi(argv[++i]);
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

    while (now_ns() < end_ns && !(until && access(until, F_OK) == 0)) {
        alive[1] = now_ns();
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
