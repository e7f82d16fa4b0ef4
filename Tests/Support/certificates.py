"""Throw-away certificates, by openssl, and the ZooKeeper that shows them on a secureClientPort."""

import contextlib
import os
import pathlib
import subprocess

from .server import NETTY, NETTY_JARS, ZooKeeperServer, free_ports

HERE = "DNS:localhost,IP:127.0.0.1,IP:::1"
SETTINGS = """[ca]
default_ca = authority
[authority]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
"""
CIPHERS = {"TLSv1.2": [], "TLSv1.3": ["ssl.ciphersuites=TLS_AES_128_GCM_SHA256"]}


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Certificate:
    """Its files: the certificate, its key, and both in one, as ZooKeeper's stores want them."""

    def __init__(self, path, key):
        self.path, self.key, self.both = str(path), str(key), f"{path}.both.pem"
        pathlib.Path(self.both).write_text(pathlib.Path(path).read_text() + pathlib.Path(key).read_text(), encoding="ascii")


class Authority:
    """Signs certificates. `path` is its own."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.path, self.key = str(self.folder / "ca.pem"), self.folder / "ca.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 3, "-subj", f"/CN={name}",
                "-keyout", self.key, "-out", self.path)
        (self.folder / "index").touch()
        (self.folder / "serial").write_text("1000\n", encoding="ascii")
        self.settings = self.folder / "settings"
        self.settings.write_text(SETTINGS.format(folder=self.folder), encoding="ascii")

    def issue(self, name, names=HERE, start=None, end=None, key=("rsa:2048",)):
        """A certificate for the subject CN=`name` and those `names`; `start` and `end` as YYYYMMDDHHMMSSZ."""
        stem = self.folder / name
        openssl("req", "-newkey", *key, "-nodes", "-subj", f"/CN={name}", "-keyout", f"{stem}.key", "-out", f"{stem}.csr")
        extensions = self.folder / f"{name}.extensions"
        extensions.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n", encoding="ascii")
        times = [*(("-startdate", start) if start else ()), *(("-enddate", end) if end else ("-days", 2))]
        openssl("ca", "-batch", "-notext", "-config", self.settings, "-cert", self.path, "-keyfile", self.key,
                *times, "-extfile", extensions, "-in", f"{stem}.csr", "-out", f"{stem}.pem")
        return Certificate(f"{stem}.pem", f"{stem}.key")


def secure(port, certificate, trusted, version="TLSv1.3", clients="none", host="127.0.0.1"):
    """Options of a server that expects TLS on this port."""
    return {"flags": NETTY, "jars": NETTY_JARS, "secure_port": port, "members": [
        f"secureClientPortAddress={host}",
        f"ssl.enabledProtocols={version}", *CIPHERS[version], f"ssl.clientAuth={clients}",
        f"ssl.keyStore.location={certificate.both}", f"ssl.trustStore.location={trusted.path}"]}


class SecureServer(ZooKeeperServer):
    """One that expects TLS on `secure_port`, beside its plain port, which is the test's own."""

    def __init__(self, *words, **options):
        super().__init__(**secure(free_ports(1)[0], *words, **options))

    def secure_address(self, host="localhost"):
        return f"{host}:{self.secure_port}"


@contextlib.contextmanager
def secure_server(*words, **options):
    server = SecureServer(*words, **options)
    try:
        yield server
    finally:
        server.cont()
        server.close()


def settings(authority, client=None, **changes):
    """The value of `tls`."""
    mine = {"certificate": client.path, "key": client.key} if client else {}
    return {"ca": authority.path, **mine, **changes}


def replace(path, other):
    """Put another file's content in a file's place, whole."""
    text = pathlib.Path(other).read_bytes()
    fresh = f"{path}.fresh"
    with open(fresh, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    os.replace(fresh, path)

