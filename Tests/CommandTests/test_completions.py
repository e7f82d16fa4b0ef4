"""Completions offer what the programs know, and a command's own words behind the options."""

import os
import shutil
import subprocess

import pytest

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


def test_options(complete):
    assert {"--lockname", "--lease", "-E", "--no-lock"} <= set(complete("switchman -"))
    assert complete("switchman --lockn") == ["--lockname"]


def test_values(complete):
    assert complete("switchman --descendants ") == ["wait", "kill", "leave"]
    assert complete("switchman --lockname ") == []


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


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not there; Tests/run installs it")
@pytest.mark.parametrize("words, offered", [
    ("switchman --lockn", "--lockname"), ("switchman --lockname a truncat", "truncate"), ("switchmanctl sta", "status")])
def test_in_zsh(program, controller, tmp_path, words, offered):
    """A real zsh on a terminal: Tab, and what it makes of the line."""
    from Support.tmux import Tmux
    (tmp_path / "_switchman").write_bytes((ROOT / "Examples/completions/_switchman").read_bytes())
    (tmp_path / "_switchmanctl").write_bytes(
        subprocess.run([controller, "--generate-completion-script", "zsh"], capture_output=True, check=True).stdout)
    path = f"{os.path.dirname(program)}:{os.path.dirname(controller)}:{os.environ['PATH']}"
    terminal = Tmux(environment={"PATH": path})
    try:
        terminal.line("exec zsh -f")
        terminal.line(f"PS1='zsh> ' fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D; echo end-$((1+1))")
        terminal.shows("end-2")
        terminal.type(words)
        terminal.key("Tab")
        terminal.shows(f"zsh> {words.rsplit(' ', 1)[0]} {offered}")
    finally:
        terminal.close()
