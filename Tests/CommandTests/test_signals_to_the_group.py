"""A command that signals its own process group, through a sender that is gone at once, is not killed for it."""

import pytest

# HUP is handled; who sends it ignores it and is gone before anybody can look.
SCRIPT = """trap 'n=$((n+1))' {name}
for j in 1 2 3; do (trap '' {name}; exec {sender}); sleep 0.05; done
for i in $(seq 40); do sleep 0.1; done
test "$n" -ge 3"""


@pytest.mark.parametrize("name, sender", [
    ("HUP", "/bin/kill -HUP 0"), ("TERM", "/bin/kill -TERM 0"), ("HUP", "pkill -HUP -g 0"), ("INT", "/bin/kill -INT 0"),
    ("QUIT", "/bin/kill -QUIT 0"), ("TERM", "pkill -TERM -g 0"),
])
def test_who_signals_its_own_group_lives(held, name, sender):
    """24 at once, for much longer than the two seconds after which SIGKILL would come."""
    runs = [
        held.start("--lockname", f"lock{n}", "--", "sh", "-c", SCRIPT.format(name=name, sender=sender), start_new_session=True)
        for n in range(24)
    ]
    assert [run.wait(60) for run in runs] == [0] * 24
