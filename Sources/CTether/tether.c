#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CTether.h"

// Only async-signal-safe calls: the parent may have threads.
static void become(const struct sw_tether *tether, pid_t parent, char *const argv[], char *const environment[]) {
    if (tether->death_signal) {
        prctl(PR_SET_PDEATHSIG, tether->death_signal);
        // It may have died before that.
        if (getppid() != parent) _exit(1);
    }
    if (tether->leads_session) setsid();
    if (tether->input >= 0 && dup2(tether->input, 0) < 0) return;
    sigset_t mask;
    sigemptyset(&mask);
    for (int signal = 1; signal <= 64; signal++)
        if (tether->blocked >> (signal - 1) & 1) sigaddset(&mask, signal);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    execvpe(argv[0], argv, environment);
}

pid_t sw_tether_spawn(const struct sw_tether *tether, char *const argv[], char *const environment[]) {
    int news[2];
    if (pipe2(news, O_CLOEXEC) < 0) return -1;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        become(tether, parent, argv, environment);
        int failure = errno;
        (void)!write(news[1], &failure, sizeof failure);
        _exit(127);
    }
    int failure = child < 0 ? errno : 0;
    close(news[1]);
    // End of file: exec has closed the other end.
    if (child > 0 && read(news[0], &failure, sizeof failure) == sizeof failure) waitpid(child, NULL, 0);
    close(news[0]);
    if (!failure) return child;
    errno = failure;
    return -1;
}
