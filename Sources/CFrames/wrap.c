// The linker's `--wrap=NAME` sends calls of NAME to __wrap_NAME, and makes __real_NAME of the original.
#define _GNU_SOURCE
#include "CTLS.h"
#include "outstanding.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// What the library's calls get; of its headers only what is needed, since they are another version's on another system.
struct request_header { int32_t xid, type; };
struct multi_header { int32_t type, done, err; };

int __real_connect(int fd, const struct sockaddr *address, socklen_t length);
ssize_t __real_recv(int fd, void *buffer, size_t room, int flags);
int __real_zookeeper_interest(void *handle, int *fd, int *interest, void *limit);
// The shared library, which debug builds and unit tests have, keeps these to itself; nobody calls them then.
__attribute__((weak)) int __real_serialize_RequestHeader(void *out, const char *tag, struct request_header *header);
__attribute__((weak)) int __real_serialize_MultiHeader(void *out, const char *tag, struct multi_header *header);

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
ssize_t __wrap_recv(int fd, void *buffer, size_t room, int flags);
int __wrap_zookeeper_interest(void *handle, int *fd, int *interest, void *limit);
int __wrap_serialize_RequestHeader(void *out, const char *tag, struct request_header *header);
int __wrap_serialize_MultiHeader(void *out, const char *tag, struct multi_header *header);

/// One connection of the library's: the frame that is being read.
typedef struct stream {
    struct stream *next;
    int fd;
    bool is_greeted; // the first frame answers the handshake
    uint8_t length[4];
    size_t got;      // of length and frame
    uint8_t *frame;
    size_t room;
} stream;

enum { GREETING_MIN = 36, GREETING_MAX = 37 }; // ConnectResponse; servers before 3.4 send no read-only flag

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static stream *streams;
static atomic_uint refused;
static atomic_bool saw_tls;
static atomic_bool was_hung_up_on;
static atomic_ulong received;
static _Atomic int64_t newest_zxid;
/// The calling thread is the library's I/O thread, in the call that connects.
static _Thread_local bool is_connecting;

unsigned sw_frames_refused(void) { return refused; }
bool sw_frames_saw_tls(void) { return saw_tls; }
bool sw_frames_was_hung_up_on(void) { return was_hung_up_on; }
unsigned long sw_frames_received(void) { return received; }
int64_t sw_frames_newest_zxid(void) { return newest_zxid; }
void sw_frames_forget(void) { newest_zxid = 0; }
bool sw_frames_stand_between(void) { return __real_serialize_RequestHeader; }

static stream *find(int fd) {
    stream *found = streams;
    while (found && found->fd != fd) found = found->next;
    return found;
}

/// A new connection, with what may have been another's descriptor. Streams are few, and kept for the next connection.
/// False: there is no memory for it.
static bool begin(int fd) {
    pthread_mutex_lock(&mutex);
    stream *found = find(fd);
    if (!found && is_connecting) found = find(-1);
    if (!found && is_connecting && (found = calloc(1, sizeof *found))) {
        found->fd = -1;
        found->next = streams;
        streams = found;
    }
    if (found) { // else it is nobody's that is read here
        free(found->frame);
        *found = (stream){ .next = found->next, .fd = is_connecting ? fd : -1 };
    }
    pthread_mutex_unlock(&mutex);
    return found || !is_connecting;
}

static int plain_connect(int fd, const void *address, size_t length) {
    return __real_connect(fd, address, (socklen_t)length);
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length) {
    if (!begin(fd)) return errno = ENOMEM, -1; // nothing unread is let in
    return sw_tls_connect(fd, address, length, is_connecting, plain_connect);
}

int __wrap_zookeeper_interest(void *handle, int *fd, int *interest, void *limit) {
    is_connecting = true;
    int code = __real_zookeeper_interest(handle, fd, interest, limit);
    is_connecting = false;
    return code;
}

/// As the library does: a watch event has -1. Only this thread writes it.
static void note_zxid(const uint8_t *frame) {
    int64_t zxid;
    memcpy(&zxid, frame + sizeof(int32_t), sizeof zxid);
    zxid = (int64_t)be64toh((uint64_t)zxid);
    if (zxid > newest_zxid) newest_zxid = zxid;
}

static bool is_whole_frame_sound(stream *in, size_t count) {
    if (in->is_greeted) {
        if (!sw_outstanding_accepts(in->frame, count)) return false;
        note_zxid(in->frame);
    }
    in->is_greeted = true;
    return true;
}

/// So that no frame takes more memory than has come of it, twice.
static bool make_room(stream *in, size_t needed) {
    if (needed <= in->room) return true;
    size_t room = needed < 4096 ? 4096 : 2 * needed;
    uint8_t *grown = realloc(in->frame, room);
    if (!grown) return false;
    in->frame = grown;
    in->room = room;
    return true;
}

static uint32_t frame_length(const stream *in) {
    uint32_t length;
    memcpy(&length, in->length, sizeof length);
    return ntohl(length);
}

/// The first bytes of a record that carries an alert (RFC 8446, 5.1).
static bool is_alert(const uint8_t *bytes) { return bytes[0] == 0x15 && bytes[1] == 3; }

static bool is_length_sound(const stream *in) {
    uint32_t length = frame_length(in);
    if (!in->is_greeted && is_alert(in->length)) saw_tls = true;
    if (!in->is_greeted) return length >= GREETING_MIN && length <= GREETING_MAX;
    return length <= SW_FRAME_BYTES_MAX;
}

/// Follows what is handed over. False: none of it is to be.
static bool follow(stream *in, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        if (in->got < sizeof in->length) {
            in->length[in->got++] = *bytes++;
            count--;
            if (in->got == sizeof in->length && !is_length_sound(in)) return false;
            if (in->got < sizeof in->length) continue;
        }
        size_t length = frame_length(in), have = in->got - sizeof in->length;
        size_t taken = count < length - have ? count : length - have;
        if (!make_room(in, have + taken + 1)) return false;
        memcpy(in->frame + have, bytes, taken);
        in->got += taken;
        bytes += taken;
        count -= taken;
        if (have + taken < length) continue;
        if (!is_whole_frame_sound(in, length)) return false;
        in->got = 0;
        if (in->room > 1 << 20) {
            free(in->frame);
            in->frame = NULL;
            in->room = 0;
        }
    }
    return true;
}

ssize_t __wrap_recv(int fd, void *buffer, size_t room, int flags) {
    ssize_t count = sw_tls_carries(fd) ? sw_tls_recv(fd, buffer, room) : __real_recv(fd, buffer, room, flags);
    bool is_end = count == 0 || (count < 0 && errno == ECONNRESET);
    if (count <= 0 && !is_end) return count;
    int error = errno;
    pthread_mutex_lock(&mutex);
    stream *in = find(fd);
    pthread_mutex_unlock(&mutex);
    if (is_end) {
        if (in && !in->is_greeted && in->got == 0) was_hung_up_on = true;
        errno = error;
        return count;
    }
    if (in) received++;
    // The library has one thread for each connection, which is this one.
    if (!in || follow(in, buffer, (size_t)count)) return count;
    refused++;
    return errno = EBADMSG, -1;
}

int __wrap_serialize_RequestHeader(void *out, const char *tag, struct request_header *header) {
    sw_outstanding_add(header->xid, header->type);
    return __real_serialize_RequestHeader(out, tag, header);
}

int __wrap_serialize_MultiHeader(void *out, const char *tag, struct multi_header *header) {
    if (!header->done) sw_outstanding_add_operation(header->type);
    return __real_serialize_MultiHeader(out, tag, header);
}
