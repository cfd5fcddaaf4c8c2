"""Pure: an answer or an AWS error -> status, headers, body."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from destmock._aws.event_stream import CONTENT_TYPE, framed
from destmock._aws.times import to_datetime

if TYPE_CHECKING:
    from destmock._aws import api_errors as errors
    from destmock._aws.ids import Trace


@dataclass(slots=True)
class Answer:
    """An answer as it goes over the wire; header names are in lower case, as botocore's parser wants them."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def account_settings(concurrency: int, unreserved: int, sizes: list[int]) -> str:
    """The body of GetAccountSettings; AWS's own quotas for what nothing here sets."""
    limit = {
        "TotalCodeSize": 80_530_636_800,
        "CodeSizeUnzipped": 262_144_000,
        "CodeSizeZipped": 52_428_800,
        "ConcurrentExecutions": concurrency,
        "UnreservedConcurrentExecutions": unreserved,
    }
    usage = {"TotalCodeSize": sum(sizes), "FunctionCount": len(sizes)}
    return json.dumps({"AccountLimit": limit, "AccountUsage": usage}, separators=(",", ":"))


def list_body(configs: list[str], marker: str | None) -> str:
    """The last page says `"NextMarker":null` (C19)."""
    return f'{{"FunctionEventInvokeConfigs":[{",".join(configs)}],"NextMarker":{json.dumps(marker)}}}'


def accepted(request_id: str, trace: Trace, execution_arn: str | None = None) -> Answer:
    """The answer to `Event`: 202, nothing else (A2, A3), but for the ARN of a durable execution."""
    headers = {
        "content-length": "0",
        "x-amzn-requestid": request_id,
        "x-amzn-remapped-content-length": "0",
        "x-amzn-trace-id": trace.response_header,
    }
    return Answer(202, headers if execution_arn is None else {**_execution(execution_arn), **headers})


def accepted_async(request_id: str) -> Answer:
    """The answer to the legacy InvokeAsync (A23)."""
    return Answer(202, _headers(request_id, b""))


def dry_run(request_id: str) -> Answer:
    """The answer to a dry run (A4)."""
    return Answer(204, {"x-amzn-requestid": request_id, "x-amzn-remapped-content-length": "0"})


def responded(
    request_id: str,
    trace: Trace,
    version: str,
    payload: bytes,
    *,
    function_error: str | None,
    log_result: bytes | None,
    execution_arn: str | None = None,
) -> Answer:
    """The answer to a synchronous invocation (A1, A7)."""
    headers = {**_ran(request_id, trace, version, payload), **_execution(execution_arn)}
    if function_error is not None:
        headers["x-amz-function-error"] = function_error
    if log_result is not None:
        headers["x-amz-log-result"] = base64.b64encode(log_result).decode()
    return Answer(200, headers, payload)


def streamed(
    request_id: str, trace: Trace, version: str, payload: bytes, *, failed: bool, log_result: bytes | None
) -> Answer:
    """The answer to InvokeWithResponseStream: events in the body, the last one tells how it ended.

    Python's runtime hands over its result as a whole, so that there is one chunk. An error isn't a chunk: it
    is the `ErrorDetails` of the last event. Source: Lambda's API reference; it was not recorded.
    """
    complete = {"ErrorCode": "Unhandled", "ErrorDetails": payload.decode(errors="replace")} if failed else {}
    if log_result is not None:
        complete["LogResult"] = base64.b64encode(log_result).decode()
    chunk = b"" if failed else framed("PayloadChunk", "application/octet-stream", payload)
    last = json.dumps(complete, separators=(",", ":"), ensure_ascii=False).encode()
    body = chunk + framed("InvokeComplete", "application/json", last)
    return Answer(200, {**_ran(request_id, trace, version, body), "content-type": CONTENT_TYPE}, body)


def _ran(request_id: str, trace: Trace, version: str, body: bytes) -> dict[str, str]:
    """The headers of whatever answer tells what a function has come to."""
    return {
        **_headers(request_id, body),
        "x-amz-executed-version": version,
        "x-amzn-remapped-content-length": "0",
        "x-amzn-trace-id": trace.response_header,
    }


def _execution(arn: str | None) -> dict[str, str]:
    return {} if arn is None else {"x-amz-durable-execution-arn": arn}


def json_answer(request_id: str, body: str) -> Answer:
    encoded = body.encode()
    return Answer(200, _headers(request_id, encoded), encoded)


def deleted(request_id: str) -> Answer:
    """The answer to a deletion: with a content type, but no length (C28)."""
    return Answer(204, {"content-type": "application/json", "x-amzn-requestid": request_id})


def error_answer(request_id: str, error: errors.AWSError) -> Answer:
    """The answer of an AWS error: compact JSON, with the code in a header (A14, C28)."""
    body = json.dumps(error.body, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
    headers = {**_headers(request_id, body), "x-amzn-errortype": error.code}
    return Answer(error.status, headers, body)


def dated(answer: Answer, now: int) -> Answer:
    """The answer with the headers that every one of AWS's has (A1, A3, C28); `now` in milliseconds."""
    answer.headers = {"date": _http_date(now // 1000), "connection": "keep-alive", **answer.headers}
    return answer


@lru_cache(maxsize=100)
def _http_date(seconds: int) -> str:
    return format_datetime(to_datetime(seconds * 1000), usegmt=True)


def _headers(request_id: str, body: bytes) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-amzn-requestid": request_id,
    }
