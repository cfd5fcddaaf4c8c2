"""SQS: what AWS refuses of queues, messages and reads, and moto takes, or tells in other words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.sqs.exceptions import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
    MissingParameter,
)
from moto.sqs.responses import SQSResponse

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.core.responses import ActionResult, EmptyResult

#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
_RANGES = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (1, 1_209_600),  # AWS: from 60, but tests under moto have messages go sooner
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_ATTRIBUTES = {
    *_RANGES,
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsMasterKeyId",
    "Policy",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
}
_BODY = "MessageBody"
_NAME = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
_MOST_RECEIVED = 1_000
_NO_MAP = "Redrive policy is not a valid JSON map."
_COUNT = "Invalid value for maxReceiveCount: {}, valid values are from 1 to 1000 both inclusive."
_GROUP = re.compile(r"[!-~]{1,128}")
_BAD_GROUP = "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."
_NOT_IN_RANGE = {
    "MaxNumberOfMessages": (1, 10, "Must be between 1 and 10, if provided."),
    "VisibilityTimeout": (0, 43_200, "Must be >= 0 and <= 43200, if provided."),
    "WaitTimeSeconds": (0, 20, "Must be >= 0 and <= 20, if provided."),
}


def check_receive(response: SQSResponse) -> None:
    """Raise moto's error, in AWS's words, for a read with numbers out of range."""
    response.sqs_backend.get_queue(response._get_queue_name())  # noqa: SLF001 - which says that it isn't there
    for name, (low, high, reason) in _NOT_IN_RANGE.items():
        given = response._get_param(name)  # noqa: SLF001 - moto's way to read a request
        if given is not None and not low <= int(given) <= high:
            raise _invalid(given, name, reason)


def _create_queue(create: Callable[[SQSResponse], ActionResult]) -> Callable[[SQSResponse], ActionResult]:
    def create_queue(self: SQSResponse) -> ActionResult:
        attributes = self._get_param("Attributes", {})
        _check_attributes(attributes)
        is_fifo = str(attributes.get("FifoQueue")).lower() == "true"
        if str(self._get_param("QueueName")).endswith(".fifo") and not is_fifo:
            raise InvalidParameterValue(_NAME)
        return create(self)

    return create_queue


def _set_attributes(
    set_attributes: Callable[[SQSResponse], EmptyResult],
) -> Callable[[SQSResponse], EmptyResult]:
    """moto forgets the policy of a queue when other attributes are set."""

    def set_queue_attributes(self: SQSResponse) -> EmptyResult:
        attributes = self._get_param("Attributes", {})
        queue = self.sqs_backend.get_queue(self._get_queue_name())
        _check_attributes(attributes)
        policy = queue.policy
        answer = set_attributes(self)
        if "Policy" not in attributes:
            queue.policy = policy
        return answer

    return set_queue_attributes


def _check_attributes(attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        if name.strip() not in _ATTRIBUTES:  # with a space, moto has it do nothing, as its own tests do
            raise InvalidAttributeName(name)
        if name in _RANGES and not _in_range(str(value), *_RANGES[name]):
            raise InvalidAttributeValue(name)
        if name == "Policy" and value and not isinstance(_parsed(value), dict):
            raise InvalidAttributeValue(name)
    if attributes.get("RedrivePolicy"):
        _check_redrive(attributes["RedrivePolicy"])


def _check_redrive(policy: Any) -> None:
    found = _parsed(policy)
    if not isinstance(found, dict):
        raise _invalid(policy, "RedrivePolicy", _NO_MAP)
    count = found.get("maxReceiveCount", 1)
    if not _in_range(str(count), 1, _MOST_RECEIVED):
        raise _invalid(policy, "RedrivePolicy", _COUNT.format(count))


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _in_range(text: str, low: int, high: int) -> bool:
    return re.fullmatch(r"-?\d{1,18}", text, re.ASCII) is not None and low <= int(text) <= high


def _send_message(send: Callable[[SQSResponse], ActionResult]) -> Callable[[SQSResponse], ActionResult]:
    def send_message(self: SQSResponse) -> ActionResult:
        queue = self.sqs_backend.get_queue(self._get_queue_name())
        if not self._get_param(_BODY):
            raise MissingParameter(_BODY)
        delay, group = self._get_param("DelaySeconds"), self._get_param("MessageGroupId")
        if delay is not None and int(delay) < 0:
            raise _invalid(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
        if group is not None and not _GROUP.fullmatch(group):
            raise _invalid(group, "MessageGroupId", _BAD_GROUP)
        named = self._get_param("MessageDeduplicationId")
        if named is not None and not queue.fifo_queue:
            reason = "The request include parameter that is not valid for this queue type"
            raise _invalid(named, "MessageDeduplicationId", reason)
        return send(self)

    return send_message


def _invalid(value: Any, name: str, reason: str) -> InvalidParameterValue:
    return InvalidParameterValue(f"Value {value} for parameter {name} is invalid. Reason: {reason}")


PATCHES = (
    Patch(SQSResponse, "create_queue", _create_queue),
    Patch(SQSResponse, "set_queue_attributes", _set_attributes),
    Patch(SQSResponse, "send_message", _send_message),
)
