"""Lambda authorisers run, and decide; any other lets pass whoever has a token or a signature."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from time import asctime, gmtime
from typing import TYPE_CHECKING, Any

from destmock._services.apigateway.expressions import as_text
from destmock._services.http.exchange import HttpAnswer, json_body, problem
from destmock._services.http.invocations import NotInvokedError, function_of, invoke

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from destmock._aws.ids import Trace
    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import HttpRequest

_ACTIONS = ("execute-api:invoke", "execute-api:*", "*")


class RefusedError(Exception):
    """The request may not go on; `answer` is what the client gets, `kind` the gateway response of it.

    `why` says what a model has against the request's body.
    """

    def __init__(self, answer: HttpAnswer, kind: str = "", why: str = "") -> None:
        super().__init__(kind)
        self.answer = answer
        self.kind = kind
        self.why = why


@dataclass(frozen=True, slots=True)
class Question:
    """What a Lambda authoriser is asked: its function, its event, and for whom its answer holds."""

    authorizer_id: str
    name: str
    uri: str
    event: dict[str, Any]
    #: What the answer is remembered by, and for how many seconds.
    identity: tuple[str, ...]
    ttl: int


class Authorizers:
    """The authorisers of one mock's APIs, and what they have answered."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._answers: dict[tuple[str, ...], tuple[int, Any]] = {}

    def ask(self, question: Question, trace: Trace) -> Any:
        """What the authoriser answers, parsed, or has answered before; raises `FailedError` for an error."""
        now, key = self._simulation.now, (question.authorizer_id, *question.identity)
        until, answer = self._answers.get(key, (0, None))
        if question.ttl and question.identity and now < until:
            return answer
        source = f"authorizer {question.name}"
        try:
            result = invoke(
                self._simulation, function_of(question.uri), question.event, source=source, trace=trace
            )
        except NotInvokedError as error:
            raise FailedError(str(error)) from error
        found = json.loads(result.payload or b"null")
        if result.failed:
            raise FailedError(str(found.get("errorMessage")) if isinstance(found, dict) else "")
        if question.ttl and question.identity:
            self._answers[key] = (self._simulation.now + question.ttl * 1000, found)
        return found


class FailedError(Exception):
    """The authoriser has failed, or isn't there; the text is its error's message."""


def allowed_by_policy(answer: Any, arn: str) -> dict[str, Any]:
    """What a policy's `context` adds to the event; raises `RefusedError` if it doesn't allow the call."""
    policy = answer.get("policyDocument") if isinstance(answer, dict) else None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if statements is None or not isinstance(answer.get("principalId"), str):
        raise RefusedError(configuration_error(), "AUTHORIZER_CONFIGURATION_ERROR")
    effects = {
        each.get("Effect")
        for each in (statements if isinstance(statements, list) else [statements])
        if _concerns(each, arn)
    }
    if "Deny" in effects:
        raise RefusedError(_denied(" with an explicit deny"), "ACCESS_DENIED")
    if "Allow" not in effects:
        raise RefusedError(_denied(""), "ACCESS_DENIED")
    context: dict[str, Any] = answer.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(each, (dict, list)) for each in context.values()):
        raise RefusedError(configuration_error(), "AUTHORIZER_CONFIGURATION_ERROR")
    return {"principalId": answer["principalId"], **context}


def configuration_error() -> HttpAnswer:
    """The answer to a request whose authoriser fails, or answers what is no policy."""
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", "AuthorizerConfigurationException"))
    return HttpAnswer(500, headers, json_body({"message": None}))


def unauthorized() -> HttpAnswer:
    return problem(401, "Unauthorized", error_type="UnauthorizedException")


def texts(context: Mapping[str, Any]) -> dict[str, str]:
    """A context as a REST API passes it on: every value is text."""
    return {name: as_text(value) for name, value in context.items()}


def claims(token: str) -> dict[str, Any]:
    """What a JSON web token says, unverified; nothing for a token that is none."""
    parts = token.rpartition(" ")[2].split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def cognito_claims(token: str) -> dict[str, str]:
    """A token's claims as a REST API passes them on: lists with commas, two moments as Java writes them."""
    return {name: _cognito_claim(name, value) for name, value in claims(token).items()}


def _cognito_claim(name: str, value: Any) -> str:
    if name in ("exp", "iat") and isinstance(value, (int, float)):
        weekday, month, day, clock, year = asctime(gmtime(value)).split()
        return f"{weekday} {month} {day:0>2} {clock} UTC {year}"
    return ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)


def jwt_claims(token: str) -> dict[str, str]:
    """A token's claims as an HTTP API passes them on: texts, for lists and objects those of Go."""
    return {name: _in_go(value) for name, value in claims(token).items()}


def scopes_of(token: str) -> set[str]:
    """The scopes that a token's `scope` and `scp` name, as a text with spaces or a list."""
    said = claims(token)
    given = [said.get(name) for name in ("scope", "scp")]
    listed = (each.split() if isinstance(each, str) else each for each in given)
    return {scope for each in listed if isinstance(each, list) for scope in each if isinstance(scope, str)}


def _in_go(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(_in_go, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{_in_go(value[name])}' for name in sorted(value))}]"
    return as_text(value)


def identities(
    sources: Any, request: HttpRequest, others: Callable[[str], str | None]
) -> tuple[str, ...] | None:
    """The values of an authoriser's identity sources; `None` if one of them is missing.

    A REST API writes `method.request.header.X`, an HTTP API `$request.header.X`, a WebSocket API
    `route.request.header.X`. `others` knows the values of what isn't in the request, such as
    `stageVariables.x`.
    """
    given = sources.split(",") if isinstance(sources, str) else sources or []
    found = []
    for each in given:
        name = re.sub(r"^(method|route|\$)\.?", "", each.strip())
        value = _of_request(name, request) if name.startswith("request.") else others(name)
        if not value:
            return None
        found.append(value)
    return tuple(found)


def _of_request(name: str, request: HttpRequest) -> str | None:
    _, place, key = name.split(".", 2)
    if place == "header":
        return request.header(key)
    return dict(request.query_pairs).get(key)


def _concerns(statement: Mapping[str, Any], arn: str) -> bool:
    actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
    return any(each.lower() in _ACTIONS for each in actions) and any(
        fnmatchcase(arn, each.replace("[", "[[]")) for each in resources
    )


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _denied(how: str) -> HttpAnswer:
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", "AccessDeniedException"))
    return HttpAnswer(
        403, headers, json_body({"Message": f"User is not authorized to access this resource{how}"})
    )
