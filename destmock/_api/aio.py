"""Has aiobotocore's clients run the same hooks as boto3's, with answers in aiobotocore's own types.

aiobotocore is imported only by functions that are called once the program has imported it itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.botocore_stubber import BotocoreStubber

from destmock._isolation import clients

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiobotocore.awsrequest import AioAWSResponse
    from aiobotocore.endpoint import AioEndpoint
    from aiobotocore.eventstream import AioEventStream
    from aiobotocore.response import AioStreamingBodyBase
    from aiobotocore.session import AioSession
    from aiohttp import StreamReader
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.model import Shape

#: What aiobotocore's own modules import last: without it, there is no client.
_SESSION = "aiobotocore.session"


def http_session_of(context: Mapping[str, Any]) -> type | None:
    """The class of the HTTP session of an aiobotocore client's call; `None` if it is a boto3 client's."""
    return getattr(context.get("client_config"), "http_session_cls", None)


def http_response(
    http_session: type, url: str, status: int, headers: Mapping[str, Any], body: bytes
) -> AioAWSResponse:
    """An answer as if the client's HTTP session had received it: aiohttp's, or httpx's."""
    from aiobotocore.awsrequest import AioAWSResponse, HttpxAWSResponse
    from aiobotocore.httpxsession import HttpxSession, httpx

    text = {name: str(value) for name, value in headers.items()}
    if not issubclass(http_session, HttpxSession):
        return AioAWSResponse(url, status, text, _RawResponse(url, status, text, _stream(body)))
    request, stream = httpx.Request("POST", url), httpx.ByteStream(body)
    raw = httpx.Response(status, headers=text, stream=stream, request=request)
    return HttpxAWSResponse(url, status, text, raw)


def streaming_body(raw: Any, length: int) -> AioStreamingBodyBase:
    """The body of an answer whose operation returns a stream."""
    from aiobotocore.response import HttpxStreamingBody, StreamingBody

    kind = StreamingBody if isinstance(raw, _RawResponse) else HttpxStreamingBody
    return kind(raw, length)


def event_stream(raw: Any, shape: Shape, operation: str) -> AioEventStream:
    """The events in the body of an answer."""
    from aiobotocore.eventstream import AioEventStream
    from aiobotocore.parsers import AioEventStreamJSONParser

    return AioEventStream(raw, shape, AioEventStreamJSONParser(), operation)


def credentials_for(request_signer: Any, credentials: Credentials) -> Credentials:
    """The credentials as the signer needs them: aiobotocore's awaits them."""
    if not inspect.iscoroutinefunction(request_signer.sign):
        return credentials
    from aiobotocore.credentials import AioCredentials

    made: Credentials = AioCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    return made


def is_to_be_mocked() -> bool:
    """Whether the program has imported aiobotocore, and `mock` has not been called since it was undone."""
    if _SESSION not in sys.modules:
        return False
    from aiobotocore.session import AioSession

    return AioSession.get_credentials is not _get_credentials


def mock(guarded: Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]) -> Callable[[], None]:
    """Have moto answer aiobotocore's clients, and guard what it does not answer; returns the undoing."""
    from aiobotocore.endpoint import AioEndpoint
    from aiobotocore.httpsession import AIOHTTPSession
    from aiobotocore.httpxsession import HttpxSession
    from aiobotocore.session import AioSession

    ways_out = (AioEndpoint, "_send"), (AIOHTTPSession, "send"), (HttpxSession, "send")
    with contextlib.ExitStack() as stack:
        for owner, name in ways_out:
            stack.enter_context(patch.object(owner, name, guarded(getattr(owner, name))))
        prepare = _with_context(AioEndpoint.prepare_request)
        stack.enter_context(patch.object(AioEndpoint, "prepare_request", prepare))
        stack.enter_context(patch.object(AioSession, "get_credentials", _get_credentials))
        stack.enter_context(patch.object(BotocoreStubber, "__call__", _translated(BotocoreStubber.__call__)))
        return stack.pop_all().close


def _with_context(prepare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """How a request is made ready, and keeps what it says of its client: botocore 1.40 leaves that out."""

    def prepare_request(endpoint: AioEndpoint, request: AWSRequest) -> AWSPreparedRequest:
        prepared: Any = prepare(endpoint, request)
        prepared.context = request.context
        return prepared  # type: ignore[no-any-return]

    return prepare_request


async def _get_credentials(session: AioSession) -> Credentials | None:
    """The credentials that a session has or finds, else the environment's, as for boto3."""
    from aiobotocore.credentials import AioEnvProvider

    if session._credentials is None:  # noqa: SLF001
        for provider in clients.providers_of(session):
            session._credentials = session._credentials or await provider.load()  # noqa: SLF001
    found: Credentials | None = session._credentials or await AioEnvProvider().load()  # noqa: SLF001
    return found


def _translated(answer: Callable[..., AWSResponse | None]) -> Callable[..., Any]:
    """moto's `before-send` handler, which aiobotocore awaits if it returns something to await."""

    def __call__(  # noqa: N807 - stands in for moto's
        stubber: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **kwargs: Any
    ) -> AWSResponse | Awaitable[AioAWSResponse | None] | None:
        http_session = http_session_of(getattr(request, "context", {}))
        if http_session is None:
            return answer(stubber, event_name, request, **kwargs)
        return answered(http_session, stubber, event_name, request)

    async def answered(
        http_session: type, stubber: BotocoreStubber, event_name: str, request: AWSPreparedRequest
    ) -> AioAWSResponse | None:
        found = answer(stubber, event_name, await _with_body(request))
        if found is None:
            return None
        return http_response(http_session, found.url, found.status_code, found.headers, found.content)

    return __call__


async def _with_body(request: AWSPreparedRequest) -> AWSPreparedRequest:
    """The request as moto can read it: aiobotocore's chunks and the user's own streams may be asynchronous.

    A copy, for a retry rewinds the request's own stream.
    """
    body: Any = request.body
    if hasattr(body, "read"):
        body = body.read()
        if inspect.isawaitable(body):
            body = await body
    return AWSPreparedRequest(request.method, request.url, request.headers, body, request.stream_output)


def _stream(body: bytes) -> StreamReader:
    from aiohttp import StreamReader
    from aiohttp.base_protocol import BaseProtocol

    loop = asyncio.get_running_loop()
    stream = StreamReader(BaseProtocol(loop), len(body) + 1, loop=loop)
    stream.feed_data(body)
    stream.feed_eof()
    return stream


@dataclass(eq=False)
class _RawResponse:
    """As much of an aiohttp response as aiobotocore and its users read.

    aiobotocore before 3.8 sets attributes, and hands it to whoever says `async with`.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    content: StreamReader

    async def read(self) -> bytes:
        return await self.content.read()

    async def __aenter__(self) -> object:
        return self

    async def __aexit__(self, *_error: object) -> None:
        """There is no connection."""

    def close(self) -> None:
        """There is no connection."""
