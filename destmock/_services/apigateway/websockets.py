"""WebSocket APIs: clients connect, and send messages that go to routes."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from destmock._services.apigateway.authorizers import (
    Authorizers,
    FailedError,
    Question,
    RefusedError,
    allowed_by_policy,
    configuration_error,
    identities,
    unauthorized,
)
from destmock._services.apigateway.backends import find, region_of
from destmock._services.apigateway.expressions import Sources, as_text, selected, with_variables
from destmock._services.apigateway.websocket_events import (
    Line,
    connect_event,
    disconnect_event,
    error_message,
    message_event,
)
from destmock._services.http.exchange import (
    HttpAnswer,
    Moment,
    problem,
    request_to,
    with_the_network_s,
)
from destmock._services.http.invocations import NotInvokedError, function_of, invoke, trace_of
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.apigatewayv2.models import Api
    from moto.apigatewayv2.models import Route as ApiRoute
    from typing_extensions import Self

    from destmock._aws.ids import Trace
    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import HttpRequest

LONGEST = 131_072  # bytes of a message, either way
_SUCCESSFUL = range(200, 300)
_TOO_LARGE = 1009
NORMAL = 1000


@dataclass(slots=True, eq=False)
class Connection:
    """A client's connection as its API has it; `last_active` is in milliseconds."""

    api: Api
    line: Line
    last_active: int
    inbox: deque[str] = field(default_factory=deque)
    is_open: bool = True

    def check_open(self) -> None:
        if not self.is_open:
            message = f"connection {self.line.id} is closed"
            raise ConnectionResetError(message)


