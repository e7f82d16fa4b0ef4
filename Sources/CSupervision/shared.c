#define _GNU_SOURCE
#include "shared.h"

#include <sys/mman.h>

static sw_shared initial = { .kill_at_ns = INT64_MAX };
static sw_shared *page = &initial;

bool sw_shared_make(void) {
    void *memory = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    page = memory;
    atomic_store(&page->kill_at_ns, INT64_MAX);
    return true;
}

sw_shared *sw_shared_page(void) {
    return page;
}

void sw_share_deadline(int64_t kill_at_ns) {
    atomic_store(&page->kill_at_ns, kill_at_ns);
}

void sw_share_end(void) {
    atomic_store(&page->busy, 0);
}
