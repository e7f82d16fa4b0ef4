// The pipes between the command's output and the caller's (--keep-output).
#ifndef CAPTURE_H
#define CAPTURE_H

#include "roles.h"

typedef struct sw_capture {
    sw_stream stream[2]; ///< the supervisor's: standard output, or both; standard error
    int write_end[2];    ///< the command's; -1: it has the caller's own
    bool is_joined;      ///< standard error is the same as standard output
} sw_capture;

/// In the supervisor, before the guardian is forked. False: a pipe is not to be had; what was made goes with the process.
bool sw_capture_make(const sw_plan *plan, sw_capture *capture, sw_refusal *why);
/// In the guardian: its standard output and standard error, which are those of the command, become the pipes. It keeps nothing
/// else of them, or nobody would see that a reader is gone.
void sw_capture_enter(const sw_capture *capture);
/// In the supervisor: else it would never see the end of file.
void sw_capture_leave(const sw_capture *capture);

#endif