class WebSocket:
    """A client's connection to a WebSocket API, opened by `Destmock.websocket`. A `with` block closes it."""

    def __init__(self, sockets: WebSockets, connection: Connection) -> None:
        self._sockets = sockets
        self._connection = connection

    @property
    def connection_id(self) -> str:
        """The id by which functions post to this client."""
        return self._connection.line.id

    @property
    def is_open(self) -> bool:
        """False after `close`, and after `delete_connection`."""
        return self._connection.is_open

    def send(self, message: str) -> None:
        """Sends a message, which runs the function of its route.

        Raises `ConnectionResetError` if the connection is closed, and `TypeError` for what is no text.
        """
        given: object = message
        if not isinstance(given, str):
            text = f"a message is text, not {given!r}; json.dumps(...) makes text of other values"
            raise TypeError(text)
        self._sockets.sent(self._connection, message)

    def receive(self) -> str:
        """The next message to this client.

        Raises `TimeoutError` if none has come, and `ConnectionResetError` if the connection is closed.
        """
        if self._connection.inbox:
            return self._connection.inbox.popleft()
        self._connection.check_open()
        text = f"no message has come to connection {self.connection_id}"
        raise TimeoutError(text)

    def close(self) -> None:
        """Closes the connection, which runs the function of `$disconnect`. A second call does nothing."""
        self._sockets.closed(self._connection, NORMAL, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        line, state = self._connection.line, "open" if self.is_open else "closed"
        return f"<WebSocket {line.id} to {line.api_id}/{line.stage}, {state}>"


class WebSockets:
    """The connections to one mock's WebSocket APIs."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._clients: dict[str, Connection] = {}

    def connected(self, url: str, headers: Mapping[str, str]) -> WebSocket:
        """Connect a client; raises `ConnectionRefusedError` if the handshake fails."""
        simulation = self._simulation
        request = request_to(url, "GET", headers.items(), b"")
        with simulation.turns:
            try:
                client = self._connected(request)
            except RefusedError as refusal:
                status, text = refusal.answer.status, refusal.answer.body.decode()
                message = f"the handshake with {url} was answered {status} {text}"
                raise ConnectionRefusedError(message) from None
        simulation.driver.settle_down()
        return WebSocket(self, client)

    def sent(self, client: Connection, message: str) -> None:
        """Have a client's message run the function of its route."""
        simulation = self._simulation
        with simulation.turns:
            client.check_open()
            if len(message.encode()) > LONGEST:
                self._close(client, _TOO_LARGE, "Message too long")
            else:
                self._route(client, message)
        simulation.driver.settle_down()

    def closed(self, client: Connection, status: int, reason: str) -> None:
        """Close a connection, unless it is closed, and run the function of `$disconnect`."""
        simulation = self._simulation
        with simulation.turns:
            self._close(client, status, reason)
        simulation.driver.settle_down()

    def find(self, connection_id: str, api_id: str) -> Connection | None:
        client = self._clients.get(connection_id)
        return None if client is None or client.line.api_id != api_id else client

    def post(self, client: Connection, message: str) -> None:
        client.inbox.append(message)
        client.last_active = self._simulation.now

    def _connected(self, request: HttpRequest) -> Connection:
        simulation = self._simulation
        api, stage = api_of(request), unquote(request.path[1:].partition("/")[0])
        if api is None or stage not in api.stages:
            raise RefusedError(problem(403, "Forbidden"))
        trace = trace_of(simulation, request)
        inside = with_the_network_s(request, trace.header())
        now, ids = simulation.now, simulation.ids
        line = Line(
            f"{ids.hex(15)}=",
            api.api_id,
            stage,
            request.host,
            now,
            request.user_agent,
            api.stages[stage].stage_variables or {},
        )
        moment = Moment(ids.uuid(), now)
        route = _routes(api).get("$connect")
        if route is not None:
            event = connect_event(line, inside, moment)
            line = line._replace(authorizer=self._authorized(api, route, inside, event, trace))
            answer = self._run(api, route, line, connect_event(line, inside, moment), trace)
            if answer is None:
                raise RefusedError(problem(502, "Internal server error"))
            if answer.get("statusCode", 200) not in _SUCCESSFUL:
                status = int(answer["statusCode"])
                raise RefusedError(HttpAnswer(status, (), str(answer.get("body") or "").encode()))
        client = self._clients[line.id] = Connection(api, line, now)
        return client

    def _authorized(
        self, api: Api, route: ApiRoute, request: HttpRequest, event: Mapping[str, Any], trace: Trace
    ) -> dict[str, Any] | None:
        """What the authoriser of `$connect` adds to each event; raises `RefusedError`."""
        if route.api_key_required:
            message = f"destmock does not simulate API keys of WebSocket APIs ($connect of {api.api_id})"
            raise UnsupportedError(message)
        if route.authorization_type == "AWS_IAM":
            signed = request.header("authorization") or dict(request.query_pairs).get("X-Amz-Signature")
            if not signed:
                raise RefusedError(problem(403, "Missing Authentication Token"))
        authorizer = api.authorizers.get(route.authorizer_id or "")
        if route.authorization_type != "CUSTOM" or authorizer is None:
            return None
        variables = event.get("stageVariables", {})
        identity = identities(
            authorizer.identity_source,
            request,
            lambda name: variables.get(name.partition(".")[2]),
        )
        if identity is None:
            raise RefusedError(unauthorized())
        place = f"{api.backend.region_name}:{api.backend.account_id}"
        stage = event["requestContext"]["stage"]
        arn = f"arn:aws:execute-api:{place}:{api.api_id}/{stage}/$connect"
        uri = with_variables(authorizer.authorizer_uri or "", variables)
        asked = {"type": "REQUEST", "methodArn": arn, **event}
        question = Question(authorizer.id, authorizer.name, uri, asked, (), 0)
        try:
            return allowed_by_policy(self._simulation.part(Authorizers).ask(question, trace), arn)
        except FailedError as error:
            failed = unauthorized() if str(error) == "Unauthorized" else configuration_error()
            raise RefusedError(failed) from error

    def _route(self, client: Connection, message: str) -> None:
        simulation, api, line = self._simulation, client.api, client.line
        client.last_active = simulation.now
        moment = Moment(simulation.ids.uuid(), simulation.now)
        key = as_text(selected(api.route_selection_expression, Sources(message)))
        routes = _routes(api)
        route = routes.get(key) if not key.startswith("$") else None
        route = route or routes.get("$default")
        if route is None:
            self.post(client, error_message(line, "Forbidden", moment))
            return
        event = message_event(line, route.route_key, message, moment, f"{simulation.ids.hex(15)}=")
        answer = self._run(api, route, line, event, simulation.trace or simulation.ids.trace(moment.at))
        if answer is None:
            self.post(client, error_message(line, "Internal server error", moment))
        elif route.route_response_selection_expression and answer.get("body") is not None:
            self.post(client, str(answer["body"]))

    def _close(self, client: Connection, status: int, reason: str) -> None:
        line = client.line
        if self._clients.pop(line.id, None) is None:
            return
        client.is_open = False
        route = _routes(client.api).get("$disconnect")
        if route is not None:
            simulation = self._simulation
            moment = Moment(simulation.ids.uuid(), simulation.now)
            event = disconnect_event(line, status, reason, moment)
            trace = simulation.trace or simulation.ids.trace(moment.at)
            self._run(client.api, route, line, event, trace)

    def _run(
        self, api: Api, route: ApiRoute, line: Line, event: Mapping[str, Any], trace: Trace
    ) -> dict[str, Any] | None:
        """What the route's function answers; `None` if it fails, or answers nothing that has a status."""
        integration = api.integrations.get((route.target or "").removeprefix("integrations/"))
        kind = "none" if integration is None else str(integration.integration_type).upper()
        if integration is None or kind == "MOCK":
            return {"statusCode": 200}
        uri = with_variables(integration.integration_uri or "", line.stage_variables)
        ref = function_of(uri)
        if kind != "AWS_PROXY" or ref is None:
            message = f"destmock does not simulate the integration {kind} of a WebSocket API with {uri}"
            raise UnsupportedError(message)
        try:
            result = invoke(self._simulation, ref, event, source=f"api {route.route_key}", trace=trace)
        except NotInvokedError:
            return None
        answer: Any = None if result.failed else json.loads(result.payload)
        if not isinstance(answer, dict) or not str(answer.get("statusCode", "")).isdigit():
            return None
        return {**answer, "statusCode": int(answer["statusCode"])}


def api_of(request: HttpRequest) -> Api | None:
    """The WebSocket API at a request's host."""
    from moto.apigatewayv2.models import apigatewayv2_backends  # noqa: PLC0415 - it takes long to import

    api_id, _, rest = request.host.partition(".")
    region = region_of(apigatewayv2_backends, api_id)
    if region is None or not rest.startswith(f"execute-api.{region}.amazonaws.com"):
        return None
    api: Api | None = find(apigatewayv2_backends, api_id, region)
    return api if api is not None and api.protocol_type == "WEBSOCKET" else None


def _routes(api: Api) -> dict[str, ApiRoute]:
    return {route.route_key: route for route in api.routes.values()}
