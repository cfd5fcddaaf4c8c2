"""Pure: the invocation record, as the bytes that AWS sends to a destination.

The envelope is compact JSON, but the two payloads are spliced in as they are: the caller's bytes and the
runtime's bytes, inner spaces, trailing newline and non-ASCII characters included (E2). A key that does
not apply is absent, never null (M3).
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Literal, NamedTuple, NoReturn, TypedDict, cast

from destmock._aws.lifecycle import Condition  # noqa: TC001 - for typing.get_type_hints
from destmock._aws.times import to_datetime

_NOT_JSON = (
    b',"deliveryError":{"statusCode":400,"errorCode":"InvalidRequestContentException",'
    b'"errorMessage":"The function response payload could not be parsed as JSON."}'
)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


#: Strict JSON, whatever the numbers in it: Python itself would refuse to convert an integer of 5,000 digits.
_JSON = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=len)
#: The part of the decoder that is in C.
_SCAN = cast("Any", _JSON).scan_once


class RequestContext(TypedDict):
    """Which event, to which function, and how it ended (E5)."""

    requestId: str
    functionArn: str
    condition: Condition
    approximateInvokeCount: int


class _StatusCode(TypedDict):
    statusCode: int


class ResponseContext(_StatusCode, total=False):
    """The result of the last try (E7). A handler's error is a 200 with `functionError` (M2)."""

    executedVersion: str
    functionError: Literal["Unhandled"]


class DeliveryError(TypedDict):
    """Why `responsePayload` is missing although a runtime answered: its bytes were not JSON (E16)."""

    statusCode: int
    errorCode: str
    errorMessage: str


class _Request(TypedDict):
    version: Literal["1.0"]
    timestamp: str
    requestContext: RequestContext
    requestPayload: Any


class InvocationRecord(_Request, total=False):
    """The JSON object that a destination receives, parsed.

    Its last three keys are absent where nothing applies.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """

    responseContext: ResponseContext
    responsePayload: Any
    deliveryError: DeliveryError


class Response(NamedTuple):
    """The answer of the last try: 200 with the runtime's bytes, or a bare 404 (E15)."""

    status_code: int
    executed_version: str | None = None
    function_error: str | None = None
    payload: bytes = b""


def timestamp(milliseconds: int) -> str:
    """`2026-09-14T15:18:45.502Z`: UTC, three decimals (E4)."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_to_the_second(seconds)}.{str(rest).zfill(3)}Z"


@lru_cache(maxsize=100)
def _to_the_second(seconds: int) -> str:
    return to_datetime(seconds * 1000).isoformat()[:19]  # to format it takes ten times as long


def invocation_record(
    *,
    at: int,
    request_id: str,
    function_arn: str,
    condition: Condition,
    approximate_invoke_count: int,
    request_payload: bytes,
    response: Response | None,
) -> bytes:
    """The record of one settled event.

    `function_arn` is qualified; `response` is `None` if nothing answered.
    """
    head = (
        f'{{"version":"1.0","timestamp":"{timestamp(at)}","requestContext":{{"requestId":"{request_id}",'
        f'"functionArn":"{function_arn}","condition":"{condition}",'
        f'"approximateInvokeCount":{approximate_invoke_count}}},"requestPayload":'
    )
    return b"".join((head.encode(), request_payload, _response(response), b"}"))


def _response(response: Response | None) -> bytes:
    if response is None:
        return b""
    status_code, version, function_error, payload = response
    context = _context(status_code, version, function_error)
    if not payload:
        return context
    if not is_json(payload):
        return context + _NOT_JSON
    return b'%b,"responsePayload":%b' % (context, payload)


@lru_cache(maxsize=100)
def _context(status_code: int, version: str | None, function_error: str | None) -> bytes:
    context = f',"responseContext":{{"statusCode":{status_code}'
    if version is not None:
        context += f',"executedVersion":"{version}"'
    if function_error is not None:
        context += f',"functionError":"{function_error}"'
    return f"{context}}}".encode()


def is_json(payload: bytes) -> bool:
    """Whether AWS can parse the bytes: UTF-8, and without the `NaN` that Python would let pass."""
    try:
        text = payload.decode()
        try:
            _, end = _SCAN(text, 0)
        except StopIteration:
            end = -1
        if end != len(text):  # there is white space around it, or it is none
            _JSON.decode(text)
    except (ValueError, RecursionError):
        return False
    return True
