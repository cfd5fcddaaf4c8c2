"""S3: what a bucket's notification configuration may say, and what is answered of it."""

from __future__ import annotations

import itertools
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import xmltodict
from moto.s3.exceptions import InvalidArgumentError
from moto.s3.responses import S3Response

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_KINDS = ("TopicConfiguration", "QueueConfiguration", "CloudFunctionConfiguration")
_BAD_NAME = "filter rule name must be either prefix or suffix"
_AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
    "overlapping for the same event type."
)


def _read(from_body: Callable[[S3Response], dict[str, Any]]) -> Callable[[S3Response], dict[str, Any]]:
    """The names of filter rules are `Prefix`, too; no two configurations tell of the same event and key."""

    def read(self: S3Response) -> dict[str, Any]:
        parsed = xmltodict.parse(self.body)
        given = parsed["NotificationConfiguration"]
        for one in _configurations(given):
            _set_rules(one)
        self.body = xmltodict.unparse(parsed)
        for one, other in itertools.combinations(_configurations(given), 2):
            if _overlap(one, other):
                raise InvalidArgumentError(_AMBIGUOUS, "NotificationConfiguration", "")
        return from_body(self)

    return read


def _configurations(given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in _KINDS:
        yield from _listed(given.get(kind))


def _listed(found: Any) -> list[Any]:
    """What XML has none, one or more of."""
    return found if isinstance(found, list) else [] if found is None else [found]


def _rules(configuration: Mapping[str, Any]) -> list[dict[str, str | None]]:
    key = (configuration.get("Filter") or {}).get("S3Key") or {}
    return _listed(key.get("FilterRule"))


def _set_rules(configuration: dict[str, Any]) -> None:
    """Write the names small, as moto wants them; a rule without a value filters nothing."""
    rules = _rules(configuration)
    for rule in rules:
        name = str(rule["Name"])
        if name.lower() not in ("prefix", "suffix"):
            raise InvalidArgumentError(_BAD_NAME, "FilterRule.Name", name)
        rule["Name"] = name.lower()
    filtering = [rule for rule in rules if rule.get("Value")]
    if filtering:
        configuration["Filter"]["S3Key"]["FilterRule"] = filtering
    else:
        configuration.pop("Filter", None)


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether an event of one key could be told by both."""
    prefix, suffix = _filters(one)
    other_prefix, other_suffix = _filters(other)
    return (
        _either_begins(prefix, other_prefix)
        and _either_begins(suffix[::-1], other_suffix[::-1])
        and any(
            fnmatchcase(event, other_event) or fnmatchcase(other_event, event)
            for event in _listed(one.get("Event"))
            for other_event in _listed(other.get("Event"))
        )
    )


def _filters(configuration: Mapping[str, Any]) -> tuple[str, str]:
    found = {rule["Name"]: rule["Value"] or "" for rule in _rules(configuration)}
    return found.get("prefix", ""), found.get("suffix", "")


def _either_begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _answered(answer: Callable[[S3Response], Any]) -> Callable[[S3Response], Any]:
    """The events of a bucket may go to EventBridge, which moto doesn't answer."""

    def answered(self: S3Response) -> Any:
        status, headers, body = answer(self)
        configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if configuration is not None and configuration.event_bridge is not None:
            parsed = xmltodict.parse(body)
            parsed["NotificationConfiguration"]["EventBridgeConfiguration"] = None
            body = xmltodict.unparse(parsed)
        return status, headers, body

    return answered


PATCHES = (
    Patch(S3Response, "_notification_config_from_body", _read),
    Patch(S3Response, "get_bucket_notification", _answered),
)
