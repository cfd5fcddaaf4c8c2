"""EventInvokeConfig: put replaces, update merges, one record for each function and qualifier.

moto has these five calls too, but ignores a second put, the qualifier and what the destinations are; so
destmock owns them. What a destination's ARN refers to is asked of whoever was handed in.
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from destmock._aws import api_errors as errors
from destmock._aws.arn import LATEST, FunctionRef, parse_function_arn
from destmock._aws.lifecycle import DEFAULT_EVENT_AGE, DEFAULT_RETRY_ATTEMPTS, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


#: What is behind a destination's ARN. `unsupported`: AWS has no such destination (C16, C23); `failure-only`
#: and `missing-bucket`: S3, which takes no successes.
Standing = Literal["ok", "missing", "missing-bucket", "failure-only", "fifo-topic", "unsupported"]
#: Which object a function, version or alias is: another one after it was deleted and made again.
Identity = object


class Settings(NamedTuple):
    """What a put or an update of an EventInvokeConfig asks to set.

    `None` for a number or for `destinations` means that the request leaves it out. `destinations` maps
    OnSuccess and OnFailure to an ARN, to "" to clear it, or to `None` for an object without a Destination.
    """

    maximum_retry_attempts: int | None = None
    maximum_event_age_in_seconds: int | None = None
    destinations: Mapping[str, str | None] = MappingProxyType({})

    @property
    def empty(self) -> bool:
        return (
            self.maximum_retry_attempts is None
            and self.maximum_event_age_in_seconds is None
            and not self.destinations
        )


class EventInvokeConfig(NamedTuple):
    """One configuration. `last_modified` is in milliseconds; `None` is what was never set."""

    ref: FunctionRef
    identity: Identity
    last_modified: int
    maximum_retry_attempts: int | None = None
    maximum_event_age_in_seconds: int | None = None
    on_success: str | None = None
    on_failure: str | None = None

    @property
    def policy(self) -> Policy:
        return _policy(self.maximum_retry_attempts, self.maximum_event_age_in_seconds)

    @property
    def body(self) -> str:
        """The wire form: alphabetical, compact, every unset value an explicit null (C1)."""
        sign, digits = "-" * (self.last_modified < 0), str(abs(self.last_modified))
        seconds = f"{sign}{digits[0]}.{digits[1:].rstrip('0') or '0'}E{len(digits) - 4}"
        destinations = json.dumps(
            {
                "OnFailure": {"Destination": self.on_failure},
                "OnSuccess": {"Destination": self.on_success},
            },
            separators=(",", ":"),
        )
        return (
            f'{{"DestinationConfig":{destinations},"FunctionArn":"{self.ref.qualified_arn}",'
            f'"LastModified":{seconds},'
            f'"MaximumEventAgeInSeconds":{json.dumps(self.maximum_event_age_in_seconds)},'
            f'"MaximumRetryAttempts":{json.dumps(self.maximum_retry_attempts)}}}'
        )


class EventInvokeConfigs:
    """Every configuration of one simulation.

    `identify` tells which function, version or alias a reference stands for now, `None` if none does;
    `standing` what is behind the ARN of a destination.
    """

    def __init__(
        self,
        identify: Callable[[FunctionRef], Identity | None],
        standing: Callable[[str], Standing],
    ) -> None:
        self._identify = identify
        self._standing = standing
        self._configs: dict[FunctionRef, EventInvokeConfig] = {}

    def put(self, ref: FunctionRef, settings: Settings, now: int) -> EventInvokeConfig:
        """Replaces whatever was there (C3)."""
        identity = self._existing(ref)
        fresh = EventInvokeConfig(_key(ref), identity, self._tick(ref, now))
        return self._store(fresh, settings)

    def adopt(self, standing: Iterable[tuple[FunctionRef, Mapping[str, Any]]], now: int) -> None:
        """Take over what stands already; where its destinations lead is not checked again."""
        for ref, config in standing:
            destinations = config.get("DestinationConfig") or {}
            arns = {route: found.get("Destination") or None for route, found in destinations.items()}
            self._configs[_key(ref)] = EventInvokeConfig(
                _key(ref),
                self._existing(ref),
                now,
                config.get("MaximumRetryAttempts"),
                config.get("MaximumEventAgeInSeconds"),
                arns.get("OnSuccess"),
                arns.get("OnFailure"),
            )

    def update(self, ref: FunctionRef, settings: Settings, now: int) -> EventInvokeConfig:
        """Sets what is given and keeps the rest (C4); an empty destination clears it (C22)."""
        self._existing(ref)
        return self._store(self.get(ref)._replace(last_modified=self._tick(ref, now)), settings)

    def get(self, ref: FunctionRef) -> EventInvokeConfig:
        config = self._configs.get(_key(ref))
        if config is None or self._identify(ref) is not config.identity:
            raise errors.no_config(ref.qualified_arn)
        return config

    def delete(self, ref: FunctionRef) -> None:
        self.get(ref)
        del self._configs[_key(ref)]

    def page(
        self, ref: FunctionRef, marker: str | None, size: int
    ) -> tuple[list[EventInvokeConfig], str | None]:
        """One page of a function's configurations, and the marker of the next (C19).

        AWS lists in no particular order; here it is the order of the qualifiers.
        """
        self._existing(ref)
        found = [
            config
            for key, config in self._configs.items()
            if key.unqualified == ref.unqualified and self._identify(key) is config.identity
        ]
        found.sort(key=lambda config: config.ref.qualifier or LATEST)
        after = "" if marker is None else _read_marker(marker)
        rest = [config for config in found if (config.ref.qualifier or LATEST) > after]
        page = rest[:size]
        more = _marker(page[-1].ref.qualifier or LATEST) if len(rest) > size else None
        return page, more

    @property
    def known(self) -> list[EventInvokeConfig]:
        """The configurations of all functions, versions and aliases that exist."""
        found = [*self._configs.items()]
        return [config for key, config in found if self._identify(key) is config.identity]

    def accepted(self, ref: FunctionRef, function: Identity | None) -> None:
        """Note that an event was accepted: a configuration of a deleted namesake no longer counts.

        `function` is the version that would run it.
        """
        config = self._configs.get(_key(ref))
        if config is None or (ref.qualifier is None and function is config.identity):
            return
        if self._identify(ref) is not config.identity:
            del self._configs[_key(ref)]

    def at_dispatch(self, ref: FunctionRef) -> EventInvokeConfig | None:
        """The configuration that an event to `ref` is subject to: its own qualifier's, no fallback (I1).

        It outlives a function that was deleted while the event was queued (L2).
        """
        config = self._configs.get(_key(ref))
        if config is None or self._identify(ref) not in (None, config.identity):
            return None
        return config

    def _existing(self, ref: FunctionRef) -> Identity:
        identity = self._identify(ref)
        if identity is None:
            raise errors.not_found(errors.NO_SUCH_FUNCTION)
        return identity

    def _tick(self, ref: FunctionRef, now: int) -> int:
        """`LastModified` changes with every put and update (C21), even when virtual time stands still."""
        previous = self._configs.get(_key(ref))
        return now if previous is None else max(now, previous.last_modified + 1)

    def _store(self, base: EventInvokeConfig, settings: Settings) -> EventInvokeConfig:
        self._check(base.ref, settings)
        destinations = settings.destinations
        retries, age = settings.maximum_retry_attempts, settings.maximum_event_age_in_seconds
        config = base._replace(
            maximum_retry_attempts=base.maximum_retry_attempts if retries is None else retries,
            maximum_event_age_in_seconds=base.maximum_event_age_in_seconds if age is None else age,
            on_success=_merge(base.on_success, destinations.get("OnSuccess")),
            on_failure=_merge(base.on_failure, destinations.get("OnFailure")),
        )
        self._configs[config.ref] = config
        return config

    def _check(self, ref: FunctionRef, settings: Settings) -> None:
        """Refuses a destination that AWS would refuse (C14-C16, C23, C27, G7-G9).

        IAM is not simulated: every execution role has every permission (G1).
        """
        for route in ("OnSuccess", "OnFailure"):
            arn = settings.destinations.get(route)
            if not arn:
                continue
            standing = self._standing(arn)
            bucket = standing in ("failure-only", "missing-bucket")
            if standing == "unsupported" or (bucket and route == "OnSuccess"):
                text = _java(settings)
                raise errors.invalid_parameter(errors.UNSUPPORTED_DESTINATION.format(config=text))
            if standing in _REFUSED:
                raise errors.invalid_parameter(_REFUSED[standing].format(arn=arn))
            target = parse_function_arn(arn)
            if target is not None and target.unqualified == ref.unqualified:
                raise errors.invalid_parameter(errors.SELF_DESTINATION)


_REFUSED = {
    "missing": errors.MISSING_DESTINATION,
    "missing-bucket": errors.MISSING_BUCKET,
    "fifo-topic": errors.FIFO_TOPIC,
}


@lru_cache(maxsize=100)
def _policy(retries: int | None, age: int | None) -> Policy:
    return Policy(
        DEFAULT_RETRY_ATTEMPTS if retries is None else retries,
        DEFAULT_EVENT_AGE if age is None else age,
    )


def _key(ref: FunctionRef) -> FunctionRef:
    """Unqualified and `$LATEST` are the same record (C12, C20)."""
    return ref.unqualified if ref.qualifier == LATEST else ref


def _merge(before: str | None, asked: str | None) -> str | None:
    if asked is None:  # left out, or an object without a Destination: kept (C22)
        return before
    return asked or None


def _java(settings: Settings) -> str:
    """The whole requested DestinationConfig as AWS's Java prints it (C16)."""

    def one(key: str, name: str) -> str:
        if key not in settings.destinations:
            return "null"
        arn = settings.destinations[key]
        return f"{name}(destination={'null' if arn is None else arn})"

    success, failure = one("OnSuccess", "OnSuccess"), one("OnFailure", "OnFailure")
    return f"DestinationConfig(onSuccess={success}, onFailure={failure})"


def _marker(qualifier: str) -> str:
    return base64.urlsafe_b64encode(f"destmock:{qualifier}".encode()).decode()


def _read_marker(marker: str) -> str:
    try:
        prefix, _, qualifier = base64.urlsafe_b64decode(marker.encode()).decode().partition(":")
    except ValueError:
        prefix, qualifier = "", ""
    if prefix != "destmock" or not qualifier:
        raise errors.invalid_parameter(errors.BAD_MARKER)
    return qualifier
