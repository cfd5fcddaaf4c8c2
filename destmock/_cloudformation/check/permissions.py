"""Permissions that policies don't give: without them, AWS sends nothing, or refuses the setting."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from destmock._aws.arn import parse_arn
from destmock._cloudformation.check.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._cloudformation.check.landscape import Landscape, Sender

_FUNCTION = "https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"
_QUEUE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-using-identity-based-policies.html"
#: The conditions that tell where a call comes from.
_SOURCES = {"aws:sourcearn"}
_OWNERS = {"aws:sourceaccount", "aws:sourceowner"}


def missing_permissions(found: Landscape) -> Iterator[Finding]:
    """The senders whose target's policy lets them not send."""
    for sender in found.senders:
        if sender.principal is None:
            continue
        invoked, queue = found.function(sender.target), found.queues.get(sender.target)
        if invoked is not None:
            function, qualifier = invoked
            statements = function.statements.get(qualifier, [])
            if not _allowed(statements, sender, "lambda:InvokeFunction"):
                text = f"the {sender.what} may not invoke {function.name}"
                fix = f"Add an AWS::Lambda::Permission for {sender.principal} with its ARN as the SourceArn"
                yield Finding("error", "no-permission", function.name, text, fix, _FUNCTION)
        elif queue is not None and not _allowed(queue.statements, sender, "sqs:SendMessage"):
            text = f"the {sender.what} may not send to {queue.name}"
            fix = f"Add an AWS::SQS::QueuePolicy for {sender.principal} with its ARN as the aws:SourceArn"
            yield Finding("error", "no-permission", queue.name, text, fix, _QUEUE)


def _allowed(statements: list[dict[str, Any]], sender: Sender, action: str) -> bool:
    return any(_allows(each, sender, action) for each in statements)


def _allows(statement: dict[str, Any], sender: Sender, action: str) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principals = statement.get("Principal", {})
    named = (
        ["*"] if principals == "*" else _listed(principals.get("Service")) + _listed(principals.get("AWS"))
    )
    service = (sender.principal or "").split(".")[0]
    if not any(each == "*" or each.split(".")[0] == service for each in named):
        return False
    wanted = action.lower()
    if not any(fnmatchcase(wanted, each.lower()) for each in _listed(statement.get("Action"))):
        return False
    return all(
        _holds(key.lower(), _listed(value), sender)
        for operands in statement.get("Condition", {}).values()
        for key, value in operands.items()
    )


def _holds(key: str, values: list[str], sender: Sender) -> bool:
    """Whether a condition holds for the sender; of one on anything else, nobody here can tell."""
    if key in _SOURCES:
        return any(fnmatchcase(sender.arn, each) or each.startswith(f"{sender.arn}:") for each in values)
    if key in _OWNERS and sender.principal != "s3.amazonaws.com":
        arn = parse_arn(sender.arn)
        return arn is None or arn.account in values
    return True


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(each) for each in value]
