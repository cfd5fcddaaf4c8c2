"""Queues and topics answer as moto's own do, whatever is asked of them, and what they hold costs nothing."""

import base64
import json
import sys
import threading
from collections import Counter
from datetime import datetime, timezone

import boto3
import pytest
import time_machine
from botocore.exceptions import ClientError, ParamValidationError
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.sns.models import Subscription, sns_backends
from moto.sqs import models
from moto.sqs.models import Message, Queue, SQSBackend

from destmock import mock_destinations

ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)

#: In the order in which they are made: a dead-letter queue has to be there first.
QUEUES = {
    "dead": {},
    "plain": {"MaximumMessageSize": "1024"},
    "delayed": {"DelaySeconds": "5", "VisibilityTimeout": "10", "MessageRetentionPeriod": "60"},
    "redriven": {
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": f"{ARN}dead", "maxReceiveCount": 2}),
        "VisibilityTimeout": "0",
    },
    "encrypted": {"KmsMasterKeyId": "alias/aws/sqs", "Policy": '{"Statement": [{"Sid": "all"}]}'},
    "dead.fifo": {"FifoQueue": "true"},
    "ordered.fifo": {
        "FifoQueue": "true",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": f"{ARN}dead.fifo", "maxReceiveCount": "2"}),
    },
    "by-content.fifo": {"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "3"},
}


def a(*values):
    return st.sampled_from(values)


def fields(required, **optional):
    return st.fixed_dictionaries(required, optional=optional)


bodies = a("one", "two", "three", "x" * 1024, "ü" * 600, "x" * 1025)
message_attributes = st.dictionaries(
    a("kind", "kind.of", "n"),
    a(
        {"DataType": "String", "StringValue": "ä"},
        {"DataType": "Number.int", "StringValue": "7"},
        {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    ),
    max_size=2,
)
header = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5e1b4151-43a0913a12345678"}}
messages = fields(
    {"MessageBody": bodies},
    DelaySeconds=a(0, 3, 3, 901),
    MessageAttributes=message_attributes,
    MessageSystemAttributes=st.just(header),
)
#: The n-th last message that was received, by its handle then.
handles = st.integers(0, 6)
timeouts = a(0, 0, 2, 3, 30, 43_201)
entry_ids = a("a", "b", "c", "d", "e", "not an id")
attribute_names = st.lists(
    a(
        "All",
        "QueueArn",
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
        "FifoQueue",
        "KmsMasterKeyId",
        "Policy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "Nonsense",
    ),
    max_size=4,
)


def step(name, weight, **required):
    return [st.tuples(st.just(name), fields(required))] * weight


def steps(queue):
    """One step on a queue: what is called, and with which arguments."""
    url = st.just(queue)
    # moto forgets a queue's policy when another attribute is set alone.
    policy = {name: value for name, value in QUEUES.get(queue, {}).items() if name == "Policy"}
    entries = st.lists(fields({"Id": entry_ids, "ReceiptHandle": handles}), max_size=4)
    changes = st.lists(
        fields({"Id": entry_ids, "ReceiptHandle": handles, "VisibilityTimeout": timeouts}), max_size=3
    )
    received = fields(
        {"QueueUrl": url},
        MaxNumberOfMessages=a(0, 1, 2, 3, 10, 11),
        VisibilityTimeout=timeouts,
        AttributeNames=a(["All"], ["SentTimestamp", "SenderId"], ["ApproximateReceiveCount"]),
        MessageAttributeNames=a(["All"], ["kind.*"], ["n"]),
    )
    batch = st.lists(st.builds(lambda name, given: {"Id": name, **given}, entry_ids, messages), max_size=4)
    one = [
        st.tuples(st.just("send_message"), st.builds(lambda given: {"QueueUrl": queue, **given}, messages))
    ]
    return st.one_of(
        *one * 6,
        *step("send_message_batch", 1, QueueUrl=url, Entries=batch),
        *[st.tuples(st.just("receive_message"), received)] * 6,
        *step("delete_message", 3, QueueUrl=url, ReceiptHandle=handles),
        *step("delete_message_batch", 1, QueueUrl=url, Entries=entries),
        *step(
            "change_message_visibility", 2, QueueUrl=url, ReceiptHandle=handles, VisibilityTimeout=timeouts
        ),
        *step("change_message_visibility_batch", 1, QueueUrl=url, Entries=changes),
        *step("purge_queue", 1, QueueUrl=url),
        *step("get_queue_attributes", 3, QueueUrl=url, AttributeNames=attribute_names),
        *step(
            "set_queue_attributes",
            1,
            QueueUrl=url,
            Attributes=a({"VisibilityTimeout": "3", **policy}, {"RedrivePolicy": "", **policy}),
        ),
        *step("create_queue", 1, QueueName=url, Attributes=a({"DelaySeconds": "3"}, {})),
        *step("publish", 1, Message=a("one", "two")),
        *step(
            "publish",
            1,
            Message=a('{"default": "two"}', "no JSON"),
            Subject=a("s"),
            MessageStructure=a("json"),
        ),
        *[st.tuples(st.just("wait"), a(0.001, 1, 2, 3, 30, 301))] * 4,
    )


#: Two queues at a time, or nothing would meet. What can't be read of one goes to the other.
#: FIFO queues aren't among them: moto loses their order, and forgets what was in them.
programs = a(
    ("plain",), ("plain", "delayed"), ("redriven", "dead"), ("encrypted", "missing"),
).flatmap(lambda chosen: st.lists(st.one_of(*map(steps, chosen)), min_size=10, max_size=40))  # fmt: skip


@pytest.fixture(scope="module")
def clients():
    """Made once: what they call is answered by whichever mock is active."""
    keys = {"aws_access_key_id": "FOOBARKEY", "aws_secret_access_key": "secret"}
    session = boto3.Session(region_name=REGION, **keys)
    return session.client("sqs"), session.client("sns")


class Program:
    """Runs steps and keeps what is answered, as far as it doesn't differ each time."""

    def __init__(self, clients, wait):
        self._sqs, self._sns = clients
        self._wait = wait
        self._handles = []
        for name, attributes in QUEUES.items():
            self._sqs.create_queue(QueueName=name, Attributes=attributes)
        self._topic = self._sns.create_topic(Name="topic")["TopicArn"]
        for name, attributes in ("plain", {}), ("delayed", {"RawMessageDelivery": "true"}):
            self._sns.subscribe(
                TopicArn=self._topic, Protocol="sqs", Endpoint=ARN + name, Attributes=attributes
            )

    def run(self, steps):
        return [self._answer(name, given) for name, given in steps]

    def _answer(self, name, given):
        self._wait(0.001)
        if name == "wait":
            return self._wait(given)
        try:
            if name == "publish":
                self._sns.publish(TopicArn=self._topic, **given)
                return None
            answer = getattr(self._sqs, name)(**self._filled(given))
        except ClientError as error:  # moto's words are not always AWS's
            return error.response["Error"]["Code"]
        except ParamValidationError as error:
            return str(error)
        for message in answer.get("Messages", []):
            self._handles.append(message["ReceiptHandle"])
        return self._stable(answer)

    def _filled(self, given):
        if isinstance(given, list):
            return [self._filled(value) for value in given]
        filled = {key: self._filled(value) if key == "Entries" else value for key, value in given.items()}
        if "QueueName" in given:
            filled["QueueName"] = given["QueueName"].replace("missing", "plain")
        if "QueueUrl" in given:
            filled["QueueUrl"] = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{given['QueueUrl']}"
        if "ReceiptHandle" in given:
            known = given["ReceiptHandle"] < len(self._handles)
            filled["ReceiptHandle"] = self._handles[~given["ReceiptHandle"]] if known else "unknown"
        return filled

    def _stable(self, answer):
        """Without ids, what SNS has signed, and what moto leaves out; handles by their number."""
        if isinstance(answer, str):
            for number, handle in enumerate(self._handles):
                answer = answer.replace(handle, f"handle {number}")
            return answer
        if isinstance(answer, list):
            return [self._stable(value) for value in answer]
        if not isinstance(answer, dict):
            return answer
        answer = {**answer}
        for name in ("ResponseMetadata", "MessageId", "SequenceNumber", "DeadLetterQueueSourceArn"):
            answer.pop(name, None)
        if "ReceiptHandle" in answer:
            answer["ReceiptHandle"] = len(answer["ReceiptHandle"])
        if "SigningCertURL" in answer.get("Body", ""):
            body = json.loads(answer["Body"])
            md5 = answer.pop("MD5OfBody")
            assert md5 == models.Message("", answer["Body"]).body_md5
            others = ("MessageId", "Signature", "SignatureVersion", "SigningCertURL", "UnsubscribeURL")
            assert all(body.pop(name) for name in others)
            answer["Body"] = body
        return {name: self._stable(value) for name, value in answer.items()}


def of_moto(clients, program):
    with time_machine.travel(NOON, tick=False) as traveller, mock_aws():
        return Program(clients, traveller.shift).run(program)


def of_destmock(clients, program):
    with mock_destinations(start=NOON) as destmock:
        return Program(clients, destmock.advance).run(program)


@pytest.mark.slow
@settings(max_examples=15)
@given(program=programs)
def test_any_program_is_answered_as_by_moto_alone(clients, program):
    assert of_destmock(clients, program) == of_moto(clients, program)


def send(queue="plain", body="one", **settings):
    return "send_message", {"QueueUrl": queue, "MessageBody": body, **settings}


def receive(queue="plain", number=1, **settings):
    given = {"QueueUrl": queue, "MaxNumberOfMessages": number, "AttributeNames": ["All"], **settings}
    return "receive_message", given


def delete(handle, queue="plain"):
    return "delete_message", {"QueueUrl": queue, "ReceiptHandle": handle}


def show(handle, timeout, queue="plain"):
    given = {"QueueUrl": queue, "ReceiptHandle": handle, "VisibilityTimeout": timeout}
    return "change_message_visibility", given


def attributes(queue="plain", *names):
    return "get_queue_attributes", {"QueueUrl": queue, "AttributeNames": [*names] or ["All"]}


def wait(seconds):
    return "wait", seconds


ORDERED = {"queue": "ordered.fifo"}
SEVEN = {"n": {"DataType": "Binary", "BinaryValue": b"7"}}
PROGRAMS = {
    "a delay ends": [
        send(DelaySeconds=3), attributes(), wait(2), receive(), wait(1), attributes(), receive(),
    ],
    "what is hidden shows again": [
        send(), receive(VisibilityTimeout=2), wait(2), attributes(), receive(), wait(0.001), attributes(),
        receive(),
    ],
    "visibility is changed": [
        send(), receive(), show(0, 3), wait(3), receive(), wait(0.001), receive(), show(1, 0), receive(),
        wait(0.001), receive(), show(0, 43_200), wait(1), show(0, 43_200),
    ],
    "any handle that a message has had deletes it": [
        send(), send(body="two"), receive(VisibilityTimeout=0), receive(VisibilityTimeout=0), delete(1),
        receive(number=10), delete(2), delete(1), delete(9), attributes(),
    ],
    "the one in the middle is deleted": [
        *[send(body=str(number)) for number in range(5)], receive(number=10), delete(2), wait(31),
        receive(number=10),
    ],
    "a group waits for its first message, and not for one that is deleted": [
        send(**ORDERED, MessageGroupId="g", MessageDeduplicationId="1"),
        send(**ORDERED, MessageGroupId="g", MessageDeduplicationId="2"),
        send(**ORDERED, MessageGroupId="h", MessageDeduplicationId="3"),
        receive(**ORDERED), receive(**ORDERED, number=10), delete(1, **ORDERED), receive(**ORDERED),
        attributes(**ORDERED), wait(31), receive(**ORDERED, number=10), receive(**ORDERED, number=10),
    ],
    "what is read too often goes to the dead-letter queue": [
        send("redriven"), send("redriven", MessageAttributes=SEVEN),
        *[receive("redriven", 10)] * 3, attributes("redriven"), receive("dead", 10), attributes("dead"),
    ],
    "the same content is taken again after five minutes": [
        *[send("by-content.fifo", MessageGroupId="g")] * 2, receive("by-content.fifo", 10), wait(301),
        send("by-content.fifo", MessageGroupId="g"), attributes("by-content.fifo"),
    ],
    "only the attributes that are asked for come, and the others stay": [
        send(MessageAttributes=SEVEN, MessageSystemAttributes=header),
        receive(VisibilityTimeout=0), receive(VisibilityTimeout=0, MessageAttributeNames=["n"]), receive(),
    ],
    "a handle of another queue is quoted": [
        send(), receive(), ("delete_message_batch", {"QueueUrl": "delayed", "Entries": [
            {"Id": "a", "ReceiptHandle": 0}, {"Id": "b", "ReceiptHandle": 1},
        ]}),
    ],
    "what is too old is not read": [
        send("delayed"), wait(30), receive("delayed"), wait(31), receive("delayed"),
    ],
    "attributes are spelt alike": [
        attributes("encrypted"), attributes("encrypted", "KmsMasterKeyId", "Policy", "FifoQueue"),
        attributes("plain", "RedrivePolicy", "KmsMasterKeyId", "SqsManagedSseEnabled"),
        attributes("ordered.fifo"), attributes("redriven", "RedrivePolicy"), attributes("plain", "Nonsense"),
    ],
    "a topic's subscribers get it": [
        ("publish", {"Message": "one", "Subject": "s"}), wait(5), receive(), receive("delayed"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_moto_alone_answers_the_same_when(clients, name):
    program = PROGRAMS[name]
    assert of_destmock(clients, program) == of_moto(clients, program)


@pytest.fixture
def calls(sqs):
    """How many Python functions are called."""

    def count(function, **arguments):
        called = Counter()
        sys.setprofile(lambda frame, event, _: called.update([event]))
        try:
            function(**arguments)
        finally:
            sys.setprofile(None)
        return called["call"]

    return count


def fill(sqs, url, number):
    for _ in range(number // 10):
        entries = [{"Id": str(place), "MessageBody": "x"} for place in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


def test_a_queue_takes_a_message_as_easily_when_it_has_many(sqs, calls):
    """Counted in function calls: a machine that is busy makes no difference to them."""
    url = sqs.create_queue(QueueName="many")["QueueUrl"]
    message = {"QueueUrl": url, "MessageBody": "x"}
    fill(sqs, url, 20)
    few = calls(sqs.send_message, **message)
    fill(sqs, url, 500)
    assert calls(sqs.send_message, **message) < 1.05 * few


def test_a_queue_gives_messages_as_easily_when_it_has_many(sqs, calls):
    url = sqs.create_queue(QueueName="many")["QueueUrl"]
    ten = {"QueueUrl": url, "MaxNumberOfMessages": 10}
    fill(sqs, url, 40)
    sqs.receive_message(**ten)
    few = calls(sqs.receive_message, **ten)
    fill(sqs, url, 500)
    [sqs.receive_message(**ten) for _ in range(20)]
    assert calls(sqs.receive_message, **ten) < 1.2 * few  # the receipt handles' letters are drawn


def test_a_topic_sends_to_queues_as_easily_when_they_have_many(sqs, sns, calls):
    topic = sns.create_topic(Name="topic")["TopicArn"]
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("one", "two")]
    for name in "one", "two":
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ARN + name)
    sns.publish(TopicArn=topic, Message="x")
    few = calls(sns.publish, TopicArn=topic, Message="x")
    for url in urls:
        fill(sqs, url, 500)
    assert calls(sns.publish, TopicArn=topic, Message="x") < 1.05 * few


def test_each_subscriber_gets_a_notification_whose_signature_holds(sqs, sns, messages):
    """The certificate is where the message says, and signs what AWS documents."""
    topic = sns.create_topic(Name="topic")["TopicArn"]
    for name in "one", "two":
        sqs.create_queue(QueueName=name)
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ARN + name)
    sns.publish(TopicArn=topic, Message="größer")
    for name in "one", "two":
        [body] = [json.loads(message["Body"]) for message in messages(name)]
        signed = "".join(
            f"{member}\n{body[member]}\n"
            for member in ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
        )
        pem = sns_backends[ACCOUNT][REGION]._message_public_keys[body["SigningCertURL"].rpartition("/")[2]]
        certificate = load_pem_x509_certificate(pem)
        certificate.public_key().verify(
            base64.b64decode(body["Signature"]), signed.encode(), padding.PKCS1v15(), SHA1()
        )
        assert certificate.subject.rfc4514_string() == "CN=sns.amazonaws.com"
        made = datetime.strptime(body["Timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
        assert certificate.not_valid_before_utc <= made < certificate.not_valid_after_utc


def test_a_message_can_wait_for_a_long_poll(sqs):
    """Another thread sends it; whoever comes first doesn't matter."""
    url = sqs.create_queue(QueueName="late")["QueueUrl"]
    sender = threading.Thread(target=sqs.send_message, kwargs={"QueueUrl": url, "MessageBody": "late"})
    sender.start()
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    sender.join()
    assert message["Body"] == "late"


def test_moto_s_own_queues_are_back_after_the_mock():
    kinds = Queue, SQSBackend, Message, Subscription
    before = [vars(kind).copy() for kind in kinds]
    with mock_destinations():
        assert [vars(kind) for kind in kinds] != before
    assert [vars(kind) for kind in kinds] == before


def test_a_binary_attribute_goes_through_a_raw_subscription(clients):
    """As with moto alone, which would compute its MD5 for who asks for the attributes only."""
    with mock_destinations():
        sns, sqs = boto3.client("sns"), boto3.client("sqs")
        topic = sns.create_topic(Name="orders")["TopicArn"]
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:orders"
        raw = {"RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        attribute = {"DataType": "Binary", "BinaryValue": b"\0\xff"}
        sns.publish(TopicArn=topic, Message="m", MessageAttributes={"a": attribute})
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        assert message["Body"] == "m"
