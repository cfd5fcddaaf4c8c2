"""S3: what moto makes of a bucket's policy when it answers a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})


def _get_permission(_: Callable[..., Any]) -> Callable[..., Any]:
    """Ask only what the policy denies to everybody.

    moto takes any denial for one of everybody: it knows neither who asks nor, for most conditions, how. So a
    policy that wants TLS would deny every request.
    """

    def get_permission(self: FakeBucket, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        document = json.loads(self.policy)
        given = document["Statement"]
        statements = [
            each for each in (given if isinstance(given, list) else [given]) if not _is_partial(each)
        ]
        policy = IAMPolicy(json.dumps({**document, "Statement": statements}))
        return policy.is_action_permitted(action, resource)

    return get_permission


def _is_partial(statement: dict[str, Any]) -> bool:
    """Whether the statement denies something to some, or under some condition."""
    unconditional = statement.get("Principal") in _EVERYBODY and "Condition" not in statement
    return statement["Effect"] == "Deny" and not unconditional


PATCHES = (Patch(FakeBucket, "get_permission", _get_permission),)
