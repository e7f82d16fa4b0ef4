// Why a process does not answer, as far as the kernel tells.
#define _GNU_SOURCE
#include "roles.h"
#include "text.h"

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
    char file[48], line[512], where[64];
    int proc = sw_proc_held()->root;
    snprintf(file, sizeof file, "%d/stat", pid);
    if (!sw_read_text(proc, file, line, sizeof line)) return false;
    // Its name, in parentheses, may hold anything.
    const char *end = strrchr(line, ')');
    const char *words = end && end[1] == ' ' ? state_words(end[2]) : NULL;
    if (!words) return false;
    // "0" is what it is without the right to know (proc_pid_wchan(5)).
    snprintf(file, sizeof file, "%d/wchan", pid);
    bool is_known = (end[2] == 'D' || end[2] == 'S') && sw_read_text(proc, file, where, sizeof where) && strcmp(where, "0") != 0;
    snprintf(text, room, is_known ? "%s, in %s" : "%s", words, where);
    return true;
}
