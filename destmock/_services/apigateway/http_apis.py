"""HTTP APIs: a request goes to a route, past its authoriser, to its integration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from destmock._services.apigateway import direct
from destmock._services.apigateway.authorizers import (
    Authorizers,
    FailedError,
    Question,
    RefusedError,
    allowed_by_policy,
    identities,
    jwt_claims,
    scopes_of,
)
from destmock._services.apigateway.expressions import Sources, as_text, selected, with_variables
from destmock._services.apigateway.routes import Found, Route, choose
from destmock._services.http import answers
from destmock._services.http.answers import MalformedError, http_answer, http_answer_1
from destmock._services.http.cors import HEADERS, cors_of, http_preflight, is_preflight
from destmock._services.http.events import http_event, http_event_1
from destmock._services.http.exchange import (
    Asked,
    HttpAnswer,
    Moment,
    Place,
    problem,
    with_the_network_s,
)
from destmock._services.http.invocations import NotInvokedError, function_of, invoke, trace_of
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from moto.apigatewayv2.models import Api, Integration, Stage
    from moto.apigatewayv2.models import Route as ApiRoute

    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import HttpRequest

#: How long an HTTP API waits for its integration at most, in milliseconds.
_PATIENCE = 30_000
_DEFAULT = "$default"


class HttpApis:
    """The HTTP APIs, as one mock answers for them."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def answer(self, api: Api, request: HttpRequest) -> HttpAnswer:
        """Answer a request. What the API says of other origins counts, not what the function says."""
        if api.protocol_type != "HTTP":
            message = f"{api.api_id} is a WebSocket API: destmock.websocket(url) connects to it"
            raise UnsupportedError(message)
        simulation = self._simulation
        moment = Moment(simulation.ids.uuid(), simulation.now)
        given: Any = api.cors_configuration
        cors = cors_of(given) if given else None
        if cors is not None and is_preflight(request):
            answer = http_preflight(cors, request)
        else:
            try:
                answer = self._answer(api, request, moment)
            except RefusedError as refusal:
                answer = refusal.answer
            if cors is not None:
                answer = answer.without(HEADERS).adding(cors.simple(request))
        return answer.adding((("Apigw-Requestid", moment.request_id),))

    def _answer(self, api: Api, request: HttpRequest, moment: Moment) -> HttpAnswer:
        stage, path = _staged(api, request.path)
        if stage is None or str(api.disable_execute_api_endpoint).lower() == "true":
            raise RefusedError(problem(404, "Not Found"))
        found = _chosen(api, request.method, path)
        if found is None:
            raise RefusedError(problem(404, "Not Found"))
        route = found.route.target
        trace = trace_of(self._simulation, request)
        place = Place(
            _account_of(api),
            api.api_id,
            stage.name,
            route.route_key,
            {name: unquote(value) for name, value in found.parameters.items()},
            stage.stage_variables or {},
        )
        inside = with_the_network_s(request.within(path), trace.header())
        asked = Asked(inside, place, moment, trace)
        authorizer = self._authorized(api, route, asked)
        integration = api.integrations.get((route.target or "").removeprefix("integrations/"))
        if integration is None:
            raise RefusedError(answers.http_error())
        return self._integrated(integration, asked, authorizer, f"api {request.method} {path}")

    def _integrated(
        self, integration: Integration, asked: Asked, authorizer: dict[str, Any] | None, source: str
    ) -> HttpAnswer:
        if integration.integration_subtype:
            return self._service(integration, asked)
        kind = str(integration.integration_type).upper()
        uri = with_variables(integration.integration_uri or "", asked.place.stage_variables)
        ref = function_of(uri)
        if kind != "AWS_PROXY" or (ref is None and ":lambda:" not in uri):
            message = f"destmock does not simulate the integration {kind} of an HTTP API with {uri}"
            raise UnsupportedError(message)
        mapping = {**(integration.request_parameters or {}), **(integration.response_parameters or {})}
        if mapping:
            message = f"destmock does not simulate the parameter mapping of an HTTP API: {', '.join(mapping)}"
            raise UnsupportedError(message)
        first = str(integration.payload_format_version) == "1.0"
        place = asked.place
        if authorizer is not None:
            inside = authorizer.get("lambda") or authorizer.get("jwt") if first else authorizer
            place = place._replace(authorizer=inside)
        event = (http_event_1 if first else http_event)(asked.request, place, asked.moment)
        try:
            result = invoke(self._simulation, ref, event, source=source, trace=asked.trace)
        except NotInvokedError as error:
            raise _not_invoked(error) from error
        patience = min(int(integration.timeout_in_millis or _PATIENCE), _PATIENCE)
        if result.took > patience:
            raise RefusedError(answers.unavailable(patience))
        if result.failed:
            raise RefusedError(answers.http_error())
        try:
            return http_answer_1(result.payload) if first else http_answer(result.payload)
        except MalformedError:
            raise RefusedError(answers.http_error()) from None

    def _service(self, integration: Integration, asked: Asked) -> HttpAnswer:
        """Another service, which is called without any function."""
        sources = _sources_of(asked)
        given = {
            name: selected(str(value), sources)
            for name, value in (integration.request_parameters or {}).items()
        }
        region, subtype = _region_of(asked.request), str(integration.integration_subtype)
        status, text = direct.call_subtype(
            self._simulation, asked.place.account, region, subtype, _as_texts(given)
        )
        kind = "text/xml" if text.startswith("<") else "application/json"
        return HttpAnswer(status, (("Content-Type", kind),), text.encode())

    def _authorized(self, api: Api, route: ApiRoute, asked: Asked) -> dict[str, Any] | None:
        """What the route's authoriser adds to the event; raises `RefusedError`."""
        kind, request = route.authorization_type, asked.request
        if kind == "AWS_IAM":
            if not (request.header("authorization") or "").startswith("AWS4"):
                raise RefusedError(answers.forbidden())
            return None
        authorizer = api.authorizers.get(route.authorizer_id or "")
        if kind not in ("CUSTOM", "JWT") or authorizer is None:
            return None
        sources = _sources_of(asked)
        found = identities(
            authorizer.identity_source, request, lambda name: _text(selected(f"${name}", sources))
        )
        if found is None:
            raise RefusedError(answers.unauthorized_http())
        if kind == "JWT":
            return {"jwt": _told_by_token(found[0] if found else "", route.authorization_scopes or [])}
        return self._asked(authorizer, asked, found)

    def _asked(self, authorizer: Any, asked: Asked, identity: tuple[str, ...]) -> dict[str, Any]:
        """Ask a Lambda authoriser, which answers with a policy or, if it may, with `isAuthorized`."""
        arn = _route_arn(asked)
        first = str(authorizer.auth_payload_format_version) == "1.0"
        event = _authorizer_event(asked, arn, identity, first=first)
        uri = with_variables(authorizer.authorizer_uri or "", asked.place.stage_variables)
        ttl = int(authorizer.auth_result_ttl or 0)
        key = (asked.place.stage, *identity) if identity else ()
        question = Question(authorizer.id, authorizer.name, uri, event, key, ttl)
        try:
            answer = self._simulation.part(Authorizers).ask(question, asked.trace)
        except FailedError as error:
            if str(error) == "Unauthorized":
                raise RefusedError(answers.unauthorized_http()) from error
            raise RefusedError(answers.http_error()) from error
        if str(authorizer.enable_simple_response).lower() == "true":
            if not isinstance(answer, dict) or not isinstance(answer.get("isAuthorized"), bool):
                raise RefusedError(answers.http_error())
            if not answer["isAuthorized"]:
                raise RefusedError(problem(403, "Forbidden"))
            return {"lambda": answer.get("context")}
        try:
            context = allowed_by_policy(answer, arn)
        except RefusedError as refusal:
            denied = refusal.kind == "ACCESS_DENIED"
            raise RefusedError(problem(403, "Forbidden") if denied else answers.http_error()) from refusal
        principal = context.pop("principalId")
        return {"lambda": {"principalId": principal, **context} if first else context}


