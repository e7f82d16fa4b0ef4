// An input, read as numbers: past its end all is zero.
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// libFuzzer takes the end of the process for a finding.
#define EXPECT(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

typedef struct input {
    const uint8_t *bytes;
    size_t count;
} input;

static inline uint8_t input_byte(input *in) {
    if (in->count == 0) return 0;
    in->count--;
    return *in->bytes++;
}

static inline uint64_t input_u64(input *in) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | input_byte(in);
    return value;
}

/// An instant: mostly a few tenths of a second from `now_ns`, now and then whatever 64 bits can hold.
static inline int64_t input_instant(input *in, int64_t now_ns) {
    uint8_t code = input_byte(in);
    switch (code) {
    case 0: return INT64_MAX;
    case 1: return INT64_MIN;
    case 2: return (int64_t)input_u64(in);
    default: return now_ns + (int8_t)code * INT64_C(100000000);
    }
}

#endif
