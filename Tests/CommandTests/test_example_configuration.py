"""The configurations that are shipped, on a host that has nothing but switchman: cron mails nothing of what goes well."""

import json
import re

import pytest

from Support.fixtures import ROOT
from Support.fleet import assert_silent
from Support.ground import ACCOUNTS

SHIPPED = ["Examples/switchman.conf", ".package/switchman.conf"]
# The folders of logs, spools and of other packages' state are empty.
BARE = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /var && mkdir /var/log /var/lib /var/tmp && exec "$@"', "sh")


@pytest.mark.parametrize("path", SHIPPED)
@pytest.mark.parametrize("account", ACCOUNTS, indirect=True)
def test_a_skip_and_a_success_are_silent(held, path):
    """Whoever the job's account is: a place that root alone may write to is a warning in each run of everybody else."""
    holder = held.start_job("a")
    shipped = held.write("shipped.conf", (ROOT / path).read_text(encoding="utf-8"))
    held.prefixed = (*BARE, *held.prefixed)
    fleet = {"SWITCHMAN_PREFIX": held.prefix, "SWITCHMAN_ZKHOSTS": held.address, "SWITCHMAN_FQDN": held.settings["fqdn"]}
    assert_silent(held.run("--lockname", "a", "--", "false", config=shipped, env=fleet), 0)
    assert_silent(held.run("--lockname", "b", "--", "true", config=shipped, env=fleet), 0)
    held.end_job("a")
    assert holder.wait() == 0


def test_the_examples_comments_are_keys_too(ctl, tmp_path):
    """The packages' own test sees to the other file."""
    pairs = json.loads((ROOT / SHIPPED[0]).read_text(encoding="utf-8"))
    path = tmp_path / "all.conf"
    path.write_text(json.dumps({re.sub(r"^#(?=\w)", "", key): value for key, value in pairs.items()}), encoding="utf-8")
    run = ctl("check", "config", path)
    assert run.code < 2 and "unknown key" not in run.out, run.out
