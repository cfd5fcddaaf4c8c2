"""Mapping templates: the language VTL, which airspeed fills in, and what API Gateway adds to it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote_plus, unquote_plus

from destmock._services.apigateway.expressions import as_text, at_path, parsed
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airspeed.operators import Template

    from destmock._services.apigateway.expressions import Sources

_SHOWN = 60


class Filled(NamedTuple):
    """A template's text, and what it sets of the request or the answer: `header`, `status` and the like."""

    text: str
    request_override: Mapping[str, Any]
    response_override: Mapping[str, Any]


def filled(template: str, sources: Sources) -> Filled:
    """The template filled in; raises `UnsupportedError` for a wrong one, and for what isn't simulated.

    A reference to nothing is the empty text, as API Gateway has it.
    """
    compiled = _compiled(template)
    from airspeed.operators import TemplateError  # noqa: PLC0415 - of an extra

    context = _wrapped(dict(sources.context))
    request, response = _Map(header=_Map(), path=_Map(), querystring=_Map()), _Map(header=_Map())
    context["requestOverride"], context["responseOverride"] = request, response
    names = {
        "input": _Input(sources),
        "util": _UTIL,
        "context": context,
        "stageVariables": _wrapped(dict(sources.stage_variables)),
    }
    try:
        text = compiled.merge(names)
    except TemplateError as error:
        raise _refused(error.__cause__ or error, template) from error
    except RecursionError as error:
        raise _refused(error, template) from error
    return Filled(text, request, response)


@lru_cache(maxsize=100)
def _compiled(template: str) -> Template:
    try:
        from airspeed.operators import Template  # noqa: PLC0415 - of an extra
    except ImportError as error:
        message = "mapping templates need airspeed-ext: pip install it, or destmock with its extra templates"
        raise UnsupportedError(message) from error
    return Template(template)


class _Text(str):
    """Text with the methods of Java's, as far as templates use them."""

    __slots__ = ()

    def length(self) -> int:
        return len(self)

    def isEmpty(self) -> bool:  # noqa: N802 - Java's
        return not self

    def equals(self, other: object) -> bool:
        return self == other

    def equalsIgnoreCase(self, other: object) -> bool:  # noqa: N802
        return self.lower() == str(other).lower()

    def toLowerCase(self) -> _Text:  # noqa: N802
        return _Text(self.lower())

    def toUpperCase(self) -> _Text:  # noqa: N802
        return _Text(self.upper())

    def toString(self) -> _Text:  # noqa: N802
        return self

    def trim(self) -> _Text:
        return _Text(self.strip())

    def concat(self, other: object) -> _Text:
        return _Text(f"{self}{other}")

    def contains(self, other: str) -> bool:
        return other in self

    def startsWith(self, other: str) -> bool:  # noqa: N802
        return self.startswith(other)

    def endsWith(self, other: str) -> bool:  # noqa: N802
        return self.endswith(other)

    def indexOf(self, other: str) -> int:  # noqa: N802
        return self.find(other)

    def lastIndexOf(self, other: str) -> int:  # noqa: N802
        return self.rfind(other)

    def substring(self, start: int, end: int | None = None) -> _Text:
        return _Text(self[start:end])

    def matches(self, pattern: str) -> bool:
        return re.fullmatch(pattern, self) is not None

    def replace(self, old: str, new: str) -> _Text:  # type: ignore[override]
        return _Text(super().replace(old, new))

    def replaceAll(self, pattern: str, new: str) -> _Text:  # noqa: N802
        return _Text(re.sub(pattern, _as_python_s(new), self))

    def replaceFirst(self, pattern: str, new: str) -> _Text:  # noqa: N802
        return _Text(re.sub(pattern, _as_python_s(new), self, count=1))

    def split(self, pattern: str, limit: int = 0) -> _List:  # type: ignore[override]
        parts = re.split(pattern, self, maxsplit=max(limit - 1, 0))
        while limit == 0 and len(parts) > 1 and not parts[-1]:  # Java drops empty parts at the end
            parts.pop()
        return _List(map(_Text, parts))


class _List(list[Any]):
    """A list with Java's methods; its text is JSON, as that of what `$input.path` answers."""

    def __str__(self) -> str:
        return as_text(list(self))

    def size(self) -> int:
        return len(self)

    def isEmpty(self) -> bool:  # noqa: N802
        return not self

    def get(self, place: int) -> Any:
        return self[place]

    def add(self, value: Any) -> bool:
        self.append(value)
        return True

    def contains(self, value: Any) -> bool:
        return value in self


