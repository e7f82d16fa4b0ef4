"""Servers that have lost their quorum. One with `readonlymode.enabled` goes on answering whoever asks for a read-only session, from
what it knew last, without a word of how old that is. The page is no such client."""

from Support.eventually import always, eventually
from Support.server import Ensemble, connected_client
from Support.web import Events, Web

# Read-only mode is for local sessions only.
READ_ONLY = {"flags": ["-Dreadonlymode.enabled=true"],
             "members": ["localSessionsEnabled=true", "localSessionsUpgradingEnabled=true"]}


def test_what_nobody_vouches_for_is_not_shown_as_new(web_program, fleet):
    ensemble = Ensemble(options=(READ_ONLY,) * 3)
    client = ensemble.client()
    client.ensure_path("/fleet/locks")
    config = fleet.config("ensemble.conf", zkhosts=ensemble.address, prefix="/fleet")
    try:
        with Web(web_program, fleet, config=config) as web:
            stream, alone = Events(web), ensemble.leader()
            for server in ensemble.servers:
                if server is not alone:
                    server.kill()
            while "old" not in stream.next("state"):
                pass
            eventually(lambda: alone.mode() == "read-only", what="it has noticed that it is alone")
            believer = connected_client(alone.address, read_only=True)
            assert believer.get_children("/fleet") == ["locks"]
            always(lambda: "old" in web.json("/api/status", 503)["error"], during=5)
            assert "old" in stream.next("state")
            believer.stop()
            believer.close()
            stream.close()
    finally:
        client.stop()
        client.close()
        ensemble.close()