def _staged(api: Api, path: str) -> tuple[Stage | None, str]:
    """The stage that the path begins with, and the rest of the path; else the default stage."""
    name, _, rest = path[1:].partition("/")
    stage = api.stages.get(unquote(name))
    if stage is not None and stage.name != _DEFAULT:
        return stage, f"/{rest}"
    return api.stages.get(_DEFAULT), path


def _chosen(api: Api, method: str, path: str) -> Found[ApiRoute] | None:
    routes = []
    for route in api.routes.values():
        verb, _, pattern = route.route_key.partition(" ")
        if pattern:
            routes.append(Route(verb.upper(), pattern, route))
    found = choose(routes, method, path)
    if found is not None:
        return found
    default = next((each for each in api.routes.values() if each.route_key == _DEFAULT), None)
    return None if default is None else Found(Route("ANY", _DEFAULT, default), {})


def _account_of(api: Api) -> str:
    return str(api.backend.account_id)


def _region_of(request: HttpRequest) -> str:
    return request.host.split(".")[2]


def _route_arn(asked: Asked) -> str:
    request, place = asked.request, asked.place
    path = f"{place.api_id}/{place.stage}/{request.method}{request.path}"
    return f"arn:aws:execute-api:{_region_of(request)}:{place.account}:{path}"


def _authorizer_event(asked: Asked, arn: str, identity: tuple[str, ...], *, first: bool) -> dict[str, Any]:
    told = (http_event_1 if first else http_event)(asked.request, asked.place, asked.moment)
    event = {name: value for name, value in told.items() if name not in ("body", "isBase64Encoded")}
    own: dict[str, Any]
    if first:
        text = ",".join(identity)
        own = {"type": "REQUEST", "methodArn": arn, "identitySource": text, "authorizationToken": text}
    else:
        own = {"type": "REQUEST", "routeArn": arn, "identitySource": [*identity]}
    return {**event, **own}


def _sources_of(asked: Asked) -> Sources:
    request, place = asked.request, asked.place
    context = http_event(request, place, asked.moment)["requestContext"]
    flat = {
        "path": request.path,
        "httpMethod": request.method,
        "identity": {"sourceIp": context["http"]["sourceIp"]},
    }
    return Sources(
        request.body.decode(errors="replace"),
        place.path_parameters,
        dict(request.query_pairs),
        dict(request.headers),
        {**context, **flat},
        place.stage_variables,
    )


def _not_invoked(error: NotInvokedError) -> RefusedError:
    """What an HTTP API answers if Lambda refuses."""
    status = error.error.status
    if status == 413:  # noqa: PLR2004 - too large
        return RefusedError(problem(413, "Request Entity Too Large"))
    return RefusedError(answers.unavailable() if status == 429 else answers.http_error())  # noqa: PLR2004


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _told_by_token(token: str, scopes: list[str]) -> dict[str, Any]:
    """What the event says of a token, which has to have one of the route's scopes, if there are any."""
    if scopes and not scopes_of(token) & {*scopes}:
        raise RefusedError(problem(403, "Forbidden"))
    return {"claims": jwt_claims(token), "scopes": [*scopes] or None}


def _as_texts(given: dict[str, Any]) -> dict[str, Any]:
    """Parameters as a service takes them: an object in the body is sent as JSON."""
    return {name: None if value is None else as_text(value) for name, value in given.items()}
