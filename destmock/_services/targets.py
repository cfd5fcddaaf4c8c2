"""Destinations: one module a kind, each behind `Target`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._aws.arn import parse_arn
from destmock._services.eventbridge.delivery import BusTarget
from destmock._services.functions import FunctionTarget
from destmock._services.s3.delivery import BucketTarget
from destmock._services.sns.delivery import TopicTarget
from destmock._services.sqs.delivery import QueueTarget

if TYPE_CHECKING:
    from destmock._engine.delivery import Target
    from destmock._engine.simulation import Simulation


def find(arn: str, simulation: Simulation) -> Target | None:
    """The target behind an ARN; `None` for a service that AWS has no destinations in."""
    parsed = parse_arn(arn)
    if parsed is None:
        return None
    if parsed.service == "sqs":
        return QueueTarget(parsed)
    if parsed.service == "lambda":
        return FunctionTarget(arn, simulation)
    if parsed.service == "events":
        return BusTarget(parsed, simulation)
    if parsed.service == "s3":
        return BucketTarget(parsed)
    return TopicTarget(parsed, simulation) if parsed.service == "sns" else None
