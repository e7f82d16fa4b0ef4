// What glibc 2.35 has and 2.34 (RHEL 9, Amazon Linux 2023) has not, for the programs alone: nothing else may find it here.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#if __GLIBC_PREREQ(2, 35)

#define OURS __attribute__((visibility("hidden")))

// Swift's Glibc module mentions it, and glibc 2.35 has changed its version. Computed as glibc does.
OURS float hypotf(float x, float y) {
    return (float)sqrt((double)x * x + (double)y * y);
}

struct search {
    uintptr_t address;
    struct dl_find_object *found;
};

static int look(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size;
    struct search *search = context;
    void *tables = NULL;
    int is_inside = 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        uintptr_t start = object->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && search->address - start < header->p_memsz) is_inside = 1;
        if (header->p_type == PT_GNU_EH_FRAME) tables = (void *)start;
    }
    if (!is_inside || tables == NULL) return 0;
    search->found->dlfo_eh_frame = tables;
    return 1;
}

// The unwinder in libgcc_eh.a asks for an object's unwind tables, and for nothing else.
OURS int _dl_find_object(void *address, struct dl_find_object *found) {
    struct search search = { .address = (uintptr_t)address, .found = found };
    return dl_iterate_phdr(look, &search) ? 0 : -1;
}

#endif
