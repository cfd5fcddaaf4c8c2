"""The management calls of WebSocket APIs: functions post to clients, look at connections, and close them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from moto.apigatewaymanagementapi.responses import ApiGatewayManagementApiResponse
from moto.core.exceptions import JsonRESTError

from destmock._aws.times import to_datetime
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.apigateway.websockets import LONGEST, NORMAL, WebSockets, api_of
from destmock._services.http.exchange import SOURCE_IP, request_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._services.apigateway.websockets import Connection


def _gone() -> JsonRESTError:
    error = JsonRESTError("GoneException", "Gone")
    error.code = 410
    return error


def _answering(
    answer: Callable[[WebSockets, Connection, Any], str],
) -> Callable[[Callable[[Any], str]], Callable[[Any], str]]:
    """The management call of a connection; moto answers for APIs that aren't there."""

    def replacement(original: Callable[[Any], str]) -> Callable[[Any], str]:
        def answering(response: Any) -> str:
            request = request_to(response.uri, "GET", (), b"")
            if api_of(request) is None:
                return original(response)
            sockets = active[-1].part(WebSockets)
            connection_id = unquote(urlsplit(response.uri).path.rpartition("/@connections/")[2])
            client = sockets.find(connection_id, request.host.partition(".")[0])
            if client is None:
                raise _gone()
            return answer(sockets, client, response)

        return answering

    return replacement


def _post(sockets: WebSockets, client: Connection, response: Any) -> str:
    body = response.body
    data = body if isinstance(body, bytes) else str(body).encode()
    if len(data) > LONGEST:
        error = JsonRESTError("PayloadTooLargeException", "Payload too large")
        error.code = 413
        raise error
    sockets.post(client, data.decode(errors="replace"))
    return "{}"


def _get(_sockets: WebSockets, client: Connection, _response: Any) -> str:
    line, agent = client.line, client.line.user_agent
    identity = {"sourceIp": SOURCE_IP, **({} if agent is None else {"userAgent": agent})}
    moments = {"connectedAt": line.connected_at, "lastActiveAt": client.last_active}
    texts = {name: to_datetime(at).isoformat().replace("+00:00", "Z") for name, at in moments.items()}
    return json.dumps({**texts, "identity": identity})


def _delete(sockets: WebSockets, client: Connection, _response: Any) -> str:
    sockets.closed(client, NORMAL, "Connection Closed Normally")
    return "{}"


PATCHES = (
    Patch(ApiGatewayManagementApiResponse, "post_to_connection", _answering(_post)),
    Patch(ApiGatewayManagementApiResponse, "get_connection", _answering(_get)),
    Patch(ApiGatewayManagementApiResponse, "delete_connection", _answering(_delete)),
)
