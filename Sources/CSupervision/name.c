// The guardian's own name.
#define _GNU_SOURCE
#include "roles.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/// Neither `killall switchman` nor `pkill -f JOB` is to hit the supervisor and the guardian at one stroke.
void sw_take_own_name(void) {
    static const char name[] = "sm-guardian";
    prctl(PR_SET_NAME, name);

    char text[2048];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    if (got <= 0) return;
    text[got] = '\0';
    char *field = strrchr(text, ')');
    for (int number = 2; field && number < 48; number++) field = strchr(field + 1, ' ');
    if (!field) return;
    char *start = (char *)strtoul(field, &field, 10);
    char *end = (char *)strtoul(field, NULL, 10);
    if (!start || end <= start) return; // 0 where the kernel does not want to tell
    size_t room = (size_t)(end - start);
    memset(start, 0, room);
    memcpy(start, name, sizeof name < room ? sizeof name : room - 1);
}
