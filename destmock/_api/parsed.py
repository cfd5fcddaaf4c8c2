"""An answer as botocore's own endpoint would parse it: the HTTP response, and what boto3 returns of it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.response import StreamingBody
from moto.core.botocore_stubber import MockRawResponse

from destmock._api import aio, users_hooks

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from destmock._api.answers import Answer


def parsed(
    answer: Answer, model: OperationModel, url: str, http_session: type | None
) -> tuple[AWSResponse, dict[str, Any]]:
    """The answer as botocore's own endpoint would parse it, with dates, streams and errors."""
    http = _http_response(answer, url, http_session)
    if answer.status < 300 and http_session is None and model.has_streaming_output:  # noqa: PLR2004
        return http, _invoked(answer, model, http)
    response: dict[str, Any] = {
        "status_code": answer.status,
        "headers": http.headers,  # whose names compare in any case, as the parser expects
        "context": {"operation_name": model.name},
        "body": answer.body,
    }
    failed = answer.status >= 300  # noqa: PLR2004 - as botocore tells them apart
    if not failed and model.has_streaming_output:
        body = StreamingBody if http_session is None else aio.streaming_body
        response["body"] = body(http.raw, len(answer.body))
    as_events = not failed and model.has_event_stream_output
    if as_events:
        response["body"] = http.raw
    parsed = users_hooks.parser().parse(response, model.output_shape)
    if as_events and http_session is not None:
        output: Any = model.output_shape
        name = output.event_stream_name
        parsed[name] = aio.event_stream(http.raw, output.members[name], model.name)
    if failed:
        shape = model.service_model.shape_for_error_code(parsed["Error"]["Code"])
        if shape is not None:
            parsed.update(users_hooks.parser().parse(response, shape))
    parsed["ResponseMetadata"]["RetryAttempts"] = 0
    return http, parsed


def _invoked(answer: Answer, model: OperationModel, http: AWSResponse) -> dict[str, Any]:
    """The answer to an Invoke, parsed: its members are in the headers."""
    headers = answer.headers
    metadata = {
        "RequestId": headers["x-amzn-requestid"],
        "HTTPStatusCode": answer.status,
        "HTTPHeaders": headers.copy(),
        "RetryAttempts": 0,
    }
    parsed: dict[str, Any] = {"ResponseMetadata": metadata}
    status, from_headers, stream = _members(model)
    parsed[status] = answer.status
    for header, member in from_headers:
        if header in headers:
            parsed[member] = headers[header]
    parsed[stream] = StreamingBody(http.raw, len(answer.body))
    return parsed


@lru_cache(maxsize=10)
def _members(model: OperationModel) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """Where botocore's model has the status, which header is which member, and where the body is."""
    output = model.output_shape
    assert output is not None
    places = {name: shape.serialization for name, shape in output.members.items()}
    [status] = [name for name, place in places.items() if place.get("location") == "statusCode"]
    headers = [(p["name"].lower(), name) for name, p in places.items() if p.get("location") == "header"]
    return status, tuple(headers), output.serialization["payload"]


class _Raw(MockRawResponse):
    """moto's own, which would look first whether it is given text."""

    __init__ = BytesIO.__init__


class _Response(AWSResponse):
    """botocore's own response, which makes its headers when somebody looks at them, as hardly anyone does."""

    def __init__(self, url: str, status_code: int, headers: dict[str, str], raw: MockRawResponse) -> None:
        self.url = url
        self.status_code = status_code
        self.raw = raw
        self._content = None
        self._headers = headers

    @cached_property
    def headers(self) -> HeadersDict:  # type: ignore[override]
        return HeadersDict(self._headers)


def _http_response(answer: Answer, url: str, http_session: type | None) -> AWSResponse:
    if http_session is None:
        return _Response(url, answer.status, answer.headers, _Raw(answer.body))
    return cast(
        "AWSResponse",
        aio.http_response(http_session, url, answer.status, answer.headers, answer.body),
    )
