"""All that the nemesis can do."""

from .network_faults import CutHolder, Delay, Partition
from .operator_faults import DeleteClaim, Expire
from .run_faults import AskToEnd, KillOneOfCommand, KillProcesses, LoseHost, StopProcess, TwoBlows
from .server_faults import FullDisk, KillServer, StopServer

FAULTS = (
    KillServer, StopServer, FullDisk, Partition, Delay, Expire, DeleteClaim,
    KillProcesses, KillOneOfCommand, StopProcess, TwoBlows, AskToEnd, LoseHost,
)

# Of our own hosts, their connections and processes.
OUR_OWN = (CutHolder, Partition, Delay, KillProcesses, KillOneOfCommand, StopProcess, TwoBlows, AskToEnd, LoseHost)
