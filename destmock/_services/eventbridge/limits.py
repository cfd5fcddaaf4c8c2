"""EventBridge: what the names of rules and the retries of their targets may be.

AWS allows fewer ids of targets than moto, whose users have ids such as `n/a`: they are taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from moto.events.exceptions import ValidationException

from destmock._aws import api_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = r"[\.\-_A-Za-z0-9]+"
#: The most retries, which a target has that says nothing.
RETRIES = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}


def check_name(name: str) -> None:
    """Raise moto's error for a name that no rule can have."""
    if not re.fullmatch(_NAME, name):
        raise ValidationException(str(api_errors.validation([api_errors.pattern(name, "name", _NAME)])))


def check_targets(targets: Sequence[dict[str, Any]]) -> None:
    """Raise moto's error for retries that no targets can have."""
    found = [
        text
        for number, target in enumerate(targets, 1)
        for text in retry_violations(target, f"targets.{number}.member")
    ]
    if found:
        raise ValidationException(str(api_errors.validation(found)))


def retry_violations(target: dict[str, Any], path: str) -> list[str]:
    """What a ValidationException says of the retries of a target, which is at `path` in the request."""
    policy = target.get("RetryPolicy") or {}
    return [
        api_errors.violation(
            policy[member],
            f"{path}.retryPolicy.{member[0].lower()}{member[1:]}",
            f"have value less than or equal to {most}",
        )
        for member, most in RETRIES.items()
        if policy.get(member, most) > most
    ]
