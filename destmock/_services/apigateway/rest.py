"""REST APIs: a request to a stage goes to a method, past its key and its authoriser, to its integration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from moto.apigateway.models import apigateway_backends

from destmock._services.apigateway.authorizers import (
    Authorizers,
    FailedError,
    Question,
    RefusedError,
    allowed_by_policy,
    cognito_claims,
    configuration_error,
    identities,
    texts,
    unauthorized,
)
from destmock._services.apigateway.deployments import served
from destmock._services.apigateway.expressions import mapped, with_variables
from destmock._services.apigateway.gateway_responses import customised
from destmock._services.apigateway.integrations import Integrations, sources_of
from destmock._services.apigateway.request_models import check
from destmock._services.apigateway.routes import choose
from destmock._services.http import answers
from destmock._services.http.events import rest_event
from destmock._services.http.exchange import Asked, Moment, Place, with_the_network_s
from destmock._services.http.invocations import trace_of
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from moto.apigateway.models import RestAPI, Stage

    from destmock._engine.simulation import Simulation
    from destmock._services.apigateway.deployments import Endpoint
    from destmock._services.apigateway.routes import Found
    from destmock._services.http.exchange import HttpAnswer, HttpRequest

_DEFAULT_TTL = 300


class RestApis:
    """The REST APIs, as one mock answers for them."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._integrations = Integrations(simulation)

    def answer(self, api: RestAPI, request: HttpRequest) -> HttpAnswer:
        """Answer a request; the first part of its path names the stage."""
        simulation = self._simulation
        moment = Moment(simulation.ids.uuid(), simulation.now)
        try:
            answer = self._answer(api, request, moment)
        except RefusedError as refusal:
            answer = customised(api, refusal, moment.request_id)
        return answer.adding((("x-amzn-RequestId", moment.request_id),))

    def _answer(self, api: RestAPI, request: HttpRequest, moment: Moment) -> HttpAnswer:
        name, _, path = request.path[1:].partition("/")
        stage = None if api.disableExecuteApiEndpoint else api.stages.get(name)
        if stage is None:
            raise RefusedError(answers.forbidden(), "ACCESS_DENIED")
        path = "/" + path.rstrip("/")
        found = choose(served(api, stage.deployment_id), request.method, path)
        if found is None or found.route.target.method.method_integration is None:
            missing = found is None
            answer = answers.missing_token() if missing else answers.gateway_error()
            raise RefusedError(
                answer, "MISSING_AUTHENTICATION_TOKEN" if missing else "API_CONFIGURATION_ERROR"
            )
        trace = trace_of(self._simulation, request)
        inside = with_the_network_s(request.within("/" + request.path[1:].partition("/")[2]), trace.header())
        place = _place(api, stage, found)
        asked = Asked(inside, place, moment, trace)
        method = found.route.target.method
        _check_key(api, stage, method, request)
        authorizer = self._authorized(api, method, asked)
        if authorizer is not None:
            asked = asked._replace(place=place._replace(authorizer=authorizer))
        check(found.route.target.validator, method, request)
        source = f"api {request.method} {path}"
        return self._integrations.answer(method.method_integration, asked, source)

    def _authorized(self, api: RestAPI, method: Any, asked: Asked) -> dict[str, Any] | None:
        """What the method's authoriser adds to the event; raises `RefusedError`."""
        kind, request = method.authorization_type, asked.request
        if kind == "AWS_IAM":
            if not (request.header("authorization") or "").startswith("AWS4"):
                raise RefusedError(answers.missing_token(), "MISSING_AUTHENTICATION_TOKEN")
            return None
        authorizer = api.authorizers.get(method.authorizer_id) if method.authorizer_id else None
        if kind not in ("CUSTOM", "COGNITO_USER_POOLS"):
            return None
        if authorizer is None:
            raise RefusedError(configuration_error(), "AUTHORIZER_CONFIGURATION_ERROR")
        if kind == "COGNITO_USER_POOLS":
            source = authorizer.identity_source or "method.request.header.Authorization"
            token = identities(source, request, lambda _: None)
            if token is None:
                raise RefusedError(unauthorized(), "UNAUTHORIZED")
            return {"claims": cognito_claims(token[0])}
        question = self._question(authorizer, asked)
        try:
            answer = self._simulation.part(Authorizers).ask(question, asked.trace)
        except FailedError as error:
            if str(error) == "Unauthorized":
                raise RefusedError(unauthorized(), "UNAUTHORIZED") from error
            raise RefusedError(configuration_error(), "AUTHORIZER_FAILURE") from error
        return texts(allowed_by_policy(answer, _method_arn(api, asked)))

    def _question(self, authorizer: Any, asked: Asked) -> Question:
        request, place = asked.request, asked.place
        ttl = authorizer.authorizer_result_ttl
        ttl = _DEFAULT_TTL if ttl is None else int(ttl)
        found = identities(authorizer.identity_source, request, lambda name: mapped(name, sources_of(asked)))
        token = authorizer.type == "TOKEN"
        if found is None and (ttl or token):
            raise RefusedError(unauthorized(), "UNAUTHORIZED")
        identity = found or ()
        expression = authorizer.identity_validation_expression
        if token and expression and not re.fullmatch(expression, identity[0]):
            raise RefusedError(unauthorized(), "UNAUTHORIZED")
        arn = f"arn:aws:execute-api:{self._region(request)}:{place.account}:{_path_of(asked)}"
        event: dict[str, Any] = {"type": authorizer.type, "methodArn": arn}
        if token:
            event["authorizationToken"] = identity[0]
        else:
            told = rest_event(request, place, asked.moment)
            event.update(
                {name: value for name, value in told.items() if name not in ("body", "isBase64Encoded")}
            )
        uri = with_variables(authorizer.authorizer_uri or "", place.stage_variables)
        key = (place.stage, *identity) if identity else ()
        return Question(authorizer.id, authorizer.name, uri, event, key, ttl)

    @staticmethod
    def _region(request: HttpRequest) -> str:
        return request.host.split(".")[2]


