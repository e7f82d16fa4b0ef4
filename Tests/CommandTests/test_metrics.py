"""The file for node_exporter's textfile collector, read by Prometheus's own parser."""

import fcntl
import os
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from Support.eventually import eventually
from Support.fleet import assert_one_line, assert_silent


class Folder:
    """What a textfile collector sees."""

    def __init__(self, path):
        self.path = path

    def files(self):
        return sorted(os.listdir(self.path))

    def text(self):
        """Of all files, as the collector puts them together."""
        parts = []
        for name in self.files():
            if name.endswith(".prom"):
                with open(f"{self.path}/{name}", encoding="utf-8") as file:
                    parts.append(file.read())
        return parts

    def families(self):
        return [family for part in self.text() for family in text_string_to_metric_families(part)]

    def values(self, lockname="a"):
        """By name, and the word of the second label if there is one."""
        found = {}
        for sample in (sample for family in self.families() for sample in family.samples):
            labels = dict(sample.labels)
            if labels.pop("lockname") == lockname:
                found[(sample.name.removeprefix("switchman_"), *labels.values())] = sample.value
        return found


@pytest.fixture
def folder(fleet):
    path = f"{fleet.folder}/metrics"
    os.mkdir(path)
    fleet.settings["metrics_directory"] = path
    return Folder(path)


def test_a_success(fleet, folder):
    before = int(time.time() * 1000) / 1000
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)
    after = time.time()
    values = folder.values()
    for name in ("last_run_timestamp_seconds", "last_success_timestamp_seconds"):
        assert before <= values.pop((name,)) <= after
    for name in ("waited_seconds_sum", "held_seconds_sum"):
        assert 0 <= values.pop((name,)) < after - before
    assert values == {
        ("runs_total", "ran"): 1, ("successes_total",): 1, ("losses_total",): 0, ("kills_total",): 0,
        ("waited_seconds_count",): 1, ("held_seconds_count",): 1,
    }


def test_what_is_new_is_added_to_what_was_there(fleet, folder):
    for command in (["true"], ["sh", "-c", "exit 3"], ["true"], ["/no/such/program"]):
        fleet.run("--lockname", "a", "--", *command)
    values = folder.values()
    assert (values["runs_total", "ran"], values["runs_total", "not-found"]) == (3, 1)
    assert (values["successes_total",], values["held_seconds_count",]) == (2, 3)
    assert values["last_success_timestamp_seconds",] < values["last_run_timestamp_seconds",]


def test_seconds_waited_and_held(fleet, folder):
    fleet.resources("r")
    fleet.start_job("b", arguments=("--lease", "r=1:1"))
    run = fleet.launch_job("a", arguments=("--lease", "r=1:1"))
    fleet.queued("r", "a")
    began = time.monotonic()
    eventually(lambda: time.monotonic() > began + 0.5)
    fleet.end_job("b")
    fleet.records.started("a")
    began = time.monotonic()
    eventually(lambda: time.monotonic() > began + 0.5)
    fleet.end_job("a")
    assert run.wait() == 0
    values = folder.values()
    assert 0.5 <= values["waited_seconds_sum",] < 20 and 0.5 <= values["held_seconds_sum",] < 20


def test_a_skip_is_counted_by_its_reason_and_is_no_run(fleet, folder):
    run = fleet.start_job("a")
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)
    values = folder.values()
    assert values["skips_total", "locked"] == 1 and values["runs_total", "ran"] == 0
    assert ("last_run_timestamp_seconds",) not in values and values["waited_seconds_count",] == 0
    fleet.end_job("a")
    assert run.wait() == 0
    assert folder.values()["runs_total", "ran"] == 1


def test_a_loss_is_a_kill(fleet, folder):
    run = fleet.start_job("a")
    fleet.client.delete(fleet.path("locks", "a"))
    assert run.wait() == 81
    values = folder.values()
    assert (values["runs_total", "lost"], values["losses_total",], values["kills_total",]) == (1, 1, 1)
    assert ("last_success_timestamp_seconds",) not in values
    fleet.leaves_marks = True


def test_a_signal_passed_on_is_none(fleet, folder):
    run = fleet.start_job("a")
    run.send(15)
    assert run.wait() == 143
    values = folder.values()
    assert (values["runs_total", "signaled"], values["losses_total",], values["kills_total",]) == (1, 0, 0)


