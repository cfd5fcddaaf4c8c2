"""Pure: the event of a load balancer for a function, and what the function's result is as an answer.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from destmock._services.http.answers import MalformedError
from destmock._services.http.exchange import SOURCE_IP, HttpAnswer, listed
from destmock._services.loadbalancing.conditions import raw_query

if TYPE_CHECKING:
    from destmock._services.http.exchange import HttpRequest, Pairs

#: What a request and a result can have, in bytes.
LARGEST = 1_048_576
_TEXTS = ("text/", "application/json", "application/javascript", "application/xml")
_SERVER = ("Server", "awselb/2.0")
_DEFAULT_TYPE = ("Content-Type", "application/octet-stream")
_STATUSES = range(100, 600)
_PHRASES = {
    413: "Request Entity Too Large",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
_PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n"
    "</html>\r\n"
)


def event(
    request: HttpRequest, target_group: str, port: int, trace_root: str, *, multi_values: bool
) -> dict[str, Any]:
    """The event: path and query as they were sent, and the names of headers in lower case."""
    body, encoded = _body(request)
    headers, query = _headers(request, port, trace_root), raw_query(request)
    told: dict[str, Any]
    if multi_values:
        told = {"multiValueQueryStringParameters": listed(query), "multiValueHeaders": listed(headers)}
    else:
        told = {"queryStringParameters": dict(query), "headers": dict(headers)}
    return {
        "requestContext": {"elb": {"targetGroupArn": target_group}},
        "httpMethod": request.method,
        "path": request.path,
        **told,
        "body": body,
        "isBase64Encoded": encoded,
    }


def answer(payload: bytes, *, multi_values: bool) -> HttpAnswer:
    """What the result is as an answer; raises `MalformedError` for what is a 502."""
    if len(payload) > LARGEST:
        raise MalformedError
    try:
        result = json.loads(payload)
    except ValueError:
        raise MalformedError from None
    if not isinstance(result, dict):
        raise MalformedError
    status, body = result.get("statusCode"), result.get("body")
    if type(status) is not int or status not in _STATUSES or not (body is None or isinstance(body, str)):
        raise MalformedError
    content = (body or "").encode(errors="backslashreplace")
    if result.get("isBase64Encoded") is True:
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            raise MalformedError from None
    return _served(status, _given(result, multi_values=multi_values), content)


def failure(status: int) -> HttpAnswer:
    """An answer of the load balancer's own."""
    page = _PAGE.format(f"{status} {_PHRASES[status]}").encode()
    return HttpAnswer(status, (_SERVER, ("Content-Type", "text/html")), page)


def fixed(config: dict[str, Any]) -> HttpAnswer:
    """The answer of an action that has it."""
    kind, body = config.get("ContentType"), str(config.get("MessageBody") or "")
    headers = (_SERVER, ("Content-Type", kind or "text/plain; charset=utf-8"))
    return HttpAnswer(int(config["StatusCode"]), headers, body.encode())


def redirect(config: dict[str, Any], request: HttpRequest, port: int) -> HttpAnswer:
    """The answer of an action that sends the client elsewhere: what it leaves out stays as it was."""
    own = {
        "#{protocol}": "HTTPS" if request.secure else "HTTP",
        "#{host}": (request.header("host") or request.host).partition(":")[0],
        "#{port}": str(port),
        "#{path}": request.path[1:],
        "#{query}": request.query,
    }

    def filled(member: str, otherwise: str) -> str:
        text = str(config.get(member) or otherwise)
        for name, value in own.items():
            text = text.replace(name, value)
        return text

    query = filled("Query", "#{query}")
    place = f"{filled('Host', '#{host}')}:{filled('Port', '#{port}')}{filled('Path', '/#{path}')}"
    location = f"{filled('Protocol', '#{protocol}').lower()}://{place}{'?' if query else ''}{query}"
    status = int(config["StatusCode"].removeprefix("HTTP_"))
    return HttpAnswer(status, (_SERVER, ("Location", location)))


def _served(status: int, headers: Pairs, content: bytes) -> HttpAnswer:
    typed = any(name.lower() == "content-type" for name, _ in headers)
    return HttpAnswer(status, (_SERVER, *headers, *(() if typed else (_DEFAULT_TYPE,))), content)


def _given(result: dict[str, Any], *, multi_values: bool) -> Pairs:
    """The headers of a result: those that the target group's setting wants."""
    found = result.get("multiValueHeaders" if multi_values else "headers")
    if found is None:
        return ()
    if not isinstance(found, dict):
        raise MalformedError
    pairs = [
        (name, value)
        for name, values in found.items()
        for value in (values if multi_values and isinstance(values, list) else [values])
    ]
    if not all(isinstance(value, str) for _, value in pairs):
        raise MalformedError
    return tuple(pairs)


def _headers(request: HttpRequest, port: int, trace_root: str) -> list[tuple[str, str]]:
    """The request's headers, and those that the load balancer adds."""
    there = request.header("x-forwarded-for")
    own = {
        "host": request.header("host") or request.host,
        "x-amzn-trace-id": f"Root={trace_root}",
        "x-forwarded-for": SOURCE_IP if there is None else f"{there}, {SOURCE_IP}",
        "x-forwarded-port": str(port),
        "x-forwarded-proto": "https" if request.secure else "http",
    }
    sent = [(name.lower(), value) for name, value in request.headers]
    return [*((name, value) for name, value in sent if name not in {*own, "connection"}), *own.items()]


def _body(request: HttpRequest) -> tuple[str, bool]:
    """The body, in base64 if it is compressed, or not of one of the few types that are texts."""
    if not request.body:
        return "", False
    kind = (request.header("content-type") or "").lower()
    if kind.startswith(_TEXTS) and request.header("content-encoding") is None:
        return request.body.decode(errors="replace"), False
    return base64.b64encode(request.body).decode(), True
