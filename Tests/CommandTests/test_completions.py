"""Completions offer what the programs know, and a command's own words behind the options."""

import contextlib
import os
import shutil
import socket
import subprocess

import pytest

from Support import manual
from Support.eventually import now
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
            terminal.key("C-u")
            terminal.type(f"switchman {option.name} ")
            terminal.key("Tab")
            width = max(map(len, option.choices))
            terminal.shows("\n" + "  ".join(word.ljust(width) for word in sorted(option.choices)).rstrip())


FISH = pytest.mark.skipif(not shutil.which("fish"), reason="fish is not there; Tests/run installs it")


@pytest.fixture
def fish(program, controller, tmp_path):
    """What fish offers for a line, as {word: explanation}."""
    folder = tmp_path / "fish"
    folder.mkdir()
    (folder / "switchman.fish").write_bytes((ROOT / "Examples/completions/switchman.fish").read_bytes())
    (folder / "switchmanctl.fish").write_bytes(
        subprocess.run([controller, "--generate-completion-script", "fish"], capture_output=True, check=True).stdout)
    path = f"{os.path.dirname(program)}:{os.path.dirname(controller)}:{os.environ['PATH']}"

    def offered(line, **environment):
        run = subprocess.run(
            ["fish", "--no-config", "-c", f'set -p fish_complete_path {folder}; complete -C "$argv[1]"', line], cwd=tmp_path,
            env={**os.environ, "PATH": path, "HOME": str(tmp_path), **environment}, capture_output=True, text=True, check=False)
        assert (run.returncode, run.stderr) == (0, ""), run.stderr
        return dict(line.partition("\t")[::2] for line in run.stdout.splitlines())
    return offered


@FISH
@pytest.mark.parametrize("words, offered", [
    ("switchman --lockn", "--lockname"), ("switchman --lockname a truncat", "truncate"), ("switchmanctl stat", "status"),
    ("switchman --on-unavailable f", "fail"), ("switchman --on-group-exit=f", "--on-group-exit=finish"),
    ("switchman --exit-code too", "too-soon="), ("switchman -E 3 truncat", "truncate"), ("switchman -- truncat", "truncate"),
    ("switchman --lockname a -- cat a-f", "a-file"), ("switchman cat a-f", "a-file"), ("switchman -c a-f", "a-file"),
    ("switchmanctl groups ad", "add"), ("switchmanctl status --w", "--watch")])
def test_in_fish(fish, tmp_path, words, offered):
    (tmp_path / "a-file").touch()
    assert offered in fish(words)


@FISH
def test_fish_offers_every_option_with_its_explanation_and_every_choice(fish):
    shown = fish("switchman --")
    assert {option.name for option in OPTIONS} == set(shown) and all(shown.values())
    for option in CHOOSING:
        assert set(fish(f"switchman {option.name} ")) == set(option.choices)
    # Behind the command all is the command's.
    assert "--lockname" not in fish("switchman true --lock") and "--lockname" not in fish("switchman -- true --lock")


# What the fleet knows.

HOSTILE = "x$(touch${IFS}gone)"


@pytest.fixture
def known(fleet, monkeypatch):
    """A fleet with a group, a resource and a job, and with names that a shell would act on."""
    fleet.prefix_data({"groups": {"web": ["a"], HOSTILE: ["a"]}, "resources": ["db", HOSTILE]})
    for lockname in "report", HOSTILE:
        fleet.run("--lockname", lockname, "--", "true")
    monkeypatch.setenv("SWITCHMAN_CONFIG", fleet.config("operator.conf"))


FROM_THE_FLEET = [("--group ", "web"), ("--lockname ", "report"), ("--lease ", "db=")]


@pytest.mark.parametrize("words, offered", FROM_THE_FLEET)
def test_bash_offers_what_the_fleet_knows_and_expands_none_of_it(known, complete, tmp_path, words, offered):
    shown = complete(f"switchman {words}")
    assert offered in shown and any(word.startswith(r"x\$\(touch") for word in shown)
    assert complete(f"switchman {words}{offered[:2]}") == [offered]
    assert not (tmp_path / "gone").exists()


@FISH
@pytest.mark.parametrize("words, offered", FROM_THE_FLEET)
def test_fish_offers_what_the_fleet_knows_and_expands_none_of_it(known, fish, tmp_path, words, offered):
    shown = fish(f"switchman {words}")
    assert offered in shown and HOSTILE in [word.removesuffix("=") for word in shown]
    assert not (tmp_path / "gone").exists()


