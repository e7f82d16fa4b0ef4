"""Process 1 of a container whose application reaps nobody but the process that it waits for.

    process_one.py [--until FIFO] TIMES PROGRAM [ARG...]

Runs the program so many times, one after the other; with --until it sends it SIGTERM as soon as somebody has opened the
FIFO. Then it writes the exit codes to standard output, and one line "PID COMM STATE" for each process that is left there
at the moment at which the last of them has exited."""

import os
import signal
import sys


def main():
    words, until, codes, left = sys.argv[1:], None, [], []
    if words[0] == "--until":
        _, until, *words = words
    times, program = int(words[0]), words[1:]
    for _ in range(times):
        pid = os.posix_spawn(program[0], program, os.environ)
        if until:
            with open(until, "rb"):
                os.kill(pid, signal.SIGTERM)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        left = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    print("codes", *codes)
    for name in left:
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                text = file.read()
        except (FileNotFoundError, ProcessLookupError):
            text = "(gone since) -"
        print(name, text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2])


if __name__ == "__main__":
    main()
