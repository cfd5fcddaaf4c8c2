"""Destinations: one module a kind, each behind `Target`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from destmock._aws.arn import parse_arn
from destmock._services.eventbridge.delivery import BusTarget
from destmock._services.functions import FunctionTarget
from destmock._services.sqs.delivery import QueueTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import Arn
    from destmock._engine.delivery import Target
    from destmock._engine.simulation import Simulation


def find(arn: str, simulation: Simulation) -> Target | None:
    """The target behind an ARN; `None` for a service that AWS has no destinations in."""
    parsed = parse_arn(arn)
    target = None if parsed is None else _TARGETS.get(parsed.service)
    return None if parsed is None or target is None else target(parsed, simulation)


def _bucket(arn: Arn, _simulation: Simulation) -> Target:
    import_module("moto.s3")  # the mock changes it before anything else of destmock's is imported
    from destmock._services.s3.delivery import BucketTarget  # noqa: PLC0415 - it imports moto's S3

    return BucketTarget(arn)


def _topic(arn: Arn, simulation: Simulation) -> Target:
    import_module("moto.sns")  # the same
    from destmock._services.sns.delivery import TopicTarget  # noqa: PLC0415 - it imports moto's SNS

    return TopicTarget(arn, simulation)


#: By the name of the service in the ARN.
_TARGETS: dict[str, Callable[[Arn, Simulation], Target]] = {
    "events": BusTarget,
    "lambda": lambda arn, simulation: FunctionTarget(str(arn), simulation),
    "s3": _bucket,
    "sns": _topic,
    "sqs": lambda arn, _simulation: QueueTarget(arn),
}
