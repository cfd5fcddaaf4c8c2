"""boto3's way in: hooks on botocore's own events, which do something while a mock is active.

`before-call` stops at the first answer, so moto never sees the calls that destmock answers, and nothing is
signed or sent. Sessions made after this import have the hooks; `adopt` finds those made before.
"""

from __future__ import annotations

import gc
import inspect
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore import UNSIGNED, register_initializer
from botocore.client import BaseClient
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import BotoCoreError, EndpointConnectionError, NoCredentialsError
from botocore.handlers import BUILTIN_HANDLERS, REGISTER_LAST
from botocore.httpsession import URLLib3Session
from botocore.session import Session
from moto.core.config import mock_credentials, service_whitelisted
from moto.core.models import botocore_stubber

from destmock._api import aio, operations, requests, routes, users_hooks
from destmock._api.parsed import parsed
from destmock._aws.arn import DEFAULT_REGION
from destmock._aws.ids import parse_trace
from destmock._engine.active import active, enter_once, innermost
from destmock._functions.functions import account_of, partition_of
from destmock._isolation import network
from destmock._isolation.made_inside import is_from_inside
from destmock._isolation.patching import Patch, Shared, patched
from destmock._services.front_doors.clients import follow_httpx
from destmock.errors import NetworkError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from botocore.awsrequest import AWSResponse
    from botocore.model import OperationModel

    from destmock._engine.simulation import Simulation

#: What moto itself puts into the environment.
FAKE_CREDENTIALS = Credentials("FOOBARKEY", "FOOBARSECRET")
#: What a call keeps of its beginning, for its end.
_BEGUN = "destmock"


class _NotSentError(NetworkError, BotoCoreError):
    """What botocore sees of a refusal: it doesn't wait, and try it again, as with a host out of reach."""

    def __init__(self, message: str, url: str) -> None:
        ConnectionError.__init__(self, message)  # botocore's own makes it of a template
        self.kwargs = {"endpoint_url": url}


class CallRefusedError(_NotSentError, EndpointConnectionError):
    """A call through botocore would have left the process: for the program, its endpoint is out of reach."""


def on_lambda_call(
    model: OperationModel, params: dict[str, Any], request_signer: Any, context: Any, **_: object
) -> tuple[AWSResponse, dict[str, Any]] | None:
    """Answers a Lambda call, or lets it through to moto with the registered functions in place.

    A client with an endpoint of its own doesn't talk to AWS: its call is refused when it is sent.
    """
    simulation = innermost()
    if simulation is None or model.service_model.service_name != "lambda":
        return None
    if not routes.is_aws(params["url"]) or not service_whitelisted("lambda"):
        return None
    credentials = _credentials(request_signer)  # which may take calls to STS
    http_session = aio.http_session_of(context)
    if http_session is None and users_hooks.are_registered(request_signer, model.name):
        request = _request(model.name, params, _caller(simulation, params, credentials, context))
        if operations.answers_itself(simulation, request):
            return _shown(simulation, model, params, credentials, context, request_signer)
    with simulation.turns:  # but for the time that a handler runs
        return _answered(simulation, model, params, credentials, context, http_session)


def _shown(
    simulation: Simulation,
    model: OperationModel,
    params: dict[str, Any],
    credentials: Credentials,
    context: Any,
    request_signer: Any,
) -> tuple[AWSResponse, dict[str, Any]] | None:
    """The answer, where a user's own handlers see the request and the answer, and may give one themselves."""
    params, http = users_hooks.sent(request_signer, model, params)
    if http is None:
        with simulation.turns:
            answered = _answered(simulation, model, params, credentials, context, None)
    else:
        answered = http, users_hooks.parsed(model, http)
    if answered is not None:
        users_hooks.received(request_signer, model, *answered, context)
    return answered


def _answered(
    simulation: Simulation,
    model: OperationModel,
    params: dict[str, Any],
    credentials: Credentials,
    context: Any,
    http_session: type | None,
) -> tuple[AWSResponse, dict[str, Any]] | None:
    request = _request(model.name, params, _caller(simulation, params, credentials, context))
    answer = operations.answered(simulation, request)
    return None if answer is None else parsed(answer, model, params["url"], http_session)


