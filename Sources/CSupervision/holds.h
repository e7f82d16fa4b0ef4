// What must hold is asserted where SW_CHECKED is defined: debug builds, the simulation (Tests/soak) and the fuzzers (Tests/fuzz).
// In a release a guardian goes on: it is what kills.
#ifndef SW_HOLDS_H
#define SW_HOLDS_H

#ifdef SW_CHECKED
#define SW_HOLDS(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define SW_HOLDS(condition) ((void)(0 && (condition)))
#endif

#endif
