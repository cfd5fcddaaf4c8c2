"""S3: the record is an object under `aws/lambda/`, for failures only (F10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.s3.models import s3_backends

from destmock._aws.times import to_datetime
from destmock._engine.delivery import UndeliverableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.s3.models import S3Backend

    from destmock._aws.arn import Arn
    from destmock._engine.delivery import Message
    from destmock._engine.event_invoke_config import Standing
    from destmock._observed.facts import Kind


class BucketTarget:
    """A bucket, by its ARN."""

    kind: Kind = "s3"

    def __init__(self, arn: Arn) -> None:
        self._arn = arn

    def standing(self) -> Standing:
        if not self._arn.resource:
            return "unsupported"
        return "missing-bucket" if owner_of(self._arn.resource) is None else "failure-only"

    def deliver(self, message: Message) -> None:
        assert message.origin is not None  # nothing else goes to a bucket
        self.keep(f"async/{message.origin.ref.name}", message)

    def keep(self, folder: str, message: Message) -> None:
        """Put a record there, below a folder of Lambda's."""
        backend, bucket = owner_of(self._arn.resource), self._arn.resource
        if backend is None:
            text = f"the bucket {bucket} does not exist"
            raise UndeliverableError(text)
        moment = to_datetime(message.sent_at)
        name = f"{moment:%Y-%m-%dT%H.%M.%S}-{message.unique_id}"
        store(backend, bucket, f"aws/lambda/{folder}/{moment:%Y/%m/%d}/{name}", message.body)

    def prepare(self, message: Message) -> Callable[[], bool]:
        """No other service sends its events to a bucket."""
        text = f"{message.source} can't send to the bucket {self._arn.resource}"
        raise UndeliverableError(text)


def owner_of(bucket: str) -> S3Backend | None:
    """The backend of the account that owns a bucket, which the bucket's ARN does not tell."""
    owner = s3_backends.bucket_accounts.get(bucket)
    return None if owner is None else s3_backends[owner[1]][owner[0]]


def store(backend: S3Backend, bucket: str, key: str, body: bytes) -> None:
    """Put an object there as a service of AWS does that knows nothing of its content."""
    stored = backend.put_object(bucket, key, body)
    stored.set_metadata({"Content-Type": "application/octet-stream"})
