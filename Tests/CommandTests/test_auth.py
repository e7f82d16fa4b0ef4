"""Who shows credentials (`auth`), and to whom the znodes are open that it makes (`acl`)."""

import itertools
import os
import re
import signal
import struct

import pytest
from kazoo.security import make_acl, make_digest_acl

from Support.eventually import always, eventually
from Support.fleet import HOST, assert_one_line
from Support.proxy import Proxy
from Support.server import expire_session

# Of a reply to credentials, and ZAUTHFAILED.
AUTH_XID, AUTH_FAILED = -4, -115
SECRET = "s3cret-of-the-team"
TEAM = make_digest_acl("team", SECRET, all=True)


def credentials(fleet, text=f"digest:team:{SECRET}\n", name="auth", mode=0o600):
    path = fleet.write(name, text)
    os.chmod(path, mode)
    return path


@pytest.fixture
def closed(own_fleet):
    """A fleet whose runs show the team's credentials. The test's own client is of the team."""
    own_fleet.client.add_auth("digest", f"team:{SECRET}")
    own_fleet.settings["auth"] = credentials(own_fleet)
    return own_fleet


def stranger(fleet, **changes):
    """The configuration of somebody who is not of the team."""
    return fleet.config("stranger.conf", auth=None, **changes)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def nodes(fleet):
    """All there are below the prefix, and itself."""
    paths, found = [fleet.prefix], []
    while paths:
        found.append(path := paths.pop())
        paths += [f"{path}/{name}" for name in fleet.client.get_children(path)]
    return found


def lists(fleet):
    return {path: fleet.client.get_acls(path)[0] for path in nodes(fleet)}


def test_all_that_is_made_belongs_to_who_made_it(closed, own_ctl):
    assert own_ctl("init", "--resource", "r=2").code == 0
    closed.start_job("a", arguments=("--lease", "r=1:2"))
    found = lists(closed)
    assert len(found) > 8 and set(map(tuple, found.values())) == {(TEAM,)}
    assert own_ctl("stop", "a").code == 0, "whoever is of the team may stop it"


def test_without_auth_it_is_open_as_ever(own_fleet):
    run = own_fleet.start_job("a")
    own_fleet.end_job("a")
    assert run.wait() == 0
    assert set(map(tuple, lists(own_fleet).values())) == {(make_acl("world", "anyone", all=True),)}


@pytest.mark.parametrize("shown, said", [
    (None, "no credentials were shown; set auth"), ("digest:team:wrong", "shown were digest credentials; ask its owner"),
])
def test_a_stranger_is_refused_before_the_start(closed, shown, said):
    assert closed.run("--lockname", "a", "--", "true").code == 0
    auth = credentials(closed, shown, "wrong") if shown else None
    run = closed.run("--lockname", "a", "--", "echo", "ran", config=closed.config("stranger.conf", auth=auth))
    assert_one_line(run, 77, f"no permission to read {closed.prefix}", said)
    assert run.out == ""


def test_who_may_read_and_no_more_is_told_what_it_may_not_create(closed):
    closed.settings["acl"] = ["creator", "world:anyone:r"]
    assert closed.run("--lockname", "a", "--", "true").code == 0
    run = closed.run("--lockname", "b", "--", "true", config=stranger(closed, acl=None))
    records = closed.path("jobs")
    assert_one_line(run, 77, f"no permission to create {records}/b by the access list of {records}; no credentials were shown")


def test_a_stranger_can_be_given_the_right_to_look(closed, own_ctl):
    closed.settings["acl"] = ["creator", "world:anyone:r"]
    closed.start_job("a")
    looks = own_ctl("status", config=stranger(closed, acl=None))
    assert looks.code == 0 and "a" in looks.out
    stops = own_ctl("stop", "a", config=stranger(closed, acl=None))
    assert (stops.code, "no permission to create" in stops.err) == (77, True), stops
    closed.end_job("a")


