#!/usr/bin/python3
"""A sandbox that denies one system call, as container runtimes do: denied.py CALL ERROR COMMAND...

    denied.py timerfd_settime EPERM switchman -- true

The filter of seccomp(2) stays with the command and all that it forks."""

import ctypes
import errno
import os
import platform
import struct
import sys

# By name: what tells the kernel is a number, another one on each kind of processor.
NUMBERS = {
    "x86_64": {"socketpair": 53, "timerfd_create": 283, "timerfd_settime": 286, "signalfd": 289, "eventfd": 290, "poll": 7,
               "ppoll": 271, "flock": 73, "prctl": 157, "ptrace": 101, "pidfd_open": 434, "clone3": 435, "close_range": 436,
               "pidfd_send_signal": 424, "sched_setscheduler": 144, "setpriority": 141},
    # There poll(3) is ppoll(2).
    "aarch64": {"socketpair": 199, "timerfd_create": 85, "timerfd_settime": 86, "signalfd": 74, "eventfd": 19, "poll": 73,
                "ppoll": 73, "flock": 32, "prctl": 167, "ptrace": 117, "pidfd_open": 434, "clone3": 435, "close_range": 436,
                "pidfd_send_signal": 424, "sched_setscheduler": 119, "setpriority": 140},
}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
RET_ALLOW, RET_ERRNO = 0x7FFF0000, 0x00050000
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06


class Program(ctypes.Structure):
    """struct sock_fprog"""
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def deny(number, error):
    """For this process, for good."""
    instructions = [  # (code, jump if true, jump if false, operand)
        (LOAD_WORD, 0, 0, 0),  # seccomp_data.nr
        (JUMP_IF_EQUAL, 0, 1, number),
        (RETURN, 0, 0, RET_ERRNO | error),
        (RETURN, 0, 0, RET_ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *one) for one in instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(instructions), code)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)):
        sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    call, error, *command = sys.argv[1:]
    deny(NUMBERS[platform.machine()][call], getattr(errno, error))
    os.execvp(command[0], command)
