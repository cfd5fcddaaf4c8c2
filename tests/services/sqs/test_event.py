"""The event of a queue, where it depends on how the queue is read."""

import pytest
from botocore.exceptions import ClientError

from tests.services.places import START

pytestmark = pytest.mark.destmock(start=START)
SOME = {"kind": {"DataType": "String", "StringValue": "x"}}


@pytest.fixture
def got(destmock):
    found = []
    destmock.handler("work", lambda event, context: found.extend(event["Records"]))
    return found


def test_a_batching_window_leaves_a_null_where_there_are_no_attributes(
    destmock, sqs, make_queue, connect, got
):
    connect(make_queue("jobs"), BatchSize=20, MaximumBatchingWindowInSeconds=2)
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="plain")
    sent = sqs.send_message(QueueUrl=url, MessageBody="described", MessageAttributes=SOME)
    destmock.advance(2)
    assert [one["md5OfMessageAttributes"] for one in got] == [None, sent["MD5OfMessageAttributes"]]


def test_without_a_window_there_is_no_digest_of_no_attributes(sqs, make_queue, connect, got):
    connect(make_queue("jobs"))
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody="plain")
    assert "md5OfMessageAttributes" not in got[0]


def test_R6_what_a_filter_on_the_json_body_refuses_is_deleted_malformed_or_not(sqs, make_queue, connect, got):
    pattern = '{"body": {"kind": ["order"]}}'
    connect(make_queue("jobs"), FilterCriteria={"Filters": [{"Pattern": pattern}]})
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    wanted = '{"kind": "order"}'
    for body in (wanted, '{"kind": "view"}', '{"kind": ', "plain", "[1]", "null"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    assert [record["body"] for record in got] == [wanted]
    name = "ApproximateNumberOfMessages"
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"] == {name: "0"}


OUT_OF_RANGE = "Message (user) attribute 'n' number value [{}] must be between 10^-128 and 10^126."
NO_NUMBER = "Can't cast the value of message (user) attribute 'n' to a number."


@pytest.mark.parametrize(
    ("value", "told"),
    [(value, OUT_OF_RANGE.format(value)) for value in ("1e126", "-1e126", "1e-129")]
    + [(value, NO_NUMBER) for value in ("many", "NaN", "-Infinity", "1,5")],
)
def test_R27_a_number_out_of_range_or_none_is_no_attribute(sqs, make_queue, value, told):
    make_queue("jobs")
    with pytest.raises(ClientError) as error:
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"],
            MessageBody="a",
            MessageAttributes={"n": {"DataType": "Number", "StringValue": value}},
        )
    answer = error.value.response["Error"]
    assert (answer["Code"], answer["Message"]) == ("InvalidParameterValue", told)


@pytest.mark.parametrize("value", ["0", "-0.5", "9e125", "1e-128"])
def test_R27_a_number_in_its_range_is_kept_as_it_is_spelt(sqs, make_queue, connect, got, value):
    connect(make_queue("jobs"))
    attribute = {"DataType": "Number", "StringValue": value}
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a", MessageAttributes={"n": attribute})
    assert got[0]["messageAttributes"]["n"]["stringValue"] == value