def test_a_server_that_is_not_reached_is_counted(fleet, folder):
    assert fleet.run("--lockname", "a", "--", "true", config=fleet.config(zkhosts="127.0.0.1:1", connect_timeout=1)).code == 69
    values = folder.values()
    assert values["runs_total", "unavailable"] == 1 and values["waited_seconds_count",] == 0


def test_a_server_that_may_be_away_is_a_skip(fleet, folder):
    config = fleet.config(zkhosts="127.0.0.1:1", connect_timeout=1)
    assert fleet.run("--on-unavailable", "skip", "--lockname", "a", "--", "true", config=config).code == 0
    values = folder.values()
    assert values["skips_total", "unavailable"] == 1 and ("runs_total", "unavailable") not in values


def test_a_timeout_is_a_kill(fleet, folder):
    assert fleet.run("--timeout", "1s", "--lockname", "a", "--", "sleep", "100").code == 124
    values = folder.values()
    assert (values["runs_total", "timeout"], values["kills_total",], values["losses_total",]) == (1, 1, 0)


def test_what_is_refused_before_it_begins_is_not_counted(fleet, folder):
    assert fleet.run("--lockname", "0", "--", "true").code == 64
    assert fleet.run("--lockname", "a", "--", "true", config=fleet.config(fqdn=7)).code == 78
    assert not folder.files()


def test_nothing_is_written_without_the_setting(fleet, folder):
    fleet.run("--lockname", "a", "--", "true", config=fleet.config(metrics_directory=None))
    fleet.run("--lockname", "a", "--", "true", config=fleet.config(metrics_directory=""))
    assert not folder.files()


def test_the_environment_names_the_folder(fleet, folder):
    environment = {"SWITCHMAN_METRICS_DIRECTORY": folder.path}
    fleet.run("--lockname", "a", "--", "true", config=fleet.config(metrics_directory="/no/such"), env=environment)
    assert folder.values()["successes_total",] == 1


def test_a_hook_finds_its_run_counted(fleet, folder):
    told = f"{fleet.folder}/told"
    fleet.run("--lockname", "a", "--", "true", config=fleet.config(hooks={"succeeded": f"cp {folder.path}/*.prom {told}"}))
    with open(told, encoding="utf-8") as file:
        assert 'switchman_successes_total{lockname="a"} 1\n' in file.read()


# Many at once.

def test_twenty_runs_of_one_name_lose_nothing(fleet, folder):
    runs = [fleet.start("--no-lock", "--lockname", "a", "--", "true") for _ in range(20)]
    for run in runs:
        assert_silent(run.finished(60), 0)
    assert folder.values()["successes_total",] == 20
    assert folder.files() == ["switchman_a.prom"]


def test_twenty_runs_for_one_lock_lose_nothing(fleet, folder):
    runs = [fleet.start("--lockname", "a", "--", "true") for _ in range(20)]
    for run in runs:
        assert_silent(run.finished(60), 0)
    values = folder.values()
    skips = sum(value for key, value in values.items() if key[0] == "skips_total")
    assert values["runs_total", "ran"] + skips == 20 and values["runs_total", "ran"] >= 1


def test_files_of_many_names_do_not_contradict_each_other(fleet, folder):
    names = [f"job{n}" for n in range(5)]
    for run in [fleet.start("--lockname", name, "--", "true") for name in names]:
        assert_silent(run.finished(60), 0)
    fleet.run("--lockname", "job0", "--", "/no/such/program")
    texts = {}
    for family in folder.families():
        texts.setdefault(family.name, set()).add((family.type, family.documentation))
    assert all(len(found) == 1 for found in texts.values()), texts
    assert [folder.values(name)["successes_total",] for name in names] == [1] * 5


