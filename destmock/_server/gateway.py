"""The WSGI application: destmock's own answers to Lambda's requests, moto's to everything else."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from botocore.model import OperationNotFoundError
from werkzeug.test import run_wsgi_app

from destmock._api import answers, hook, operations, routes
from destmock._api import requests as wire
from destmock._aws import api_errors as errors
from destmock._aws.ids import parse_trace
from destmock._aws.json_errors import complaint
from destmock._aws.record import is_json
from destmock._engine.callers import calling
from destmock._functions.functions import account_of, partition_of
from destmock._server import front_doors
from destmock._server.guards import PAGE
from destmock.errors import DestmockError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from destmock._engine.simulation import Simulation
    from destmock._server.guards import Guard
    from destmock._server.polls import Changes

#: The log of Python errors in requests, for the user to see; written to stderr unless logging is set up.
log = logging.getLogger("destmock.server")
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/([0-9]+)/([^/,\s]+)/([^/,\s]+)/aws4_request")
_UNSIGNED = "AWS4-HMAC-SHA256 Credential=unsigned/20000101/{region}/lambda/aws4_request, Signature=none"
#: What comes before moto's answer, by the service that a request is signed for, as botocore's events have it.
_HOOKS: Mapping[str | None, Callable[[], None]] = {
    "cloudformation": hook.on_cloudformation_call,
    "apigateway": hook.on_api_gateway_call,
    **dict.fromkeys(("logs", "monitoring", "xray"), hook.on_reading_call),
}
_HEADERS_OF_WSGI = ("CONTENT_TYPE", "CONTENT_LENGTH")
_NO_SERVICE = "moto has no service that this request is for"
_MOTO_API = (
    "moto's own API is closed: what it resets or records is behind destmock's back. Start another server, or "
    "another mock, for a fresh state"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, destmock's or moto's."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """The names in a request's signature, all of them or none; the signature itself isn't checked."""

    access_key: str | None = None
    region: str | None = None
    service: str | None = None


class Gateway:
    """Answers every request, whatever happens.

    `page` answers below `/_destmock`; `before` is called before each request; `caller` returns the function
    whose handler has opened a connection, given the address of the connection's other end.
    """

    def __init__(
        self,
        simulation: Simulation,
        guard: Guard,
        changes: Changes,
        *,
        page: WSGIApplication,
        before: Callable[[], object] | None,
        caller: Callable[[tuple[str, int]], str | None],
    ) -> None:
        self._page = page
        self._simulation = simulation
        self._guard = guard
        self._changes = changes
        self._before = before
        self._caller = caller
        self._moto = _moto_server()
        self._region = os.environ["AWS_DEFAULT_REGION"]  # a handler that runs has its own

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            reply = self._reply(environ)
        except errors.AWSError as error:
            reply = self._error(error)
        except DestmockError as error:
            log.error("%s: %s", type(error).__name__, error)  # noqa: TRY400 - its message says all
            reply = self._error(_own_error(error))
        except BaseException:  # a handler's KeyboardInterrupt, too, is no reason to end the server
            log.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            reply = self._error(errors.service())
        self._changes.happened(asked=not _is_page_s(environ["PATH_INFO"]))
        start_response(reply.status, reply.headers)
        return [reply.body]

    def _reply(self, environ: WSGIEnvironment) -> Reply:
        refusal = self._guard.refusal(environ)
        if refusal is not None:
            raise errors.access_denied(refusal)
        if self._before is not None:
            self._before()
        path = environ["PATH_INFO"]
        if _is_page_s(path):
            return _run(self._page, environ)
        if _is_browser_at_the_door(environ):
            return Reply("303 See Other", [("Location", PAGE), ("Content-Length", "0")], b"")
        if path.startswith("/moto-api"):  # moto takes every path that begins like this for its own API
            raise errors.access_denied(_MOTO_API)
        with self._simulation.turns.working_for(self._function(environ)):
            if path.startswith(front_doors.PREFIX):
                return self._front_door(environ)
            reply = self._aws(environ)
            self._simulation.driver.settle_down()
        return reply

    def _front_door(self, environ: WSGIEnvironment) -> Reply:
        method, path, query = environ["REQUEST_METHOD"], _raw_path(environ), environ["QUERY_STRING"]
        body = environ["wsgi.input"].read()
        answer = front_doors.answer(self._simulation, method, path, query, _headers(environ), body)
        return Reply(_status_line(answer.status), answer.sent_headers, answer.body)

    def _function(self, environ: WSGIEnvironment) -> str | None:
        """The function whose handler sent the request, by the trace passed on, else by the connection."""
        trace = parse_trace(environ.get("HTTP_X_AMZN_TRACE_ID", ""))
        found = None if trace is None else self._simulation.turns.function_of(trace.root)
        return found or self._caller((environ["REMOTE_ADDR"], int(environ["REMOTE_PORT"])))

    def _aws(self, environ: WSGIEnvironment) -> Reply:
        signature = _signature(environ)
        path = _raw_path(environ)
        with self._simulation.turns:
            if routes.is_lambda(signature.service, path):
                answer = self._lambda(environ, signature, path)
                if answer is not None:
                    return _reply_of(answer)
            if signature.service in _HOOKS:
                _HOOKS[signature.service]()
            with calling(environ.get("HTTP_X_AMZN_TRACE_ID")):
                return self._from_moto(environ)

    def _lambda(self, environ: WSGIEnvironment, signature: Signature, path: str) -> answers.Answer | None:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(body)
        region = signature.region or self._region
        account = account_of(signature.access_key or hook.FAKE_CREDENTIALS.access_key)
        trace = parse_trace(environ.get("HTTP_X_AMZN_TRACE_ID", "")) or self._simulation.trace
        caller = wire.Caller(partition_of(region), region, account, trace)
        method, query = environ["REQUEST_METHOD"], environ["QUERY_STRING"]
        request = routes.read(method, path, query, _headers(environ), body, caller)
        if signature.service is None:  # moto finds the service by the signature
            environ["HTTP_AUTHORIZATION"] = _UNSIGNED.format(region=region)
        return operations.answered(self._simulation, request)

    def _from_moto(self, environ: WSGIEnvironment) -> Reply:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(body)
        try:
            application = self._moto.get_application(environ)
        except Exception:  # noqa: BLE001 - moto's ways to say that it knows no such service
            raise errors.unknown_operation(_NO_SERVICE) from None
        try:
            return _run(application, environ)
        except (OperationNotFoundError, NotImplementedError) as error:
            text = f"moto does not know the operation: {error}"
            raise errors.unknown_operation(text) from None
        except Exception:
            if "json" in environ.get("CONTENT_TYPE", "") and not is_json(body):
                raise errors.not_parsed(complaint(body)) from None
            raise

    def _error(self, error: errors.AWSError) -> Reply:
        answer = answers.error_answer(self._simulation.ids.uuid(), error)
        return _reply_of(answers.dated(answer, self._simulation.now))


def _is_page_s(path: str) -> bool:
    return path == PAGE or path.startswith(f"{PAGE}/")


def _is_browser_at_the_door(environ: WSGIEnvironment) -> bool:
    """Whether a browser asks for the endpoint itself; an SDK that lists buckets there signs its request."""
    bucket = environ.get("HTTP_HOST", "").partition(":")[0].endswith(".localhost")
    return (
        environ["REQUEST_METHOD"] in ("GET", "HEAD")
        and environ["PATH_INFO"] == "/"
        and not (bucket or environ["QUERY_STRING"] or "HTTP_AUTHORIZATION" in environ)
        and "text/html" in environ.get("HTTP_ACCEPT", "")
    )


@cache
def _moto_server() -> Any:
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - Flask, which is an extra
        DomainDispatcherApplication,
        create_backend_app,
    )

    found = DomainDispatcherApplication(create_backend_app)
    # It would list a directory each time, which is half of what a request costs.
    found.get_backend_for_host = lru_cache(1000)(found.get_backend_for_host)  # type: ignore[method-assign]
    return found


def _own_error(error: DestmockError) -> errors.AWSError:
    """The answer of an error that the user has to mend; no client tries such a call again."""
    status = HTTPStatus.NOT_IMPLEMENTED if isinstance(error, UnsupportedError) else HTTPStatus.BAD_REQUEST
    return errors.AWSError(type(error).__name__, str(error), status)


def _run(application: Any, environ: WSGIEnvironment) -> Reply:
    chunks, status, headers = run_wsgi_app(application, environ, buffered=True)
    return Reply(status, list(headers), b"".join(chunks))


def _reply_of(answer: answers.Answer) -> Reply:
    return Reply(_status_line(answer.status), [*answer.headers.items()], answer.body)


def _status_line(status: int) -> str:
    """The status with its phrase; a function's may be any number."""
    phrase = HTTPStatus(status).phrase if status in [*HTTPStatus] else "Unknown"
    return f"{status} {phrase}"


def _signature(environ: WSGIEnvironment) -> Signature:
    header = environ.get("HTTP_AUTHORIZATION", "")
    found = _CREDENTIAL.search(header)
    if found is not None:
        return Signature(found[1], found[3], found[4].lower())
    if header.startswith("AWS4"):
        raise errors.incomplete_signature()
    credential = parse_qs(environ["QUERY_STRING"]).get("X-Amz-Credential", [""])[0]
    found = _CREDENTIAL.search(f"Credential={credential}")
    return Signature() if found is None else Signature(found[1], found[3], found[4].lower())


def _raw_path(environ: WSGIEnvironment) -> str:
    """The path as it was sent, for names may have escaped characters in them."""
    raw = str(environ["RAW_URI"]).partition("?")[0]
    return re.sub(r"^https?://[^/]*", "", raw)


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    named = {key[5:]: value for key, value in environ.items() if key.startswith("HTTP_")}
    named.update({key: environ[key] for key in _HEADERS_OF_WSGI if key in environ})
    return {name.replace("_", "-").lower(): value for name, value in named.items()}
