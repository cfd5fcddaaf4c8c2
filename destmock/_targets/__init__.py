"""Destinations: one module a kind, each behind `Target`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._arn import parse_arn
from destmock._targets.function import FunctionTarget
from destmock._targets.queue import QueueTarget
from destmock._targets.topic import TopicTarget
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from destmock._targets.function import Functions
    from destmock._targets.target import Target


def find(arn: str, functions: Functions) -> Target | None:
    """The target behind a destination's ARN; `None` for a service that AWS has no destinations in."""
    parsed = parse_arn(arn)
    if parsed is None:
        return None
    if parsed.service == "sqs":
        return QueueTarget(parsed)
    if parsed.service == "sns":
        return TopicTarget(parsed)
    if parsed.service == "lambda":
        return FunctionTarget(arn, functions)
    if parsed.service in ("events", "s3"):
        message = (
            f"destmock doesn't deliver to {arn} yet: EventBridge and S3 destinations are not simulated. "
            "Use an SQS queue, an SNS topic or a Lambda function as the destination."
        )
        raise UnsupportedError(message)
    return None
