"""Secrets Manager: when a secret rotates next, by the rules of its last `rotate_secret`.

A rotation runs when time comes to it, as a schedule does: nobody waits for it. AWS rotates at some time of a
window. Here it is the beginning of a cron's window. With `rate(...)` or `AutomaticallyAfterDays`, it is that
long after the last rotation, which lies in the window of a rate in days. AWS tries a failed rotation again
within the window; here it is tried at the next date.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
"""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.secretsmanager.exceptions import InvalidParameterException, SecretsManagerClientError
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend, secretsmanager_backends

from destmock._aws.arn import parse_arn
from destmock._aws.schedule_expressions import At, Cron, Rate, parse_scheduler
from destmock._aws.times import from_datetime, to_datetime
from destmock._engine.active import active
from destmock._functions.backends import existing
from destmock._isolation.patching import Patch
from destmock._services.schedule_runs import ScheduleRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._engine.simulation import Simulation
    from destmock._time.clock import Due
    from destmock._time.jobs import Job

_DAYS, _EXPRESSION = "AutomaticallyAfterDays", "ScheduleExpression"
_SHORTEST, _LONGEST = timedelta(hours=4), timedelta(days=999)
_BOTH = f"You can set the rotation schedule with {_DAYS} or {_EXPRESSION}, but not both."
_NOT_VALID = "The rotation schedule {} is not valid: {}."
_RATES = "a rate is in hours or days, from 4 hours to 999 days"
_HOURS = "a window begins on the hour, so the minutes of a cron are 0"
#: What the timeline calls it when a function isn't there.
SOURCE = "Secrets Manager"


def check(rules: dict[str, Any] | None) -> None:
    """Refuse a schedule that AWS refuses; moto checks the days."""
    if rules is None or _EXPRESSION not in rules:
        return
    if _DAYS in rules:
        raise InvalidParameterException(_BOTH)
    _parse(rules[_EXPRESSION])


def _parse(expression: str) -> Rate | Cron:
    try:
        found = parse_scheduler(expression)
    except ValueError as error:
        raise InvalidParameterException(_NOT_VALID.format(expression, error)) from error
    if isinstance(found, Cron):
        if found.minutes != (0,):
            raise InvalidParameterException(_NOT_VALID.format(expression, _HOURS))
        return found
    if isinstance(found, At) or "minute" in expression or not _SHORTEST <= found.interval <= _LONGEST:
        raise InvalidParameterException(_NOT_VALID.format(expression, _RATES))
    return found


class Rotations:
    """The rotations of one simulation that are to come; moto keeps the secrets."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._rules: dict[str, dict[str, Any]] = {}
        self._due: dict[str, Due[Job]] = {}

    def rotated(self, secret: FakeSecret, rules: dict[str, Any] | None) -> None:
        """Plan the next rotation; without new rules, by those that the secret has."""
        if rules:
            self._rules[secret.arn] = rules
        self._plan(secret)

    def replaced(self, secret: FakeSecret) -> None:
        """A new value counts as a rotation, where days are counted from the last one."""
        if secret.arn in self._due and _DAYS in self._rules[secret.arn]:
            self._plan(secret)

    def cancelled(self, secret: FakeSecret) -> None:
        """Rotate no more; the rules stay, for the next `rotate_secret`."""
        due = self._due.pop(secret.arn, None)
        if due is not None:
            due.cancel()
        secret.next_rotation_date = None

    def described(self, secret: FakeSecret) -> dict[str, Any]:
        """The rules as `DescribeSecret` tells them: the days of a rate are counted."""
        rules = self._rules.get(secret.arn, {})
        schedule = _schedule(rules)
        days = schedule.interval.days if isinstance(schedule, Rate) else 0
        return {**rules, **({_DAYS: days} if days else {})}

    def _plan(self, secret: FakeSecret) -> None:
        self.cancelled(secret)
        schedule = _schedule(self._rules.get(secret.arn, {}))
        moment = None if schedule is None else schedule.after(to_datetime(self._simulation.now))
        if moment is None:
            return
        at = from_datetime(moment)
        # By the clock that a test may have frozen, as moto dates it.
        secret.next_rotation_date = int(time.time() + (at - self._simulation.now) / 1000)
        if not secret.rotation_lambda_arn:  # moto takes that
            return
        secret.rotation_enabled = True
        job = ScheduleRun(secret.name, secret.arn, 1, partial(self._run, secret))
        self._due[secret.arn] = self._simulation.schedule(at, job, background=True)

    def _run(self, secret: FakeSecret) -> None:
        """Rotate the secret, unless it is gone or about to be deleted."""
        del self._due[secret.arn]
        backend = _backend_of(secret)
        if backend is None or backend.secrets.get(secret.arn) is not secret:
            return
        if not secret.is_deleted():
            try:
                backend.rotate_secret(secret.arn)
            except SecretsManagerClientError:
                self._simulation.miss(secret.rotation_lambda_arn, SOURCE)
            else:
                return
        self._plan(secret)


def _schedule(rules: dict[str, Any]) -> Rate | Cron | None:
    if _EXPRESSION in rules:
        return _parse(rules[_EXPRESSION])
    return Rate(timedelta(days=rules[_DAYS])) if _DAYS in rules else None


def _backend_of(secret: FakeSecret) -> SecretsManagerBackend | None:
    arn = parse_arn(secret.arn)
    assert arn is not None  # moto makes it
    return existing(secretsmanager_backends, arn.account, arn.region)


def _write(write: Callable[..., str]) -> Callable[..., str]:
    def written(self: SecretsManagerBackend, secret_id: str, *args: Any, **kwargs: Any) -> str:
        secret = self.secrets.get(secret_id)
        before = None if secret is None else secret.default_version_id
        answer = write(self, secret_id, *args, **kwargs)
        if isinstance(secret, FakeSecret) and secret.default_version_id != before:
            active[-1].part(Rotations).replaced(secret)
        return answer

    return written


def _cancel_rotate_secret(cancel: Callable[..., str]) -> Callable[..., str]:
    def cancelled(self: SecretsManagerBackend, secret_id: str) -> str:
        answer = cancel(self, secret_id)
        secret = self.secrets.get(secret_id)
        if isinstance(secret, FakeSecret):
            active[-1].part(Rotations).cancelled(secret)
        return answer

    return cancelled


def _to_dict(to_dict: Callable[[FakeSecret], dict[str, Any]]) -> Callable[[FakeSecret], dict[str, Any]]:
    def told(self: FakeSecret) -> dict[str, Any]:
        found = to_dict(self)
        rules = active[-1].part(Rotations).described(self)
        return {**found, "RotationRules": rules} if rules and "RotationRules" in found else found

    return told


PATCHES = (
    Patch(SecretsManagerBackend, "put_secret_value", _write),
    Patch(SecretsManagerBackend, "update_secret", _write),
    Patch(SecretsManagerBackend, "cancel_rotate_secret", _cancel_rotate_secret),
    Patch(FakeSecret, "to_dict", _to_dict),
)