@ZSH
@pytest.mark.parametrize("words, offered", FROM_THE_FLEET)
def test_zsh_offers_what_the_fleet_knows_and_expands_none_of_it(known, fleet, program, controller, tmp_path, words, offered):
    with zsh(program, controller, tmp_path, SWITCHMAN_CONFIG=os.environ["SWITCHMAN_CONFIG"]) as terminal:
        terminal.type(f"switchman {words}{offered[:2]}")
        terminal.key("Tab")
        terminal.shows(f"zsh> switchman {words}{offered}")
        terminal.key("C-u")
        terminal.type(f"switchman {words}x")
        terminal.key("Tab")
        terminal.shows(r"\$\(touch")
    assert not (tmp_path / "gone").exists()


OF_THE_TOOL = [("stop ", "report"), ("explain-no ", None), ("pause --why x ", "report"), ("history re", "report"),
               ("status d", "db"),
               ("status re", "report"), ("check job ", "report"), ("drain ", "a"), ("groups add ", "web"), ("groups add web ", "a"),
               ("resources remove ", "db"), ("resources hold ", "db")]


@pytest.mark.parametrize("words, offered", OF_THE_TOOL)
def test_the_tool_offers_what_the_fleet_knows_in_bash(known, complete, tmp_path, words, offered):
    """The parser's script expands what it is given, so that hostile names are left out."""
    shown = set(complete(f"switchmanctl {words}"))
    assert offered in shown if offered else not shown - {""}
    assert not any(word.startswith("x") for word in shown) and not (tmp_path / "gone").exists()


@FISH
@pytest.mark.parametrize("words, offered", [one for one in OF_THE_TOOL if one[1]])
def test_the_tool_offers_what_the_fleet_knows_in_fish(known, fish, tmp_path, words, offered):
    assert offered in fish(f"switchmanctl {words}") and not (tmp_path / "gone").exists()


@ZSH
def test_the_tool_offers_what_the_fleet_knows_in_zsh(known, program, controller, tmp_path):
    with zsh(program, controller, tmp_path, SWITCHMAN_CONFIG=os.environ["SWITCHMAN_CONFIG"]) as terminal:
        for words, offered in [("stop re", "stop report"), ("groups remove w", "groups remove web")]:
            terminal.key("C-u")
            terminal.type(f"switchmanctl {words}")
            terminal.key("Tab")
            terminal.shows(f"zsh> switchmanctl {offered}")


def test_the_tool_reads_the_configuration_that_the_line_names(known, complete, monkeypatch):
    path = os.environ["SWITCHMAN_CONFIG"]
    monkeypatch.delenv("SWITCHMAN_CONFIG")
    assert not set(complete("switchmanctl stop re")) - {""}
    assert complete(f"switchmanctl stop -c {path} re") == complete(f"switchmanctl stop --config={path} re") == ["report"]


@pytest.mark.parametrize("shell", ["complete", pytest.param("fish", marks=FISH)])
def test_a_tab_does_not_hang_with_zookeeper(shell, request, fleet, monkeypatch):
    """A server that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("SWITCHMAN_CONFIG", fleet.config("operator.conf", zkhosts=address, connect_timeout=60))
        began = now()
        for line in "switchman --group ", "switchmanctl stop ":
            assert not set(request.getfixturevalue(shell)(line)) - {""}
        assert now() - began < 20


@contextlib.contextmanager
def zsh(program, controller, folder, **environment):
    from Support.tmux import Tmux
    (folder / "_switchman").write_bytes((ROOT / "Examples/completions/_switchman").read_bytes())
    (folder / "_switchmanctl").write_bytes(
        subprocess.run([controller, "--generate-completion-script", "zsh"], capture_output=True, check=True).stdout)
    path = f"{os.path.dirname(program)}:{os.path.dirname(controller)}:{os.environ['PATH']}"
    terminal = Tmux(rows=50, environment={"PATH": path, **environment})
    try:
        terminal.line("exec zsh -f")
        terminal.line(f"cd {folder}; PS1='zsh> ' fpath=({folder} $fpath); "
                      "autoload -Uz compinit; compinit -u -D; echo end-$((1+1))")
        terminal.shows("end-2")
        yield terminal
    finally:
        terminal.close()
