// Linux's descriptors for events and timers, which Swift's Glibc module leaves out.
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
