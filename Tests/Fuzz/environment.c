// The block of changes that START brings, and the environment that the command gets of it. Its source: command.c.
#include "input.h"

#include <sys/mman.h>

/// Of the exact size, so that the address sanitizer sees an entry too many; and much faster.
static void *heap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
    (void)at, (void)protection, (void)flags, (void)fd, (void)offset;
    return calloc(1, bytes);
}

#define mmap heap_mmap
#include "../../Sources/CGuardian/command.c"
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    static char *old[] = { "PATH=/bin", "HOME=/", "A=1", "AB=2", "EMPTY=", NULL };
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
    free(new);
    free(block);
    return 0;
}
