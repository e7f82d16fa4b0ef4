#define _GNU_SOURCE
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

bool sw_copy_text(char *to, size_t room, const char *from) {
    size_t length = strnlen(from, room - 1);
    memcpy(to, from, length);
    to[length] = '\0';
    return from[length] == '\0' || (errno = ENAMETOOLONG, false);
}

bool sw_read_text(int directory, const char *file, char *text, size_t room) {
    int fd = openat(directory, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    size_t length = 0;
    for (ssize_t got; length < room - 1 && (got = read(fd, text + length, room - 1 - length)) > 0;) length += (size_t)got;
    text[length] = '\0';
    close(fd);
    return length > 0 || (errno = ENODATA, false);
}

void sw_read_numbers(int fd, void (*visit)(void *context, pid_t number), void *context) {
    char text[4096];
    pid_t number = 0;
    bool has_digits = false;
    // The kernel hands out whole numbers, but at most a page of them in one read.
    for (ssize_t got; (got = read(fd, text, sizeof text)) > 0;) {
        for (ssize_t i = 0; i < got; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                number = number * 10 + (text[i] - '0');
                has_digits = true;
            } else if (has_digits) {
                visit(context, number);
                number = 0;
                has_digits = false;
            }
        }
    }
}

struct directory_entry { // linux_dirent64, which no header declares
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

typedef void (*visitor)(void *context, const char *name, unsigned char type);

static bool each_entry(int directory, char *buffer, size_t room, bool folders_only, visitor visit, void *context) {
    if (lseek(directory, 0, SEEK_SET) < 0) return false;
    for (;;) {
        long got = syscall(SYS_getdents64, directory, buffer, room);
        if (got <= 0) return got == 0;
        for (long at = 0; at < got;) {
            struct directory_entry *entry = (struct directory_entry *)(buffer + at);
            at += entry->length;
            if (!folders_only || (entry->type == DT_DIR && entry->name[0] != '.')) visit(context, entry->name, entry->type);
        }
    }
}

bool sw_each_entry(int directory, visitor visit, void *context) {
    _Alignas(struct directory_entry) char buffer[32768];
    return each_entry(directory, buffer, sizeof buffer, false, visit, context);
}

bool sw_each_folder(int directory, visitor visit, void *context) {
    _Alignas(struct directory_entry) char buffer[1024];
    return each_entry(directory, buffer, sizeof buffer, true, visit, context);
}
