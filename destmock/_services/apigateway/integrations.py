"""What stands behind a REST API's method: a function, an answer of its own, or another service.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integrations-overview.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from destmock._aws.api_errors import TENANT_MISSING, AWSError
from destmock._aws.record import is_json
from destmock._engine.invoke_options import InvokeOptions
from destmock._services.apigateway import direct
from destmock._services.apigateway.authorizers import RefusedError
from destmock._services.apigateway.expressions import Sources, as_text, mapped, with_variables
from destmock._services.apigateway.mapping_templates import filled
from destmock._services.http import answers
from destmock._services.http.answers import MalformedError, rest_answer
from destmock._services.http.events import rest_context, rest_event
from destmock._services.http.exchange import HttpAnswer, LeftToMotoError, problem
from destmock._services.http.invocations import NotInvokedError, function_of, invoke
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import Asked
    from destmock._services.http.invocations import Result

#: How long a REST API waits for its integration at most, in milliseconds (R53).
_PATIENCE = 29_000
_JSON = "application/json"
#: In a template for an answer of the API's own, which need not be strict JSON.
_STATUS = re.compile(r"""["']?\bstatusCode["']?\s*:\s*["']?(\d{3})\b""")


class _Came(NamedTuple):
    """What has come of an integration: its body, and what its responses are chosen by."""

    body: str
    chosen_by: str
    headers: dict[str, str]


class Integrations:
    """The integrations of one mock's REST APIs."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def answer(self, integration: Any, asked: Asked, source: str) -> HttpAnswer:
        """The answer of a method's integration; raises `RefusedError` for API Gateway's own errors."""
        kind = str(integration.integration_type).upper()
        uri = with_variables(integration.uri or "", asked.place.stage_variables)
        if kind == "MOCK":
            return self._mock(integration, asked)
        if kind in ("AWS", "AWS_PROXY") and ":lambda:path/" in uri:
            run = self._proxy if kind == "AWS_PROXY" else self._function
            return run(integration, uri, asked, source)
        if kind == "AWS" and not direct.is_left_out(uri):
            return self._service(integration, uri, asked)
        message = f"destmock does not simulate the integration {kind} of API Gateway with {uri}"
        raise LeftToMotoError(message)

    def _proxy(self, integration: Any, uri: str, asked: Asked, source: str) -> HttpAnswer:
        event = rest_event(asked.request, asked.place, asked.moment)
        headers, _ = _mapped(integration, sources_of(asked))
        result = self._run(integration, uri, event, asked, source, headers)
        if result.failed:
            raise RefusedError(answers.bad_gateway(), "DEFAULT_5XX")
        accept = asked.request.header("accept")
        try:
            return rest_answer(result.payload, accept, asked.place.binary_media_types)
        except MalformedError:
            raise RefusedError(answers.bad_gateway(), "DEFAULT_5XX") from None

    def _function(self, integration: Any, uri: str, asked: Asked, source: str) -> HttpAnswer:
        """A function that gets the request's body as its event, or a template's text (R55)."""
        sources = sources_of(asked)
        body, headers, _ = _request_of(integration, sources)
        payload = body.encode() or b"{}"
        if not is_json(payload):
            text = "Could not parse request body into json: Could not parse payload into json"
            error = problem(400, text, error_type="InvalidRequestContentException")
            return _response(integration, _Came(error.body.decode(), "400", {}), asked)
        if headers.get("x-amz-invocation-type") == "Event":
            self._queue(uri, payload, asked, source, headers)
            return _response(integration, _Came("", "", {}), asked)
        result = self._run(integration, uri, payload, asked, source, headers)
        text = result.payload.decode(errors="replace")
        return _response(integration, _Came(text, _error_message(result), {}), asked)

    def _service(self, integration: Any, uri: str, asked: Asked) -> HttpAnswer:
        """Another service, which is called without any function."""
        body, headers, query = _request_of(integration, sources_of(asked))
        with self._simulation.turns:
            status, text = direct.call(self._simulation, asked.place.account, uri, body, headers, query)
        return _response(integration, _Came(text, str(status), {"Content-Type": _JSON}), asked)

    def _mock(self, integration: Any, asked: Asked) -> HttpAnswer:
        """The answer that the request template's `statusCode` chooses."""
        body, _, _ = _request_of(integration, sources_of(asked))
        status = _STATUS.search(body)
        if status is None:
            raise RefusedError(answers.gateway_error(), "DEFAULT_5XX")
        return _response(integration, _Came("", status[1], {}), asked)

    def _run(
        self, integration: Any, uri: str, event: Any, asked: Asked, source: str, headers: Mapping[str, str]
    ) -> Result:
        options, trace = _options(headers), asked.trace
        try:
            result = invoke(
                self._simulation, function_of(uri), event, source=source, trace=trace, options=options
            )
        except NotInvokedError as error:
            raise _not_invoked(error.error) from error
        patience = int(integration.timeout_in_millis or _PATIENCE)
        if result.took > patience:
            raise RefusedError(answers.gateway_timeout(patience), "INTEGRATION_TIMEOUT")
        return result

    def _queue(self, uri: str, payload: bytes, asked: Asked, source: str, headers: Mapping[str, str]) -> None:
        ref = function_of(uri)
        if ref is None or self._simulation.identify(ref) is None:
            raise RefusedError(answers.gateway_error(), "DEFAULT_5XX")
        try:
            self._simulation.accept(ref, payload, source=source, trace=asked.trace, options=_options(headers))
        except AWSError as error:
            raise _not_invoked(error) from error


