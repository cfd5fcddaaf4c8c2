"""Pure: dead-letter queues of a DeadLetterConfig: the ARNs that AWS accepts, and the messages sent there.

The body of a dead-letter message is the original event; its attributes are made here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from destmock._aws import api_errors as errors
from destmock._aws.arn import parse_arn

if TYPE_CHECKING:
    from destmock._aws.record import Response

#: An ErrorMessage has at most this many bytes (H5).
MESSAGE_LIMIT = 1024
_TARGET_ARN = re.compile(errors.TARGET_ARN_PATTERN)
_SERVICES = {"sqs": "SendMessage on SQS", "sns": "Publish on SNS"}


def check(target_arn: str, region: str, *, exists: bool) -> None:
    """Refuse an ARN that AWS would refuse (H13-H17); `exists` says whether the queue or topic exists.

    AWS's text for a missing queue or topic was not recorded; this is its text for a missing permission,
    because AWS does not tell the two apart when it tries to send.
    """
    if not _TARGET_ARN.fullmatch(target_arn):
        text = errors.pattern(target_arn, "deadLetterConfig.targetArn", errors.TARGET_ARN_PATTERN)
        raise errors.validation([text])
    arn = parse_arn(target_arn)
    if arn is None or arn.region != region:  # comes first (H15)
        raise errors.invalid_parameter(errors.DEAD_LETTER_REGION)
    if arn.service not in _SERVICES:
        raise errors.invalid_parameter(errors.DEAD_LETTER_SERVICE)
    if arn.resource.endswith(".fifo"):
        text = errors.DEAD_LETTER_FIFO.format(what="SQS queue" if arn.service == "sqs" else "SNS topic")
        raise errors.invalid_parameter(text)
    if not exists:
        action = _SERVICES[arn.service]
        raise errors.invalid_parameter(errors.DEAD_LETTER_PERMISSION.format(action=action))


def attributes(request_id: str, function_arn: str, response: Response | None) -> dict[str, tuple[str, str]]:
    """The message's attributes by name, each a data type and a value, in AWS's order (H2-H5, H19).

    `response` answered the last try; it is `None` with zero reserved concurrency, which has no ErrorCode.
    """
    made = {"RequestID": ("String", request_id)}
    if response is not None:
        made["ErrorCode"] = ("Number", str(response.status_code))
    message = _error_message(function_arn, response)
    if message:  # SQS takes no empty attribute
        made["ErrorMessage"] = ("String", message)
    return made


def _error_message(function_arn: str, response: Response | None) -> str:
    if response is None:
        return errors.ZERO_CONCURRENCY
    if response.status_code == 429:  # noqa: PLR2004 - throttled until the age
        return errors.RATE_EXCEEDED
    if response.status_code == 500:  # noqa: PLR2004 - Lambda's own failure until the age
        return errors.SERVICE_ERROR
    if response.status_code == 404:  # noqa: PLR2004 - gone
        return errors.NOT_FOUND.format(arn=function_arn)
    if response.status_code == 400:  # noqa: PLR2004 - recursion
        return errors.RECURSION
    text = str(json.loads(response.payload).get("errorMessage", ""))
    return text.encode(errors="replace")[:MESSAGE_LIMIT].decode(errors="replace")
