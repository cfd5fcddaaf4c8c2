"""SNS: the filter policies of subscriptions, with all their operators, and attributes that AWS refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend
from moto.sns.responses import SNSResponse
from moto.sns.utils import FilterPolicyMatcher

from destmock._aws import filter_policy
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BAD_SCOPE = "FilterPolicyScope: Invalid value [{}]. Please use either MessageBody or MessageAttributes"

_NOT_RAW = "Delivery protocol [{}] does not support raw message delivery."
_RAW_PROTOCOLS = ("sqs", "http", "https", "firehose")


def _matches(_: object) -> Callable[..., bool]:
    def matches(self: FilterPolicyMatcher, attributes: dict[str, Any] | None, message: str) -> bool:
        return filter_policy.matches(self.filter_policy, self.filter_policy_scope, attributes or {}, message)

    return matches


def _subscribe(subscribe: Callable[[SNSResponse], Any]) -> Callable[[SNSResponse], Any]:
    """A subscription whose attributes are refused isn't made, and one that is there keeps its own."""

    def checked(self: SNSResponse) -> Any:
        prefix, attributes = "Invalid parameter: Attributes Reason: ", self._get_attributes() or {}
        _check(attributes, prefix)
        place = [self._get_param(name) for name in ("TopicArn", "Endpoint", "Protocol")]
        _check_raw(attributes, place[-1], prefix)
        there = self.backend._find_subscription(*place)  # noqa: SLF001 - moto has no other way to ask
        own = {"FilterPolicyScope": filter_policy.ATTRIBUTES, **there.attributes} if there else attributes
        if any(_read(value) != _read(own.get(name)) for name, value in attributes.items()):
            raise SNSInvalidParameter(prefix + "Subscription already exists with different attributes")
        return subscribe(self)

    return checked


def _read(value: Any) -> Any:
    """An attribute, which moto keeps as it was given: JSON, or another text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _set_attributes(set_attributes: Callable[..., None]) -> Callable[..., None]:
    """A scope counts for the policy that is there, too."""

    def checked(self: SNSBackend, arn: str, name: str, value: Any) -> None:
        subscription = self.subscriptions.get(arn)
        attributes = subscription.attributes if subscription is not None else {}
        scope = attributes.get("FilterPolicyScope") or filter_policy.ATTRIBUTES
        _check({"FilterPolicyScope": scope, name: value}, "Invalid parameter: ")
        if subscription is not None:
            _check_raw({name: value}, subscription.protocol, "Invalid parameter: ")
        set_attributes(self, arn, name, value)
        if name == "FilterPolicyScope" and subscription is not None:
            matcher = subscription._filter_policy_matcher  # noqa: SLF001 - moto has no other way to ask
            if matcher is not None:
                matcher.filter_policy_scope = value

    return checked


def _check(attributes: Mapping[str, str], prefix: str) -> None:
    scope, policy = (
        attributes.get("FilterPolicyScope", filter_policy.ATTRIBUTES),
        attributes.get("FilterPolicy"),
    )
    if scope not in filter_policy.SCOPES:
        raise SNSInvalidParameter(prefix + _BAD_SCOPE.format(scope))
    if policy:
        try:
            filter_policy.check(policy, scope)
        except ValueError as error:
            raise SNSInvalidParameter(prefix + str(error)) from None


def _check_raw(attributes: Mapping[str, Any], protocol: str, prefix: str) -> None:
    raw = str(attributes.get("RawMessageDelivery")).lower() == "true"
    if raw and protocol not in _RAW_PROTOCOLS:
        raise SNSInvalidParameter(prefix + _NOT_RAW.format(protocol))


def _validate(_: object) -> Callable[..., None]:
    """It is checked already, with all operators."""

    def validate(self: SNSBackend, value: Any, scope: str | None) -> None:
        pass

    return validate


PATCHES = (
    Patch(FilterPolicyMatcher, "matches", _matches),
    Patch(SNSResponse, "subscribe", _subscribe),
    Patch(SNSBackend, "set_subscription_attributes", _set_attributes),
    Patch(SNSBackend, "_validate_filter_policy", _validate),
)