def test_a_folder_that_somebody_keeps_locked_is_a_warning(fleet, folder):
    """And two seconds, but the run and its code stand."""
    holder = os.open(folder.path, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", within=10)
    os.close(holder)
    assert_one_line(run, 3, folder.path, "not counted")
    assert not folder.files()


# Names.

@pytest.mark.parametrize("lockname", [
    "with blank", 'quote"d', "back\\slash", "\\n", "%41", "}", '"} 7', "$(x)", ".hidden", "-", "\u00fcbung",
    "e\u0301", "\u00e9", "x" * 512, "\u00fc" * 256, "#", "{a=b}",
])
def test_a_name_is_a_label_and_a_file_as_it_is(fleet, folder, lockname):
    for _ in range(2):
        assert_silent(fleet.run("--lockname", lockname, "--", "true"), 0)
    assert folder.values(lockname)["successes_total",] == 2
    name, = folder.files()
    assert name.startswith("switchman_") and name.endswith(".prom") and name.isascii()
    assert not set(name) & set("/ \"\\{}$#")


def test_names_that_differ_have_files_that_differ(fleet, folder):
    names = ["a b", "a%20b", "e\u0301", "\u00e9", "x" * 511 + "y", "x" * 511 + "z"]
    for name in names:
        fleet.run("--lockname", name, "--", "true")
    assert len(folder.files()) == len(names)
    assert [folder.values(name)["successes_total",] for name in names] == [1] * len(names)


# What is wrong with the folder.

@pytest.mark.parametrize("path", ["/no/such/folder", "/dev/null"])
def test_no_folder_is_one_warning(fleet, path):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(metrics_directory=path))
    assert_one_line(run, 3, "metrics_directory", path)


@pytest.mark.parametrize("content", [
    b"", b"\0" * 100, b"\xff\n", b"hello\n", b"up 1\n", b'switchman_runs_total{lockname="b",outcome="ran"} 7\n',
    b'switchman_successes_total{lockname="a"} x\n', b'switchman_successes_total{lockname="a"} -1\n',
    b'switchman_successes_total{lockname="a"} nan\n', b'switchman_successes_total{lockname="a"}\n',
    b'switchman_runs_total{lockname="a"} 7\n', b'switchman_runs_total{lockname="a",outcome="x\\"y"} 7\n',
    b'switchman_successes_total{lockname="a"} 7', b"# only a comment\n", b"x" * 100_000,
    b'switchman_runs_total{lockname="a"\n', b'switchman_runs_total}{lockname="a" 7\n',
])
def test_a_file_that_is_not_ours_is_replaced_with_a_warning(fleet, folder, content):
    with open(f"{folder.path}/switchman_a.prom", "wb") as file:
        file.write(content)
    assert_one_line(fleet.run("--lockname", "a", "--", "true"), 0, "switchman_a.prom", "counting from zero")
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)
    assert folder.values()["successes_total",] == 2


def make_link(path):
    with open(path + ".target", "w", encoding="ascii") as file:
        file.write("precious\n")
    os.symlink(path + ".target", path)


@pytest.mark.parametrize("make", [os.mkfifo, make_link], ids=["fifo", "link"])
def test_a_thing_that_is_no_file_is_replaced_with_a_warning(fleet, folder, make):
    path = f"{folder.path}/switchman_a.prom"
    make(path)
    assert_one_line(fleet.run("--lockname", "a", "--", "true"), 0, path, "counting from zero")
    assert folder.values()["successes_total",] == 1 and os.path.isfile(path) and not os.path.islink(path)
    if make is make_link:
        with open(path + ".target", encoding="ascii") as file:
            assert file.read() == "precious\n"


def test_a_folder_in_its_place_is_a_warning(fleet, folder):
    os.mkdir(f"{folder.path}/switchman_a.prom")
    assert_one_line(fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3"), 3, "metrics_directory", "not counted")
    assert folder.files() == ["switchman_a.prom"]


def test_a_draft_that_was_left_is_no_obstacle(fleet, folder):
    os.symlink("/no/such/target", f"{folder.path}/.switchman_a.prom.new")
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)
    assert folder.files() == ["switchman_a.prom"]


def test_a_full_disk_leaves_the_old_file(fleet, folder):
    fleet.run("--lockname", "a", "--", "true")
    run = fleet.run("--lockname", "a", "--", "true", prefixed=["prlimit", "--fsize=1000"])
    assert_one_line(run, 0, "metrics_directory", "not counted")
    assert folder.values()["successes_total",] == 1 and folder.files() == ["switchman_a.prom"]


def test_everybody_may_read_it_whatever_the_umask(fleet, folder):
    fleet.run("--lockname", "a", "--", "true", prefixed=["sh", "-c", 'umask 077; exec "$@"', "sh"])
    assert os.stat(f"{folder.path}/switchman_a.prom").st_mode & 0o777 == 0o644


def test_what_a_later_version_counts_is_no_obstacle(fleet, folder):
    fleet.run("--lockname", "a", "--", "true")
    with open(f"{folder.path}/switchman_a.prom", "a", encoding="ascii") as file:
        file.write('switchman_naps_total{lockname="a"} 7\n')
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)
    assert folder.values()["successes_total",] == 2
