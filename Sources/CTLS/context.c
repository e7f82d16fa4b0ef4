#include "context.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SET_MIN_PROTO_VERSION = 123, GET_MIN_PROTO_VERSION = 130, MODE = 33, // SSL_CTRL_...
    ACCEPT_MOVING_WRITE_BUFFER = 2, RELEASE_BUFFERS = 16, // SSL_MODE_...
    VERIFY_PEER = 1, FILETYPE_PEM = 1,
    PARTIAL_CHAIN = 0x80000, // X509_V_FLAG_...: an authority that is given need not be a root
};
static const uint64_t NO_COMPRESSION = 1u << 17, NO_RENEGOTIATION = 1u << 30; // SSL_OP_...

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sw_files *all;
static _Thread_local bool was_asked;

/// Nobody is asked for a passphrase, least of all on a terminal.
static int no_passphrase(char *buffer, int size, int is_writing, void *context) {
    (void)buffer, (void)size, (void)is_writing, (void)context;
    was_asked = true;
    return -1;
}

static sw_tls_fault read_key(SSL_CTX *made, const sw_openssl *library, const char *key) {
    was_asked = false;
    library->ERR_clear_error();
    if (library->SSL_CTX_use_PrivateKey_file(made, key, FILETYPE_PEM) != 1) {
        if (was_asked) return SW_TLS_KEY_HAS_PASSPHRASE;
        return sw_error_library(library->ERR_peek_error()) == ERR_LIB_X509 ? SW_TLS_NO_PAIR : SW_TLS_BAD_KEY;
    }
    return library->SSL_CTX_check_private_key(made) == 1 ? SW_TLS_SOUND : SW_TLS_NO_PAIR;
}

static sw_tls_fault read_files(SSL_CTX *made, const sw_openssl *library, const char *authorities, const char *certificate,
                               const char *key) {
    library->ERR_clear_error();
    // These and no others: the system's authorities are not asked for.
    if (library->SSL_CTX_load_verify_locations(made, authorities, NULL) != 1) return SW_TLS_BAD_AUTHORITIES;
    if (!certificate) return SW_TLS_SOUND;
    library->ERR_clear_error();
    if (library->SSL_CTX_use_certificate_chain_file(made, certificate) != 1) return SW_TLS_BAD_CERTIFICATE;
    return read_key(made, library, key);
}

/// NULL with no memory.
static SSL_CTX *make(const sw_openssl *library) {
    SSL_CTX *made = library->SSL_CTX_new(library->TLS_client_method());
    if (!made) return NULL;
    // The system's policy may ask for more, and is not lowered.
    if (library->SSL_CTX_ctrl(made, GET_MIN_PROTO_VERSION, 0, NULL) < TLS1_2_VERSION
        && library->SSL_CTX_ctrl(made, SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL) != 1) {
        library->SSL_CTX_free(made);
        return NULL;
    }
    library->SSL_CTX_set_options(made, NO_COMPRESSION | NO_RENEGOTIATION);
    library->SSL_CTX_ctrl(made, MODE, ACCEPT_MOVING_WRITE_BUFFER | RELEASE_BUFFERS, NULL);
    library->SSL_CTX_set_verify(made, VERIFY_PEER, NULL);
    library->X509_VERIFY_PARAM_set_flags(library->SSL_CTX_get0_param(made), PARTIAL_CHAIN);
    library->SSL_CTX_set_default_passwd_cb(made, no_passphrase);
    return made;
}

sw_tls_fault sw_tls_check(const char *authorities, const char *certificate, const char *key, char *text) {
    const char *why;
    const sw_openssl *library = sw_library(&why);
    sw_tls_fault fault = SW_TLS_NO_LIBRARY;
    if (library) {
        SSL_CTX *made = make(library);
        why = "no memory";
        if (made) {
            fault = read_files(made, library, authorities, certificate, key);
            why = sw_library_reason(library);
            library->SSL_CTX_free(made);
        }
    }
    snprintf(text, SW_TLS_TEXT_BYTES, "%s", why);
    if (library) library->ERR_clear_error();
    return fault;
}

static bool is_same(const char *one, const char *other) { return one && other ? strcmp(one, other) == 0 : one == other; }

static char *copy(const char *text) { return text ? strdup(text) : NULL; }

sw_files *sw_files_for(const char *authorities, const char *certificate, const char *key) {
    pthread_mutex_lock(&mutex);
    sw_files *found = all;
    while (found && !(is_same(found->authorities, authorities) && is_same(found->certificate, certificate)
                      && is_same(found->key, key))) {
        found = found->next;
    }
    if (!found && (found = calloc(1, sizeof *found))) {
        *found = (sw_files){ .authorities = copy(authorities), .certificate = copy(certificate), .key = copy(key) };
        if (found->authorities && !found->certificate == !certificate && !found->key == !key) {
            found->next = all;
            all = found;
        } else {
            free(found->authorities);
            free(found->certificate);
            free(found->key);
            free(found);
            found = NULL;
        }
    }
    pthread_mutex_unlock(&mutex);
    return found;
}

SSL_CTX *sw_files_context(sw_files *files, const sw_openssl *library) {
    SSL_CTX *made = make(library);
    bool is_sound = made
        && read_files(made, library, files->authorities, files->certificate, files->key) == SW_TLS_SOUND;
    pthread_mutex_lock(&mutex);
    SSL_CTX *gone = is_sound ? files->newest : made;
    if (is_sound) files->newest = made;
    SSL_CTX *newest = files->newest;
    if (newest) library->SSL_CTX_up_ref(newest);
    pthread_mutex_unlock(&mutex);
    if (gone) library->SSL_CTX_free(gone);
    library->ERR_clear_error();
    return newest;
}
