// Messages as the kernel brings them: any bytes, of any length. Its source: wire.c.
#include "input.h"
#include "roles.h"

#include <sys/socket.h>
#include <unistd.h>

/// More than a message with the largest block, so that what is cut off is seen to be.
enum { LONGEST = sizeof(sw_message) + SW_BLOCK_BYTES_MAX + 4096 };

/// A message with a fair chance of being sound; else the bytes as they are.
static size_t compose(input *in, uint8_t *raw) {
    uint8_t way = input_byte(in);
    sw_message head = { 0 };
    if (way & 1) {
        head.type = input_byte(in) % (SW_TYPES + 2);
        head.number = (int8_t)input_byte(in);
        head.seq = input_byte(in);
    } else {
        size_t taken = in->count < sizeof head ? in->count : sizeof head;
        memcpy(&head, in->bytes, taken);
        in->bytes += taken;
        in->count -= taken;
        if (taken < sizeof head) return memcpy(raw, &head, taken), taken;
    }
    size_t block = in->count;
    memcpy(raw + sizeof head, in->bytes, block);
    // A few bytes of input stand for a block as long as there may be, and longer.
    size_t longer = way & 2 ? SW_BLOCK_BYTES_MAX - 2 + (way >> 4) : 0;
    if (longer > block) memset(raw + sizeof head + block, 'x', longer - block), block = longer;
    if (way & 4) raw[sizeof head + block++] = '\0';
    head.block = (uint32_t)block;
    if (way & 8) head.block += (int8_t)input_byte(in);
    memcpy(raw, &head, sizeof head);
    return sizeof head + block;
}

static bool is_sound(const uint8_t *raw, size_t bytes, size_t room) {
    sw_message head;
    if (bytes < sizeof head) return false;
    memcpy(&head, raw, sizeof head);
    size_t block = bytes - sizeof head;
    return block <= room && block == head.block && head.type > SW_NONE && head.type < SW_TYPES
        && (block == 0 || raw[bytes - 1] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    static int ends[2];
    static uint8_t raw[LONGEST];
    if (!ends[1]) EXPECT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) == 0);
    if (count > 2048) return -1;
    input in = { bytes, count };
    size_t length = compose(&in, raw);
    if (length == 0) return -1; // to a SOCK_SEQPACKET that is the end of file
    for (int with_block = 0; with_block < 2; with_block++) {
        EXPECT(send(ends[0], raw, length, 0) == (ssize_t)length);
        // Of the exact size, so that the address sanitizer sees a byte too many.
        char *block = with_block ? malloc(SW_BLOCK_BYTES_MAX) : NULL;
        size_t block_bytes = 0;
        sw_message message;
        int got = with_block ? sw_receive_block(ends[1], &message, block, &block_bytes) : sw_receive(ends[1], &message);
        EXPECT(got == (is_sound(raw, length, with_block ? SW_BLOCK_BYTES_MAX : 0) ? 1 : -1));
        if (got == 1) {
            EXPECT(memcmp(&message, raw, sizeof message) == 0);
            EXPECT(block_bytes == message.block && memcmp(block ? block : "", raw + sizeof message, block_bytes) == 0);
            EXPECT(sw_send(ends[0], &message, block, block_bytes) == 0);
            EXPECT(recv(ends[1], raw, sizeof raw, 0) == (ssize_t)length); // what was read is sent the same
        }
        EXPECT(sw_receive(ends[1], &message) == 0); // and nothing is left
        free(block);
    }
    return 0;
}
