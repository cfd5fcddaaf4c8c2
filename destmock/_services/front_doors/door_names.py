"""Pure: what front doors are called, and which one a request came by."""

from __future__ import annotations

import re

URL = "function URL"
_DEFAULT = "api $default"
_ROUTE = 3  # "api", a method and a path
_PARAMETER = re.compile(r"\{[^{}]*?(\+?)\}")


def leads(door: str, source: str) -> bool:
    """Whether a request came by a door, by what the timeline calls the request's source."""
    if door == source:
        return True
    if door in (URL, _DEFAULT):
        return source.startswith("url " if door == URL else "api ")
    words = door.split(" ")
    if words[0] != "api" or len(words) != _ROUTE:
        return False
    kind, method, path = words
    verb = "[A-Z]+" if method == "ANY" else method
    pattern, end = "", 0
    for parameter in _PARAMETER.finditer(path):
        pattern += re.escape(path[end : parameter.start()]) + (".+" if parameter[1] else "[^/]+")
        end = parameter.end()
    return re.fullmatch(f"{kind} {verb} {pattern}{re.escape(path[end:])}", source) is not None
