"""Pure: the events by which API Gateway and function URLs tell a function of a request.

R50, R54. A REST API and a function URL pass the path on as it was sent; an HTTP API decodes it.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from destmock._aws.times import to_datetime
from destmock._services.http.exchange import SOURCE_IP, is_text, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from destmock._services.http.exchange import HttpRequest, Moment, Place

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: What an event says of a caller who has not signed.
_IDENTITY = (
    "cognitoIdentityPoolId",
    "accountId",
    "cognitoIdentityId",
    "caller",
    "accessKey",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
    "userArn",
    "user",
)


def rest_event(request: HttpRequest, place: Place, moment: Moment) -> dict[str, Any]:
    """The proxy event of a REST API (R54)."""
    body, encoded = rest_body(request, place)
    return {
        "resource": place.resource,
        "path": request.path,
        "httpMethod": request.method,
        **told_by_headers_and_query(request),
        "pathParameters": dict(place.path_parameters) or None,
        "stageVariables": dict(place.stage_variables) or None,
        "requestContext": rest_context(request, place, moment),
        "body": body,
        "isBase64Encoded": encoded,
    }


def http_event_1(request: HttpRequest, place: Place, moment: Moment) -> dict[str, Any]:
    """The event of an HTTP API whose integration has version 1.0."""
    body, encoded = _body(request, binary=not is_text(request.header("content-type")))
    context = rest_context(request, place, moment)
    for name in ("resourceId", "deploymentId"):
        context.pop(name, None)
    path = place.stage_path + unquote(request.path)
    context.update({"path": path, "resourceId": place.resource})
    return {
        "version": "1.0",
        "resource": place.resource.partition(" ")[2] or place.resource,
        "path": path,
        "httpMethod": request.method,
        **told_by_headers_and_query(request),
        "requestContext": context,
        "pathParameters": dict(place.path_parameters) or None,
        "stageVariables": dict(place.stage_variables) or None,
        "body": body,
        "isBase64Encoded": encoded,
    }


def http_event(request: HttpRequest, place: Place, moment: Moment) -> dict[str, Any]:
    """The event of an HTTP API whose integration has version 2.0."""
    event = _event_2(request, place, moment, place.stage_path + unquote(request.path))
    event["requestContext"]["accountId"] = place.account
    if place.path_parameters:
        event["pathParameters"] = dict(place.path_parameters)
    if place.stage_variables:
        event["stageVariables"] = dict(place.stage_variables)
    return event


def url_event(request: HttpRequest, place: Place, moment: Moment) -> dict[str, Any]:
    """The event of a function URL (R50)."""
    event = _event_2(request, place, moment, request.path)
    event["requestContext"]["accountId"] = "anonymous" if place.authorizer is None else place.account
    return event


def rest_context(request: HttpRequest, place: Place, moment: Moment) -> dict[str, Any]:
    """The `requestContext` of a proxy event, which an authoriser's event has as well."""
    identity: dict[str, Any] = dict.fromkeys(_IDENTITY)
    identity.update({"sourceIp": SOURCE_IP, "userAgent": request.user_agent})
    key = request.header("x-api-key")
    if key is not None:
        identity["apiKey"] = key
    context = {
        "resourceId": place.resource_id,
        "resourcePath": place.resource.partition(" ")[2] or place.resource,
        "httpMethod": request.method,
        "extendedRequestId": moment.request_id.replace("-", "")[:15] + "=",
        "requestTime": log_time(moment.at),
        "path": place.stage_path + request.path,
        "accountId": place.account,
        "protocol": request.protocol,
        "stage": place.stage,
        "domainPrefix": place.domain_prefix or place.api_id,
        "requestTimeEpoch": moment.at,
        "requestId": moment.request_id,
        "identity": identity,
        "domainName": request.host,
        "deploymentId": place.deployment_id,
        "apiId": place.api_id,
    }
    if place.authorizer is not None:
        context["authorizer"] = dict(place.authorizer)
    return context


def rest_body(request: HttpRequest, place: Place) -> tuple[str | None, bool]:
    """The body as a REST API passes it on: base64 if its type is one of the API's binary ones."""
    kind = request.header("content-type")
    return _body(request, binary=is_binary(kind or "application/json", place.binary_media_types))


def is_binary(media_type: str, binary_media_types: Iterable[str]) -> bool:
    """Whether a REST API treats a type as binary."""
    kind = media_type.partition(";")[0].strip().lower()
    allowed = {each.lower() for each in binary_media_types}
    return "*/*" in allowed or kind in allowed or f"{kind.partition('/')[0]}/*" in allowed


def log_time(at: int) -> str:
    """A moment as an access log writes it: `15/Sep/2026:11:53:38 +0000`."""
    moment = to_datetime(at)
    return f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


def _event_2(request: HttpRequest, place: Place, moment: Moment, path: str) -> dict[str, Any]:
    """An event of version 2.0. Cookies are apart from the other headers, whose names are in lower case."""
    cookies = [
        each.strip()
        for name, value in request.headers
        if name.lower() == "cookie"
        for each in value.split(";")
        if each.strip()
    ]
    others = ((name.lower(), value) for name, value in request.headers if name.lower() != "cookie")
    query = _joined(request.query_pairs)
    body, encoded = _body(request, binary=not is_text(request.header("content-type")))
    context: dict[str, Any] = {
        "accountId": "",
        "apiId": place.api_id,
        **({} if place.authorizer is None else {"authorizer": dict(place.authorizer)}),
        "domainName": request.host,
        "domainPrefix": place.domain_prefix or place.api_id,
        "http": {
            "method": request.method,
            "path": path,
            "protocol": request.protocol,
            "sourceIp": SOURCE_IP,
            "userAgent": request.user_agent or "",
        },
        "requestId": moment.request_id,
        "routeKey": place.resource,
        "stage": place.stage,
        "time": log_time(moment.at),
        "timeEpoch": moment.at,
    }
    return {
        "version": "2.0",
        "routeKey": place.resource,
        "rawPath": path,
        "rawQueryString": request.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": _joined(others),
        **({"queryStringParameters": query} if query else {}),
        "requestContext": context,
        **({} if body is None else {"body": body}),
        "isBase64Encoded": encoded,
    }


def told_by_headers_and_query(request: HttpRequest) -> dict[str, Any]:
    """Headers and query of version 1.0: the last value of each name, and all of them."""
    query = request.query_pairs
    return {
        "headers": dict(request.headers) or None,
        "multiValueHeaders": listed(request.headers) or None,
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": listed(query) or None,
    }


def _body(request: HttpRequest, *, binary: bool) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    if binary:
        return base64.b64encode(request.body).decode(), True
    return request.body.decode(errors="replace"), False


def _joined(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    return {name: ",".join(values) for name, values in listed(pairs).items()}
