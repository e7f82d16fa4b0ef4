"""What the machine below this one has kept for others: no program here can be held to account for that time."""

import os


def stolen_s(processor):
    """Seconds since the start of this machine in which that processor had work and was not run. Source: proc_stat(5), `steal`."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = next(line.split() for line in file if line.startswith(f"cpu{processor} "))
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")
