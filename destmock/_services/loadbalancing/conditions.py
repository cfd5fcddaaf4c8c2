"""Pure: whether a request fits the conditions of a load balancer's rule.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from destmock._services.http.exchange import SOURCE_IP
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from destmock._services.http.exchange import HttpRequest

    Condition = Mapping[str, Any]


def raw_query(request: HttpRequest) -> list[tuple[str, str]]:
    """The query's parameters as they were sent, with their escaped characters."""
    parts = [part.partition("=") for part in request.query.split("&") if part]
    return [(name, value) for name, _, value in parts]


def fits(request: HttpRequest, conditions: Iterable[Condition]) -> bool:
    """Whether a request fits all of a rule's conditions, and one value of each."""
    return all(_fits(request, condition) for condition in conditions)


def _fits(request: HttpRequest, condition: Condition) -> bool:
    field = condition["Field"]
    if field not in _FIELDS:
        message = f"destmock does not simulate the condition {field} of a load balancer's rule"
        raise UnsupportedError(message)
    member, fit = _FIELDS[field]
    config = condition.get(member) or {}
    if condition.get("RegexValues") or config.get("RegexValues"):
        message = f"destmock does not simulate the RegexValues of a load balancer's rule (condition {field})"
        raise UnsupportedError(message)
    values = condition.get("Values") or config.get("Values") or []
    return any(fit(request, config, value) for value in values)


def _path(request: HttpRequest, _: Condition, value: str) -> bool:
    return _like(request.path, value, any_case=False)


def _host(request: HttpRequest, _: Condition, value: str) -> bool:
    host = (request.header("host") or request.host).partition(":")[0]
    return _like(host, value, any_case=True)


def _header(request: HttpRequest, config: Condition, value: str) -> bool:
    wanted = str(config["HttpHeaderName"]).lower()
    return any(name.lower() == wanted and _like(sent, value, any_case=True) for name, sent in request.headers)


def _method(request: HttpRequest, _: Condition, value: str) -> bool:
    return request.method == value


def _query(request: HttpRequest, _: Condition, value: Mapping[str, str]) -> bool:
    """A pair; without a key, any key will do."""
    key, wanted = value.get("Key"), value["Value"]
    return any(
        (key is None or _like(name, key, any_case=True)) and _like(sent, wanted, any_case=True)
        for name, sent in raw_query(request)
    )


def _source(_request: HttpRequest, _config: Condition, value: str) -> bool:
    return ip_address(SOURCE_IP) in ip_network(value, strict=False)


_FIELDS: Mapping[str, tuple[str, Callable[[HttpRequest, Condition, Any], bool]]] = {
    "host-header": ("HostHeaderConfig", _host),
    "http-header": ("HttpHeaderConfig", _header),
    "http-request-method": ("HttpRequestMethodConfig", _method),
    "path-pattern": ("PathPatternConfig", _path),
    "query-string": ("QueryStringConfig", _query),
    "source-ip": ("SourceIpConfig", _source),
}


def _like(text: str, pattern: str, *, any_case: bool) -> bool:
    """Whether a text is as a pattern with `*` and `?` has it."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if any_case else 0)) is not None