class _Map(dict[str, Any]):
    """A map with Java's methods; its text is JSON, as that of what `$input.path` answers."""

    def __str__(self) -> str:
        return as_text(dict(self))

    def size(self) -> int:
        return len(self)

    def isEmpty(self) -> bool:  # noqa: N802
        return not self

    def containsKey(self, key: str) -> bool:  # noqa: N802
        return key in self

    def put(self, key: str, value: Any) -> Any:
        before, self[key] = self.get(key), value
        return before

    def keySet(self) -> _List:  # noqa: N802
        return _List(map(_Text, self))

    def entrySet(self) -> _List:  # noqa: N802
        return _List(_Entry(key=_Text(key), value=value) for key, value in self.items())


class _Entry(_Map):
    """An entry of a map."""

    def getKey(self) -> Any:  # noqa: N802
        return self["key"]

    def getValue(self) -> Any:  # noqa: N802
        return self["value"]


class _Headers(_Map):
    """Headers, which are found in whichever case."""

    def get(self, key: str, default: Any = None) -> Any:
        wanted = key.lower()
        return next((value for name, value in self.items() if name.lower() == wanted), default)


class _Input:
    """`$input`: the request, or what an integration has answered."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self.body = _Text(sources.body)

    def path(self, path: str) -> Any:
        return _wrapped(at_path(path, parsed(self._sources.body)))

    def json(self, path: str) -> _Text:
        value = at_path(path, parsed(self._sources.body))
        text = "" if value is None else value
        return _Text(json.dumps(text, separators=(",", ":"), ensure_ascii=False))

    def params(self, name: str | None = None) -> Any:
        sources = self._sources
        if name is None:
            headers = _Headers({key: _Text(value) for key, value in sources.headers.items()})
            return _Map(
                path=_wrapped(dict(sources.path)), querystring=_wrapped(dict(sources.query)), header=headers
            )
        places = (sources.path.get(name), sources.query.get(name), sources.header(name))
        return _Text(next((found for found in places if found is not None), ""))


class _Util:
    """`$util`: its functions for text and JSON."""

    def __getattr__(self, name: str) -> Any:
        message = f"there is no $util.{name}"
        raise UnsupportedError(message)

    @staticmethod
    def escapeJavaScript(text: Any) -> _Text:  # noqa: N802
        """Text inside of a JavaScript string, in whichever quotes."""
        escaped = json.dumps(as_text(text), ensure_ascii=False)[1:-1]
        return _Text(escaped.replace("'", "\\'").replace("/", "\\/"))

    @staticmethod
    def parseJson(text: str) -> Any:  # noqa: N802
        return _wrapped(parsed(text))

    @staticmethod
    def urlEncode(text: Any) -> _Text:  # noqa: N802
        return _Text(quote_plus(as_text(text)))

    @staticmethod
    def urlDecode(text: Any) -> _Text:  # noqa: N802
        return _Text(unquote_plus(as_text(text)))

    @staticmethod
    def base64Encode(text: Any) -> _Text:  # noqa: N802
        return _Text(base64.b64encode(as_text(text).encode()).decode())

    @staticmethod
    def base64Decode(text: Any) -> _Text:  # noqa: N802
        return _Text(base64.b64decode(as_text(text)).decode(errors="replace"))


_UTIL = _Util()


def _wrapped(value: Any) -> Any:
    """A value of JSON with the methods that a template may call."""
    if isinstance(value, dict):
        return _Map({key: _wrapped(each) for key, each in value.items()})
    if isinstance(value, list):
        return _List(map(_wrapped, value))
    return _Text(value) if isinstance(value, str) else value


def _as_python_s(replacement: str) -> str:
    """A replacement of Java's as Python's `re` wants it: `$1` is a group, a backslash keeps what follows."""
    return "".join(_replacement_parts(replacement))


def _replacement_parts(replacement: str) -> Iterator[str]:
    for part in re.finditer(r"\\(.)|\$(\d)|(.)", replacement, re.DOTALL):
        literal = part[1] or part[3]
        yield rf"\g<{part[2]}>" if literal is None else literal.replace("\\", r"\\")


def _refused(why: BaseException, template: str) -> UnsupportedError:
    shown = template if len(template) <= _SHOWN else f"{template[:_SHOWN]}..."
    return UnsupportedError(
        f"destmock can't fill in the mapping template {shown!r}: {' '.join(str(why).split())}"
    )