def test_the_list_may_name_identities(closed):
    everybody = make_acl("world", "anyone", all=True)
    other = make_digest_acl("other", "word", read=True)
    closed.settings["acl"] = ["open", f"digest:{other.id.id}:r"]
    run = closed.start_job("a")
    closed.end_job("a")
    assert run.wait() == 0
    assert set(map(tuple, lists(closed).values())) == {(everybody, other)}


def test_it_is_somebody_also_after_a_reconnect(closed, server):
    """Its heartbeats are acknowledged for longer than a term, which takes the right to read the lock."""
    proxy = Proxy(server.port)
    closed.settings["zkhosts"] = proxy.address
    run = closed.start_job("a")
    for _ in range(3):
        before = len(proxy.handshakes)
        proxy.cut()
        eventually(lambda before=before: len(proxy.handshakes) > before, what="it is back")
    always(lambda: run.running, during=closed.settings["ownership_term"] + 2)
    closed.end_job("a")
    assert run.wait() == 0
    proxy.close()


def test_a_server_that_refuses_the_credentials_later_is_no_loss(closed, server):
    """The library then calls its state invalid, which is otherwise the end of a session."""
    proxy = Proxy(server.port)
    closed.settings["zkhosts"] = proxy.address
    run = closed.start_job("a")
    refusal = struct.pack(">iiqi", 16, AUTH_XID, 0, AUTH_FAILED)
    proxy.on_reply = lambda reply, request: refusal if reply.xid == AUTH_XID else None
    proxy.cut()
    assert run.wait(20) == 81
    assert "no heartbeat was acknowledged in time" in run.err and "expired" not in run.err
    closed.leaves_marks = True
    proxy.close()


def test_a_server_that_comes_late_is_shown_them_too(closed, server):
    """Between a connection that has failed and the next the library takes no credentials."""
    assert closed.run("--lockname", "a", "--", "true").code == 0
    server.kill()
    run = closed.start("--lockname", "a", "--", "true", config=closed.config(connect_timeout=60))
    server.restart()
    assert run.wait(60) == 0


def test_it_is_somebody_also_with_another_session(closed, server):
    proxy = Proxy(server.port)
    closed.prefix_data({"groups": {"g": [HOST]}})
    closed.client.set_acls(closed.prefix, [TEAM])
    closed.settings["zkhosts"] = proxy.address
    run = closed.start_job("a", arguments=("--no-lock", "--group", "g"))
    session = proxy.handshakes[-1][1]
    expire_session(server.address, session)
    eventually(lambda: proxy.handshakes[-1][1] not in (0, session), what="it has another session")
    closed.prefix_data({"groups": {"g": ["other"]}})
    assert run.wait() == 79
    proxy.close()


def test_what_is_refused_while_it_runs_is_neither_proof_nor_loss(closed):
    run = closed.start_job("a")
    closed.client.set_acls(closed.path("locks", "a"), [make_digest_acl("other", "word", all=True)])
    assert run.wait(20) == 81
    assert "heartbeats are refused: no permission to read" in run.err
    closed.leaves_marks = True


@pytest.mark.parametrize("scheme", ["sasl", "kerberos"])
def test_a_scheme_that_the_servers_do_not_have_is_77(own_fleet, scheme):
    own_fleet.settings["auth"] = credentials(own_fleet, f"{scheme}:{SECRET}\n")
    assert_one_line(own_fleet.run("--lockname", "a", "--", "true"), 77, "refuse the credentials")


