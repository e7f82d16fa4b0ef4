// Stands between the C client of ZooKeeper and the network, and lets no malformed frame through: the library deserializes into
// structures that it does not initialise, ignores that it failed, and asserts what a server decides.
//
// The linker puts these in the place of calls that the library makes (--wrap in Package.swift). What is read from its sockets is
// held against the request that it answers before the last byte of a frame is handed over; if the frame will not do, the
// read fails, and for the library the connection is lost: it goes on with the next server, and what was asked fails as
// lost.
#ifndef CFRAMES_H
#define CFRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// More than any reply here: a million names.
enum { SW_FRAME_BYTES_MAX = 128 << 20 };

/// A request that was made, as its reply has to be read: of a multi, the types of its operations.
typedef struct {
    int32_t xid;
    int32_t type;
    const int32_t *operations;
    size_t operation_count;
} sw_request;

/// Whether a frame, without its length in front, is the reply to this request (zookeeper.jute), or, with none, a ping's answer or a
/// watch event. What follows a sound reply is ignored, as by the library.
bool sw_frame_is_sound(const uint8_t *bytes, size_t count, const sw_request *request);

/// Whether the library's calls come here at all: not in a build with the shared library.
bool sw_frames_stand_between(void);

/// How many frames were refused in this process.
unsigned sw_frames_refused(void);

/// Whether some server has answered a handshake by an alert of TLS.
bool sw_frames_saw_tls(void);

/// Whether some server has ended a connection without a byte in answer to a handshake. A server that expects TLS does so, and
/// one without a quorum.
bool sw_frames_was_hung_up_on(void);

/// Changes with whatever comes from a server, if it is a byte.
unsigned long sw_frames_received(void);

/// The newest transaction that a server has told of since `sw_frames_forget`, 0 for none.
int64_t sw_frames_newest_zxid(void);

/// With a new session, which may be that of other servers.
void sw_frames_forget(void);

#endif
