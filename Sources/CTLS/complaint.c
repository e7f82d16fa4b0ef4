// Why a handshake fails, in words that say what to do. None of them is the server's: OpenSSL knows them by heart.
#include "connection.h"

#include <stdio.h>
#include <string.h>

enum {
    ALERT = 1000, // what is more is the number of an alert (RFC 8446, 6) that the server has sent
    HANDSHAKE_FAILURE = 40, NO_CERTIFICATE = 41, UNKNOWN_CERTIFICATE = 46, UNKNOWN_AUTHORITY = 48, ACCESS_DENIED = 49,
    PROTOCOL_VERSION = 70, CERTIFICATE_REQUIRED = 116,
    // X509_V_ERR_...
    SELF_SIGNED = 18, SELF_SIGNED_IN_CHAIN = 19, NO_LOCAL_ISSUER = 20, NO_LEAF_SIGNATURE = 21, HOST_MISMATCH = 62, IP_MISMATCH = 64,
    /// A server that is only slow has its time; one that hangs up sooner does not like what it has read.
    SILENT_MS = 1000,
};
static const char *port = "is this port its secureClientPort?";

static void verdict(const sw_connection *connection, long code, char *text, size_t size) {
    const char *reason = connection->library->X509_verify_cert_error_string(code);
    switch (code) {
    case HOST_MISMATCH:
    case IP_MISMATCH:
        snprintf(text, size, "its certificate is refused: it is not for %.100s (%s); correct zkhosts, or the certificate's "
                 "subjectAltName", connection->target->name, reason);
        break;
    case SELF_SIGNED:
    case SELF_SIGNED_IN_CHAIN:
    case NO_LOCAL_ISSUER:
    case NO_LEAF_SIGNATURE:
        snprintf(text, size, "its certificate is refused: %s; does ca hold the authority that signed it?", reason);
        break;
    default: snprintf(text, size, "its certificate is refused: %s", reason);
    }
}

static void alert(const sw_connection *connection, int number, const char *reason, char *text, size_t size) {
    bool is_certificates = (number >= NO_CERTIFICATE && number <= UNKNOWN_CERTIFICATE) || number == UNKNOWN_AUTHORITY
        || number == ACCESS_DENIED || number == CERTIFICATE_REQUIRED;
    if (is_certificates && !connection->target->files->certificate) {
        snprintf(text, size, "asks for a client's certificate; set certificate and key in tls (%s)", reason);
    } else if (is_certificates) {
        snprintf(text, size, "refuses this client's certificate: %s", reason);
    } else if (number == PROTOCOL_VERSION || number == HANDSHAKE_FAILURE) {
        snprintf(text, size, "refuses the handshake: %s; does it speak TLS 1.2 or 1.3, with a cipher of this host's?", reason);
    } else {
        snprintf(text, size, "refuses the handshake: %s", reason);
    }
}

static void silence(const sw_connection *connection, char *text, size_t size) {
    bool is_slow = sw_now_ms() - connection->begun_ms >= SILENT_MS;
    if (connection->was_heard) snprintf(text, size, "breaks off in the TLS handshake");
    else if (is_slow) snprintf(text, size, "accepts connections and does not answer the TLS handshake; %s", port);
    else snprintf(text, size, "hangs up at the TLS handshake; %s", port);
}

void sw_connection_complain(sw_connection *connection, const char *reason) {
    const sw_openssl *library = connection->library;
    unsigned long code = library->ERR_peek_error();
    int number = sw_error_reason(code);
    long refusal = library->SSL_get_verify_result(connection->ssl);
    char text[SW_TLS_TEXT_BYTES];
    bool is_guess = false;
    if (refusal != 0) verdict(connection, refusal, text, sizeof text);
    else if (number > ALERT && number < ALERT + 256) alert(connection, number - ALERT, reason, text, sizeof text);
    else if (connection->state == SW_OPEN) return; // what ends later is a lost connection like any other
    else if ((is_guess = connection->is_ended || !code)) silence(connection, text, sizeof text);
    else snprintf(text, sizeof text, "does not speak TLS 1.2 or 1.3 (%s); %s", reason, port);
    sw_target_complain(connection->target, text, is_guess);
}
