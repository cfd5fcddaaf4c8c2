"""Pure: the mapping templates and parameter mappings that API Gateway fills in.

A template may be any text with references such as `$input.json('$.id')` and `$util.urlEncode($input.body)`
in it. Its language has more, such as `#set` and `#foreach`, which is refused by name.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote_plus

from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DIRECTIVE = re.compile(r"#(set|if|elseif|else|end|foreach|macro|parse|include|evaluate|define|stop|break)\b")
_COMMENT = re.compile(r"##[^\n]*\n?|#\*.*?\*#", re.DOTALL)
_REFERENCE = re.compile(r"\$!?\{?(?=(?:input|util|context|stageVariables)\b)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STEP = re.compile(r"\.([^.\[\]]+)|\[['\"]([^'\"]*)['\"]\]|\[(\d+)\]")
_LITERAL = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\")\s*")


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


def filled(template: str, sources: Sources) -> str:
    """The template with its references replaced; raises `UnsupportedError` for the rest of its language."""
    text = _COMMENT.sub("", template)
    directive = _DIRECTIVE.search(text)
    if directive is not None:
        raise _refused(directive[0], template)
    found, at = [], 0
    while (start := _REFERENCE.search(text, at)) is not None:
        found.append(text[at : start.start()])
        braced = start[0].endswith("{")
        value, at = _reference(text, start.end(), sources)
        if braced:
            if text[at : at + 1] != "}":
                raise _refused(text[start.start() : at + 1], template)
            at += 1
        elif text[at : at + 1] == "(" or re.match(r"\.[A-Za-z]+\(", text[at:]):
            raise _refused(text[start.start() : at + 20], template)
        found.append(as_text(value))
    found.append(text[at:])
    return "".join(found)


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


def _reference(text: str, at: int, sources: Sources) -> tuple[Any, int]:
    """The value of the reference whose name begins at `at`, and where it ends."""
    root = _NAME.match(text, at)
    assert root is not None  # the caller has seen it
    if root[0] in ("context", "stageVariables"):
        path = re.compile(r"(?:\.[A-Za-z_][A-Za-z0-9_-]*)+").match(text, root.end())
        names = path[0][1:] if path else ""
        end = path.end() if path else root.end()
        given: Any = sources.context if root[0] == "context" else dict(sources.stage_variables)
        return _walk(given, names), end
    member = re.compile(r"\.([A-Za-z0-9]+)").match(text, root.end())
    if member is None:
        raise _refused(text[at : at + 20], text)
    if root[0] == "input" and member[1] == "body":
        return sources.body, member.end()
    functions = _INPUT if root[0] == "input" else _UTIL
    if member[1] not in functions or text[member.end() : member.end() + 1] != "(":
        raise _refused(text[at - 1 : member.end()], text)
    argument, end = _argument(text, member.end() + 1, sources)
    return functions[member[1]](argument, sources), end


def _argument(text: str, at: int, sources: Sources) -> tuple[str, int]:
    """The one argument of a call, a literal or a reference, and the end of the call."""
    literal = _LITERAL.match(text, at)
    if literal is not None:
        value = literal[1] if literal[1] is not None else filled(literal[2], sources)
        end = literal.end()
    else:
        start = re.compile(r"\s*\$!?").match(text, at)
        if start is None or _NAME.match(text, start.end()) is None:
            raise _refused(text[at : at + 20], text)
        found, end = _reference(text, start.end(), sources)
        value = as_text(found)
    closing = re.compile(r"\s*\)").match(text, end)
    if closing is None:
        raise _refused(text[at : end + 10], text)
    return value, closing.end()


def _json(path: str, sources: Sources) -> str:
    value = at_path(path, parsed(sources.body))
    return '""' if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _params(name: str, sources: Sources) -> str:
    for found in (sources.path.get(name), sources.query.get(name), sources.header(name)):
        if found is not None:
            return found
    return ""


def _escaped(text: str, _: Sources) -> str:
    """Text inside of a JavaScript string, in whichever quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("'", "\\'").replace("/", "\\/")


_INPUT: Mapping[str, Callable[[str, Sources], Any]] = {
    "json": _json,
    "path": lambda path, sources: at_path(path, parsed(sources.body)),
    "params": _params,
}
_UTIL: Mapping[str, Callable[[str, Sources], Any]] = {
    "urlEncode": lambda text, _: quote_plus(text),
    "urlDecode": lambda text, _: unquote_plus(text),
    "base64Encode": lambda text, _: base64.b64encode(text.encode()).decode(),
    "base64Decode": lambda text, _: base64.b64decode(text).decode(errors="replace"),
    "escapeJavaScript": _escaped,
    "parseJson": lambda text, _: parsed(text),
}


def _refused(what: str, template: str) -> UnsupportedError:
    shown = template if len(template) <= 60 else f"{template[:60]}..."  # noqa: PLR2004 - the length of a line
    message = (
        f"destmock fills in the references of mapping templates, not the language VTL: {what!r} in {shown!r}"
    )
    return UnsupportedError(message)
