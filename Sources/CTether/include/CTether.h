// A child that does not outlive its parent: what posix_spawn cannot do.
#ifndef SWITCHMAN_CTETHER_H
#define SWITCHMAN_CTETHER_H

#include <stdint.h>
#include <sys/types.h>

struct sw_tether {
    // Sent to the child when the thread that made it ends; 0: none.
    int death_signal;
    // Becomes the child's standard input; -1: the parent's own.
    int input;
    // Whether it leads a session of its own, so that no terminal's signals reach it.
    int leads_session;
    // The signals that it has blocked, signal N as bit N - 1. What the parent ignores, it ignores.
    uint64_t blocked;
};

// execvp(3) in a new process. Returns its pid, or -1 with errno, also when it is exec that failed.
pid_t sw_tether_spawn(const struct sw_tether *tether, char *const argv[], char *const environment[]);

#endif
