#define _GNU_SOURCE
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SET_SERVER_NAME = 55, // SSL_CTRL_SET_TLSEXT_HOSTNAME
    BIO_SOURCE = 0x0400, BIO_CTRL_EOF = 2, BIO_CTRL_FLUSH = 11, BIO_READ = 1, BIO_WRITE = 2, BIO_RETRY = 8,
    NEVER_CHECK_SUBJECT = 0x20, NO_PARTIAL_WILDCARDS = 4, // X509_CHECK_FLAG_...: a name stands in subjectAltName
    RECORD = 16384,
    /// For so long a verdict stands: a server that is refused is tried again and again, some six times a second.
    VERDICT_MS = 1000,
};

// recvfrom and sendto are recv and send, but for the wraps.

static int receive(BIO *bio, char *buffer, int room) {
    const sw_openssl *library = sw_library(NULL);
    sw_connection *connection = library->BIO_get_data(bio);
    library->BIO_clear_flags(bio, BIO_READ | BIO_WRITE | BIO_RETRY);
    ssize_t count = recvfrom(connection->fd, buffer, (size_t)room, 0, NULL, NULL);
    if (count > 0) connection->was_heard = true;
    else if (count < 0 && (errno == EAGAIN || errno == EINTR)) library->BIO_set_flags(bio, BIO_READ | BIO_RETRY);
    else connection->is_ended = true;
    return (int)count;
}

static int transmit(BIO *bio, const char *bytes, int count) {
    const sw_openssl *library = sw_library(NULL);
    sw_connection *connection = library->BIO_get_data(bio);
    library->BIO_clear_flags(bio, BIO_READ | BIO_WRITE | BIO_RETRY);
    ssize_t sent = sendto(connection->fd, bytes, (size_t)count, MSG_NOSIGNAL, NULL, 0);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) library->BIO_set_flags(bio, BIO_WRITE | BIO_RETRY);
    return (int)sent;
}

static long control(BIO *bio, int command, long number, void *pointer) {
    (void)number, (void)pointer;
    if (command == BIO_CTRL_FLUSH) return 1;
    const sw_connection *connection = sw_library(NULL)->BIO_get_data(bio);
    return command == BIO_CTRL_EOF && connection->is_ended;
}

static BIO_METHOD *method;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_method(void) {
    const sw_openssl *library = sw_library(NULL);
    BIO_METHOD *made = library->BIO_meth_new(BIO_SOURCE, "ZooKeeper");
    if (!made) return;
    library->BIO_meth_set_read(made, receive);
    library->BIO_meth_set_write(made, transmit);
    library->BIO_meth_set_ctrl(made, control);
    method = made;
}

/// The name without what belongs to this host alone, or to DNS: the zone of a link-local address, the dot of the root.
static void set_plain_name(char *plain, size_t size, const char *name) {
    strncpy(plain, name, size - 1);
    plain[size - 1] = 0;
    char *zone = strchr(plain, ':') ? strchr(plain, '%') : NULL;
    if (zone) *zone = 0;
    size_t length = strlen(plain);
    if (length > 1 && plain[length - 1] == '.') plain[length - 1] = 0;
}

static bool is_address(const char *name) {
    struct in6_addr room;
    return inet_pton(AF_INET, name, &room) == 1 || inet_pton(AF_INET6, name, &room) == 1;
}

/// Whom the certificate has to name, and whom the server is asked for.
static bool set_name(const sw_openssl *library, SSL *ssl, const sw_target *target) {
    char name[1025];
    if (strlen(target->name) >= sizeof name) return false;
    set_plain_name(name, sizeof name, target->name);
    X509_VERIFY_PARAM *param = library->SSL_get0_param(ssl);
    if (is_address(name)) return !target->checks_name || library->X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    library->X509_VERIFY_PARAM_set_hostflags(param, NEVER_CHECK_SUBJECT | NO_PARTIAL_WILDCARDS);
    if (target->checks_name && library->X509_VERIFY_PARAM_set1_host(param, name, 0) != 1) return false;
    return library->SSL_ctrl(ssl, SET_SERVER_NAME, 0, name) == 1;
}

static bool set_up(sw_connection *connection) {
    const sw_openssl *library = connection->library;
    SSL_CTX *context = sw_files_context(connection->target->files, library);
    if (!context) return false;
    SSL *ssl = connection->ssl = library->SSL_new(context);
    library->SSL_CTX_free(context); // the connection has its own share of it
    BIO *bio = ssl ? library->BIO_new(method) : NULL;
    if (!bio) return false;
    library->BIO_set_data(bio, connection);
    library->BIO_set_init(bio, 1);
    library->SSL_set_bio(ssl, bio, bio);
    library->SSL_set_connect_state(ssl);
    return set_name(library, ssl, connection->target);
}

sw_connection *sw_connection_new(int fd, sw_target *target, bool is_framed) {
    const sw_openssl *library = sw_library(NULL);
    if (!library) return errno = ELIBACC, NULL;
    pthread_once(&once, make_method);
    sw_connection *made = method ? calloc(1, sizeof *made) : NULL;
    if (!made) return errno = ENOMEM, NULL;
    int64_t now_ms = sw_now_ms(), complained_at_ms = sw_target_complained_at(target);
    *made = (sw_connection){
        .fd = fd, .owner = getpid(), .target = target, .library = library, .is_framed = is_framed, .wanted = POLLOUT,
        .begun_ms = now_ms, .not_before_ms = complained_at_ms ? complained_at_ms + VERDICT_MS : now_ms,
    };
    library->ERR_clear_error();
    if (!set_up(made)) {
        sw_connection_free(made);
        sw_target_complain(target, "the handshake cannot begin: the files that tls names are broken, or there is no memory", false);
        return errno = ENOMEM, NULL;
    }
    return made;
}

