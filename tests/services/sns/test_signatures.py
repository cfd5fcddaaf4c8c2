"""What SNS signs can be verified with the certificate that it names."""

import base64
from math import prod

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from destmock._services.sns.signatures import _PARTS_OF_P, _PARTS_OF_Q, _key, _primes

pytestmark = pytest.mark.destmock(handlers={"orders": lambda event, context: event})


def verify(body, url, algorithm):
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    text = "".join(f"{name}\n{body[name]}\n" for name in names if body.get(name))
    key = load_pem_x509_certificate(requests.get(url, timeout=5).content).public_key()
    key.verify(base64.b64decode(body["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)


@pytest.mark.parametrize(("version", "algorithm"), [(None, SHA1()), ("1", SHA1()), ("2", SHA256())])
@pytest.mark.parametrize("subject", [{}, {"Subject": "hello"}])
def test_R24_queues_and_functions_get_a_signature_that_holds(
    destmock, sns, topic, subscription, make_queue, records, version, algorithm, subject
):
    if version:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    queue = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("inbox"))["SubscriptionArn"]
    for text in ("one", "two"):
        sns.publish(TopicArn=topic, Message=text, **subject)
    told = [invocation.event["Records"][0]["Sns"] for invocation in destmock.invocations]
    kept = records("inbox")
    for sent in told:
        verify(sent, sent["SigningCertUrl"], algorithm)
        assert sent["SignatureVersion"] == "1"
        assert sent["UnsubscribeUrl"].endswith(f"SubscriptionArn={subscription}")
    for sent in kept:
        verify(sent, sent["SigningCertURL"], algorithm)
        assert sent["SignatureVersion"] == (version or "1")
        assert sent["UnsubscribeURL"].endswith(f"SubscriptionArn={queue}")
    assert [sent["Timestamp"] for sent in told] == [sent["Timestamp"] for sent in kept]
    assert len({sent["SigningCertURL"] for sent in kept} | {sent["SigningCertUrl"] for sent in told}) == 1


def test_the_key_is_an_ordinary_one_to_those_who_verify():
    public = _key().public_key().public_numbers()
    assert (public.n.bit_length(), public.e) == (2048, 65537)


def test_the_numbers_of_the_key_are_a_key_s():
    """A number is prime if something has exactly its predecessor as its order (Lucas)."""
    numbers = _key().private_numbers()
    primes = _primes(_PARTS_OF_P + _PARTS_OF_Q)
    assert len(set(primes)) == 40
    assert prod(primes) == numbers.p * numbers.q == numbers.public_numbers.n
    for prime in primes:
        factors = [factor for factor in (2, 3, 5, 7, 11, 13, 17, 19) if (prime - 1) % factor == 0]
        smallest = next(
            a for a in range(2, prime) if all(pow(a, (prime - 1) // f, prime) != 1 for f in factors)
        )
        assert pow(smallest, prime - 1, prime) == 1
        assert numbers.d * numbers.public_numbers.e % (prime - 1) == 1


@given(text=st.binary())
def test_each_signature_of_the_key_can_be_verified(text):
    key = _key()
    key.public_key().verify(key.sign(text, padding.PKCS1v15(), SHA256()), text, padding.PKCS1v15(), SHA256())
