"""moto's IAM authorisation, for the calls that destmock answers in moto's place.

It is off until a test turns it on with moto's `set_initial_no_auth_action_count`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.iam.access_control import (
    CreateAccessKeyFailure,
    IAMPolicy,
    PermissionResult,
    create_access_key,
)

from destmock._aws import api_errors as errors

if TYPE_CHECKING:
    from destmock._api.requests import Caller

#: The operations whose permission has another name.
_ACTIONS = dict.fromkeys(("Invoke", "InvokeAsync", "InvokeWithResponseStream"), "InvokeFunction")


def check(operation: str, arn: str, caller: Caller) -> None:
    """Raise AWS's error unless the caller's policies permit the operation on the function (A25)."""
    if caller.access_key is None:
        return
    if ActionAuthenticatorMixin.request_count < settings.INITIAL_NO_AUTH_ACTION_COUNT:
        ActionAuthenticatorMixin.request_count += 1
        return
    headers = {} if caller.token is None else {"X-Amz-Security-Token": caller.token}
    try:
        key = create_access_key(
            account_id=caller.account,
            partition=caller.partition,
            access_key_id=caller.access_key,
            headers=headers,
        )
    except CreateAccessKeyFailure:
        raise errors.bad_token() from None
    action = f"lambda:{_ACTIONS.get(operation, operation)}"
    results = {IAMPolicy(policy).is_action_permitted(action, arn) for policy in key.collect_policies()}
    if PermissionResult.DENIED in results:
        raise errors.not_authorized(key.arn, action, arn, "with an explicit deny in an identity-based policy")
    if PermissionResult.PERMITTED not in results:
        reason = f"because no identity-based policy allows the {action} action"
        raise errors.not_authorized(key.arn, action, arn, reason)
