// The functions of OpenSSL 3, looked up by name: nothing of it is linked, and its headers are not needed.
#ifndef LIBRARY_H
#define LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ssl SSL;
typedef struct ssl_ctx SSL_CTX;
typedef struct ssl_method SSL_METHOD;
typedef struct bio BIO;
typedef struct bio_method BIO_METHOD;
typedef struct verify_param X509_VERIFY_PARAM;
typedef int sw_passphrase(char *buffer, int size, int is_writing, void *context);

// Result, name, parameters, as OpenSSL's headers have them.
#define SW_OPENSSL(F)                                                                                                         \
    F(int, OPENSSL_init_ssl, (uint64_t options, const void *settings))                                                        \
    F(const SSL_METHOD *, TLS_client_method, (void))                                                                          \
    F(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *method))                                                                     \
    F(void, SSL_CTX_free, (SSL_CTX *context))                                                                                 \
    F(int, SSL_CTX_up_ref, (SSL_CTX *context))                                                                                \
    F(long, SSL_CTX_ctrl, (SSL_CTX *context, int command, long number, void *pointer))                                        \
    F(uint64_t, SSL_CTX_set_options, (SSL_CTX *context, uint64_t options))                                                    \
    F(void, SSL_CTX_set_verify, (SSL_CTX *context, int mode, void *callback))                                                 \
    F(void, SSL_CTX_set_default_passwd_cb, (SSL_CTX *context, sw_passphrase *callback))                                       \
    F(X509_VERIFY_PARAM *, SSL_CTX_get0_param, (SSL_CTX *context))                                                            \
    F(int, SSL_CTX_load_verify_locations, (SSL_CTX *context, const char *file, const char *folder))                           \
    F(int, SSL_CTX_use_certificate_chain_file, (SSL_CTX *context, const char *file))                                          \
    F(int, SSL_CTX_use_PrivateKey_file, (SSL_CTX *context, const char *file, int type))                                       \
    F(int, SSL_CTX_check_private_key, (const SSL_CTX *context))                                                               \
    F(SSL *, SSL_new, (SSL_CTX *context))                                                                                     \
    F(void, SSL_free, (SSL *ssl))                                                                                             \
    F(void, SSL_set_bio, (SSL *ssl, BIO *reads, BIO *writes))                                                                 \
    F(void, SSL_set_connect_state, (SSL *ssl))                                                                                \
    F(long, SSL_ctrl, (SSL *ssl, int command, long number, void *pointer))                                                    \
    F(X509_VERIFY_PARAM *, SSL_get0_param, (SSL *ssl))                                                                        \
    F(int, SSL_do_handshake, (SSL *ssl))                                                                                      \
    F(int, SSL_read, (SSL *ssl, void *buffer, int room))                                                                      \
    F(int, SSL_peek, (SSL *ssl, void *buffer, int room))                                                                      \
    F(int, SSL_write, (SSL *ssl, const void *bytes, int count))                                                               \
    F(int, SSL_has_pending, (const SSL *ssl))                                                                                 \
    F(int, SSL_get_error, (const SSL *ssl, int result))                                                                       \
    F(long, SSL_get_verify_result, (const SSL *ssl))                                                                          \
    F(void *, SSL_get1_peer_certificate, (const SSL *ssl))                                                                    \
    F(void, X509_free, (void *certificate))                                                                                   \
    F(int, X509_VERIFY_PARAM_set_flags, (X509_VERIFY_PARAM *param, unsigned long flags))                                      \
    F(void, X509_VERIFY_PARAM_set_hostflags, (X509_VERIFY_PARAM *param, unsigned flags))                                      \
    F(int, X509_VERIFY_PARAM_set1_host, (X509_VERIFY_PARAM *param, const char *name, size_t length))                          \
    F(int, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM *param, const char *address))                                    \
    F(const char *, X509_verify_cert_error_string, (long code))                                                               \
    F(BIO_METHOD *, BIO_meth_new, (int type, const char *name))                                                               \
    F(int, BIO_meth_set_write, (BIO_METHOD *method, int (*write)(BIO *, const char *, int)))                                  \
    F(int, BIO_meth_set_read, (BIO_METHOD *method, int (*read)(BIO *, char *, int)))                                          \
    F(int, BIO_meth_set_ctrl, (BIO_METHOD *method, long (*ctrl)(BIO *, int, long, void *)))                                   \
    F(BIO *, BIO_new, (const BIO_METHOD *method))                                                                             \
    F(void, BIO_set_init, (BIO *bio, int is_ready))                                                                           \
    F(void, BIO_set_data, (BIO *bio, void *data))                                                                             \
    F(void *, BIO_get_data, (BIO *bio))                                                                                       \
    F(void, BIO_set_flags, (BIO *bio, int flags))                                                                             \
    F(void, BIO_clear_flags, (BIO *bio, int flags))                                                                           \
    F(void, ERR_clear_error, (void))                                                                                          \
    F(unsigned long, ERR_peek_error, (void))                                                                                  \
    F(const char *, ERR_reason_error_string, (unsigned long code))

typedef struct {
#define SW_MEMBER(result, name, parameters) result(*name) parameters;
    SW_OPENSSL(SW_MEMBER)
#undef SW_MEMBER
} sw_openssl;

/// Numbers of OpenSSL's headers, by their names there. They are part of its binary interface.
enum {
    SSL_ERROR_WANT_READ = 2,
    SSL_ERROR_WANT_WRITE = 3,
    SSL_ERROR_ZERO_RETURN = 6,
    ERR_LIB_X509 = 11,
    TLS1_2_VERSION = 0x0303,
};

/// NULL if the library or one of its functions is not there: `why` says what, if it is not NULL. Loaded once, for good.
const sw_openssl *sw_library(const char **why);

/// The reason of the oldest error of this thread, never NULL.
const char *sw_library_reason(const sw_openssl *library);

static inline int sw_error_library(unsigned long code) { return code >> 23 & 0xff; }
static inline int sw_error_reason(unsigned long code) { return code & 0x7fffff; }

#endif
