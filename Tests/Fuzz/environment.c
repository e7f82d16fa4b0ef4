// The block of changes that START brings, and the environment that the command gets of it. Its source: command.c.
#include "input.h"

#include <sys/mman.h>

/// Of the exact size, so that the address sanitizer sees an entry too many; and much faster.
static void *heap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
    (void)at, (void)protection, (void)flags, (void)fd, (void)offset;
    return calloc(1, bytes);
}

void sw_core_restore(void) {}

#define mmap heap_mmap
#include "../../Sources/CSupervision/command.c"
#undef mmap

/// Value of a name in a list: the pointer behind its "=", or NULL.
static const char *value_in(char **list, const char *name, size_t length) {
    for (; *list; list++) {
        if (strncmp(*list, name, length) == 0 && (*list)[length] == '=') return *list + length + 1;
    }
    return NULL;
}

/// What the last change of the block says of the name; `old` when none does.
static const char *expected(const char *block, size_t bytes, const char *name, size_t length, const char *old) {
    for (const char *at = block; at < block + bytes; at += strlen(at) + 1) {
        if (name_length(at) == length && memcmp(at, name, length) == 0) old = at[length] ? at + length + 1 : NULL;
    }
    return old;
}

static void check_name(char **old, char **new, const char *block, size_t bytes, const char *name) {
    size_t length = name_length(name);
    const char *is = value_in(new, name, length);
    const char *should = expected(block, bytes, name, length, value_in(old, name, length));
    EXPECT((is == NULL) == (should == NULL) && (!is || strcmp(is, should) == 0));
}

/// What an entry is to be once `from` stands for `to`: written without the code under test.
static const char *readdressed(const char *entry, pid_t from, pid_t to, char *room, size_t bytes) {
    static const char *const names[] = { "LISTEN_PID", "WATCHDOG_PID" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(room, bytes, "%s=%d", names[i], (int)from);
        if (strcmp(entry, room) != 0) continue;
        snprintf(room, bytes, "%s=%d", names[i], (int)to);
        return room;
    }
    return entry;
}

/// Every entry before and after, in the same order; nothing is added.
static void check_addresses(char **environment, size_t entries, pid_t from, pid_t to) {
    char **before = malloc((entries + 1) * sizeof *before);
    memcpy(before, environment, (entries + 1) * sizeof *before);
    readdress(environment, from, to);
    for (size_t i = 0; i < entries; i++) {
        char room[64];
        EXPECT(strcmp(environment[i], readdressed(before[i], from, to, room, sizeof room)) == 0);
    }
    EXPECT(environment[entries] == NULL);
    free(before);
}

/// One that the old environment or the block may name: one digit, or as many as there can be.
static pid_t some_pid(const uint8_t *bytes, size_t count) {
    return count == 0 || bytes[0] % 8 == 0 ? INT32_MAX : bytes[0] % 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    static char *old[] = { "PATH=/bin", "HOME=/", "A=1", "AB=2", "EMPTY=", "LISTEN_PID=7",
                           "LISTEN_PIDS=7", "WATCHDOG_PID=2147483647", NULL };
    if (count > 80) return -1; // quadratic, for the handful of changes that there are
    char *block = malloc(count + 1);
    memcpy(block, bytes, count);
    block[count] = '\0'; // what sw_receive_block insists on
    size_t length = count == 0 ? 0 : count + 1;

    char **new = changed_environment(old, block, length);
    EXPECT(new != NULL);
    size_t entries = 0;
    while (new[entries]) entries++;
    for (char **entry = old; *entry; entry++) check_name(old, new, block, length, *entry);
    for (char *at = block; at < block + length; at += strlen(at) + 1) check_name(old, new, block, length, at);
    for (size_t i = 0; i < entries; i++) {
        for (size_t j = 0; j < i; j++) EXPECT(!same_name(new[i], new[j]));
    }
    check_addresses(new, entries, some_pid(bytes, count), count % 2 ? INT32_MAX : 10);
    free(new);
    free(block);
    return 0;
}
