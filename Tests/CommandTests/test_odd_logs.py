"""A logfile that is none: the job runs, its status is its own, and one line says what became of the log."""

import os

import pytest

from Support.fleet import assert_silent


def fifo(path):
    os.mkfifo(path)


def link(path):
    os.symlink(f"{path}.target", path)


def dangling(path):
    os.symlink("/no/such/folder/log", path)


def loop(path):
    os.symlink(path, path)


KINDS = {
    "a FIFO without a reader": (fifo, "No such device or address"),
    "a folder": (os.mkdir, "Is a directory"),
    "a link to nowhere": (dangling, "No such file or directory"),
    "a link to itself": (loop, "Too many levels of symbolic links"),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.replace(" ", "-"))
@pytest.mark.parametrize("code", [0, 3])
def test_it_is_told_in_a_line(fleet, ctl, kind, code):
    make, why = KINDS[kind]
    log = f"{fleet.folder}/log"
    make(log)
    config = fleet.config(logfile=log)
    run = fleet.run("--lockname", "a", "--", "sh", "-c", f"exit {code}", config=config)
    assert run.code == code
    assert run.err == f"switchman: a: logfile {log}: {why}; the run goes on without it\n"
    if make is not dangling:
        # What it leads to might be made.
        told = ctl("check", "config", config=config)
        assert told.code == 1 and "logfile" in told.out, told.out


def test_a_link_of_ones_own_to_what_is_not_there_yet_is_followed(fleet):
    log = f"{fleet.folder}/log"
    link(log)
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log)), 0)
    assert os.path.islink(log)
    with open(f"{log}.target", encoding="utf-8") as file:
        assert "outcome=ran" in file.read()


@pytest.mark.parametrize("path", ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2", "/proc/self/cwd/log", "./log", "x/../log"])
def test_links_of_the_kernels_are_followed(fleet, path):
    os.mkdir(f"{fleet.folder}/x")
    run = fleet.run("--lockname", "a", "--verbose", "--", "true", config=fleet.config(logfile=path), cwd=fleet.folder)
    assert run.code == 0 and "logfile" not in run.err, run.err
    assert run.err.count("outcome=ran") == (1 if path.endswith("log") else 2)
    if path.endswith("log"):
        with open(f"{fleet.folder}/log", encoding="utf-8") as file:
            assert "outcome=ran" in file.read()


def test_a_name_with_any_slashes(fleet):
    os.makedirs(f"{fleet.folder}/x/y")
    log = f"{fleet.folder}//x/./y///log"
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log)), 0)
    assert os.listdir(f"{fleet.folder}/x/y") == ["log"]