def before_call(model: OperationModel, context: dict[str, Any], **_: object) -> None:
    """Before each call of a handler's, whatever it is, a fault may befall the handler."""
    simulation = innermost()
    if simulation is not None and simulation.faults.on:
        context[_BEGUN] = simulation.calls.before(f"{model.service_model.service_name}.{model.name}")


def on_reading_call(**_: object) -> None:
    """Hand moto the logs, metrics and traces before a call that may read them."""
    for simulation in active:
        simulation.flush()


def on_cloudformation_call(**_: object) -> None:
    """Complete moto's stacks, from the first call of CloudFormation on."""
    if active:
        from destmock._cloudformation import stacks  # noqa: PLC0415 - moto's CloudFormation takes a second to import

        enter_once(stacks.stacks_completed)


def on_api_gateway_call(**_: object) -> None:
    """Complete moto's API Gateway, from the first call of it on."""
    if active:
        try:
            from destmock._services.apigateway import moto_apis  # noqa: PLC0415 - moto's takes long to import
        except ModuleNotFoundError as error:
            message = (
                f"API Gateway needs {error.name}: pip install openapi-spec-validator PyYAML, or destmock "
                "with its extra templates"
            )
            raise UnsupportedError(message) from error
        enter_once(moto_apis.apis_completed)


def after_call(context: dict[str, Any] | None = None, **_: object) -> None:
    """With autorun, everything that the call has queued runs before it returns, retries included."""
    simulation = innermost()
    if simulation is not None:
        begun = None if context is None else context.get(_BEGUN)
        if begun is not None:
            simulation.calls.after(begun)
        follow_httpx()
        simulation.driver.settle_down()


def on_call_error(exception: Exception, **_: object) -> None:
    """Tell the program of a refusal as of an endpoint out of reach."""
    if type(exception) is _NotSentError:
        raise CallRefusedError(str(exception), exception.kwargs["endpoint_url"]) from None


def before_sign(request_signer: Any, **_: object) -> None:
    """Sign without fetching credentials that are older than the mock; with fake ones where there are none."""
    simulation = innermost()
    if simulation is None:
        return
    credentials = request_signer._credentials  # noqa: SLF001 - botocore has no public way to it
    missing = credentials is None and mock_credentials()
    if missing or _would_be_fetched(credentials):
        request_signer._credentials = aio.credentials_for(request_signer, _standing(credentials))  # noqa: SLF001
        simulation.changes.on_end(lambda: setattr(request_signer, "_credentials", credentials))


_HOOKS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("before-call", before_call),
    ("before-call.cloudformation", on_cloudformation_call),
    ("before-call.api-gateway", on_api_gateway_call),
    ("before-call.apigatewayv2", on_api_gateway_call),
    ("before-call.cloudwatch", on_reading_call),
    ("before-call.cloudwatch-logs", on_reading_call),
    ("before-call.xray", on_reading_call),
    ("after-call", after_call),
    ("after-call-error", on_call_error),
    ("before-sign", before_sign),
)
#: The last hook, for nobody sees an event after the first answer to it.
_ANSWERS = "before-call"
BUILTIN_HANDLERS.extend((*_HOOKS, (_ANSWERS, on_lambda_call, REGISTER_LAST)))


def follow_imports(_session: object = None) -> None:
    """Mocks aiobotocore and httpx, once the program has imported them, until the outermost mock ends."""
    if not active:
        return
    follow_httpx()
    if aio.is_to_be_mocked():
        active[0].changes.on_end(aio.mock(_guarded))


register_initializer(follow_imports)  # each new session calls it: the import may be the test's own


def network_refused() -> AbstractContextManager[None]:
    """While entered, a request that neither moto nor destmock answers is sent to allowed hosts only."""
    # A test may have put back what an outer mock has replaced: a nested one does it anew.
    return patched(_REFUSALS) if _SHARED.is_made else _SHARED.made()


def _hosts() -> network.Hosts | None:
    simulation = innermost()
    return None if simulation is None else simulation.hosts


