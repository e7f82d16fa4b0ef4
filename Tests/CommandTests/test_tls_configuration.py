"""The key `tls`: what is wrong with it ends a run with 78 before anything is asked of a server."""

import os

import pytest

from Support.certificates import openssl, settings
from Support.fleet import assert_one_line
from Support.secure_fixtures import private
from Support.verdict import assert_says

HIDE = 'for file in /lib/*/libssl.so.3 /usr/lib/*/libssl.so.3 /usr/lib64/libssl.so.3; do ' \
    '[ ! -e "$file" ] || mount --bind /dev/null "$(readlink -f "$file")"; done; exec "$@"'


def assert_refused(fleet, ctl, tls, *words, **options):
    # Nobody is asked: a server that is not there does not matter.
    config = fleet.config("broken.conf", tls=tls, zkhosts="127.0.0.1:1", connect_timeout=30)
    run = fleet.run("--lockname", "a", "--", "false", config=config, **options)
    assert_one_line(run, 78, f'{config}: key "tls"', *words)
    status = ctl("status", config=config, **options)
    assert (status.code, status.out) == (78, "") and status.err.count("\n") == 1
    if not options:
        assert_says(ctl("check", "config", config), "CRITICAL", "config", *words)


@pytest.mark.parametrize("tls, words", [
    (True, ["is a boolean; it must be an object with ca"]), ([], ["it must be an object with ca"]),
    ("/a", ["it must be an object"]),
    ({}, ["lacks ca"]), ({"CA": "/a"}, ['has no member "CA"', "ca, certificate, key, check_host_name"]),
    ({"ca": None}, ["lacks ca"]), ({"ca": 7}, [", ca is 7; it must be a string"]), ({"ca": "ca.pem"}, ["whole path"]),
    ({"ca": "/a", "certificate": "/b"}, ["has a certificate without a key"]),
    ({"ca": "/a", "key": "/b"}, ["has a key without a certificate"]),
    ({"ca": "/a", "check_host_name": "maybe"}, [", check_host_name is", "true or false"]),
    ({"ca": "/not/there.pem"}, ["names ca /not/there.pem, which cannot be read: No such file or directory"]),
    ({"ca": "/dev/null"}, ["names ca /dev/null, which is no regular file"]),
    ({"ca": "/etc/passwd"}, ["names ca /etc/passwd, which holds no certificates in PEM"]),
], ids=str)
def test_what_is_wrong_with_the_object(fleet, ctl, tls, words):
    assert_refused(fleet, ctl, tls, *words)


def test_the_environment_has_no_object(fleet):
    run = fleet.run("--lockname", "a", "--", "false", env={"SWITCHMAN_TLS": "/etc/ca.pem"})
    assert_one_line(run, 78, "environment variable SWITCHMAN_TLS is a string; it must be an object", "write it into the file")


def rewritten(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


@pytest.mark.parametrize("spoil, words", [
    (lambda mine: rewritten(mine.certificate_path, "text\n"), "is no certificate in PEM"),
    (lambda mine: rewritten(mine.key, "text\n"), "is no private key in PEM"),
    (lambda mine: rewritten(mine.key, open(mine.certificate_path, encoding="ascii").read()), "is no private key in PEM"),
    (lambda mine: os.chmod(mine.key, 0o640), "which others may use (mode 640); chmod 600 it"),
    (lambda mine: os.chown(mine.key, 65534, 65534), "which belongs to another user (65534)"),
    (lambda mine: os.remove(mine.key), "cannot be read: No such file or directory"),
    (lambda mine: os.replace(mine.other_key, mine.key), "which is not the key of certificate"),
    (lambda mine: os.replace(mine.other_kind, mine.key), "which is not the key of certificate"),
    (lambda mine: openssl("rsa", "-aes128", "-passout", "pass:secret", "-in", mine.server_key, "-out", mine.key),
     "is protected by a passphrase"),
], ids=["no-certificate", "no-key", "a-certificate-for-a-key", "open-key", "foreign-key", "missing-key", "other-key", "other-kind",
        "passphrase"])
def test_what_is_wrong_with_a_clients_files(fleet, ctl, authority, client_certificate, server_certificate, tmp_path, spoil, words):
    mine = private(client_certificate, tmp_path)
    mine.certificate_path, mine.server_key = mine.path, server_certificate.key
    mine.other_key, mine.other_kind = f"{tmp_path}/ec", f"{tmp_path}/rsa"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", mine.other_key)
    openssl("genpkey", "-algorithm", "RSA", "-out", mine.other_kind)
    spoil(mine)
    for path in (mine.key, mine.other_key, mine.other_kind):
        if os.path.exists(path) and "chmod" not in words:
            os.chmod(path, 0o600)
    assert_refused(fleet, ctl, settings(authority, mine), words)


def test_without_openssl_it_says_what_to_install(fleet, ctl, authority):
    hidden = {"prefixed": ("unshare", "-m", "sh", "-c", HIDE, "sh")}
    assert_refused(fleet, ctl, settings(authority), "needs OpenSSL 3, which cannot be loaded", "install libssl3 (Debian", **hidden)
    assert fleet.run("--lockname", "a", "--", "echo", "ran", **hidden).out == "ran\n", "who does not ask for it does not need it"


def test_comments_and_nulls(fleet, authority):
    """The object of a server that is not there: 69 says that nothing was wrong with it."""
    tls = {"ca": authority.path, "#": "why", "certificate": None, "key": None, "check_host_name": None}
    run = fleet.run("--lockname", "a", "--", "false", config=fleet.config(tls=tls, zkhosts="127.0.0.1:1", connect_timeout=1))
    assert run.code == 69
    assert fleet.run("--lockname", "a", "--", "echo", "ran", config=fleet.config(tls=None)).out == "ran\n"
