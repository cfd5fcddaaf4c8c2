"""EventBridge: what PutEvents refuses of its entries, and moto takes.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.events.exceptions import ValidationException

from destmock._aws.record import is_json

if TYPE_CHECKING:
    from collections.abc import Sequence

#: In bytes, all entries together; it was 256 KB until January 2026.
_LARGEST = 1_048_576
_TOO_LARGE = "Total size of the entries in the request is over the limit."
_REQUIRED = ("Source", "DetailType", "Detail")
#: What a time of an entry's own counts, in bytes.
_TIME = 14
_NOT_AUTHORIZED = {
    "ErrorCode": "NotAuthorizedForSourceException",
    "ErrorMessage": "Not authorized for the source.",
}
_MALFORMED = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def check_size(entries: Sequence[dict[str, Any]]) -> None:
    """Raise moto's error for entries that are too large together."""
    if sum(map(_size, entries)) > _LARGEST:
        raise ValidationException(_TOO_LARGE)


def refusal(entry: dict[str, Any]) -> dict[str, str] | None:
    """How an entry is refused that has all it must have; moto refuses the others."""
    if not all(entry.get(member) for member in _REQUIRED):
        return None
    if entry["Source"].startswith("aws."):
        return dict(_NOT_AUTHORIZED)
    detail = entry["Detail"]
    is_object = detail.lstrip().startswith("{") and is_json(detail.encode(errors="surrogatepass"))
    return None if is_object else dict(_MALFORMED)


def _size(entry: dict[str, Any]) -> int:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size."""
    texts = [*(entry.get(member) or "" for member in _REQUIRED), *(entry.get("Resources") or [])]
    return sum(len(text.encode(errors="surrogatepass")) for text in texts) + _TIME * ("Time" in entry)
