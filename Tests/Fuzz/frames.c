// What a server sends, whole and in pieces: nothing is handed to the library that its own deserializers cannot read to the end.
// Sources: CFrames. The deserializers are those of Debian's library, under the address sanitizer's eye for what they allocate.
#include "../../Sources/CFrames/wrap.c"
#include "input.h"

#include <zookeeper/zookeeper.jute.h>

static input stream_input;
static int chunk;

ssize_t __real_recv(int fd, void *buffer, size_t room, int flags) {
    (void)fd, (void)flags;
    size_t count = stream_input.count < room ? stream_input.count : room;
    if (chunk && count > (size_t)chunk) count = (size_t)chunk;
    memcpy(buffer, stream_input.bytes, count);
    stream_input.bytes += count;
    stream_input.count -= count;
    return (ssize_t)count;
}

int __real_connect(int fd, const struct sockaddr *address, socklen_t length) { return (void)fd, (void)address, (void)length, 0; }
int __real_zookeeper_interest(void *handle, int *fd, int *interest, void *limit) {
    (void)handle, (void)interest, (void)limit;
    return __wrap_connect(*fd, NULL, 0);
}
int __real_serialize_RequestHeader(void *out, const char *tag, struct request_header *header) {
    return (void)out, (void)tag, (void)header, 0;
}
int __real_serialize_MultiHeader(void *out, const char *tag, struct multi_header *header) {
    return (void)out, (void)tag, (void)header, 0;
}

// No connection is one over TLS.
int sw_tls_connect(int fd, const void *address, size_t length, bool is_framed, sw_tls_connecter *plain) {
    return (void)is_framed, plain(fd, address, length);
}
bool sw_tls_carries(int fd) { return (void)fd, false; }
long sw_tls_recv(int fd, void *buffer, size_t room) { abort(); return (void)fd, (void)buffer, (long)room; }

// ------------------------------------------------------------------------------------------- as the library reads what it is given

static void read_result(struct iarchive *in, int operation) {
    if (operation == 1) {
        struct CreateResponse made;
        EXPECT(deserialize_CreateResponse(in, "reply", &made) == 0 && made.path);
        deallocate_CreateResponse(&made);
    } else if (operation == 5) {
        struct SetDataResponse set;
        EXPECT(deserialize_SetDataResponse(in, "reply", &set) == 0);
    }
}

static void read_multi(struct iarchive *in, const sw_request *request) {
    struct MultiHeader header = { 0 };
    EXPECT(deserialize_MultiHeader(in, "multiheader", &header) == 0);
    for (size_t i = 0; !header.done; i++) {
        EXPECT(i < request->operation_count);
        struct ErrorResponse error;
        if (header.type == -1) EXPECT(deserialize_ErrorResponse(in, "error", &error) == 0);
        else read_result(in, request->operations[i]);
        EXPECT(deserialize_MultiHeader(in, "multiheader", &header) == 0);
    }
}

static void read_reply(struct iarchive *in, const sw_request *request) {
    struct GetDataResponse data;
    struct SetDataResponse stat;
    struct GetChildrenResponse children;
    switch (request->type) {
    case 3:
        EXPECT(deserialize_SetDataResponse(in, "reply", &stat) == 0);
        break;
    case 4:
        EXPECT(deserialize_GetDataResponse(in, "reply", &data) == 0);
        deallocate_GetDataResponse(&data);
        break;
    case 8:
        EXPECT(deserialize_GetChildrenResponse(in, "reply", &children) == 0);
        for (int i = 0; i < children.children.count; i++) EXPECT(children.children.data[i]);
        deallocate_GetChildrenResponse(&children);
        break;
    case 14: read_multi(in, request); break;
    }
}

static void read_frame(const uint8_t *bytes, size_t count, const sw_request *request) {
    // Of the exact size, so that a byte too many is seen.
    char *copy = malloc(count);
    memcpy(copy, bytes, count);
    struct iarchive *in = create_buffer_iarchive(copy, (int)count);
    struct ReplyHeader header;
    EXPECT(deserialize_ReplyHeader(in, "hdr", &header) == 0);
    if (header.xid == -1) {
        struct WatcherEvent event;
        EXPECT(!request && deserialize_WatcherEvent(in, "event", &event) == 0 && event.path);
        deallocate_WatcherEvent(&event);
    } else if (request && header.err == 0) {
        read_reply(in, request);
    }
    close_buffer_iarchive(&in);
    free(copy);
}

// --------------------------------------------------------------------------------------------------------------------- the subject

static const int32_t TYPES[] = { 3, 4, 8, 14, -11, 2 };

/// A request of any kind, and any bytes for its reply.
static void play_whole(input *in) {
    int32_t operations[4];
    sw_request request = { .xid = 7, .type = TYPES[input_byte(in) % 6], .operations = operations };
    request.operation_count = input_byte(in) % 5;
    for (size_t i = 0; i < request.operation_count; i++) operations[i] = (int32_t[]){ 1, 2, 5, 13 }[input_byte(in) % 4];
    const sw_request *asked = input_byte(in) % 4 ? &request : NULL;
    uint8_t frame[1024] = { 0, 0, 0, 7 };
    // Mostly with a sound header.
    size_t head = input_byte(in) % 8 ? 16 : 0;
    size_t count = in->count < sizeof frame - head ? in->count : sizeof frame - head;
    if (!asked && head) memset(frame, 0xff, 4);
    memcpy(frame + head, in->bytes, count);
    if (sw_frame_is_sound(frame, head + count, asked)) read_frame(frame, head + count, asked);
}

/// A connection's bytes in pieces, with one request outstanding.
static void play_stream(input *in) {
    int fd = 5;
    chunk = input_byte(in) % 9;
    struct request_header header = { .xid = 7, .type = 14 };
    EXPECT(__wrap_serialize_RequestHeader(NULL, "", &header) == 0);
    struct multi_header part = { .type = 1 };
    EXPECT(__wrap_serialize_MultiHeader(NULL, "", &part) == 0);
    EXPECT(__wrap_zookeeper_interest(NULL, &fd, NULL, NULL) == 0);
    stream_input = *in;
    unsigned before = sw_frames_refused();
    uint8_t taken[64];
    ssize_t got;
    while ((got = __wrap_recv(fd, taken, 1 + input_byte(in) % sizeof taken, 0)) > 0) EXPECT(sw_frames_refused() == before);
    EXPECT(got == 0 || (errno == EBADMSG && sw_frames_refused() == before + 1));
    // Another's by now.
    EXPECT(__wrap_connect(fd, NULL, 0) == 0);
    stream_input = *in;
    while ((got = __wrap_recv(fd, taken, sizeof taken, 0)) > 0) continue;
    EXPECT(got == 0);
    // Nothing is left of the request.
    sw_outstanding_accepts((const uint8_t[]){ 0, 0, 0, 7 }, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    if (count < 8) return -1;
    input in = { bytes, count };
    if (input_byte(&in) % 4) play_whole(&in);
    else play_stream(&in);
    return 0;
}
