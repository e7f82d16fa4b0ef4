// The pipes of --keep-output: the command writes into them, and the supervisor passes on what it reads.
#define _GNU_SOURCE
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/// A terminal is the user's own, and so is a file that the command could seek in. What the caller has closed is a placeholder.
static bool is_captured(int fd, struct stat *found) {
    int flags = fcntl(fd, F_GETFD), mode = fcntl(fd, F_GETFL);
    if (flags < 0 || flags & FD_CLOEXEC || mode < 0 || (mode & O_ACCMODE) == O_RDONLY || fstat(fd, found) < 0) return false;
    return S_ISFIFO(found->st_mode) || S_ISSOCK(found->st_mode) || (S_ISCHR(found->st_mode) && !isatty(fd));
}

static bool make_pipe(int fd, sw_stream *stream, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return false;
    stream->from = ends[0];
    *write_end = ends[1];
    stream->to = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return stream->to >= 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
}

bool sw_capture_make(const sw_plan *plan, sw_capture *capture, sw_refusal *why) {
    *capture = (sw_capture){ .stream = { { -1, -1 }, { -1, -1 } }, .write_end = { -1, -1 } };
    if (!plan->captures_output) return true;
    struct stat found[2];
    bool captured[2] = { is_captured(STDOUT_FILENO, &found[0]), is_captured(STDERR_FILENO, &found[1]) };
    // By what they lead to: two openings of one pipe lead to one reader as one does, and kcmp(2) is denied in many a sandbox.
    capture->is_joined = captured[0] && captured[1] && found[0].st_dev == found[1].st_dev && found[0].st_ino == found[1].st_ino;
    for (int i = 0; i < 2; i++) {
        if (!captured[i] || (i == 1 && capture->is_joined)) continue;
        if (!make_pipe(STDOUT_FILENO + i, &capture->stream[i], &capture->write_end[i])) {
            *why = (sw_refusal){ SW_NEEDS_PIPE, errno };
            return false;
        }
    }
    return true;
}

static void close_if_open(int fd) {
    if (fd >= 0) close(fd);
}

void sw_capture_leave(const sw_capture *capture) {
    for (int i = 0; i < 2; i++) close_if_open(capture->write_end[i]);
}

void sw_capture_enter(const sw_capture *capture) {
    for (int i = 0; i < 2; i++) {
        int write_end = capture->write_end[i == 1 && capture->is_joined ? 0 : i];
        if (write_end >= 0) dup2(write_end, STDOUT_FILENO + i);
        close_if_open(capture->stream[i].from);
        close_if_open(capture->stream[i].to);
    }
    sw_capture_leave(capture);
}