def sources_of(asked: Asked) -> Sources:
    """What a mapping can refer to in a request."""
    request, place = asked.request, asked.place
    return Sources(
        request.body.decode(errors="replace"),
        place.path_parameters,
        dict(request.query_pairs),
        dict(request.headers),
        {**rest_context(request, place, asked.moment), "stage": place.stage},
        place.stage_variables,
    )


def _not_invoked(error: AWSError) -> RefusedError:
    """What a REST API answers if Lambda refuses: that it has failed itself."""
    if error.status == 413:  # noqa: PLR2004 - too large
        return RefusedError(problem(413, "Request Too Long"), "REQUEST_TOO_LARGE")
    if str(error) == TENANT_MISSING:
        return RefusedError(problem(400, TENANT_MISSING), "DEFAULT_4XX")
    return RefusedError(answers.gateway_error(), "DEFAULT_5XX")


def _request_of(integration: Any, sources: Sources) -> tuple[str, dict[str, str], dict[str, str]]:
    """The body, the headers (in lower case) and the query that an integration is sent."""
    kind = (sources.header("content-type") or _JSON).partition(";")[0].strip()
    templates = integration.request_templates or {}
    template = templates.get(kind)
    behaviour = integration.passthrough_behaviour or "WHEN_NO_MATCH"
    if template is None and (behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates)):
        error = problem(415, "Unsupported Media Type", error_type="BadRequestException")
        raise RefusedError(error, "UNSUPPORTED_MEDIA_TYPE")
    headers, query = _mapped(integration, sources)
    if template is None:
        return sources.body, headers, query
    made = filled(template, sources)
    if made.request_override["path"]:
        message = "destmock does not simulate $context.requestOverride.path of API Gateway"
        raise UnsupportedError(message)
    headers.update({name.lower(): as_text(value) for name, value in made.request_override["header"].items()})
    query.update({name: as_text(value) for name, value in made.request_override["querystring"].items()})
    return made.text, headers, query


def _mapped(integration: Any, sources: Sources) -> tuple[dict[str, str], dict[str, str]]:
    """The headers (in lower case) and the query that an integration's parameters make."""
    headers, query = {}, {}
    for name, expression in (integration.request_parameters or {}).items():
        _, _, place, key = name.split(".", 3)
        value = mapped(expression, sources)
        if value is not None and place == "header":
            headers[key.lower()] = value
        elif value is not None and place == "querystring":
            query[key] = value
    return headers, query


def _options(headers: Mapping[str, str]) -> InvokeOptions:
    """The tenant that the request to Lambda names."""
    return InvokeOptions(tenant_id=headers.get("x-amz-tenant-id"))


def _error_message(result: Result) -> str:
    """What the responses of a function are chosen by: the message of its error."""
    found = json.loads(result.payload or b"null") if result.failed else None
    return str(found.get("errorMessage", "")) if isinstance(found, dict) else ""


def _response(integration: Any, came: _Came, asked: Asked) -> HttpAnswer:
    """The answer that the integration's responses make of what came; raises `RefusedError` if none fits."""
    given = [*(integration.integration_responses or {}).values()]
    chosen = next(
        (
            each
            for each in given
            if each.selection_pattern and re.fullmatch(each.selection_pattern, came.chosen_by, re.DOTALL)
        ),
        None,
    )
    chosen = chosen or next((each for each in given if not each.selection_pattern), None)
    if chosen is None:
        raise RefusedError(answers.gateway_error(), "DEFAULT_5XX")
    sources = sources_of(asked)
    answered = Sources(
        came.body, headers=came.headers, context=sources.context, stage_variables=sources.stage_variables
    )
    parameters = (chosen.response_parameters or {}).items()
    given_headers = {
        name.removeprefix("method.response.header."): mapped(expression, answered)
        for name, expression in parameters
    }
    template, status, body = (chosen.response_templates or {}).get(_JSON), chosen.status_code, came.body
    if template is not None:
        body, _, override = filled(as_text(template), answered)
        status = override.get("status", status)
        given_headers |= {name: as_text(value) for name, value in override["header"].items()}
    there = {name: value for name, value in given_headers.items() if value is not None}
    kind = () if "content-type" in {name.lower() for name in there} else (("Content-Type", _JSON),)
    return HttpAnswer(int(status), (*kind, *there.items()), body.encode())
