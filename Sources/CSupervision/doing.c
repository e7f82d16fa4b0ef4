// Why a process does not answer, as far as the kernel tells.
#define _GNU_SOURCE
#include "roles.h"
#include "text.h"
#include "tree.h"

#include <stdio.h>
#include <string.h>

static const char *state_words(char state) {
    switch (state) {
    case 'R': return "waits for a processor";
    case 'D': return "hangs in the kernel";
    case 'S': return "sleeps";
    case 'T': return "is stopped";
    case 't': return "is traced";
    case 'Z':
    case 'X': return "is dead";
    default: return NULL;
    }
}

bool sw_doing(pid_t pid, char *text, size_t room) {
    sw_process process;
    const char *words = sw_process_read(pid, &process) ? state_words(process.state) : NULL;
    if (!words) return false;
    char file[32], where[64];
    snprintf(file, sizeof file, "%d/wchan", pid);
    bool is_waiting = process.state == 'D' || process.state == 'S';
    // "0" is what it is without the right to know (proc_pid_wchan(5)).
    bool is_known = is_waiting && sw_read_text(sw_proc_held()->root, file, where, sizeof where) && strcmp(where, "0") != 0;
    snprintf(text, room, is_known ? "%s, in %s" : "%s", words, where);
    return true;
}
