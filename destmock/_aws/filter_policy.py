"""Pure: which messages a subscription's filter policy lets pass, and which policies SNS refuses.

https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from destmock._aws import event_filters, event_pattern, pattern_check
from destmock._aws.pattern_tokens import PatternError

if TYPE_CHECKING:
    from collections.abc import Mapping

SCOPES = ATTRIBUTES, BODY = ("MessageAttributes", "MessageBody")
_MOST_KEYS, _MOST_COMBINATIONS = 5, 150
#: What a number may be at most, and how far it counts.
_HIGHEST, _DIGITS = 1e9, 1_000_000


def check(text: str, scope: str) -> None:
    """Raise `ValueError`, with the words of SNS, for a policy that it refuses. `{}` lets everything pass."""
    policy = _json(text)
    if policy == {}:
        return
    try:  # SNS writes it anew, without spaces, before it looks closer
        pattern_check.check(text if policy is None else _compact(policy))
    except PatternError as error:
        failed = "failed to parse JSON. " if policy is None else ""
        message = f"FilterPolicy: {failed}{error}"
        raise ValueError(message) from None
    if scope == ATTRIBUTES and _is_nested(policy):
        message = f"Filter policy scope {ATTRIBUTES} does not support nested filter policy"
        raise ValueError(message)
    if len(policy) > _MOST_KEYS:
        message = f"FilterPolicy: Filter policy can not have more than {_MOST_KEYS} keys"
        raise ValueError(message)
    if _combinations(policy) > _MOST_COMBINATIONS:
        message = "FilterPolicy: Filter policy is too complex"
        raise ValueError(message)


def _is_nested(policy: Mapping[str, Any]) -> bool:
    """Whether a field lies below another one; what a `$or` offers is no deeper than the `$or`."""
    return any(
        isinstance(value, dict) or (name == "$or" and any(_is_nested(one) for one in value))
        for name, value in policy.items()
    )


def _combinations(policy: Mapping[str, Any], depth: int = 1, combinations: int = 1) -> int:
    """How many values may come together, those of a nested field times its depth."""
    for name, value in policy.items():
        if name == "$or":
            combinations = sum(_combinations(one, depth, combinations) for one in value)
        elif isinstance(value, dict):
            combinations = _combinations(value, depth + 1, combinations)
        else:
            combinations *= len(value) * depth
    return combinations


def matches(policy: Mapping[str, Any], scope: str, attributes: Mapping[str, Any], body: str) -> bool:
    """Whether the message passes; `attributes` are as in a notification: name -> `Type` and `Value`."""
    if not policy:
        return True
    if scope == ATTRIBUTES:
        found = {name: _values(one["Type"], one["Value"]) for name, one in attributes.items()}
    else:
        found = _json(body)
    return isinstance(found, dict) and event_pattern.matches(policy, found, _passes)


def _passes(value: Any, filters: list[Any]) -> bool:
    return event_filters.passes(_rounded(value), [_rounded(one) for one in filters])


def _rounded(value: Any) -> Any:
    """Numbers count to the sixth digit behind the point; SNS documents five."""
    if isinstance(value, float) and abs(value) <= _HIGHEST:
        return int(value * _DIGITS) / _DIGITS
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return {name: _rounded(one) for name, one in value.items()} if isinstance(value, dict) else value


def _values(kind: str, value: str) -> Any:
    """What a policy sees of an attribute: nothing of a binary one, each element of an array.

    An array's text may also be a single value.
    """
    if kind == "String":
        return value
    if kind == "Number":
        return float(value)
    found = _json(value) if kind == "String.Array" else []
    return [] if isinstance(found, dict) else found


def _compact(policy: Any) -> str:
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
