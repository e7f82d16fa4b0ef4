"""The packages as .package/build makes them, and one that is newer."""

import os
import pathlib
import subprocess

BUILD = pathlib.Path(__file__).resolve().parents[2] / ".package/build"


def built(folder, program, controller, *kinds, **environment):
    """What the command did, printed and said."""
    ran = subprocess.run(
        [BUILD, *kinds, folder], capture_output=True, text=True, check=False,
        env={**os.environ, "SWITCHMAN_BIN": program, "SWITCHMANCTL_BIN": controller, **environment})
    assert ran.returncode == 0, ran.stderr
    return ran


def build(*words):
    """The paths of the packages, as the command prints them."""
    return [pathlib.Path(line) for line in built(*words).stdout.splitlines()]


def field(package, name):
    return subprocess.run(["dpkg-deb", "--field", package, name], check=True, capture_output=True, text=True).stdout.strip()


def unpacked(package, folder):
    subprocess.run(["dpkg-deb", "-R", package, folder], check=True)
    return pathlib.Path(folder)


def newer(package, folder):
    """The next version, which has another template of the configuration and other rules for logrotate."""
    root = unpacked(package, folder / "newer")
    control = root / "DEBIAN/control"
    control.write_text(control.read_text().replace(f"Version: {field(package, 'Version')}", "Version: 99.0-1"))
    for name, mark in ("usr/share/switchman/switchman.conf", "\n"), ("etc/logrotate.d/switchman", "# newer\n"):
        with open(root / name, "a", encoding="utf-8") as file:
            file.write(mark)
    target = folder / "switchman_99.0-1.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", root, target], check=True, stdout=subprocess.DEVNULL)
    return target
