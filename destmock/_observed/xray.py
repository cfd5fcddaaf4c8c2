"""X-Ray: the segments of sampled traces, kept until someone reads them through boto3.

A trace is sampled when a function on its way has TracingConfig Active; AWS samples only a share of such
traces, destmock all of them. AWS's segments of an asynchronous invocation were not recorded: these have the
service's documented shape.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Ids, Trace

#: The name of a destination's service in a segment, and the operation.
_SERVICES = {
    "sqs": ("SQS", "SendMessage"),
    "sns": ("SNS", "Publish"),
    "events": ("Events", "PutEvents"),
    "s3": ("S3", "PutObject"),
    "lambda": ("Lambda", "Invoke"),
}


class Run(NamedTuple):
    """One attempt, in milliseconds of virtual time."""

    started_at: int
    ended_at: int
    failed: bool


class Sent(NamedTuple):
    """One sending to a destination or dead-letter queue."""

    kind: str
    arn: str
    failed: bool


class Traced(NamedTuple):
    """One invocation of a sampled trace.

    `trace.segment` is the invocation's own segment, `caller` the segment that caused the invocation.
    """

    ref: FunctionRef
    request_id: str
    trace: Trace
    caller: str | None
    accepted_at: int
    ended_at: int
    runs: tuple[Run, ...]
    sent: tuple[Sent, ...] = ()
    asynchronous: bool = True


class Segments:
    """Invocations on their way to moto's X-Ray, which gets them when an `xray` call asks.

    Only such a call imports moto's X-Ray, because not everybody has its dependencies. `most` is how many
    invocations may wait for one; older ones are dropped.
    """

    def __init__(self, ids: Ids, most: int | None) -> None:
        self._ids = ids
        self._unwritten: deque[Traced] = deque(maxlen=most)

    def write(self, traced: Traced) -> None:
        self._unwritten.append(traced)

    def flush(self) -> None:
        if not self._unwritten:
            return
        from moto.xray.models import xray_backends  # noqa: PLC0415 - needs moto's extra `xray`

        for traced in self._unwritten:
            backend = xray_backends[traced.ref.account][traced.ref.region]
            for segment in self._documents(traced):
                backend.process_segment(json.dumps(segment))
        self._unwritten.clear()

    def _documents(self, traced: Traced) -> list[dict[str, Any]]:
        """The service's segment, with a subsegment for each attempt, and the function's for each."""
        ref, attempts, functions = traced.ref, [], []
        for number, run in enumerate(traced.runs, 1):
            attempt = self._part(f"Attempt #{number}", run.started_at, run.ended_at, failed=run.failed)
            attempts.append(attempt)
            functions.append(
                {
                    **self._part(ref.name, run.started_at, run.ended_at, failed=run.failed),
                    "trace_id": traced.trace.root,
                    "parent_id": attempt["id"],
                    "origin": "AWS::Lambda::Function",
                    "aws": {"function_arn": ref.unqualified_arn},
                }
            )
        first = traced.runs[0].started_at if traced.runs else traced.ended_at
        waited = [self._part("Dwell Time", traced.accepted_at, first)] if traced.asynchronous else []
        sent = [self._destination(sent, traced.ended_at) for sent in traced.sent]
        service = {
            **self._part(ref.name, traced.accepted_at, traced.ended_at),
            "id": traced.trace.segment,
            "trace_id": traced.trace.root,
            "origin": "AWS::Lambda",
            "resource_arn": ref.unqualified_arn,
            "aws": {"request_id": traced.request_id},
            "http": {"response": {"status": 202 if traced.asynchronous else 200}},
            "subsegments": [*waited, *attempts, *sent],
        }
        if traced.caller is not None:
            service["parent_id"] = traced.caller
        return [service, *functions]

    def _destination(self, sent: Sent, at: int) -> dict[str, Any]:
        name, operation = _SERVICES[sent.kind]
        details = {"operation": operation, "resource_names": [sent.arn]}
        part = self._part(name, at, at, failed=sent.failed)
        return {**part, "namespace": "aws", "aws": details}

    def _part(self, name: str, start: int, end: int, *, failed: bool = False) -> dict[str, Any]:
        part = {
            "id": self._ids.hex(16),
            "name": name,
            "start_time": start / 1000,
            "end_time": end / 1000,
        }
        return {**part, "fault": True} if failed else part
