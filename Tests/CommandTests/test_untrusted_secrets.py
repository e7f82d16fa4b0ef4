"""Certificates and credentials that others may write, or choose by a link: 78 before anything is sent."""

import os
import shutil
import tempfile

import pytest

from Support.certificates import settings
from Support.fleet import assert_one_line
from Support.others import OTHER, link_of_theirs
from Support.secure_fixtures import private

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="that takes root")
LINK = f"a symbolic link on its way belongs to another user ({OTHER})"

# TLS.

@pytest.mark.parametrize("role", ["ca", "certificate"])
def test_certificates_that_others_may_write(fleet, authority, client_certificate, role):
    """Who can write the authorities can be the servers, and who can write the certificate can keep root's jobs from running."""
    mine = private(client_certificate, fleet.folder)
    tls = {**settings(authority, mine), "ca": shutil.copy(authority.path, fleet.folder)}
    os.chmod(tls["ca"], 0o644)
    os.chmod(tls[role], 0o666)
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(tls=tls))
    assert_one_line(run, 78, f'key "tls" names {role} ', "written by others than root (mode 666)")


@pytest.mark.parametrize("role", ["ca", "certificate", "key"])
def test_files_of_tls_behind_a_link_of_somebody_elses(fleet, authority, client_certificate, theirs, role):
    tls = settings(authority, private(client_certificate, fleet.folder))
    link_of_theirs(tls[role], f"{theirs}/{role}")
    tls[role] = f"{theirs}/{role}"
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(tls=tls))
    assert_one_line(run, 78, f'key "tls" names {role} {theirs}/{role}', LINK)


# Credentials.

def test_credentials_behind_a_link_of_somebody_elses(fleet, theirs):
    """All of root's files that look like some would be shown to the servers: /etc/shadow does."""
    link_of_theirs("/etc/shadow", f"{theirs}/auth")
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(auth=f"{theirs}/auth"))
    assert_one_line(run, 78, 'key "auth" names', LINK)


@pytest.mark.parametrize("owner, code", [(OTHER - 1, 78), (OTHER, 0), (0, 0)])
def test_an_accounts_own_secrets_are_not_for_others_to_choose(own_fleet, owner, code):
    """Whoever is not root follows its own links to them, and root's."""
    with tempfile.TemporaryDirectory(prefix="switchman-any-") as folder:
        os.chmod(folder, 0o755)
        own_fleet.program = shutil.copy(own_fleet.program, folder)
        secret, link = f"{folder}/secret", f"{folder}/auth"
        with open(secret, "w", encoding="ascii") as file:
            file.write("digest:team:word\n")
        os.chmod(secret, 0o600)
        os.chown(secret, OTHER, OTHER)
        os.symlink(secret, link)
        os.lchown(link, owner, owner)
        config = shutil.copy(own_fleet.config(auth=link, acl="open"), folder)
        os.chmod(config, 0o644)
        words = ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups")
        run = own_fleet.run("--lockname", "a", "--", "true", config=config, prefixed=words)
        assert run.code == code, run.err
        assert (f"belongs to another user ({OTHER - 1})" in run.err) == (code == 78)


OWN_FILE = "each user needs a file of his own: SWITCHMAN_AUTH=FILE in his crontab"


@pytest.mark.parametrize("mode, group, said", [
    (0o600, 0, "cannot be read: Permission denied"), (0o640, OTHER, "which others may use (mode 640); chmod 600 it")])
def test_a_second_user_needs_a_file_of_his_own(own_fleet, mode, group, said):
    """Root's file is closed to him, or open to more than root: he is told what to do, and that does it."""
    with tempfile.TemporaryDirectory(prefix="switchman-any-") as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(own_fleet.program, folder)
        for name, owner, its_group, its_mode in (("auth", 0, group, mode), ("own", OTHER, OTHER, 0o600)):
            with open(f"{folder}/{name}", "w", encoding="ascii") as file:
                file.write("digest:team:word\n")
            os.chown(f"{folder}/{name}", owner, its_group)
            os.chmod(f"{folder}/{name}", its_mode)
        config = shutil.copy(own_fleet.config(auth=f"{folder}/auth"), f"{folder}/conf")
        os.chmod(config, 0o644)
        own_fleet.program = program
        own_fleet.client.add_auth("digest", "team:word")
        account = {"prefixed": ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups")}
        words = ("--lockname", "a", "--", "true")
        mine = own_fleet.run(*words, config=config)
        assert mine.code == (0 if mode == 0o600 else 78) and OWN_FILE not in mine.err, "root has one: this"
        assert_one_line(own_fleet.run(*words, config=config, **account), 78, said, OWN_FILE)
        run = own_fleet.run(*words, config=config, env={"SWITCHMAN_AUTH": f"{folder}/own"}, **account)
        assert (run.code, run.err) == (0, ""), "with the same credentials it is the same team"
