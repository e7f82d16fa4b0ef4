// Small reads of /proc and cgroup files, without malloc.
#ifndef TEXT_H
#define TEXT_H

#include "roles.h"

/// Copies what fits with its terminating NUL; false, and ENAMETOOLONG, if that is not all.
bool sw_copy_text(char *to, size_t room, const char *from);
/// The whole file; a longer one is cut. False with errno.
bool sw_read_text(int directory, const char *file, char *text, size_t room);
/// Calls `visit` with each decimal number of the file: cgroup.procs, children.
void sw_read_numbers(int fd, void (*visit)(void *context, pid_t number), void *context);

/// Calls `visit` with the name and type (d_type of readdir(3)) of each entry, from the beginning. opendir would call malloc.
/// False with errno.
bool sw_each_entry(int directory, void (*visit)(void *context, const char *name, unsigned char type), void *context);
/// Likewise with each folder in it, and little of the stack, for who goes down a tree of them.
bool sw_each_folder(int directory, void (*visit)(void *context, const char *name, unsigned char type), void *context);

#endif
