// The requests that wait for their replies, in the order in which they were made. Thread-safe: threads of the run and of the
// library make requests, and the library's I/O thread reads replies.
#ifndef OUTSTANDING_H
#define OUTSTANDING_H

#include "include/CFrames.h"

void sw_outstanding_add(int32_t xid, int32_t type);
/// An operation of the multi that the calling thread has just added.
void sw_outstanding_add_operation(int32_t type);

/// Whether the frame may be handed over. Its request is forgotten, and so are those before it: a server answers in order, so that
/// they were lost with an earlier connection.
bool sw_outstanding_accepts(const uint8_t *bytes, size_t count);

#endif