@pytest.mark.parametrize("text, mode, said", [
    (f"digest:team:{SECRET}", 0o640, "which others may use (mode 640); chmod 600 it"),
    (f"digest:team:{SECRET}", 0o604, "which others may use (mode 604); chmod 600 it"),
    (SECRET, 0o600, "whose line 1 is not SCHEME:CREDENTIAL"),
    (f"# ours\n\nDigest:{SECRET}", 0o600, "whose line 3 begins with no scheme"),
    (f"world:{SECRET}", 0o600, "whose line 1 begins with no scheme"),
    (f"digest:{SECRET}", 0o600, "whose line 1 has no password"),
    (f"digest:a\0{SECRET}", 0o600, "whose line 1 is not SCHEME:CREDENTIAL"),
    ("# nothing\n", 0o600, "must have between 1 and 16 lines"),
    (f"digest:a:{SECRET}\n" * 17, 0o600, "must have between 1 and 16 lines"),
    (f"digest:a:{SECRET}" * 9000, 0o600, "no short file"),
], ids=range(10))
def test_a_file_that_cannot_be_trusted_or_read_is_78(fleet, ctl, text, mode, said):
    path = credentials(fleet, text, mode=mode)
    config = fleet.config(auth=path)
    run = fleet.run("--lockname", "a", "--", "true", config=config)
    assert_one_line(run, 78, 'key "auth"', said)
    assert SECRET not in run.err
    check = ctl("check", "config", config)
    assert check.code == 2 and said in check.out + check.err and SECRET not in check.out + check.err


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_file_of_another_user_is_78(fleet):
    path = credentials(fleet)
    os.chown(path, 65534, 65534)
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(auth=path))
    assert_one_line(run, 78, "belongs to another user (65534)", "each user needs a file of his own: SWITCHMAN_AUTH=FILE")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("mode, folder, code", [(0o440, ".", 0), (0o444, ".", 78), (0o460, ".", 78), (0o440, "elsewhere", 78)])
def test_what_systemd_gives_a_service_is_trusted(own_fleet, mode, folder, code):
    """It shows the mask of an access list as the group's rights (systemd 254 and newer)."""
    path = credentials(own_fleet, mode=mode)
    run = own_fleet.run("--lockname", "a", "--", "true", config=own_fleet.config(auth=path, acl=["open"]),
                        env={"CREDENTIALS_DIRECTORY": os.path.normpath(f"{os.path.dirname(path)}/{folder}")})
    assert run.code == code, run.err


@pytest.mark.parametrize("path, said", [
    ("auth", "not the whole path"), (f"digest:team:{SECRET}", "not the whole path"), ("/nowhere/auth", "cannot be read"),
    ("/", "no regular file"), ("/dev/zero", "no regular file"),
])
def test_what_is_no_such_file_is_78(fleet, path, said):
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(auth=path))
    assert_one_line(run, 78, "auth", said)
    assert SECRET not in run.err, "whoever writes the credential itself there finds it in no mail"


def test_a_pipe_keeps_nobody_waiting(fleet):
    path = f"{fleet.folder}/pipe"
    os.mkfifo(path, 0o600)
    assert_one_line(fleet.run("--lockname", "a", "--", "true", config=fleet.config(auth=path)), 78, "no regular file")


@pytest.mark.parametrize("acl, said", [
    ("creator", "set auth as well"), (["world:anyone:r", "creator"], "set auth as well"), ("closed", "it must be"),
    ("world:somebody:r", 'only "anyone"'), ("digest:a:b:x", "it must be"), ("digest:a:b:rr", "it must be"),
    ("digest::r", "identity"), (f"digest:team:{SECRET}", "it must be"), ("world:anyone:r", "leaves nobody"),
    ("auth::r", "it must be"), ([], "between 1 and 64"), ([1], "must be"), (True, "must be"),
])
def test_a_list_that_means_nothing_is_78(fleet, acl, said):
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(acl=acl))
    assert_one_line(run, 78, "acl", said)
    assert SECRET not in run.err


@pytest.mark.parametrize("changes", [{"acl": "world:anyone:r"}, {"auth": True}])
def test_beside_originals_it_is_refused(fleet, changes):
    if "auth" in changes:
        changes = {"auth": credentials(fleet)}
    config = fleet.config(mixed_fleet=True, session_timeout=30, ownership_term=30, **changes)
    assert_one_line(fleet.run("--lockname", "a", "--", "true", config=config), 78, "mixed_fleet", "would be locked out")


