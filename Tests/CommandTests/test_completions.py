"""Completions offer what the programs know, and a command's own words behind the options."""

import contextlib
import os
import shutil
import subprocess

import pytest

from Support import manual
from Support.fixtures import ROOT

SCRIPT = """
source {script}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMP_LINE="${{COMP_WORDS[*]}}" COMP_POINT=${{#COMP_LINE}}
COMP_TYPE=9
{function} "${{COMP_WORDS[0]}}" "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def complete(program, controller, tmp_path):
    generated = tmp_path / "switchmanctl.bash"
    generated.write_text(subprocess.run([controller, "--generate-completion-script", "bash"], capture_output=True,
                                        text=True, check=True).stdout, encoding="utf-8")
    path = f"{os.path.dirname(program)}:{os.path.dirname(controller)}:{os.environ['PATH']}"

    def complete(line):
        words = line.split(" ")
        script = ROOT / "Examples/completions/switchman.bash" if words[0] == "switchman" else generated
        quoted = " ".join(f"'{word}'" for word in words)
        text = SCRIPT.format(script=script, words=quoted, function=f"_{words[0]}")
        run = subprocess.run(["bash", "-O", "extglob", "-c", text], capture_output=True, text=True, cwd=tmp_path,
                             env={**os.environ, "PATH": path})
        assert run.returncode == 0 and run.stderr == "", run.stderr
        return run.stdout.split()
    return complete


OPTIONS = manual.options()
CHOOSING = [option for option in OPTIONS if option.choices]
# Of the spellings, the help leaves out those that are there for old crontabs.
OLD = {"--nolock", "--conflict-exit-code"}


def test_options(complete):
    documented = {spelling for option in OPTIONS for spelling in option.spellings}
    assert {"--lockname", "--lease", "-E", "--no-lock"} | OLD <= documented
    assert set(complete("switchman -")) == documented - OLD
    assert complete("switchman --lockn") == ["--lockname"]


def test_values(complete):
    assert complete("switchman --descendants ") == ["wait", "kill", "leave"]
    assert complete("switchman --on-unavailable ") == ["fail", "skip"]
    assert complete("switchman --on-group-exit f") == ["finish"]
    assert {"locked=", "lost=", "signaled="} <= set(complete("switchman --exit-code "))
    assert len(CHOOSING) >= 3
    for option in CHOOSING:
        assert complete(f"switchman {option.name} ") == option.choices
        assert complete(f"switchman {option.name}={option.choices[0]}") == option.choices[:1]
    assert complete("switchman --lockname ") == complete("switchman --exit-code locked=") == []


def test_the_command_and_its_own_words(complete, tmp_path):
    (tmp_path / "a-file").touch()
    assert "true" in complete("switchman --lockname a tru")
    assert complete("switchman --lockname a -- tru")[:1] == ["true"]
    assert complete("switchman true a-f") == ["a-file"]
    assert "--lockname" not in complete("switchman true --lock")


def test_verbs(complete):
    assert {"status", "stop", "sandbox"} <= set(complete("switchmanctl s"))
    assert complete("switchmanctl status --w") == ["--watch"]
    assert complete("switchmanctl groups a") == ["add"]


@pytest.mark.parametrize("words, offered", [
    ("switchman --on-unavailable f", "fail"), ("switchman --on-group-exit=f", "finish"), ("switchman --exit-code=too", "too-soon="),
    ("switchman --qui", "--quiet"), ("switchman --lease db=1:4 truncat", "truncate"),
    ("switchman --lockname=a -- truncat", "truncate"),
    ("switchman --lease db=1:4 -- cat a-f", "a-file"), ("switchman -c a-f", "a-file")])
def test_in_bash(program, tmp_path, words, offered):
    """A real bash on a terminal, which splits words at = and :."""
    from Support.tmux import Tmux
    (tmp_path / "a-file").touch()
    terminal = Tmux(environment={"PATH": f"{os.path.dirname(program)}:{os.environ['PATH']}"})
    try:
        terminal.line(f"PS1='bash> '; cd {tmp_path}; source {ROOT}/Examples/completions/switchman.bash; echo end-$((1+1))")
        terminal.shows("end-2")
        terminal.type(words)
        terminal.key("Tab")
        terminal.shows(f"bash> {words[:len(words) - len(words.replace('=', ' ').split(' ')[-1])]}{offered}")
    finally:
        terminal.close()


ZSH = pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not there; Tests/run installs it")


@ZSH
@pytest.mark.parametrize("words, offered", [
    ("switchman --lockn", "--lockname"), ("switchman --lockname a truncat", "truncate"), ("switchmanctl sta", "status"),
    ("switchman --qui", "--quiet"), ("switchman --on-unavailable f", "fail"), ("switchman --exit-code too", "too-soon="),
    ("switchman -- truncat", "truncate"), ("switchman --lockname a -- cat a-f", "a-file"), ("switchman cat a-f", "a-file")])
def test_in_zsh(program, controller, tmp_path, words, offered):
    """A real zsh on a terminal: Tab, and what it makes of the line."""
    (tmp_path / "a-file").touch()
    with zsh(program, controller, tmp_path) as terminal:
        terminal.type(words)
        terminal.key("Tab")
        terminal.shows(f"zsh> {words.rsplit(' ', 1)[0]} {offered}")


@ZSH
def test_zsh_offers_every_option_with_its_explanation_and_every_choice(program, controller, tmp_path):
    with zsh(program, controller, tmp_path) as terminal:
        terminal.type("switchman --")
        terminal.key("Tab")
        for option in OPTIONS:
            terminal.shows(f"\n{option.name} ")
        terminal.shows("-- print this")
        for option in CHOOSING:
            terminal.key("C-c")
            terminal.type(f"switchman {option.name} ")
            terminal.key("Tab")
            width = max(map(len, option.choices))
            terminal.shows("\n" + "  ".join(word.ljust(width) for word in sorted(option.choices)).rstrip())


@contextlib.contextmanager
def zsh(program, controller, folder):
    from Support.tmux import Tmux
    (folder / "_switchman").write_bytes((ROOT / "Examples/completions/_switchman").read_bytes())
    (folder / "_switchmanctl").write_bytes(
        subprocess.run([controller, "--generate-completion-script", "zsh"], capture_output=True, check=True).stdout)
    path = f"{os.path.dirname(program)}:{os.path.dirname(controller)}:{os.environ['PATH']}"
    terminal = Tmux(rows=50, environment={"PATH": path})
    try:
        terminal.line("exec zsh -f")
        terminal.line(f"cd {folder}; PS1='zsh> ' fpath=({folder} $fpath); "
                      "autoload -Uz compinit; compinit -u -D; echo end-$((1+1))")
        terminal.shows("end-2")
        yield terminal
    finally:
        terminal.close()
