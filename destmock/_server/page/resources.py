"""What could be a destination: the queues, topics, buses and buckets that moto has, by ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.events.models import events_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef


def destinations(ref: FunctionRef) -> list[str]:
    """The possible destinations in a function's own account and region."""
    found = [queue.queue_arn for queue in sqs_backends[ref.account][ref.region].queues.values()]
    found += [*sns_backends[ref.account][ref.region].topics]
    found += [bus.arn for bus in events_backends[ref.account][ref.region].event_buses.values()]
    found += [f"arn:{ref.partition}:s3:::{name}" for name in s3_backends[ref.account][ref.partition].buckets]
    return sorted(found)
