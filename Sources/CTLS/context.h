// What is the same for all connections: authorities, our certificate, versions.
#ifndef CONTEXT_H
#define CONTEXT_H

#include "include/CTLS.h"
#include "library.h"

/// The files that the configuration names, and what they held when they were last sound. Kept for good: there is one configuration.
typedef struct sw_files {
    struct sw_files *next;
    char *authorities, *certificate, *key;
    SSL_CTX *newest;
} sw_files;

/// The one for these names. NULL: no memory.
sw_files *sw_files_for(const char *authorities, const char *certificate, const char *key);

/// Made anew from the files, which may have been replaced since (a certificate lives for days, a job for weeks); if they are
/// broken, of what they held before. NULL: never were they sound. The caller frees it.
SSL_CTX *sw_files_context(sw_files *files, const sw_openssl *library);

#endif
