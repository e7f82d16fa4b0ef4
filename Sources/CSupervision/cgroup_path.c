#define _GNU_SOURCE
#include "cgroup_path.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

bool sw_cgroup_read_inner(int directory, const char *file, char *path, size_t room) {
    char text[8192];
    if (!sw_read_text(directory, file, text, sizeof text)) return false;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        if (strncmp(line, "0::/", 4) == 0) return sw_copy_text(path, room, line + 3);
    }
    return errno = ENOENT, false;
}

/// Octal escapes of mountinfo, in place.
static void unescape(char *text) {
    char *to = text;
    for (const char *from = text; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

const char *sw_cgroup_below(const char *path, const char *prefix) {
    size_t length = strcmp(prefix, "/") == 0 ? 0 : strlen(prefix);
    if (strncmp(path, prefix, length) != 0) return NULL;
    return path[length] == '/' || path[length] == '\0' ? path + length : NULL;
}

/// A line of mountinfo (proc_pid_mountinfo(5)): ID PARENT DEV ROOT POINT OPTIONS [TAGS...] - TYPE SOURCE OPTIONS.
static bool parse_mount(char *line, char **root, char **point) {
    char *type = strstr(line, " - ");
    if (!type || strncmp(type + 3, "cgroup2 ", 8) != 0) return false;
    char *field[6], *at = line;
    for (int i = 0; i < 6; i++) field[i] = strsep(&at, " ");
    if (!field[5]) return false;
    *root = field[3];
    *point = field[4];
    unescape(*root);
    unescape(*point);
    return true;
}

bool sw_cgroup_translate(const char *path, bool from_point, char *result, size_t room) {
    static char text[65536];
    if (!sw_read_text(AT_FDCWD, "/proc/self/mountinfo", text, sizeof text)) return false;
    bool is_found = false;
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        char *root, *point;
        if (!parse_mount(line, &root, &point) || strncmp(root, "/..", 3) == 0) continue;
        const char *rest = sw_cgroup_below(path, from_point ? point : root), *start = from_point ? root : point;
        if (!rest) continue;
        // Neither "//x" nor "x/".
        if (from_point && strcmp(start, "/") == 0) start = "";
        if (!from_point && strcmp(rest, "/") == 0) rest = "";
        is_found = snprintf(result, room, "%s%s", start, rest) < (int)room;
    }
    return is_found || (errno = ENOENT, false);
}

bool sw_cgroup_inner(const char *folder, char *inner, size_t room) {
    return sw_cgroup_translate(folder, true, inner, room);
}

bool sw_cgroup_is_cgroup2(int directory) {
    struct statfs info;
    return fstatfs(directory, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}
