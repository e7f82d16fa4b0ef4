import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
pytest.register_assert_rewrite("Support")

from Support import browser as browsers  # noqa: E402
from Support.fixtures import *  # noqa: E402, F401, F403
from Support.fixtures import ROOT  # noqa: E402
from Support.web import Web, acting_on  # noqa: E402


@pytest.fixture(scope="session")
def web_program():
    path = os.environ.get("SWITCHMAN_WEB_BIN", str(ROOT / "Sources/Web/.build/release/switchman-web"))
    if not os.access(path, os.X_OK):
        pytest.exit(f"{path}: not there; build it (Tests/run --only-web does) or set SWITCHMAN_WEB_BIN", returncode=2)
    return path


@pytest.fixture
def start_web(web_program, fleet):
    """Starts a switchman-web on the test's fleet."""
    def start(*words, **options):
        started.append(Web(web_program, fleet, *words, **options))
        return started[-1]
    started = []
    yield start
    for web in started:
        web.stop()


@pytest.fixture
def web(start_web):
    return start_web()


@pytest.fixture
def own_web(web_program, own_fleet):
    """On the fleet of the test's own server."""
    with Web(web_program, own_fleet) as web:
        yield web


@pytest.fixture
def browser(tmp_path):
    browser = browsers.start(tmp_path)
    yield browser
    browser.quit()


@pytest.fixture
def acting(web_program, fleet):
    """One that may act, for whoever knows its token."""
    with acting_on(web_program, fleet) as web:
        yield web


@pytest.fixture
def own_acting(web_program, own_fleet):
    """On the fleet of the test's own server."""
    with acting_on(web_program, own_fleet) as web:
        yield web
