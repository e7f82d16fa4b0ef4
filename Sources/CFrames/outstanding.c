#include "outstanding.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct pending {
    struct pending *next;
    sw_request request;
    int32_t *operations;
    size_t room;
} pending;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pending *first, *last;
/// What this thread has added last: if it is a multi, its operations come next.
static _Thread_local int32_t latest_xid;

/// What the library asks on its own account, by numbers that are always the same: credentials and watches, when a
/// connection is new. They overtake what was made before.
enum { AUTH = -4, WATCHES = -8, OWN = 9 };
static unsigned own[OWN];

static void drop_first(void) {
    pending *gone = first;
    first = gone->next;
    if (!first) last = NULL;
    free(gone->operations);
    free(gone);
}

// Without memory a request is not noted, and its reply is refused.

void sw_outstanding_add(int32_t xid, int32_t type) {
    if (xid < 0) {
        pthread_mutex_lock(&mutex);
        if (xid > -OWN) own[-xid]++;
        pthread_mutex_unlock(&mutex);
        return;
    }
    pending *added = calloc(1, sizeof *added);
    if (!added) return;
    added->request = (sw_request){ .xid = xid, .type = type };
    latest_xid = xid;
    pthread_mutex_lock(&mutex);
    if (last) last->next = added;
    else first = added;
    last = added;
    pthread_mutex_unlock(&mutex);
}

void sw_outstanding_add_operation(int32_t type) {
    pthread_mutex_lock(&mutex);
    // Mostly the last one, unless another thread has added its own meanwhile.
    pending *multi = last && last->request.xid == latest_xid ? last : first;
    while (multi && multi->request.xid != latest_xid) multi = multi->next;
    if (multi && multi->request.operation_count == multi->room) {
        size_t room = multi->room ? 2 * multi->room : 8;
        int32_t *grown = realloc(multi->operations, room * sizeof *grown);
        if (grown) multi->operations = grown, multi->room = room;
    }
    if (multi && multi->request.operation_count < multi->room) {
        multi->operations[multi->request.operation_count++] = type;
        multi->request.operations = multi->operations;
    }
    pthread_mutex_unlock(&mutex);
}

static bool accepts_own(int32_t xid, const uint8_t *bytes, size_t count) {
    pthread_mutex_lock(&mutex);
    bool is_expected = own[-xid] > 0;
    if (is_expected) own[-xid]--;
    pthread_mutex_unlock(&mutex);
    sw_request request = { .xid = xid, .type = xid == AUTH ? 100 : 101 };
    return is_expected && sw_frame_is_sound(bytes, count, &request);
}

bool sw_outstanding_accepts(const uint8_t *bytes, size_t count) {
    int32_t xid;
    if (count < sizeof xid) return false;
    memcpy(&xid, bytes, sizeof xid);
    xid = (int32_t)ntohl((uint32_t)xid);
    if (xid == AUTH || xid == WATCHES) return accepts_own(xid, bytes, count);
    if (xid < 0) return sw_frame_is_sound(bytes, count, NULL);

    pthread_mutex_lock(&mutex);
    pending *found = first;
    while (found && found->request.xid != xid) found = found->next;
    bool is_sound = found && sw_frame_is_sound(bytes, count, &found->request);
    if (found) {
        while (first != found) drop_first();
        drop_first();
    }
    pthread_mutex_unlock(&mutex);
    return is_sound;
}
