// The part of the C client that Swift may see. THREADED is not defined, so the synchronous
// calls stay hidden: they can hang for good after an expiry (ZOOKEEPER-2802).
#ifndef SWITCHMAN_CZOOKEEPER_H
#define SWITCHMAN_CZOOKEEPER_H

#include <zookeeper/zookeeper.h>

// Events and states are extern ints in the library: read them here once.
static inline int sw_is_session_event(int type) { return type == ZOO_SESSION_EVENT; }
static inline int sw_event_created(int type) { return type == ZOO_CREATED_EVENT; }
static inline int sw_event_deleted(int type) { return type == ZOO_DELETED_EVENT; }
static inline int sw_event_changed(int type) { return type == ZOO_CHANGED_EVENT; }
static inline int sw_event_child(int type) { return type == ZOO_CHILD_EVENT; }
static inline int sw_state_connected(int state) { return state == ZOO_CONNECTED_STATE; }
static inline int sw_state_expired(int state) { return state == ZOO_EXPIRED_SESSION_STATE; }
static inline int sw_state_auth_failed(int state) { return state == ZOO_AUTH_FAILED_STATE; }

// A variadic or struct-by-value initializer each, made plain.
static inline void sw_op_create(zoo_op_t *op, const char *path, const char *data, int length, const struct ACL_vector *list,
                                int flags, char *made, int made_length) {
    zoo_create_op_init(op, path, data, length, list, flags, made, made_length);
}

// The library's log goes nowhere: what matters of it arrives as events and return codes.
static inline void sw_ignore_log(const char *message) { (void)message; }

// Numeric addresses only, tried in the order given; nothing logged about the client's environment.
static inline zhandle_t *sw_connect(const char *hosts, watcher_fn watcher, int timeout_ms, void *context) {
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zoo_deterministic_conn_order(1);
    zhandle_t *handle = zookeeper_init2(hosts, watcher, timeout_ms, 0, context, ZOO_NO_LOG_CLIENTENV, sw_ignore_log);
    // Resolution is ours: by default the library calls getaddrinfo, which can block, on its I/O thread.
    if (handle) zoo_set_servers_resolution_delay(handle, -1);
    return handle;
}

#endif
