"""Pure: what a WebSocket API tells a function of a client that connects, sends a message, or goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from destmock._services.http.events import log_time, told_by_headers_and_query
from destmock._services.http.exchange import SOURCE_IP, json_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._services.http.exchange import HttpRequest, Moment


class Line(NamedTuple):
    """A client's connection to one stage of an API; `connected_at` is in milliseconds."""

    id: str
    api_id: str
    stage: str
    host: str
    connected_at: int
    user_agent: str | None
    stage_variables: Mapping[str, str]
    authorizer: Mapping[str, Any] | None = None


def connect_event(line: Line, request: HttpRequest, moment: Moment) -> dict[str, Any]:
    """The event of `$connect`, which alone has the client's headers and query."""
    told = {name: value for name, value in told_by_headers_and_query(request).items() if value is not None}
    return {**told, **_event(line, "$connect", "CONNECT", moment, {})}


def message_event(line: Line, route_key: str, body: str, moment: Moment, message_id: str) -> dict[str, Any]:
    return {**_event(line, route_key, "MESSAGE", moment, {"messageId": message_id}), "body": body}


def disconnect_event(line: Line, status: int, reason: str, moment: Moment) -> dict[str, Any]:
    """The event of `$disconnect`: by which status code and reason the connection was closed."""
    headers = {"Host": line.host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    how = {"disconnectStatusCode": status, "disconnectReason": reason}
    listed = {name: [value] for name, value in headers.items()}
    event = _event(line, "$disconnect", "DISCONNECT", moment, how)
    return {"headers": headers, "multiValueHeaders": listed, **event}


def error_message(line: Line, text: str, moment: Moment) -> str:
    """What the client is sent if its message comes to no route, or to a function that fails."""
    told = {"message": text, "connectionId": line.id, "requestId": extended_id(moment)}
    return json_body(told).decode()


def extended_id(moment: Moment) -> str:
    """The id of a request as API Gateway writes it to clients."""
    return moment.request_id.replace("-", "")[:15] + "="


def _event(line: Line, route_key: str, kind: str, moment: Moment, how: Mapping[str, Any]) -> dict[str, Any]:
    agent = {} if line.user_agent is None else {"userAgent": line.user_agent}
    context = {
        "routeKey": route_key,
        **how,
        "eventType": kind,
        "extendedRequestId": extended_id(moment),
        "requestTime": log_time(moment.at),
        "messageDirection": "IN",
        "stage": line.stage,
        "connectedAt": line.connected_at,
        "requestTimeEpoch": moment.at,
        "identity": {**agent, "sourceIp": SOURCE_IP},
        "requestId": extended_id(moment),
        "domainName": line.host,
        "connectionId": line.id,
        "apiId": line.api_id,
    }
    if line.authorizer is not None:
        context["authorizer"] = dict(line.authorizer)
    variables = {"stageVariables": dict(line.stage_variables)} if line.stage_variables else {}
    return {**variables, "requestContext": context, "isBase64Encoded": False}
