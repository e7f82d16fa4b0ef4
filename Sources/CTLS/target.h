// The servers that stand-ins stand for.
#ifndef TARGET_H
#define TARGET_H

#include "context.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/// Kept for good: the C client may connect to a stand-in at any time. There are as many as a server has had addresses.
typedef struct sw_target {
    struct sw_target *next;
    unsigned number; // of the stand-in
    sw_files *files;
    char *name;
    bool checks_name;
    struct sockaddr_storage address;
    socklen_t length;
    // Under the mutex of the list.
    char complaint[SW_TLS_TEXT_BYTES];
    unsigned long complaint_number;
    int64_t complained_at_ms, certain_at_ms;
} sw_target;

/// NULL: no stand-in.
sw_target *sw_target_of(const void *address, size_t length);

/// A guess does not take the place of what was certain a moment ago: we end connections ourselves, which looks like the server.
void sw_target_complain(sw_target *target, const char *text, bool is_guess);
void sw_target_praise(sw_target *target);
/// When its newest complaint was, by `sw_now_ms`; 0: it has none.
int64_t sw_target_complained_at(sw_target *target);

int64_t sw_now_ms(void);

#endif
