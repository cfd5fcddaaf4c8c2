"""SNS: notifications are signed with one key and one certificate, and once for all subscribers.

moto makes a key for each subscription, and a certificate for each notification.
"""

from __future__ import annotations

import base64
from datetime import datetime, time, timedelta
from functools import cache
from math import factorial, prod
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_DNS, uuid5

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import iso_8601_datetime_with_milliseconds, utcnow
from moto.sns.models import Subscription, sns_backends

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from moto.sns.models import Topic

# Found by search, so that each product of the primes has 1,024 bits.
# fmt: off
_PARTS_OF_P = (
    96, 399, 462, 528, 608, 735, 756, 768, 819, 875,
    1020, 1320, 1428, 1617, 1683, 1782, 1800, 1904, 2100, 2975,
)
_PARTS_OF_Q = (
    209, 275, 300, 429, 490, 546, 570, 663, 672, 1215,
    1360, 1368, 1458, 1512, 1750, 2106, 2142, 2295, 2695, 2880,
)
# fmt: on


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
        timestamp, signature = newest.of(topic, message, message_id, subject)
        host = f"https://sns.{topic.sns_backend.region_name}.amazonaws.com"
        data: dict[str, Any] = {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": topic.arn,
            "Message": message,
            "Timestamp": timestamp,
            "SignatureVersion": _version(topic),
            "Signature": signature,
            "SigningCertURL": f"{host}/{_certificate_name(topic)}",
            "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={self.arn}",
        }
        if subject:
            data["Subject"] = subject
        if message_attributes:
            data["MessageAttributes"] = message_attributes
        return data

    return get_post_data


class _Signed:
    """The time and signature of the last message, which all of its subscribers get."""

    def __init__(self) -> None:
        self._message: tuple[Topic, str, str, str | None] | None = None
        self._answer = "", ""

    def of(self, topic: Topic, message: str, message_id: str, subject: str | None) -> tuple[str, str]:
        """The time and the signature of a message; each protocol may have a text of its own."""
        if (topic, message, message_id, subject) != self._message:
            again = self._message is not None and self._message[2] == message_id
            timestamp = self._answer[0] if again else iso_8601_datetime_with_milliseconds()
            named = f"Subject\n{subject}\n" if subject else ""
            text = (
                f"Message\n{message}\nMessageId\n{message_id}\n{named}Timestamp\n{timestamp}\n"
                f"TopicArn\n{topic.arn}\nType\nNotification\n"
            )
            algorithm = SHA256() if _version(topic) == "2" else SHA1()  # noqa: S303 - as AWS signs by default
            signature = _key().sign(text.encode(errors="surrogatepass"), padding.PKCS1v15(), algorithm)
            self._answer = timestamp, base64.b64encode(signature).decode()
            self._message = topic, message, message_id, subject
        return self._answer


def _version(topic: Topic) -> str:
    """moto sets a topic's attributes as they come."""
    return str(getattr(topic, "signature_version", "1"))


def _certificate_name(topic: Topic) -> str:
    """The file of the certificate, one for each region; moto serves it."""
    region = topic.sns_backend.region_name
    name = _file_of(region)
    keys = sns_backends[DEFAULT_ACCOUNT_ID][region]._message_public_keys  # noqa: SLF001 - moto answers from it
    keys[name] = _certificate(utcnow().date())
    return name


@cache
def _file_of(region: str) -> str:
    return f"SimpleNotificationService-{uuid5(NAMESPACE_DNS, region).hex}.pem"


@cache
def _key() -> rsa.RSAPrivateKey:
    """The same key in every process, so that a seeded test's events are the same; it keeps no secret.

    The private exponent of a key of two primes is as long as they are: each signature would take 0.5 ms. This
    key has forty primes, and each is one more than a part of 20!. So its exponent is shorter than 20!, and a
    signature takes 0.1 ms. Whoever verifies one sees an ordinary key of 2,048 bits.
    """
    p, q, e = prod(_primes(_PARTS_OF_P)), prod(_primes(_PARTS_OF_Q)), 65537
    d = pow(e, -1, factorial(20))
    exponents = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, *exponents, rsa.RSAPublicNumbers(e, p * q))
    # A look at them would ask for two primes.
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _primes(parts: tuple[int, ...]) -> list[int]:
    """The primes that are one more than these parts of 20!."""
    return [factorial(20) // part + 1 for part in parts]


@cache
def _certificate(day: date) -> bytes:
    """A certificate that is valid from the beginning of the day, for a year."""
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
