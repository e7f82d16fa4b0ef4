"""The operator of one fleet: the built `switchmanctl` with the fleet's configuration."""

import json
import os

from .run import Run


class Control:
    """Called, it runs one verb to its end: `ctl("status", "a")`."""

    def __init__(self, program, fleet):
        self.program, self.fleet = program, fleet

    def __call__(self, *words, within=30.0, **options):
        return self.start(*words, **options).finished(within)

    def start(self, *words, config=None, env=None, **options):
        """Start a verb. The configuration is named by the environment, so that the words are free."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHMAN_")}
        environment["SWITCHMAN_CONFIG"] = config or self.fleet.config("operator.conf")
        environment.update(env or {})
        run = Run([self.program, *map(str, words)], self.fleet.folder, environment, **options)
        self.fleet.runs.append(run)
        return run

    def json(self, *words, **options):
        """What a verb prints with --json."""
        run = self(*words, "--json", **options)
        assert (run.code, run.err) == (0, ""), run
        return json.loads(run.out)


def assert_refused(run, code, *mentions):
    """Bad input: one clear line on standard error, nothing else, and the documented code."""
    assert (run.code, run.out) == (code, ""), (run, run.code, run.out)
    lines = run.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("switchmanctl: "), run.err
    for mention in mentions:
        assert mention in lines[0], f"{mention!r} is not named in: {lines[0]}"
