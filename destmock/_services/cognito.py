"""Cognito's triggers, which moto keeps and never invokes: a warning names each that would have run.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from destmock._engine.active import active
from destmock._services.warned import Warned

if TYPE_CHECKING:
    from collections.abc import Iterator

_MESSAGES = ("CustomMessage", "CustomEmailSender", "CustomSMSSender")
_TOKENS = ("PreTokenGeneration", "PreTokenGenerationConfig")
_MIGRATION, _CUSTOM = "UserMigration", "CUSTOM_AUTH"
_SIGN_IN = ("PreAuthentication", "PostAuthentication", *_TOKENS)
_CHALLENGES = ("DefineAuthChallenge", "CreateAuthChallenge")
_ANSWERS = ("VerifyAuthChallengeResponse", *_CHALLENGES, "PostAuthentication", *_TOKENS)
#: The triggers that each operation may run.
_TRIGGERS = {
    "SignUp": ("PreSignUp", *_MESSAGES),
    "AdminCreateUser": ("PreSignUp", *_MESSAGES),
    "ConfirmSignUp": ("PostConfirmation",),
    "AdminConfirmSignUp": ("PostConfirmation",),
    "InitiateAuth": (_MIGRATION, *_SIGN_IN, *_CHALLENGES),
    "AdminInitiateAuth": (_MIGRATION, *_SIGN_IN, *_CHALLENGES),
    "RespondToAuthChallenge": _ANSWERS,
    "AdminRespondToAuthChallenge": _ANSWERS,
    "ForgotPassword": (_MIGRATION, *_MESSAGES),
    "ConfirmForgotPassword": ("PostConfirmation",),
    "ResendConfirmationCode": _MESSAGES,
    "AdminResetUserPassword": _MESSAGES,
    "UpdateUserAttributes": _MESSAGES,
    "AdminUpdateUserAttributes": _MESSAGES,
    "GetUserAttributeVerificationCode": _MESSAGES,
}
#: The challenge whose answer goes to a function.
_OWN_CHALLENGE = "CUSTOM_CHALLENGE"
_NOT_INVOKED = (
    "destmock keeps the trigger {} of the user pool {}, but {} does not invoke {}: "
    "the test can invoke it itself"
)


def called(action: str, body: Any, pools: dict[str, Any]) -> None:
    """Warn of the triggers that an operation would have run; `pools` are moto's user pools, by their ids."""
    if action not in _TRIGGERS:
        return
    given = json.loads(body or "{}")
    pool = next((pool for pool in pools.values() if _is_meant(pool, given)), None)
    if pool is None:
        return
    triggers = pool.extended_config.get("LambdaConfig") or {}
    for name in _wanted(action, given, pool) if triggers else ():
        function = triggers.get(name)
        if function:
            arn = function["LambdaArn"] if isinstance(function, dict) else function
            text = _NOT_INVOKED.format(name, pool.name, action, arn)
            active[-1].part(Warned).once(text, about=f"{name} of {pool.id}")


def _is_meant(pool: Any, given: dict[str, Any]) -> bool:
    """Whether an operation is about a pool, by its id, by one of its clients, or by who has signed in."""
    return (
        given.get("UserPoolId") == pool.id
        or given.get("ClientId") in pool.clients
        or given.get("AccessToken") in pool.access_tokens
    )


def _wanted(action: str, given: dict[str, Any], pool: Any) -> Iterator[str]:
    """The triggers that the operation runs as it was called."""
    own = given.get("AuthFlow") == _CUSTOM or given.get("ChallengeName") == _OWN_CHALLENGE
    for name in _TRIGGERS[action]:
        if name == _MIGRATION:
            if not _is_known(pool, given.get("Username") or given.get("AuthParameters", {}).get("USERNAME")):
                yield name
        elif own or not name.endswith(("Challenge", "ChallengeResponse")):
            yield name


def _is_known(pool: Any, name: str | None) -> bool:
    return name is None or any(
        name in (user.username, user.id, *user.attribute_lookup.values()) for user in pool.users.values()
    )
