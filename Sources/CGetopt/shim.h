// getopt.h is not in Swift's Glibc module; and its globals are variables, which Swift 6 refuses to touch.
#pragma once

#include <getopt.h>

// Zero makes glibc forget whatever it scanned before.
static inline void getopt_begin(void) { optind = 0; opterr = 0; }
static inline const char *getopt_argument(void) { return optarg; }
static inline int getopt_next_index(void) { return optind; }
static inline int getopt_culprit(void) { return optopt; }
