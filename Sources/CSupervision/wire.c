// The messages on their way. SOCK_SEQPACKET keeps their borders, so a message is whole or wrong.
#define _GNU_SOURCE
#include "roles.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

int sw_send(int fd, const sw_message *message, const void *block, size_t block_bytes) {
    if (block_bytes > SW_BLOCK_BYTES_MAX) return errno = EMSGSIZE, -1;
    sw_message head = *message;
    head.block = (uint32_t)block_bytes;
    struct iovec parts[2] = { { &head, sizeof head }, { (void *)block, block_bytes } };
    struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };
    ssize_t sent;
    do {
        sent = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    // The kernel has no memory for it just now; the peer may be well.
    if (sent < 0 && (errno == ENOBUFS || errno == ENOMEM)) errno = EAGAIN;
    return sent < 0 ? -1 : 0;
}

int sw_send_unfit(int fd, sw_refusal why) {
    return sw_send(fd, &(sw_message){ .type = SW_UNFIT, .number = why.error, .detail = (int)why.need }, NULL, 0);
}

int sw_receive_block(int fd, sw_message *message, char *block, size_t *block_bytes) {
    struct iovec parts[2] = { { message, sizeof *message }, { block, block ? SW_BLOCK_BYTES_MAX : 0 } };
    struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };
    ssize_t got;
    do {
        got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        // A peer that dies with mail unread leaves ECONNRESET, which is told once and *before* what it had still sent us.
    } while (got < 0 && (errno == EINTR || errno == ECONNRESET));

    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    bool sound = (size_t)got >= sizeof *message && !(header.msg_flags & MSG_TRUNC)
        && (size_t)got - sizeof *message == message->block && message->type > SW_NONE && message->type < SW_TYPES;
    if (!sound) return -1;
    if (message->block != 0 && block[message->block - 1] != '\0') return -1;
    if (block_bytes) *block_bytes = message->block;
    return 1;
}

int sw_receive(int fd, sw_message *message) {
    return sw_receive_block(fd, message, NULL, NULL);
}
