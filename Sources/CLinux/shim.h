// What Swift's Glibc module leaves out: descriptors for events, signals and timers, and malloc's settings.
#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
