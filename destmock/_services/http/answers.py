"""Pure: what a function's result is as the answer to an HTTP request (R48, R49, R52)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from destmock._services.http.events import is_binary
from destmock._services.http.exchange import HttpAnswer, Pairs, json_body, problem

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROXY_MEMBERS = {"isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"}
_JSON: Pairs = (("Content-Type", "application/json"),)
_STATUSES = range(100, 600)


class MalformedError(Exception):
    """The result is none that API Gateway can make an answer of."""


def missing_token() -> HttpAnswer:
    """The answer of a REST API to a request that no method is there for."""
    return problem(403, "Missing Authentication Token", error_type="MissingAuthenticationTokenException")


def forbidden() -> HttpAnswer:
    return problem(403, "Forbidden", error_type="ForbiddenException")


def bad_gateway() -> HttpAnswer:
    """The answer of a REST API to a result that it can't use, and to a function's error (R52, R53)."""
    return problem(502, "Internal server error", error_type="InternalServerErrorException")


def gateway_error() -> HttpAnswer:
    """The answer of a REST API whose integration can't be called."""
    return problem(500, "Internal server error", error_type="InternalServerErrorException")


def gateway_timeout(after: int) -> HttpAnswer:
    """The answer of a REST API whose integration takes longer than it waits, in milliseconds (R53)."""
    answer = problem(504, "Endpoint request timed out", error_type="EndpointRequestTimedOutException")
    return answer._replace(after=after)


def unauthorized_http() -> HttpAnswer:
    """The answer of an HTTP API to a request without what its authoriser wants."""
    return problem(401, "Unauthorized")


def http_error() -> HttpAnswer:
    """The answer of an HTTP API to a function's error, and to a result that it can't use."""
    return problem(500, "Internal Server Error")


def unavailable(after: int | None = None) -> HttpAnswer:
    """The answer of an HTTP API whose integration takes longer than it waits, in milliseconds (R53)."""
    return problem(503, "Service Unavailable")._replace(after=after)


def rest_answer(payload: bytes, accept: str | None, binary_media_types: Iterable[str]) -> HttpAnswer:
    """What a REST API answers with a function's result; raises `MalformedError` for what it refuses (R52)."""
    result = _parsed(payload)
    if not isinstance(result, dict) or not result or set(result) - _PROXY_MEMBERS:
        raise MalformedError
    status, body = _status(result.get("statusCode")), result.get("body")
    if not (body is None or isinstance(body, str)):
        raise MalformedError
    headers = (*_multi_values(result.get("multiValueHeaders")), *_headers(result.get("headers")))
    content = (body or "").encode(errors="backslashreplace")
    wanted = (accept or "*/*").partition(",")[0]
    if result.get("isBase64Encoded") is True and is_binary(wanted, binary_media_types):
        content = _decoded(body or "")
    return HttpAnswer(status, _with_type(headers, _JSON), content)


def http_answer_1(payload: bytes) -> HttpAnswer:
    """What an HTTP API answers with a result of version 1.0, which needs a `statusCode`."""
    result = _parsed(payload)
    if not isinstance(result, dict) or "statusCode" not in result:
        raise MalformedError
    headers = (*_multi_values(result.get("multiValueHeaders")), *_headers(result.get("headers")))
    return _answer_of(result, headers, (("Content-Type", "text/plain; charset=utf-8"),))


def http_answer(payload: bytes, default: str = "text/plain; charset=utf-8") -> HttpAnswer:
    """What an HTTP API or a function URL answers with a result of version 2.0 (R49).

    `default` is the content type of a result with a `statusCode` that names none.
    """
    result = _parsed(payload)
    if not isinstance(result, dict) or "statusCode" not in result:
        content = result.encode(errors="backslashreplace") if isinstance(result, str) else json_body(result)
        return HttpAnswer(200, _JSON, content)
    cookies = result.get("cookies") or []
    if not isinstance(cookies, list):
        raise MalformedError
    headers = (*_headers(result.get("headers")), *(("Set-Cookie", _text(each)) for each in cookies))
    return _answer_of(result, headers, (("Content-Type", default),))


def streamed_answer(payload: bytes) -> HttpAnswer:
    """What a function URL whose mode is RESPONSE_STREAM answers: the result as it is.

    Status, headers and cookies come from a prelude that a streaming runtime writes. Python's runtime writes
    none, so that a result with a `statusCode` is the body, too. Source: Lambda's documentation of streamed
    responses; it was not recorded.
    """
    try:
        _parsed(payload)
    except MalformedError:  # bytes
        return HttpAnswer(200, (("Content-Type", "application/octet-stream"),), payload)
    return HttpAnswer(200, _JSON, payload)


def url_error() -> HttpAnswer:
    """The answer of a function URL to a function's error (R48)."""
    return HttpAnswer(502, (("Content-Type", "text/plain"),), b"Internal Server Error")


def _answer_of(result: dict[str, Any], headers: Pairs, default: Pairs) -> HttpAnswer:
    status, body = _status(result["statusCode"]), result.get("body")
    if isinstance(body, str):
        decode = result.get("isBase64Encoded") is True
        content = _decoded(body) if decode else body.encode(errors="backslashreplace")
    else:
        content = b"" if body is None else json_body(body)
    return HttpAnswer(status, _with_type(headers, default), content)


def _with_type(headers: Pairs, default: Pairs) -> Pairs:
    return headers if any(name.lower() == "content-type" for name, _ in headers) else (*headers, *default)


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        raise MalformedError from None


def _status(value: Any) -> int:
    if value is None:
        return 200
    try:
        status = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else 0
    except ValueError:
        status = 0
    if status not in _STATUSES:
        raise MalformedError
    return status


def _headers(value: Any) -> Pairs:
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise MalformedError
    return tuple((str(name), _text(each)) for name, each in value.items() if each is not None)


def _multi_values(value: Any) -> Pairs:
    if value is None:
        return ()
    if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
        raise MalformedError
    return tuple((str(name), _text(each)) for name, values in value.items() for each in values)


def _text(value: Any) -> str:
    """A header's value: AWS writes `true` and numbers as JSON does."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _decoded(text: str) -> bytes:
    """Base64, decoded leniently: what is no base64 is left out (R49)."""
    kept = "".join(each for each in text if each.isascii() and (each.isalnum() or each in "+/"))
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    return base64.b64decode(kept + "=" * (-len(kept) % 4))