def test_the_secret_is_nowhere(closed, own_ctl):
    """Not in a word of the command line, the command's environment or descriptors, on the screen or in the log."""
    log = f"{closed.folder}/log"
    config = closed.config(logfile=log, loglevel="debug", hooks={"succeeded": f"env > {closed.folder}/hook"})
    flags = closed.flag("told"), closed.flag("end")
    look = f"env; ls -l /proc/self/fd; echo core $(ulimit -c); touch {flags[0]}; until [ -e {flags[1]} ]; do sleep 0.05; done"
    run = closed.start("--verbose", "--lockname", "a", "--", "sh", "-c", look, config=config, prefixed=("prlimit", "--core=4096"))
    eventually(lambda: os.path.exists(flags[0]), what="the command has told")
    ours = run.three()
    words = b"".join(open(f"/proc/{pid}/cmdline", "rb").read() + open(f"/proc/{pid}/environ", "rb").read() for pid in ours)
    limits = [re.search(r"Max core file size +(\d+)", read(f"/proc/{pid}/limits"))[1] for pid in ours]
    status = own_ctl("status", "--json", config=config)
    closed.raise_flag(flags[1])
    assert run.wait() == 0
    told = [run.out, run.err, read(log), status.out, status.err, read(f"{closed.folder}/hook"), words.decode(errors="replace")]
    assert not [text for text in told if SECRET in text]
    assert limits == ["1", "1", "1"], "no core file, and none through core_pattern's program either"
    assert "core 8\n" in run.out, "the command has the caller's limit, in blocks of 512 bytes"
    assert f"-> {closed.settings['auth']}" not in run.out, "its file is not open"


# A tree that is there.

@pytest.fixture
def opened(own_fleet):
    """Made when everybody could change everything; now the hosts show credentials, and a run is under way."""
    own_fleet.resources("r")
    assert own_fleet.run("--lockname", "old", "--lease", "r=1:1", "--", "true").code == 0
    own_fleet.settings.update(auth=credentials(own_fleet), acl="open")
    own_fleet.start_job("a")
    own_fleet.client.add_auth("digest", f"team:{SECRET}")
    own_fleet.settings["acl"] = "creator"
    return own_fleet


def is_open(fleet):
    return [path for path, found in lists(fleet).items() if found != [TEAM]]


def changed_by(run):
    return {line.split(": ")[0] for line in run.out.splitlines() if line.endswith(": creator")}


def test_protect_closes_what_is_there_and_lets_live_what_runs(opened, own_ctl):
    before = is_open(opened)
    assert len(before) > 6
    first = own_ctl("init", "--protect")
    assert (first.code, first.err) == (0, "")
    assert is_open(opened) == [opened.path("locks", "a")], "which goes with its run"
    assert changed_by(first) >= set(before) - {opened.path("locks", "a")}
    assert "1 node of runs under way stays as it is" in first.out and opened.path("locks", "a") in first.out
    again = own_ctl("init", "--protect")
    assert again.code == 0 and again.out.startswith("0 nodes changed, "), again.out
    assert_one_line(opened.run("--lockname", "old", "--", "true", config=stranger(opened, acl=None)), 77, "no permission to read")
    opened.end_job("a")
    assert opened.runs[1].wait() == 0


def test_a_run_without_credentials_outlives_the_protection_and_is_lost_at_its_end(opened, own_ctl):
    """As the manual says: nothing takes its lock from it, and nothing reaches it."""
    run = opened.start_job("b", config=stranger(opened, acl=None))
    assert own_ctl("init", "--protect").code == 0
    asked = own_ctl("stop", "--timeout", "1", "b")
    assert asked.code != 0 and "has not acted on the request" in asked.err
    assert run.running and opened.list("locks") == ["a", "b"]
    opened.end_job("b")
    assert run.wait() == 0 and "the release was refused" in run.err
    assert own_ctl.json("history", "b")["runs"][-1]["outcome"] == "lost"
    opened.end_job("a")
    opened.leaves_marks = True


