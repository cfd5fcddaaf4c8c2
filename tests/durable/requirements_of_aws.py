"""AWS's requirements for durable functions, read from its own package, and compared with what happened."""

import json
import re
import sys
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = "aws_durable_execution_conformance_tests"
_GENERATED = re.compile(r"\$\{GEN_STR:(\d+)\}")
_NAMED = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_PATTERN = re.compile(r"\$\{/(.+)/\}")


def found():
    """The files of the requirements; none if the package isn't installed."""
    spec = find_spec(_PACKAGE)
    if spec is None or sys.version_info < (3, 11):
        return []
    return sorted(Path(spec.origin).parent.glob("test_requirements/*/*.yaml"), key=_number)


def _number(path):
    return [int(part) for part in path.stem.split("-")]


class Values:
    """The values behind the names in a requirement, such as `${ID1}`."""

    def __init__(self, variables):
        self.values = {}
        for name, text in (variables or {}).items():
            generated = _GENERATED.fullmatch(str(text))
            self.values[name] = name.lower()[: int(generated[1])] if generated else str(text)

    def put_in(self, value):
        """A part of a requirement, with the values that are known."""
        if isinstance(value, dict):
            return {key: self.put_in(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.put_in(each) for each in value]
        if not isinstance(value, str):
            return value
        return _NAMED.sub(lambda name: str(self.values.get(name[1], name[0])), value)

    def differences(self, expected, actual, where=""):
        """Where something is not as it was expected."""
        pattern = _PATTERN.fullmatch(expected) if isinstance(expected, str) else None
        name = _NAMED.fullmatch(expected) if isinstance(expected, str) else None
        if expected in ("*", {}):
            return
        if pattern is not None:
            if not re.search(pattern[1], str(actual)):
                yield f"{where}: {actual!r} is not like {pattern[1]}"
        elif name is not None:
            if self.values.setdefault(name[1], actual) != actual:
                yield f"{where}: {actual!r}, and {expected} was {self.values[name[1]]!r}"
        elif isinstance(expected, dict) and isinstance(actual, dict):
            for key, each in expected.items():
                if key in actual:
                    yield from self.differences(each, actual[key], f"{where}.{key}")
                else:
                    yield f"{where}.{key} is missing"
        elif self.put_in(expected) != actual:
            yield f"{where}: {actual!r} instead of {expected!r}"

    def events(self, expected, actual):
        """The differences between the events of a history, by their numbers."""
        by_number = {event["EventId"]: event for event in actual}
        for event in expected:
            number = event["EventId"]
            yield from self.differences(event, by_number.get(number, {}), f"event {number}")

    def logs(self, expected, lines):
        """The differences between what was to be logged and what was."""
        entries = [found for line in lines if isinstance(found := _parsed(line), dict)]
        for each in expected or ():
            places = self._places(each["match"], entries)
            if len(places) != each["count"]:
                yield f"logged {len(places)} times: {each}"
            for before in each.get("after", ()):
                earlier = self._places(before, entries)
                if not earlier or min(places, default=0) < min(earlier):
                    yield f"logged too early: {each}"

    def _places(self, match, entries):
        return [place for place, entry in enumerate(entries) if self._is_like(match, entry)]

    def _is_like(self, match, entry):
        for key, wanted in self.put_in(match).items():
            if isinstance(wanted, str) and wanted.startswith("/"):
                if not re.search(wanted.strip("/"), str(entry.get(key, ""))):
                    return False
            elif entry.get(key) != wanted:
                return False
        return True


def _parsed(line):
    try:
        return json.loads(line)
    except ValueError:
        return None
