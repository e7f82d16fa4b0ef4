// The linker's `--wrap=NAME` sends calls of NAME to __wrap_NAME, and makes __real_NAME of the original. Every poll, send and close
// of the program comes here, in all three processes: where nothing is encrypted it costs the look at one number.
#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __real_poll(struct pollfd *list, nfds_t count, int timeout_ms);
ssize_t __real_send(int fd, const void *bytes, size_t count, int flags);
int __real_close(int fd);

int __wrap_poll(struct pollfd *list, nfds_t count, int timeout_ms);
ssize_t __wrap_send(int fd, const void *bytes, size_t count, int flags);
int __wrap_close(int fd);

enum { DESCRIPTORS = 1024, MOST_POLLED = 4096 };

/// By descriptor. The thread that has connected one is the only one that uses it, so an entry never changes under a reader.
static _Atomic(sw_connection *) connections[DESCRIPTORS];
/// How many there ever were, so that a plain program looks no further.
static atomic_uint begun;

int sw_plain_poll(struct pollfd *list, nfds_t count, int timeout_ms) { return __real_poll(list, count, timeout_ms); }

static sw_connection *find(int fd) { return begun && fd >= 0 && fd < DESCRIPTORS ? connections[fd] : NULL; }

bool sw_tls_carries(int fd) { return find(fd); }

/// What has become of the handshake is told as if it had ended now.
static void drop(int fd) {
    sw_connection *gone = find(fd);
    if (!gone || gone->owner != getpid()) return;
    connections[fd] = NULL;
    if (gone->state == SW_SHAKING && !gone->was_heard && sw_now_ms() >= gone->begun_ms + 1000) {
        gone->library->ERR_clear_error();
        sw_connection_complain(gone, "");
    }
    sw_connection_free(gone);
}

int __wrap_close(int fd) {
    int error = errno;
    drop(fd);
    errno = error;
    return __real_close(fd);
}

/// A socket of the family that the server's address has, in the place of the one for its stand-in.
static bool change_family(int fd, sa_family_t family) {
    if (family == AF_INET) return true;
    int made = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), is_on = 1;
    if (made < 0) return false;
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &is_on, sizeof is_on);
    bool is_done = dup3(made, fd, O_CLOEXEC) == fd;
    int error = errno;
    __real_close(made);
    errno = error;
    return is_done;
}

int sw_tls_connect(int fd, const void *address, size_t length, bool is_framed, sw_tls_connecter *plain) {
    drop(fd); // what may be left of another's descriptor
    sw_target *target = sw_target_of(address, length);
    if (!target) return plain(fd, address, length);
    if (fd < 0 || fd >= DESCRIPTORS) {
        sw_target_complain(target, "too many files are open in this process for a connection by TLS", false);
        return errno = EMFILE, -1;
    }
    sw_connection *made = sw_connection_new(fd, target, is_framed);
    if (!made) return -1;
    if (!change_family(fd, target->address.ss_family)
        || (plain(fd, &target->address, target->length) != 0 && errno != EINPROGRESS)) {
        int error = errno;
        sw_connection_free(made);
        return errno = error, -1;
    }
    begun++;
    connections[fd] = made;
    return errno = EINPROGRESS, -1; // also where TCP is through: the handshake is not
}

long sw_tls_recv(int fd, void *buffer, size_t room) {
    sw_connection *connection = find(fd);
    if (!connection || connection->state == SW_FAILED) return errno = ECONNRESET, -1;
    if (connection->state != SW_OPEN) return errno = EAGAIN, -1;
    return sw_connection_read(connection, buffer, room);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t count, int flags) {
    sw_connection *connection = find(fd);
    if (!connection) return __real_send(fd, bytes, count, flags);
    if (connection->state == SW_FAILED) return errno = ECONNRESET, -1;
    if (connection->state != SW_OPEN) return errno = EAGAIN, -1;
    return sw_connection_write(connection, bytes, count);
}

/// What is to be told of it now: 0 for nothing. `arrived` is what the network has for it.
static short told(sw_connection *connection, short events, short arrived) {
    if (connection->state != SW_OPEN && connection->state != SW_FAILED) sw_connection_advance(connection);
    short asked = events & (POLLIN | POLLOUT);
    if (connection->state == SW_FAILED) return asked | POLLHUP;
    if (connection->state != SW_OPEN) return 0;
    short now = (arrived & POLLOUT & events) | (arrived & (POLLERR | POLLHUP | POLLNVAL));
    // It has just opened, or what was asked for may have come with what was read before.
    if ((asked & POLLIN) && ((arrived & ~POLLOUT) || sw_connection_has_pending(connection))
        && sw_connection_is_readable(connection)) {
        now |= POLLIN;
    }
    return now;
}

/// What to ask the network for one that is not ready, and until when at the latest.
static struct pollfd asked(const sw_connection *connection, short events, int64_t *until_ms) {
    if (connection->state == SW_OPEN) return (struct pollfd){ .fd = connection->fd, .events = events };
    short wanted = sw_connection_wants(connection);
    if (wanted != 0) return (struct pollfd){ .fd = connection->fd, .events = wanted };
    if (connection->not_before_ms < *until_ms) *until_ms = connection->not_before_ms;
    return (struct pollfd){ .fd = -1 };
}

/// Whoever waits asks again at once, whatever the answer, the C client too: where poll(2) fails (EINVAL, after prlimit(1) has
/// lowered the limit of open files) that would keep a processor from everybody else. The guardian waits by ppoll, and sees to it
/// by itself.
static int patient_poll(struct pollfd *list, nfds_t count, int timeout_ms) {
    int ready = __real_poll(list, count, timeout_ms);
    if (ready >= 0 || errno == EINTR) return ready;
    int error = errno;
    usleep(1000);
    errno = error;
    return ready;
}

static int wait_for(struct pollfd *list, struct pollfd *network, nfds_t count, int64_t end_ms) {
    for (nfds_t i = 0; i < count; i++) network[i] = (struct pollfd){ .fd = -1 };
    while (true) {
        int ready = 0;
        int64_t until_ms = end_ms;
        for (nfds_t i = 0; i < count; i++) {
            sw_connection *connection = find(list[i].fd);
            list[i].revents = connection ? told(connection, list[i].events, network[i].revents) : network[i].revents;
            if (list[i].revents) ready++;
            network[i] = connection ? asked(connection, list[i].events, &until_ms)
                                    : (struct pollfd){ .fd = list[i].fd, .events = list[i].events };
        }
        if (ready > 0) return ready;
        int64_t left_ms = until_ms - sw_now_ms();
        int timeout_ms = until_ms == INT64_MAX ? -1 : left_ms < 0 ? 0 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
        int count_ready = patient_poll(network, count, timeout_ms);
        if (count_ready < 0) return -1;
        if (count_ready == 0 && sw_now_ms() >= end_ms) return 0;
    }
}

int __wrap_poll(struct pollfd *list, nfds_t count, int timeout_ms) {
    bool is_ours = false;
    for (nfds_t i = 0; begun && i < count; i++) is_ours = is_ours || find(list[i].fd);
    if (!is_ours) return patient_poll(list, count, timeout_ms);
    if (count > MOST_POLLED) return errno = EINVAL, -1;
    struct pollfd *network = malloc(count * sizeof *network);
    if (!network) return errno = ENOMEM, -1;
    int ready = wait_for(list, network, count, timeout_ms < 0 ? INT64_MAX : sw_now_ms() + timeout_ms);
    int error = errno;
    free(network);
    errno = error;
    return ready;
}
