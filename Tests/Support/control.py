"""The operator of one fleet: the built `switchmanctl` with the fleet's configuration."""

import json
import os
import pathlib
import re

import jsonschema

from .eventually import eventually
from .run import Run

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[2] / "Docs/switchmanctl.schema.json").read_bytes())


class Control:
    """Called, it runs one verb to its end: `ctl("status", "a")`."""

    def __init__(self, program, fleet):
        self.program, self.fleet = program, fleet

    def __call__(self, *words, within=30.0, **options):
        return self.start(*words, **options).finished(within)

    def start(self, *words, config=None, env=None, prefixed=(), **options):
        """Start a verb. The configuration is named by the environment, so that the words are free."""
        run = Run([*prefixed, self.program, *map(str, words)], self.fleet.folder, self.environment(config, env), **options)
        self.fleet.runs.append(run)
        return run

    def environment(self, config=None, env=None):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHMAN_")}
        environment["SWITCHMAN_CONFIG"] = config or self.fleet.config("operator.conf")
        return {**environment, **(env or {})}

    def json(self, *words, code=0, **options):
        """What a verb prints with --json, which is as its schema says."""
        run = self(*words, "--json", **options)
        assert (run.code, run.err) == (code, ""), run
        return checked(run.out, *words)


def checked(text, *words):
    """The document, once it has been held against the verb's schema."""
    document = json.loads(text)
    verb = next(name for name in (" ".join(map(str, words[:2])), words[0]) if name in SCHEMA["definitions"])
    schema = {"$ref": f"#/definitions/{verb}", "definitions": SCHEMA["definitions"]}
    jsonschema.Draft7Validator(schema).validate(document)
    return document


def assert_refused(run, code, *mentions):
    """Bad input, or a no: one clear line on standard error, nothing else, and the documented code."""
    assert (run.code, run.out) == (code, ""), (run, run.code, run.out)
    lines = run.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("switchmanctl: "), run.err
    for mention in mentions:
        assert mention in lines[0], f"{mention!r} is not named in: {lines[0]}"


def assert_silent_yes(run):
    assert (run.code, run.out, run.err) == (0, "", ""), (run, run.out)


def assert_told_end(run, what):
    """A yes, and when the pause ends, as it has been understood, with the zone: other lines have other zones."""
    assert (run.code, run.err) == (0, ""), run
    assert re.fullmatch(rf"{what} until \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]{{3,4}}\n", run.out), run.out


def assert_no_request(fleet):
    """The end of a session is sent, and not waited for: what was its own is gone a moment later."""
    eventually(lambda: not fleet.list("stops"), what="no request to stop is left")
