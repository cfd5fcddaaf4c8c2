"""boto3's clients as AWS's own services use them: in any account and region, whoever asks."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import boto3

from destmock._functions.functions import account_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

#: The credentials of the clients, which moto counts to its default account.
_KEY = "FOOBARKEY"


class Clients:
    """The clients that one mock's services have used, each made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, service: str, region: str) -> Any:
        """The client of a service, by boto3's name for it."""
        key = (service, region)
        if key not in self._made:
            create = cast("Callable[..., Any]", boto3.client)
            self._made[key] = create(
                service, region_name=region, aws_access_key_id=_KEY, aws_secret_access_key=_KEY
            )
        return self._made[key]


def in_account(account: str) -> AbstractContextManager[object]:
    """While entered, these clients call the services of an account."""
    if account_of(_KEY) == account:
        return contextlib.nullcontext()
    return patch.dict(os.environ, {"MOTO_ACCOUNT_ID": account})
