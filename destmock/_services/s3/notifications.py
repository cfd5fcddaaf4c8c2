"""S3: a bucket's notifications to functions, queues, topics and EventBridge."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.s3 import notifications
from moto.s3.models import FakeDeleteMarker, S3Backend
from moto.s3.notifications import S3NotificationEvent
from moto.s3.responses import S3Response

from destmock._aws.arn import Arn
from destmock._aws.json_text import to_bytes
from destmock._engine.active import active
from destmock._engine.delivery import UndeliverableError
from destmock._isolation.patching import Patch
from destmock._services.eventbridge import rules
from destmock._services.s3.event import (
    bucket_event,
    bucket_notification,
    encoded_key,
    is_beside,
    s3_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.s3.models import FakeBucket, FakeKey

    from destmock._engine.simulation import Simulation

_PUT = (S3NotificationEvent.OBJECT_CREATED_PUT_EVENT, S3NotificationEvent.OBJECT_CREATED_POST_EVENT)
_DELETED = S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT
#: SenderId of what S3 sends to a queue.
_SENDER = "AIDAJQR6QDGQ7PATMSYEY"


class _Missing(NamedTuple):
    """An object that was to be deleted, and wasn't there."""

    name: str


class _Under:
    """How deep a mock is inside each function of moto's that makes events of more than one kind."""

    def __init__(self, _: Simulation) -> None:
        self.depth: Counter[str] = Counter()


def _noted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make the function note that it is running, for `_send`."""
    name = function.__name__

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        depth = active[-1].part(_Under).depth
        depth[name] += 1
        try:
            return function(*args, **kwargs)
        finally:
            depth[name] -= 1

    return wrapper


def _send(account_id: str, event_name: S3NotificationEvent, bucket: FakeBucket, key: FakeKey) -> None:
    """Tell of what happened to an object as S3 tells it.

    moto takes each put for one of the object's tags, too, and the completion of an upload in parts for a put.
    """
    under = active[-1].part(_Under).depth
    tags = event_name == S3NotificationEvent.OBJECT_TAGGING_PUT_EVENT
    parts = event_name in _PUT and under["complete_multipart_upload"]
    version = event_name == _DELETED and bucket.is_versioned and under["delete_object"]
    if not parts and not version and (not tags or under["put_object_tagging"]):
        _send_event(account_id, event_name, bucket, key)


def _set_delete_marker(set_delete_marker: Callable[..., FakeDeleteMarker]) -> Callable[..., FakeDeleteMarker]:
    """Notify of a delete marker, which moto does not."""

    def wrapper(self: S3Backend, bucket_name: str, key_name: str) -> FakeDeleteMarker:
        marker = set_delete_marker(self, bucket_name, key_name)
        made = S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
        _send_event(self.account_id, made, self.get_bucket(bucket_name), marker)
        return marker

    return wrapper


def _versions_told(delete_object: Callable[..., Any]) -> Callable[..., Any]:
    """Notify of every version that is deleted, and of every key that DeleteObjects names.

    moto does so for an object's last version only, and for objects that are there.
    """

    def delete(
        self: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None, **others: Any
    ) -> Any:
        bucket = self.get_bucket(bucket_name)
        keys = bucket.keys.getlist(key_name, []) if bucket.is_versioned and version_id else []
        found = [key for key in keys if str(key.version_id) == str(version_id)]
        batch = active[-1].part(_Under).depth["delete_objects"]
        missing = batch and not bucket.is_versioned and key_name not in bucket.keys
        answer = delete_object(self, bucket_name, key_name, version_id=version_id, **others)
        for key in [*found, *([_Missing(key_name)] if missing else [])]:
            _send_event(self.account_id, _DELETED, bucket, key)
        return answer

    return delete


def _send_event(
    account_id: str,
    event_name: S3NotificationEvent,
    bucket: FakeBucket,
    key: FakeKey | FakeDeleteMarker | _Missing,
) -> None:
    configuration = bucket.notification_configuration
    if configuration is None:
        return
    simulation, name = active[-1], event_name.value.removeprefix("s3:")
    found = _object(simulation, bucket, key, name)
    event = bucket_notification(
        at=simulation.now,
        ids=simulation.ids,
        event_name=name,
        region=bucket.region_name,
        bucket_arn=bucket.arn,
        found=found,
    )
    for one in [*configuration.cloud_function, *configuration.queue, *configuration.topic]:
        if one.matches(event_name.value, encoded_key(key.name)):
            event["Records"][0]["s3"]["configurationId"] = one.id
            _notify(simulation, bucket, one.arn, to_bytes(event))
    if configuration.event_bridge is not None:
        _tell_event_bridge(simulation, account_id, bucket, name, found)


def _object(
    simulation: Simulation,
    bucket: FakeBucket,
    key: FakeKey | FakeDeleteMarker | _Missing,
    event_name: str,
) -> dict[str, Any]:
    """The object as S3's events describe it; a deleted one has neither size nor eTag."""
    there = not isinstance(key, FakeDeleteMarker) and event_name != "ObjectRemoved:Delete"
    beside = is_beside(event_name)
    return s3_object(
        key=key.name,
        size=key.size if there and not beside else None,  # type: ignore[union-attr]
        etag=key.etag.strip('"') if there else None,  # type: ignore[union-attr]
        version_id=str(key.version_id) if bucket.is_versioned else None,  # type: ignore[union-attr]
        sequencer=None if beside else simulation.ids.sequencer(simulation.now),
    )


def _notify(simulation: Simulation, bucket: FakeBucket, target: str, payload: bytes) -> None:
    """Send one notification. If its target does not exist, S3's own call succeeds all the same."""
    found = simulation.target_of(target)
    if found is None:
        return
    message = simulation.message(payload)._replace(
        source=f"S3 bucket {bucket.name}", sender_id=_SENDER, subject="Amazon S3 Notification"
    )
    try:
        if not found.prepare(message)():
            simulation.miss(target, message.source)
    except UndeliverableError as error:
        simulation.miss(target, message.source, f"refuses it: {error}")


def _tell_event_bridge(
    simulation: Simulation, account: str, bucket: FakeBucket, name: str, found: dict[str, Any]
) -> None:
    detail_type, detail = bucket_event(
        ids=simulation.ids, event_name=name, account=account, bucket_arn=bucket.arn, found=found
    )
    if not detail_type:  # an event that S3 has for notifications only
        return
    bus = Arn(bucket.partition, "events", bucket.region_name, account, "event-bus/default")
    carrier = simulation.carrier()
    event = rules.event(
        carrier, account=account, region=bucket.region_name, source="aws.s3", detail_type=detail_type
    )
    rules.put(bus, {**event, "resources": [bucket.arn], "detail": detail}, carrier, simulation)


PATCHES = (
    Patch(notifications, "send_event", lambda _: _send),
    Patch(S3Response, "put_object_tagging", _noted),
    Patch(S3Backend, "complete_multipart_upload", _noted),
    Patch(S3Backend, "delete_objects", _noted),
    Patch(S3Backend, "_set_delete_marker", _set_delete_marker),
    Patch(S3Backend, "delete_object", lambda delete: _versions_told(_noted(delete))),
)
