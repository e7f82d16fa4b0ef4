import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
pytest.register_assert_rewrite("Support")

from Support.fixtures import *  # noqa: E402, F401, F403
from Support.others import theirs  # noqa: E402, F401
from Support.secure_fixtures import (  # noqa: E402, F401
    authority, client_certificate, relay, server_certificate, stranger, tls_fleet, tls_server)
