// What a reply may look like (zookeeper.jute, and MultiResponse.java for what is in no jute file).
#include "include/CFrames.h"

#include <string.h>

enum { EVENT = -1, PING = -2 };
enum { CREATE = 1, DELETE = 2, EXISTS = 3, GET_DATA = 4, SET_DATA = 5, GET_ACL = 6, SET_ACL = 7, GET_CHILDREN = 8, CHECK = 13,
    MULTI = 14, SET_AUTH = 100, SET_WATCHES = 101, CLOSE = -11 };
enum { STAT_BYTES = 8 * 6 + 4 * 5 };

/// What is left of a frame.
typedef struct {
    const uint8_t *at;
    size_t left;
} cursor;

static bool skip(cursor *in, size_t count) {
    if (in->left < count) return false;
    in->at += count;
    in->left -= count;
    return true;
}

static bool take(cursor *in, int32_t *number) {
    const uint8_t *at = in->at;
    if (!skip(in, sizeof *number)) return false;
    *number = (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
    return true;
}

/// No string of a server's is null: the library would search its tables for it.
static bool skip_text(cursor *in) {
    int32_t length;
    return take(in, &length) && length >= 0 && skip(in, (size_t)length);
}

/// Of a node without data the length is -1.
static bool skip_data(cursor *in) {
    int32_t length;
    return take(in, &length) && length >= -1 && skip(in, length < 0 ? 0 : (size_t)length);
}

static bool skip_texts(cursor *in) {
    int32_t count;
    // The library makes room for all of them before it reads the first.
    if (!take(in, &count) || count < 0 || (size_t)count > in->left / sizeof count) return false;
    for (int32_t i = 0; i < count; i++) {
        if (!skip_text(in)) return false;
    }
    return true;
}

/// A list of permissions, scheme and identity.
static bool skip_access_list(cursor *in) {
    int32_t count;
    enum { LEAST_BYTES = 3 * sizeof count }; // of an entry: the library makes room for all of them before it reads the first
    if (!take(in, &count) || count < 0 || (size_t)count > in->left / LEAST_BYTES) return false;
    for (int32_t i = 0; i < count; i++) {
        if (!skip(in, sizeof count) || !skip_text(in) || !skip_text(in)) return false;
    }
    return true;
}

/// MultiHeader: type, done, error.
static bool take_header(cursor *in, int32_t *type, bool *is_done) {
    int32_t error;
    if (!take(in, type) || in->left < 1) return false;
    *is_done = *in->at != 0;
    return skip(in, 1) && take(in, &error);
}

static bool skip_result(cursor *in, int32_t operation, int32_t type) {
    if (type == -1) return skip(in, sizeof(int32_t)); // an error
    switch (operation) {
    case CREATE: return skip_text(in);
    case SET_DATA: return skip(in, STAT_BYTES);
    case DELETE:
    case CHECK: return true;
    default: return false;
    }
}

/// The library reads as many results as come, each as that of the operation in its place.
static bool skip_results(cursor *in, const sw_request *request) {
    int32_t type;
    bool is_done;
    for (size_t i = 0; i < request->operation_count; i++) {
        if (!take_header(in, &type, &is_done) || is_done || !skip_result(in, request->operations[i], type)) return false;
    }
    return take_header(in, &type, &is_done) && is_done;
}

static bool skip_body(cursor *in, const sw_request *request) {
    switch (request->type) {
    case EXISTS:
    case SET_ACL: return skip(in, STAT_BYTES);
    case GET_ACL: return skip_access_list(in) && skip(in, STAT_BYTES);
    case GET_DATA: return skip_data(in) && skip(in, STAT_BYTES);
    case GET_CHILDREN: return skip_texts(in);
    case MULTI: return skip_results(in, request);
    case SET_AUTH:
    case SET_WATCHES:
    case CLOSE: return true;
    default: return false;
    }
}

static bool skip_event(cursor *in) {
    int32_t type, state;
    return take(in, &type) && take(in, &state) && skip_text(in);
}

/// What the library says of itself when it has lost a reply, and no server sends (KeeperException.java): a run would ask again
/// at once, since it believes that the connection is gone. In the place of SESSIONMOVED servers hang up (FinalRequestProcessor).
static bool is_of_clients(int32_t error) {
    enum { RUNTIME_INCONSISTENCY = -2, CONNECTION_LOSS = -4, OPERATION_TIMEOUT = -7, SESSION_MOVED = -118 };
    return error == RUNTIME_INCONSISTENCY || error == CONNECTION_LOSS || error == OPERATION_TIMEOUT || error == SESSION_MOVED;
}

bool sw_frame_is_sound(const uint8_t *bytes, size_t count, const sw_request *request) {
    cursor in = { bytes, count };
    int32_t xid, error;
    if (!take(&in, &xid) || !skip(&in, sizeof(int64_t)) || !take(&in, &error)) return false;
    if (!request) return xid == PING || (xid == EVENT && skip_event(&in));
    return xid == request->xid && !is_of_clients(error) && (error != 0 || skip_body(&in, request));
}
