"""SNS: notifications are signed with one key and one certificate, and once for all subscribers.

moto makes a key for each subscription, and a certificate for each notification.
"""

from __future__ import annotations

import base64
from datetime import datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import iso_8601_datetime_with_milliseconds, utcnow
from moto.moto_api._internal import mock_random
from moto.sns.models import Subscription, sns_backends

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from moto.sns.models import Topic


def _get_post_data(_: object) -> Callable[..., dict[str, Any]]:
    """A notification has moto's members, with one time and one signature per message."""
    newest = _Signed()

    def get_post_data(
        self: Subscription,
        message: str,
        message_id: str,
        subject: str | None,
        message_attributes: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        topic = self.topic
        timestamp, signature = newest.of(topic, message, message_id)
        data: dict[str, Any] = {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": topic.arn,
            "Message": message,
            "Timestamp": timestamp,
            "SignatureVersion": "2",
            "Signature": signature,
            "SigningCertURL": _certificate_url(topic),
            "UnsubscribeURL": (
                "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn="
                f"arn:aws:sns:us-east-1:{self.account_id}:{topic.name}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"
            ),
        }
        if subject:
            data["Subject"] = subject
        if message_attributes:
            data["MessageAttributes"] = message_attributes
        return data

    return get_post_data


class _Signed:
    """The message that was signed last: its next subscriber gets the same."""

    def __init__(self) -> None:
        self._message: tuple[Topic, str, str] | None = None
        self._answer = "", ""

    def of(self, topic: Topic, message: str, message_id: str) -> tuple[str, str]:
        """Time and signature."""
        if (topic, message, message_id) != self._message:
            timestamp = iso_8601_datetime_with_milliseconds()
            text = (
                f"Message\n{message}\nMessageId\n{message_id}\nTimestamp\n{timestamp}\n"
                f"TopicArn\n{topic.arn}\nType\nNotification\n"
            )
            signature = _key().sign(text.encode(), padding.PKCS1v15(), SHA256())
            self._answer = timestamp, base64.b64encode(signature).decode()
            self._message = topic, message, message_id
        return self._answer


def _certificate_url(topic: Topic) -> str:
    """A name of its own for each notification, as from moto, and whoever asks for it gets the certificate."""
    name = f"SimpleNotificationService-{str(mock_random.uuid4()).replace('-', '')}.pem"
    region = topic.sns_backend.region_name
    keys = sns_backends[DEFAULT_ACCOUNT_ID][region]._message_public_keys  # noqa: SLF001 - moto answers from it
    keys[name] = _certificate(utcnow().date())
    return f"https://sns.{region}.amazonaws.com/{name}"


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _certificate(day: date) -> bytes:
    """Valid from the beginning of the day, for a year."""
    begins = datetime.combine(day, time())
    issuer = (
        NameAttribute(NameOID.COUNTRY_NAME, "US"),
        NameAttribute(NameOID.ORGANIZATION_NAME, "Amazon"),
        NameAttribute(NameOID.COMMON_NAME, "Amazon RSA 2048 M01"),
    )
    builder = (
        CertificateBuilder()
        .subject_name(Name([NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")]))
        .issuer_name(Name(issuer))
        .public_key(_key().public_key())
        .serial_number(random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=366))
    )
    return builder.sign(_key(), SHA256()).public_bytes(Encoding.PEM)


PATCHES = (Patch(Subscription, "get_post_data", _get_post_data),)
