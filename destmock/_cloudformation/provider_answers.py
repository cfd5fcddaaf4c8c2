"""How a tool's own function behind a custom resource answers: to the ResponseURL of its event."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    Event = dict[str, Any]

#: What CDK's framework answers for a resource that it could not make, and then is asked to delete.
_NEVER_MADE = "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED"


class NotMadeError(Exception):
    """The resource fails, with this reason."""


def answering(make: Callable[[Event, Any], Event], event: Event, context: Any) -> None:
    """Answer to CloudFormation what has been made of its event."""
    if event["RequestType"] == "Delete" and event.get("PhysicalResourceId") == _NEVER_MADE:
        _answer(event, {"Status": "SUCCESS", "PhysicalResourceId": _NEVER_MADE})
        return
    try:
        made = make(event, context)
    except (NotMadeError, ClientError, BotoCoreError) as error:
        given = event.get("PhysicalResourceId", _NEVER_MADE)
        _answer(event, {"Status": "FAILED", "Reason": str(error), "PhysicalResourceId": given})
        return
    _answer(event, {"Status": "SUCCESS", **made})


def _answer(event: Event, answer: Event) -> None:
    kept = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    body = json.dumps({**kept, **answer}).encode()
    url = event["ResponseURL"]  # destmock's own
    request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310
    with urllib.request.urlopen(request):  # noqa: S310
        pass
