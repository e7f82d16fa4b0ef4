// One connection to one server: TCP, handshake, data. One thread at a time uses it.
#ifndef CONNECTION_H
#define CONNECTION_H

#include "target.h"

#include <poll.h>

typedef struct {
    int fd;
    pid_t owner; // a child that closes its copy leaves the connection alone
    sw_target *target;
    const sw_openssl *library;
    SSL *ssl;
    enum { SW_CONNECTING, SW_SHAKING, SW_OPEN, SW_FAILED } state;
    short wanted; // by the handshake: POLLIN or POLLOUT
    int64_t begun_ms, not_before_ms;
    bool was_heard;    // some byte has come
    bool has_answered; // some byte of what TLS carries
    bool is_ended;     // by the server
    bool is_framed;
    uint8_t frame_length[4]; // held back until what follows it
    size_t held;
    uint32_t owed; // of the frame that has begun
} sw_connection;

/// NULL with errno. What it connects to is the target's address, of which the caller takes care.
sw_connection *sw_connection_new(int fd, sw_target *target, bool is_framed);
void sw_connection_free(sw_connection *connection);

/// Goes on with TCP and the handshake as far as it goes without waiting.
void sw_connection_advance(sw_connection *connection);
/// What to poll for while it is neither open nor failed; 0 before `not_before_ms`.
short sw_connection_wants(const sw_connection *connection);

/// Whether a read would give bytes, an end or an error. May read from the network, and never waits.
bool sw_connection_is_readable(sw_connection *connection);
/// Whether bytes were read from the network that nobody has asked for yet.
bool sw_connection_has_pending(const sw_connection *connection);
ssize_t sw_connection_read(sw_connection *connection, void *buffer, size_t room);
ssize_t sw_connection_write(sw_connection *connection, const void *bytes, size_t count);

/// What poll(2) is, but for the wrap.
int sw_plain_poll(struct pollfd *list, nfds_t count, int timeout_ms);

/// Notes why the handshake, or the first answer, has failed: `result` is that of an SSL function.
void sw_connection_complain(sw_connection *connection, const char *reason);

#endif
