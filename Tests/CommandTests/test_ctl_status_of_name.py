"""switchmanctl status NAME: of a resource who has its permits, of a host what it runs; and a free lock that is waited for."""

from Support.eventually import eventually


def line_of(text, word):
    return next(line for line in text.splitlines() if line.startswith(word))


def test_a_resource_is_shown_with_its_permits_and_its_queue(ctl, fleet):
    fleet.resources("pool", "other", totals={"pool": 4})
    first = fleet.start_job("first", arguments=("--lease", "pool=3:4"))
    second = fleet.launch_job("second", arguments=("--lease", "pool=2:4"))
    fleet.queued("pool", "second")
    fleet.client.create(fleet.path("semaphores/pool/marks/1_4_deadbeef_4000000001_30"), b"h 1", makepath=True)
    run = ctl("status", "pool")
    pid = fleet.get("locks", "first").split()[1]
    assert run.code == 0 and "3 of 4, 1 orphaned" in line_of(run.out, "pool ")
    assert line_of(run.out, "      3").split()[:4] == ["3", "1-3", "host1.example.org", pid]
    assert line_of(run.out, "      3").endswith("  first")
    assert line_of(run.out, "      1").startswith("      1  4      a lost holder")
    assert line_of(run.out, "second").split()[1] == "host1.example.org"
    assert "other" not in run.out and "LOCK  " not in run.out
    status = ctl.json("status", "pool")
    assert ([one["resource"] for one in status["resources"]], status["locks"]) == (["pool"], [])
    fleet.end_job("first")
    fleet.end_job("second")
    assert (first.wait(), second.wait()) == (0, 0)
    fleet.client.delete(fleet.path("semaphores/pool"), recursive=True)


def test_a_resource_that_is_declared_only(ctl, fleet):
    fleet.resources("pool", totals={"pool": 4})
    run = ctl("status", "pool")
    assert (run.code, run.err) == (1, "") and "0 of 4" in line_of(run.out, "pool")
    assert ctl("resources", "hold", "pool", "--why", "repair").code == 0
    run = ctl("status", "pool")
    assert "0 of 4, held" in run.out and "repair" in line_of(run.out, "held: pool")


def test_a_lock_and_a_resource_of_one_name(ctl, fleet):
    fleet.resources("db", totals={"db": 2})
    run = fleet.start_job("db", arguments=("--lease", "db=1:2"))
    shown = ctl("status", "db")
    assert shown.code == 0 and "running" in shown.out.splitlines()[1]
    assert "1 of 2" in shown.out and shown.out.splitlines()[-1].endswith("  db")
    status = ctl.json("status", "db")
    assert ([one["lockname"] for one in status["locks"]], [one["resource"] for one in status["resources"]]) == (["db"], ["db"])
    fleet.end_job("db")
    assert run.wait() == 0


def test_a_host_is_shown_with_what_it_runs_and_waits_for(ctl, fleet):
    fleet.prefix_data({"groups": {"web": ["host1.example.org"], "all": ["web", "h9.example.org"]}, "drained": ["host1.*"],
                       "resources": ["pool"], "totals": {"pool": 4}})
    fleet.client.ensure_path(fleet.path("locks"))
    fleet.client.create(fleet.path("locks", "mine"), b"host1.example.org 7", ephemeral=True)
    fleet.client.create(fleet.path("locks", "theirs"), b"h9.example.org 8", ephemeral=True)
    fleet.client.create(fleet.path("waiters", "theirs", "theirs-"), b"host1.example.org 9", ephemeral=True, sequence=True,
                        makepath=True)
    run = ctl("status", "host1.example.org")
    assert run.code == 0 and "\ntheirs   its lock    9" in run.out and "\ngroups: all, web\n" in run.out, run.out
    assert line_of(run.out, "mine").split()[1:4] == ["original", "host1.example.org", "7"]
    assert run.out.splitlines()[-1] == "drained: host1.*"
    status = ctl.json("status", "host1.example.org")
    assert [one["lockname"] for one in status["locks"]] == ["mine", "theirs"] and status["resources"] == []
    for lock in "mine", "theirs":
        fleet.client.delete(fleet.path("locks", lock))
    fleet.client.delete(fleet.path("waiters", "theirs"), recursive=True)
    idle = ctl("status", "h9.example.org")
    assert (idle.code, idle.err) == (1, "")
    assert idle.out == "nothing runs on h9.example.org, and nothing waits there\n\ngroups: all\n"


def test_a_lock_comes_before_a_host_of_its_name(ctl, fleet):
    fleet.prefix_data({"groups": {"web": ["backup"]}})
    run = fleet.start_job("backup")
    assert "\nbackup  running" in ctl("status", "backup").out
    fleet.end_job("backup")
    assert run.wait() == 0


def test_what_a_name_was_meant_for(ctl, fleet):
    fleet.resources("licences", totals={"licences": 4})
    assert fleet.run("--lockname", "report", "--", "true").code == 0
    assert ctl("status", "licenses").err.endswith('did you mean "licences"?\n')
    assert ctl("status", "host1.exmaple.org").err.endswith('did you mean "host1.example.org"?\n')
    assert ctl("stop", "host1.example.org").code == 1, "a host's name stops nothing"


def test_a_free_lock_that_is_waited_for_is_no_idle_one(ctl, fleet):
    run = fleet.launch_job("load", arguments=("--after", "extract", "--wait", "1h"))
    eventually(lambda: "free, awaited" in ctl("status").out, what="the waiting run is shown")
    assert "1: host1.example.org" in line_of(ctl("status", "load").out, "load")
    assert fleet.run("--lockname", "extract", "--", "true").code == 0
    fleet.records.started("load")
    assert "awaited" not in ctl("status").out
    fleet.end_job("load")
    assert run.wait() == 0
