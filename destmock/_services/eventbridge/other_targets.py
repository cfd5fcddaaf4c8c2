"""Targets of rules that are no destinations of Lambda's: streams, delivery streams and state machines.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.kinesis.models import kinesis_backends

from destmock._services.eventbridge import inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import Arn
    from destmock._engine.delivery import Message


def sending(
    arn: Arn, target: dict[str, Any], event: dict[str, Any], message: Message
) -> Callable[[], bool] | None:
    """What sends to the target, and answers whether it is there; `None` for what destmock can't send to.

    A record's partition key is the event's id, if the target names no other part of the event. The name of
    an execution begins with it.
    """
    if arn.service == "kinesis":
        path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath", "$.id")
        return partial(_put_record, arn, str(inputs.at(path, event, event["id"])), message.body)
    if arn.service == "firehose":
        return partial(_put_to_firehose, arn, message.body)
    if arn.service == "states":
        from destmock._services import steps  # noqa: PLC0415 - few tests have state machines

        name = f"{event['id']}_{message.unique_id}"
        return partial(steps.begin, arn, name, message.text)
    return None


def _put_record(arn: Arn, key: str, body: bytes) -> bool:
    stream = kinesis_backends[arn.account][arn.region].streams.get(arn.resource.partition("/")[2])
    if stream is not None:
        stream.put_record(key, "", base64.b64encode(body).decode())
    return stream is not None


def _put_to_firehose(arn: Arn, body: bytes) -> bool:
    from moto.firehose.models import firehose_backends  # noqa: PLC0415 - few tests have delivery streams

    backend, name = firehose_backends[arn.account][arn.region], arn.resource.partition("/")[2]
    if name not in backend.delivery_streams:
        return False
    backend.put_record(name, {"Data": body})
    return True
