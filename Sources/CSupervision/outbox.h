// What the guardian has to say while the supervisor is stopped and the socket full.
#ifndef OUTBOX_H
#define OUTBOX_H

#include "roles.h"

/// One run makes about ten messages that matter, however long the supervisor sleeps; what can come without end is only offered.
enum { OUTBOX_MESSAGES_MAX = 32 };

typedef struct sw_outbox {
    sw_message messages[OUTBOX_MESSAGES_MAX];
    int count;
} sw_outbox;

/// Sends now or later. False: no room, so the supervisor is past hope. A supervisor that is gone is no error here: end
/// of file tells.
bool sw_outbox_send(sw_outbox *outbox, int fd, const sw_message *message);
/// Sends now or never.
void sw_outbox_offer(sw_outbox *outbox, int fd, const sw_message *message);
void sw_outbox_flush(sw_outbox *outbox, int fd);
bool sw_outbox_is_empty(const sw_outbox *outbox);

#endif