def _place(api: RestAPI, stage: Stage, found: Found[Endpoint]) -> Place:
    endpoint = found.route.target
    return Place(
        api.account_id,
        api.id,
        stage.name or "",
        endpoint.path,
        found.parameters,
        stage.variables or {},
        resource_id=endpoint.resource_id,
        deployment_id=stage.deployment_id or "",
        binary_media_types=tuple(api.binaryMediaTypes),
    )


def _path_of(asked: Asked) -> str:
    place, request = asked.place, asked.request
    return f"{place.api_id}/{place.stage}/{request.method}{request.path}"


def _method_arn(api: RestAPI, asked: Asked) -> str:
    return f"arn:aws:execute-api:{api.region_name}:{api.account_id}:{_path_of(asked)}"


def _check_key(api: RestAPI, stage: Stage, method: Any, request: HttpRequest) -> None:
    """Raise `RefusedError` unless the request has the key of a usage plan of this stage, if it needs one."""
    if not method.api_key_required:
        return
    if api.api_key_source == "AUTHORIZER":
        message = f"destmock does not simulate API keys that an authoriser names (API {api.id})"
        raise UnsupportedError(message)
    backend = apigateway_backends[api.account_id][api.region_name]
    given = request.header("x-api-key")
    found = [key.id for key in backend.keys.values() if key.value == given and key.enabled]
    for plan_id, keys in backend.usage_plan_keys.items():
        plan = backend.usage_plans.get(plan_id)
        stages = [] if plan is None else plan.api_stages or []
        of_stage = any(each.get("apiId") == api.id and each.get("stage") == stage.name for each in stages)
        if of_stage and any(key in keys for key in found):
            return
    raise RefusedError(answers.forbidden(), "INVALID_API_KEY")
