"""Door 2, moto: services that invoke a function inside moto, past boto3.

moto would run the function in Docker with placeholder events. destmock doesn't simulate these triggers yet,
and says so instead of letting them pass in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from unittest.mock import patch

from moto.awslambda.models import LambdaFunction

from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def triggers_refused() -> AbstractContextManager[object]:
    """While entered, moto doesn't run functions by itself."""
    return patch.object(LambdaFunction, "invoke", _refuse)


def _refuse(function: LambdaFunction, *_: object) -> NoReturn:
    message = (
        f"something in moto invokes {function.function_arn} (a subscription, notification, rule or event "
        "source mapping); destmock doesn't simulate triggers yet. Invoke the function through boto3's "
        "Lambda client."
    )
    raise UnsupportedError(message)
