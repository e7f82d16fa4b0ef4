#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sw_openssl functions;
static bool is_loaded;
static char failure[200];

/// The threads that carry connections live until the process ends: nothing of the library may be taken from under them.
static const uint64_t NO_ATEXIT = 0x00080000;

static void fail(const char *what) { snprintf(failure, sizeof failure, "%s", what ? what : "no reason given"); }

static bool load(void) {
    void *handle = dlopen("libssl.so.3", RTLD_LAZY | RTLD_LOCAL);
    if (!handle) return fail(dlerror()), false;
    // What of it is in libcrypto is found as well: that is a dependency of libssl.
#define SW_LOOK_UP(result, name, parameters)                                                                                  \
    if (!(*(void **)&functions.name = dlsym(handle, #name))) return fail(dlerror()), false;
    SW_OPENSSL(SW_LOOK_UP)
#undef SW_LOOK_UP
    if (functions.OPENSSL_init_ssl(NO_ATEXIT, NULL) != 1) return fail("its own start fails; is openssl.cnf in order?"), false;
    return true;
}

const sw_openssl *sw_library(const char **why) {
    pthread_mutex_lock(&mutex);
    if (!is_loaded) is_loaded = load();
    bool is_there = is_loaded;
    pthread_mutex_unlock(&mutex);
    if (why) *why = is_there ? NULL : failure;
    return is_there ? &functions : NULL;
}

const char *sw_library_reason(const sw_openssl *library) {
    unsigned long code = library->ERR_peek_error();
    const char *reason = code ? library->ERR_reason_error_string(code) : NULL;
    return reason ? reason : "";
}
