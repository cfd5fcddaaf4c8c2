"""Secrets Manager: a rotation runs its function synchronously, once for each step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.awslambda.models import LambdaBackend
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from destmock._aws.api_errors import AWSError
from destmock._aws.arn import parse_function_arn
from destmock._aws.json_text import to_bytes
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services import rotations

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.secretsmanager.models import ReplicaSecret


def _rotate_secret(rotate_secret: Callable[..., str]) -> Callable[..., str]:
    """A rotation stops at the step that fails, and the secret keeps its current version.

    A rotation without an ARN is that of the function that the secret has.
    AWS tries a failed rotation again later; here it is over, until the next one.
    """

    def wrapper(self: SecretsManagerBackend, secret_id: str, *args: Any, **kwargs: Any) -> str:
        rules = kwargs.get("rotation_rules")
        rotations.check(rules)
        active[-1].functions.registered.create(self.account_id, self.region_name)
        secret = self.secrets.get(secret_id)
        steps = _Steps(secret)
        if isinstance(secret, FakeSecret):
            kwargs["rotation_lambda_arn"] = kwargs.get("rotation_lambda_arn") or secret.rotation_lambda_arn
            if kwargs["rotation_lambda_arn"]:
                _finish_the_last(secret)
        with patch.object(LambdaBackend, "invoke", steps.run):
            answer = rotate_secret(self, secret_id, *args, **kwargs)
        if isinstance(secret, FakeSecret):
            if steps.failed:
                secret.set_default_version_id(steps.version_before)
            active[-1].part(rotations.Rotations).rotated(secret, rules)
        return answer

    return wrapper


def _finish_the_last(secret: FakeSecret) -> None:
    """A rotation is over when its version is current, whether or not the function took AWSPENDING off it."""
    for version in secret.versions.values():
        if {"AWSCURRENT", "AWSPENDING"} <= set(version["version_stages"]):
            version["version_stages"].remove("AWSPENDING")


class _Steps:
    """One rotation: `createSecret`, `setSecret`, `testSecret`, `finishSecret`."""

    def __init__(self, secret: FakeSecret | ReplicaSecret | None) -> None:
        self.version_before = None if secret is None else secret.default_version_id
        self._arn = None if secret is None else secret.arn
        self.failed = False

    def run(self, function_name: str, body: str, **_: Any) -> None:
        """Invoke one step, in place of moto, which would pass the secret's name instead of its ARN."""
        ref = parse_function_arn(function_name)
        if self.failed or ref is None:
            return
        payload = to_bytes({**json.loads(body), "SecretId": self._arn})
        simulation = active[-1]
        try:
            answered = simulation.run_synchronously(
                ref, payload, trace=simulation.trace, source=rotations.SOURCE
            )
        except AWSError:  # throttled
            self.failed = True
            return
        self.failed = answered.outcome.function_error is not None


PATCHES = (Patch(SecretsManagerBackend, "rotate_secret", _rotate_secret),)
