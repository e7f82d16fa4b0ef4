// Carries connections to ZooKeeper over TLS, by the system's OpenSSL, which is loaded when the first of them is configured.
//
// The C client is given a stand-in (an address of 233.252.0.0/24, MCAST-TEST-NET, to which nothing connects) for each server.
// The linker puts wrap.c in the place of `poll`, `send` and `close` (--wrap in Package.swift), and CFrames, which stands in the
// place of `connect` and `recv`, asks here first. A connect to a stand-in goes to the server that it stands for, and is writable
// once TCP, the handshake and the check of the certificate are done: before that not one byte of the client's is accepted.
#ifndef CTLS_H
#define CTLS_H

#include <stdbool.h>
#include <stddef.h>

// No header of the system's here that Swift's Glibc has to have for itself: addresses are bytes.

/// Of each text that is handed out, with its zero.
enum { SW_TLS_TEXT_BYTES = 320 };

/// What is wrong with the files or the library.
typedef enum {
    SW_TLS_SOUND,
    SW_TLS_NO_LIBRARY,
    SW_TLS_BAD_AUTHORITIES,
    SW_TLS_BAD_CERTIFICATE,
    SW_TLS_BAD_KEY,
    SW_TLS_KEY_HAS_PASSPHRASE,
    /// The key is not that of the certificate.
    SW_TLS_NO_PAIR,
} sw_tls_fault;

/// Loads the library and reads the files once, all in PEM. `certificate` and `key` are both NULL or neither is. `text` gets
/// OpenSSL's reason, which may be empty.
sw_tls_fault sw_tls_check(const char *authorities, const char *certificate, const char *key, char *text);

/// The stand-in for a server, a struct sockaddr_in, which is the same for the same arguments. The server's certificate has to name
/// `name` if `checks_name`. False: no memory, or no address of the internet.
bool sw_tls_stand_in(const char *authorities, const char *certificate, const char *key, bool checks_name, const char *name,
                     const void *address, size_t length, void *stand_in);

/// Why the newest handshake with this server failed; cleared by its first answer. Numbered in the order of time over all servers;
/// 0: there is none.
unsigned long sw_tls_complaint(const void *stand_in, size_t length, char *text);

// For CFrames.

/// connect, which is asked for here.
typedef int sw_tls_connecter(int fd, const void *address, size_t length);

/// In the place of connect. `is_framed`: a length in front of each frame comes in a send of its own, as from the C client; both
/// become one record.
int sw_tls_connect(int fd, const void *address, size_t length, bool is_framed, sw_tls_connecter *plain);

/// Whether this descriptor is a connection of ours.
bool sw_tls_carries(int fd);

/// In the place of recv, for one that is.
long sw_tls_recv(int fd, void *buffer, size_t room);

#endif
