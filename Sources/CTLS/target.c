#include "target.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    NETWORK = 0xE9FC0000, // 233.252.0.0/24, MCAST-TEST-NET (RFC 6676): a stream socket never connects to it
    HOSTS = 254,
    FRESH_MS = 10000,
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sw_target *all;
static unsigned long complaints;

/// Host and port together number them: none is ever used for a second server.
static struct sockaddr_in stand_in_of(const sw_target *target) {
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(1 + target->number / HOSTS)),
        .sin_addr.s_addr = htonl(NETWORK + 1 + target->number % HOSTS),
    };
}

static bool is_same(const sw_target *target, const sw_files *files, bool checks_name, const char *name, const void *address,
                    size_t length) {
    return target->files == files && target->checks_name == checks_name && strcmp(target->name, name) == 0
        && target->length == length && memcmp(&target->address, address, length) == 0;
}

static sw_target *add(sw_files *files, bool checks_name, const char *name, const void *address, size_t length) {
    unsigned number = all ? all->number + 1 : 0;
    sw_target *added = number < HOSTS * UINT16_MAX ? calloc(1, sizeof *added) : NULL;
    if (!added || !(added->name = strdup(name))) return free(added), NULL;
    added->next = all;
    added->number = number;
    added->files = files;
    added->checks_name = checks_name;
    added->length = (socklen_t)length;
    memcpy(&added->address, address, length);
    return all = added;
}

bool sw_tls_stand_in(const char *authorities, const char *certificate, const char *key, bool checks_name, const char *name,
                     const void *address, size_t length, void *stand_in) {
    sa_family_t family;
    if (length < sizeof(struct sockaddr_in) || length > sizeof(struct sockaddr_in6)) return false;
    memcpy(&family, address, sizeof family);
    if (family != AF_INET && family != AF_INET6) return false;
    sw_files *files = sw_files_for(authorities, certificate, key);
    if (!files) return false;
    pthread_mutex_lock(&mutex);
    sw_target *found = all;
    while (found && !is_same(found, files, checks_name, name, address, length)) found = found->next;
    if (!found) found = add(files, checks_name, name, address, length);
    pthread_mutex_unlock(&mutex);
    if (found) *(struct sockaddr_in *)stand_in = stand_in_of(found);
    return found;
}

sw_target *sw_target_of(const void *address, size_t length) {
    struct sockaddr_in wanted;
    if (length != sizeof wanted) return NULL;
    memcpy(&wanted, address, sizeof wanted);
    if (wanted.sin_family != AF_INET || (ntohl(wanted.sin_addr.s_addr) & 0xFFFFFF00) != NETWORK) return NULL;
    pthread_mutex_lock(&mutex);
    sw_target *found = all;
    for (; found; found = found->next) {
        struct sockaddr_in one = stand_in_of(found);
        if (one.sin_port == wanted.sin_port && one.sin_addr.s_addr == wanted.sin_addr.s_addr) break;
    }
    pthread_mutex_unlock(&mutex);
    return found;
}

void sw_target_complain(sw_target *target, const char *text, bool is_guess) {
    int64_t now_ms = sw_now_ms();
    pthread_mutex_lock(&mutex);
    bool is_fresh = target->complaint_number && now_ms < target->certain_at_ms + FRESH_MS;
    if (!is_guess || !is_fresh) snprintf(target->complaint, sizeof target->complaint, "%s", text);
    if (!is_guess) target->certain_at_ms = now_ms;
    target->complaint_number = ++complaints;
    // A guess may be our own doing: a connection that we left in the handshake is to be made anew at once.
    if (!is_guess) target->complained_at_ms = now_ms;
    pthread_mutex_unlock(&mutex);
}

void sw_target_praise(sw_target *target) {
    pthread_mutex_lock(&mutex);
    target->complaint_number = 0;
    target->complained_at_ms = 0;
    pthread_mutex_unlock(&mutex);
}

int64_t sw_target_complained_at(sw_target *target) {
    pthread_mutex_lock(&mutex);
    int64_t at_ms = target->complained_at_ms;
    pthread_mutex_unlock(&mutex);
    return at_ms;
}

unsigned long sw_tls_complaint(const void *stand_in, size_t length, char *text) {
    sw_target *target = sw_target_of(stand_in, length);
    if (!target) return 0;
    pthread_mutex_lock(&mutex);
    unsigned long number = target->complaint_number;
    if (number) memcpy(text, target->complaint, sizeof target->complaint);
    pthread_mutex_unlock(&mutex);
    return number;
}

int64_t sw_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
