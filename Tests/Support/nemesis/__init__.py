"""The nemesis: seeded histories of faults on three real servers and several hosts, and the judgement on each."""

# Lost votes are sent again after at most so long, not after up to a minute: or a history waits for an election.
ELECTION_FLAGS = ("-Dzookeeper.fastleader.maxNotificationInterval=1000",)