@pytest.mark.parametrize("fault", ["kill", "interrupt", "cut"])
def test_protect_is_interrupted_and_run_again(own_fleet, own_ctl, server, fault):
    """In the middle of a tree of 2,000 nodes: what was told is closed, and the next one closes exactly the rest."""
    own_fleet.client.add_auth("digest", f"team:{SECRET}")
    own_fleet.settings["auth"] = credentials(own_fleet)
    for folder in ("one", "two"):
        own_fleet.client.ensure_path(own_fleet.path(folder))
        for made in [own_fleet.client.create_async(own_fleet.path(folder, f"node-{n}"), b"") for n in range(1000)]:
            made.get(30)
    proxy, before, changes = Proxy(server.port), is_open(own_fleet), itertools.count(1)
    assert len(before) > 2000

    def strike(request):
        if request.name != "setACL" or next(changes) != 1000:
            return None
        if fault != "cut":
            os.kill(run.front, signal.SIGKILL if fault == "kill" else signal.SIGINT)
        return "cut" if fault != "interrupt" else None
    proxy.on_request = strike
    run = own_ctl.start("init", "--protect", config=own_fleet.config("through.conf", zkhosts=proxy.address))
    code = run.wait(60)
    proxy.close()
    told = changed_by(run)
    left = set(is_open(own_fleet))
    assert told and not left & told
    if fault == "cut":
        assert (code, left) == (0, set()), "it goes on by itself"
    else:
        assert code == -(signal.SIGKILL if fault == "kill" else signal.SIGINT) and 0 < len(left) < len(before) - 500
    again = own_ctl("init", "--protect")
    assert again.code == 0 and changed_by(again) == left
    assert is_open(own_fleet) == []


def test_check_ensemble_says_what_is_open(opened, own_ctl):
    assert "nodes are open to everybody" in own_ctl("check", "ensemble").out
    opened.end_job("a")
    assert opened.runs[1].wait() == 0
    assert own_ctl("init", "--protect").code == 0
    assert "open to everybody" not in own_ctl("check", "ensemble").out
    opened.client.set_acls(record := opened.path("jobs", "old"), [make_acl("world", "anyone", all=True)])
    assert f"a node is open to everybody ({record}); " in own_ctl("check", "ensemble").out


def test_check_ensemble_says_which_nodes_and_how_many_it_looked_at(own_fleet, own_ctl):
    """Which is 5,000 at the most."""
    own_fleet.client.add_auth("digest", f"team:{SECRET}")
    own_fleet.settings["auth"] = credentials(own_fleet)
    assert own_ctl("init").code == 0
    for count in (4, 4992):
        folder = own_fleet.path(f"f{count}")
        own_fleet.client.create(folder, acl=[TEAM])
        for made in [own_fleet.client.create_async(f"{folder}/{n}", b"", acl=[TEAM]) for n in range(count)]:
            made.get(30)
    told = own_ctl("check", "ensemble")
    assert "note: none of the first 5000 nodes is open to everybody; the rest of the tree was not looked at" in told.out
    opened = [own_fleet.path("f4", str(n)) for n in range(4)]
    for path in opened:
        own_fleet.client.set_acls(path, [make_acl("world", "anyone", all=True)])
    told = own_ctl("check", "ensemble")
    assert f"4 nodes are open to everybody ({', '.join(opened[:3])} and 1 more), of the first 5000; " in told.out
    facts = own_ctl.json("check", "ensemble", code=told.code)["facts"]
    assert (facts["open_nodes"], facts["nodes_looked_at"], facts["looked_at_all"]) == (opened, 5000, False)
    own_fleet.client.delete(own_fleet.path("f4992"), recursive=True)
    facts = own_ctl.json("check", "ensemble", code=told.code)["facts"]
    assert (facts["open_nodes"], facts["looked_at_all"]) == (opened, True)


def test_who_may_not_protect_is_told(closed, own_ctl):
    closed.settings["acl"] = ["creator", "world:anyone:r"]
    assert closed.run("--lockname", "a", "--", "true").code == 0
    refused = own_ctl("init", "--protect", config=stranger(closed, acl=None))
    assert (refused.code, "no permission to create" in refused.err) == (77, True), "it makes what is missing first"
