"""The nemesis: seeded histories of faults on three real servers and several hosts, and the judgement on each."""