/// Says no farewell to the server, which would be heard over the connection of the parent if this is a child.
void sw_connection_free(sw_connection *connection) {
    if (connection->ssl) connection->library->SSL_free(connection->ssl);
    free(connection);
}

/// Nothing goes over it any more; the reason is in the error queue of OpenSSL.
static void fail(sw_connection *connection) {
    if (connection->state == SW_FAILED) return;
    sw_connection_complain(connection, sw_library_reason(connection->library));
    connection->state = SW_FAILED;
    shutdown(connection->fd, SHUT_RDWR);
}

/// Of no certificate OpenSSL says that it is in order. No cipher without one is among its defaults, but a host's policy may have
/// some.
static bool has_shown_certificate(const sw_connection *connection) {
    void *certificate = connection->library->SSL_get1_peer_certificate(connection->ssl);
    if (certificate) connection->library->X509_free(certificate);
    return certificate != NULL;
}

static void shake(sw_connection *connection) {
    const sw_openssl *library = connection->library;
    library->ERR_clear_error();
    int result = library->SSL_do_handshake(connection->ssl);
    bool is_verified = result == 1 && library->SSL_get_verify_result(connection->ssl) == 0;
    if (is_verified && has_shown_certificate(connection)) {
        connection->state = SW_OPEN;
        return;
    }
    switch (library->SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ: connection->wanted = POLLIN; return;
    case SSL_ERROR_WANT_WRITE: connection->wanted = POLLOUT; return;
    default: fail(connection);
    }
}

void sw_connection_advance(sw_connection *connection) {
    if (connection->state == SW_CONNECTING) {
        struct pollfd tcp = { .fd = connection->fd, .events = POLLOUT };
        if (sw_plain_poll(&tcp, 1, 0) <= 0) return;
        // The caller asks the socket for the error, and must find it there.
        connection->state = tcp.revents & (POLLERR | POLLHUP | POLLNVAL) ? SW_FAILED : SW_SHAKING;
        // Until then it is not asked.
        int64_t now_ms = sw_now_ms();
        connection->begun_ms = now_ms > connection->not_before_ms ? now_ms : connection->not_before_ms;
    }
    if (connection->state == SW_SHAKING && sw_now_ms() >= connection->not_before_ms) shake(connection);
}

short sw_connection_wants(const sw_connection *connection) {
    if (connection->state == SW_CONNECTING) return POLLOUT;
    return sw_now_ms() >= connection->not_before_ms ? connection->wanted : 0;
}

bool sw_connection_has_pending(const sw_connection *connection) {
    return connection->library->SSL_has_pending(connection->ssl) == 1;
}

bool sw_connection_is_readable(sw_connection *connection) {
    char byte;
    connection->library->ERR_clear_error();
    int result = connection->library->SSL_peek(connection->ssl, &byte, 1);
    if (result > 0) return true;
    int error = connection->library->SSL_get_error(connection->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
    // OpenSSL tells the reason once.
    if (error != SSL_ERROR_ZERO_RETURN) fail(connection);
    return true;
}

ssize_t sw_connection_read(sw_connection *connection, void *buffer, size_t room) {
    const sw_openssl *library = connection->library;
    library->ERR_clear_error();
    int result = library->SSL_read(connection->ssl, buffer, room > INT32_MAX ? INT32_MAX : (int)room);
    if (result > 0) {
        if (!connection->has_answered) sw_target_praise(connection->target);
        connection->has_answered = true;
        return result;
    }
    switch (library->SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return errno = EAGAIN, -1;
    case SSL_ERROR_ZERO_RETURN: return 0;
    // An end that the server has not signed may be another's doing, so it is none.
    default: fail(connection); return errno = ECONNRESET, -1;
    }
}

/// A record of its own for each call, so that the call succeeds or fails as a whole.
static ssize_t write_record(sw_connection *connection, const void *bytes, size_t count) {
    const sw_openssl *library = connection->library;
    library->ERR_clear_error();
    int result = library->SSL_write(connection->ssl, bytes, (int)count);
    if (result > 0) return result;
    int error = library->SSL_get_error(connection->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return errno = EAGAIN, -1;
    // In TLS 1.3 a server refuses our certificate after our handshake: its alert may be there to be read.
    sw_connection_is_readable(connection);
    fail(connection);
    return errno = EPIPE, -1;
}

static ssize_t write_framed(sw_connection *connection, const uint8_t *bytes, size_t count) {
    const size_t length_bytes = sizeof connection->frame_length;
    if (connection->owed == 0 && connection->held == 0 && count == length_bytes) {
        memcpy(connection->frame_length, bytes, length_bytes);
        uint32_t owed;
        memcpy(&owed, bytes, sizeof owed);
        connection->owed = ntohl(owed);
        connection->held = length_bytes;
        return (ssize_t)count;
    }
    uint8_t record[RECORD];
    if (count > RECORD - connection->held) count = RECORD - connection->held;
    memcpy(record, connection->frame_length, connection->held);
    memcpy(record + connection->held, bytes, count);
    if (write_record(connection, record, connection->held + count) < 0) return -1;
    connection->held = 0;
    connection->owed -= count < connection->owed ? (uint32_t)count : connection->owed;
    return (ssize_t)count;
}

ssize_t sw_connection_write(sw_connection *connection, const void *bytes, size_t count) {
    if (count == 0) return 0;
    if (connection->is_framed) return write_framed(connection, bytes, count);
    return write_record(connection, bytes, count < RECORD ? count : RECORD);
}
