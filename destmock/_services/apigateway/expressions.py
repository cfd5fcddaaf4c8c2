"""Pure: the parameter mappings that API Gateway fills in, and what they and mapping templates refer to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEP = re.compile(r"\.([^.\[\]]+)|\[['\"]([^'\"]*)['\"]\]|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Sources:
    """What a template or a mapping can refer to."""

    body: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


def mapped(expression: str, sources: Sources) -> str | None:
    """The value of a REST API's mapping, such as `'text'`, `method.request.path.id` or `context.stage`."""
    if len(expression) > 1 and expression[0] == expression[-1] == "'":
        return expression[1:-1]
    kind, _, rest = expression.partition(".")
    if kind == "context":
        return _text_or_none(_walk(sources.context, rest))
    if kind == "stageVariables":
        return sources.stage_variables.get(rest)
    if kind in ("method", "integration"):
        place, _, name = rest.partition(".")[2].partition(".")
        return _of_request(place, name, sources)
    message = f"destmock does not simulate the mapping {expression!r} of API Gateway"
    raise UnsupportedError(message)


def selected(expression: str, sources: Sources) -> Any:
    """The value of an HTTP API's mapping: text with `$request.body.id` or `${context.stage}` in it."""
    whole = re.fullmatch(r"\$\{?([A-Za-z][^{}]*?)\}?", expression)
    if whole is not None and "$" not in whole[1]:
        return _selection(whole[1], sources)
    return re.sub(r"\$\{([^{}]*)\}", lambda found: as_text(_selection(found[1], sources)), expression)


def with_variables(text: str, stage_variables: Mapping[str, str]) -> str:
    """A URI with the stage variables that it names, as `${stageVariables.name}`."""
    return re.sub(r"\$\{stageVariables\.([^}]*)\}", lambda found: stage_variables.get(found[1], ""), text)


def at_path(path: str, value: Any) -> Any:
    """What stands at a JSONPath such as `$.a.b[0]`; `None` if nothing does."""
    rest = path.strip().removeprefix("$")
    position = 0
    while position < len(rest):
        step = _STEP.match(rest, position)
        if step is None:
            message = f"destmock does not simulate the JSONPath {path!r}"
            raise UnsupportedError(message)
        name, quoted, index = step.groups()
        try:
            value = value[int(index)] if index is not None else value[name if name is not None else quoted]
        except (KeyError, IndexError, TypeError):
            return None
        position = step.end()
    return value


def as_text(value: Any) -> str:
    """A value as a template writes it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def parsed(body: str) -> Any:
    """A body as JSON; an object without members if it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return {}


def _of_request(place: str, name: str, sources: Sources) -> str | None:
    if place == "body":
        return sources.body if not name else _text_or_none(at_path(_as_path(name), parsed(sources.body)))
    if place == "header":
        return sources.header(name)
    found = {"path": sources.path, "querystring": sources.query, "multivaluequerystring": sources.query}
    return found[place].get(name) if place in found else sources.header(name)


def _selection(expression: str, sources: Sources) -> Any:
    kind, _, rest = expression.partition(".")
    if kind == "context":
        return _walk(sources.context, rest)
    if kind == "stageVariables":
        return sources.stage_variables.get(rest)
    place, _, name = rest.partition(".")
    if kind == "request" and place == "body":
        return sources.body if not name else at_path(_as_path(name), parsed(sources.body))
    if kind == "request" and place in ("header", "querystring", "path"):
        return _of_request(place, name, sources)
    message = f"destmock does not simulate the mapping ${expression} of API Gateway"
    raise UnsupportedError(message)


def _as_path(name: str) -> str:
    return name if name.startswith("$") else f"$.{name}"


def _walk(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else as_text(value)
