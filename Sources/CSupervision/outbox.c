#include "outbox.h"

#include <errno.h>
#include <string.h>

static bool would_block(int fd, const sw_message *message) {
    return fd >= 0 && sw_send(fd, message, NULL, 0) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void sw_outbox_flush(sw_outbox *outbox, int fd) {
    int sent = 0;
    while (sent < outbox->count && !would_block(fd, &outbox->messages[sent])) sent++;
    outbox->count -= sent;
    memmove(outbox->messages, outbox->messages + sent, (size_t)outbox->count * sizeof *outbox->messages);
}

bool sw_outbox_send(sw_outbox *outbox, int fd, const sw_message *message) {
    sw_outbox_flush(outbox, fd);
    if (outbox->count == 0 && !would_block(fd, message)) return true;
    if (outbox->count == OUTBOX_MESSAGES_MAX) return false;
    outbox->messages[outbox->count++] = *message;
    return true;
}

void sw_outbox_offer(sw_outbox *outbox, int fd, const sw_message *message) {
    sw_outbox_flush(outbox, fd);
    if (outbox->count == 0) would_block(fd, message);
}

bool sw_outbox_is_empty(const sw_outbox *outbox) {
    return outbox->count == 0;
}
