"""Pure: cross-origin requests as an HTTP API and a function URL answer them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from destmock._services.http.exchange import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._services.http.exchange import HttpRequest, Pairs

_ALLOW = "access-control-allow-"
#: The headers of an answer that an HTTP API itself decides on.
HEADERS = (
    f"{_ALLOW}origin",
    f"{_ALLOW}methods",
    f"{_ALLOW}headers",
    f"{_ALLOW}credentials",
    "access-control-expose-headers",
    "access-control-max-age",
)


class Cors(NamedTuple):
    """What a configuration allows."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age: int | None = None
    credentials: bool = False

    def preflight(self, request: HttpRequest) -> Pairs | None:
        """The headers that allow what a browser asks for in advance; `None` if it isn't allowed."""
        method = request.header("access-control-request-method") or ""
        if not self._allows(request) or not (method.upper() in self.methods or "*" in self.methods):
            return None
        asked = request.header("access-control-request-headers")
        names = [name.strip().lower() for name in (asked or "").split(",") if name.strip()]
        allowed = {name.lower() for name in self.headers}
        if "*" not in allowed and not set(names) <= allowed:
            return None
        found = [
            *self._of_origin(request),
            (f"{_ALLOW}methods", ",".join(self.methods)),
        ]
        if self.headers:
            found.append((f"{_ALLOW}headers", ",".join(self.headers)))
        if self.max_age is not None:
            found.append(("access-control-max-age", str(self.max_age)))
        return tuple(found)

    def simple(self, request: HttpRequest) -> Pairs:
        """The headers of any other answer: none if the origin isn't allowed."""
        if not self._allows(request):
            return ()
        exposed = (("access-control-expose-headers", ",".join(self.exposed)),) if self.exposed else ()
        return (*self._of_origin(request), *exposed)

    def _allows(self, request: HttpRequest) -> bool:
        origin = request.header("origin")
        return origin is not None and any(fnmatchcase(origin, each) for each in self.origins)

    def _of_origin(self, request: HttpRequest) -> Pairs:
        any_origin = "*" in self.origins and not self.credentials
        origin = "*" if any_origin else request.header("origin") or ""
        vary = () if any_origin else (("vary", "Origin"),)
        allowed = ((f"{_ALLOW}credentials", "true"),) if self.credentials else ()
        return ((f"{_ALLOW}origin", origin), *allowed, *vary)


def cors_of(configuration: Mapping[str, Any]) -> Cors:
    """A configuration of Lambda's (`AllowOrigins`) or of API Gateway's (`allowOrigins`)."""
    given = {name[0].lower() + name[1:]: value for name, value in configuration.items()}

    def texts(name: str) -> tuple[str, ...]:
        return tuple(str(each) for each in given.get(name) or ())

    age = given.get("maxAge")
    return Cors(
        texts("allowOrigins"),
        tuple(each.upper() for each in texts("allowMethods")),
        texts("allowHeaders"),
        texts("exposeHeaders"),
        None if age is None else int(age),
        str(given.get("allowCredentials")).lower() == "true",
    )


def is_preflight(request: HttpRequest) -> bool:
    return (
        request.method == "OPTIONS"
        and request.header("origin") is not None
        and request.header("access-control-request-method") is not None
    )


def url_preflight(cors: Cors, request: HttpRequest) -> HttpAnswer:
    """The answer of a function URL, which is empty if the request isn't allowed (R51)."""
    return HttpAnswer(200, cors.preflight(request) or ())


def http_preflight(cors: Cors, request: HttpRequest) -> HttpAnswer:
    """The answer of an HTTP API."""
    return HttpAnswer(204, cors.preflight(request) or ())