def _guarded(send: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def guard(session: Any, request: Any) -> Any:
        url = urlsplit(request.url)
        host = url.hostname or ""
        hidden = any(simulation.hosts.is_hidden(request.url) for simulation in active)
        hosts = _hosts() or network.Hosts(loopback=False)
        if hosts.names(host, url.port) or (hosts.allows(host, url.port) and not hidden):
            return send(session, request)
        why = "only the environment or a profile names this endpoint" if hidden else "is an endpoint_url set?"
        message = (
            f"{request.method} {request.url} would have left the process: neither moto nor destmock answers "
            f"it ({why}; {network.to_allow(host)})"
        )
        raise _NotSentError(message, request.url)

    return guard


_REFUSALS = (Patch(URLLib3Session, "send", _guarded), *network.refusals(_hosts))
_SHARED = Shared(_REFUSALS, steps_aside=True)


@cache
def adopt() -> None:
    """Hooks the sessions and clients that were made before this module was imported; once is enough."""
    sessions, clients = _kinds_of(Session), _kinds_of(BaseClient)
    for found in gc.get_referrers(*sessions, *clients):  # each object refers to its class
        kind = type(found)  # not isinstance, which asks other people's proxies who they are
        if kind in sessions:
            _register(found.get_component("event_emitter"))
        elif kind in clients:
            _register(found.meta.events)


def _kinds_of(kind: type) -> list[type]:
    """A class and all its children."""
    found = [kind]
    for each in found:
        found += each.__subclasses__()
    return found


def _register(emitter: Any) -> None:
    for event, hook in (*_HOOKS, ("before-send", botocore_stubber)):
        if hook not in _handlers(emitter, event):
            emitter.register(event, hook)
    if on_lambda_call not in _handlers(emitter, _ANSWERS):
        emitter.register_last(_ANSWERS, on_lambda_call)


def _handlers(emitter: Any, event: str) -> Iterable[Any]:
    """The handlers of an event. moto's must not be among them twice: it would answer twice."""
    hierarchical = getattr(emitter, "_emitter", emitter)
    found: Iterable[Any] = hierarchical._handlers.prefix_search(event)  # noqa: SLF001
    return found


def _caller(simulation: Simulation, params: Any, credentials: Credentials, context: Any) -> requests.Caller:
    region = context.get("client_region") or DEFAULT_REGION
    headers = params["headers"]
    header, trace = headers.get("X-Amzn-Trace-Id"), simulation.traced[0]
    # What botocore says of the handler whose variables are in place has no lineage; any thread says it.
    if header and not simulation.turns.has_header(header):
        trace = parse_trace(header) or trace
    key = credentials.access_key
    account = headers.get("x-moto-account-id") or account_of(key)
    return requests.Caller(partition_of(region), region, account, trace, key, credentials.token)


def _credentials(request_signer: Any) -> Credentials:
    credentials = request_signer._credentials  # noqa: SLF001
    if isinstance(credentials, RefreshableCredentials):
        if not _would_be_fetched(credentials) and not inspect.iscoroutinefunction(request_signer.sign):
            credentials.get_frozen_credentials()  # the program's own way may fetch them
        credentials = _standing(credentials)
    if credentials is None and not mock_credentials() and request_signer.signature_version != UNSIGNED:
        raise NoCredentialsError
    return credentials or FAKE_CREDENTIALS


def _would_be_fetched(credentials: Any) -> bool:
    """Whether the use of the credentials would lead out of the mock, to where the machine has them from."""
    return (
        isinstance(credentials, RefreshableCredentials)
        and not is_from_inside(credentials)
        and credentials.refresh_needed()
    )


def _standing(credentials: Any) -> Credentials:
    """Credentials as they are, without fetching them again; the fake ones where there are none."""
    if credentials is None or credentials._access_key is None:  # noqa: SLF001
        return FAKE_CREDENTIALS
    return Credentials(credentials._access_key, credentials._secret_key, credentials._token)  # noqa: SLF001


def _request(name: str, params: dict[str, Any], caller: requests.Caller) -> requests.Request:
    headers = {key.lower(): value for key, value in params["headers"].items()}
    query = params["query_string"]
    if query:
        query = {key: _text(value) for key, value in query.items()}
    return requests.Request(name, params["url_path"], query, headers, _body(params), caller)


def _text(value: Any) -> str:
    """A member of the query; one with several values has commas between them."""
    return ",".join(value) if isinstance(value, list) else str(value)


def _body(params: dict[str, Any]) -> bytes:
    body = params.get("body") or b""
    if type(body) is bytes:
        return body
    if hasattr(body, "read"):
        body = params["body"] = body.read()  # whoever comes next finds it, too
    return body.encode() if isinstance(body, str) else bytes(memoryview(body))
