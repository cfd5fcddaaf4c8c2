"""The tests of `refunds`: the first two classes were written for `mock_aws`, and moved by the import below.

They still pass with `from moto import mock_aws as mock`, once moto is imported before `refunds`, which makes
clients when it is imported, and the environment has keys. The other tests need functions that run.
"""

import json
from datetime import datetime, timezone
from types import SimpleNamespace

import boto3
import pytest
from refunds import accept, ledger, pay, settings, statement

from destmock import mock_destinations as mock

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")
REGION = "eu-west-1"
RETURN = {"order_id": "o-1", "customer": "ada", "cents": 1250, "reason": "broken"}
EVENING = datetime(2026, 11, 27, 17, 0, tzinfo=timezone.utc)
FUNCTIONS = {name: f"refunds.{name}:handler" for name in ("accept", "pay", "failed", "statement")}
ACCOUNT = "123456789012"
CONTEXT = SimpleNamespace(
    function_name="direct",
    memory_limit_in_mb=128,
    invoked_function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:direct",
    aws_request_id="id",
    get_remaining_time_in_millis=lambda: 3000,
)

# What both kinds of tests need


def make_resources():
    db = boto3.client("dynamodb", REGION)
    for table, key in ((settings.LEDGER, "order_id"), (settings.IDEMPOTENCY, "id")):
        db.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    boto3.client("sns", REGION).create_topic(Name="customers")
    boto3.client("s3", REGION).create_bucket(
        Bucket=settings.STATEMENTS, CreateBucketConfiguration={"LocationConstraint": REGION}
    )


def make_queue(name, **attributes):
    return boto3.client("sqs", REGION).create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def read(url):
    found = boto3.client("sqs", REGION).receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", [])]


def told():
    """A queue that hears what customers are told."""
    url = make_queue("told")
    topics = boto3.client("sns", REGION)
    topics.subscribe(
        TopicArn=settings.CUSTOMERS,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:told",
        Attributes={"RawMessageDelivery": "false"},
    )
    return lambda: [body["Message"] for body in read(url)]


def batch(*payments):
    records = [
        {
            "messageId": str(number),
            "receiptHandle": "handle",
            "body": json.dumps(payment),
            "attributes": {},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:payments",
            "awsRegion": REGION,
        }
        for number, payment in enumerate(payments)
    ]
    return {"Records": records}


def payment(order_id, customer="ada", cents=1250):
    return {"order_id": order_id, "customer": customer, "cents": cents}


@pytest.fixture(autouse=True, scope="module")
def region():
    """As it is on the machine of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        yield


# The suite as it was: handlers are called


class TestAcceptCalled:
    """`accept`, called by the test itself."""

    @pytest.fixture(autouse=True)
    def payments(self):
        with mock():
            make_resources()
            self.url = make_queue(settings.PAYMENTS)
            yield

    def test_a_return_is_noted_and_its_payment_queued(self):
        assert accept.handler(RETURN, CONTEXT) == {"accepted": True}
        assert ledger.refund_of("o-1")["state"] == "OPEN"
        assert read(self.url) == [payment("o-1")]

    def test_the_same_return_again_is_answered_alike_and_queues_nothing(self):
        answers = [accept.handler(dict(RETURN), CONTEXT) for _ in range(3)]
        assert answers == [{"accepted": True}] * 3
        assert len(read(self.url)) == 1

    def test_an_order_is_refunded_once(self):
        ledger.open_refund("o-1", "ada", 1)
        assert accept.handler(RETURN, CONTEXT) == {"accepted": False, "why": "refunded before"}

    @pytest.mark.parametrize("wrong", [{"order_id": "1"}, {"cents": 0}, {"reason": "bored"}])
    def test_what_is_no_return_is_refused(self, wrong, caplog):
        assert accept.handler(RETURN | wrong, CONTEXT) == {"accepted": False, "why": "invalid"}
        assert caplog.records[-1].fields == [*wrong]

    def test_a_human_decides_on_large_ones(self):
        assert accept.handler(RETURN | {"cents": 50_001}, CONTEXT)["why"] == "a human decides"


class TestPayCalled:
    """`pay` and `statement`, called by the test itself."""

    @pytest.fixture(autouse=True)
    def customers(self):
        with mock():
            make_resources()
            self.told = told()
            yield

    def test_a_payment_closes_the_refund_and_tells_the_customer(self):
        ledger.open_refund("o-1", "ada", 1250)
        assert pay.handler(batch(payment("o-1")), CONTEXT) == {"batchItemFailures": []}
        assert ledger.refund_of("o-1")["state"] == "PAID"
        assert self.told() == ["12.50 EUR for o-1 are on their way"]

    def test_a_payment_that_comes_twice_is_paid_once(self):
        ledger.open_refund("o-1", "ada", 1250)
        pay.handler(batch(payment("o-1"), payment("o-1")), CONTEXT)
        assert len(self.told()) == 1

    def test_of_a_batch_only_what_failed_is_read_again(self):
        ledger.open_refund("o-1", "ada", 1250)
        failed = pay.handler(batch(payment("o-1"), payment("o-2", "nobody")), CONTEXT)
        assert failed == {"batchItemFailures": [{"itemIdentifier": "1"}]}

    def test_a_statement_lists_what_is_open_and_paid(self):
        ledger.open_refund("o-2", "bob", 99)
        ledger.open_refund("o-1", "ada", 1250)
        ledger.close_refund("o-1")
        key = statement.handler({}, CONTEXT)["key"]
        body = boto3.client("s3", REGION).get_object(Bucket=settings.STATEMENTS, Key=key)["Body"]
        assert body.read().decode().split() == ["order,cents,state", "o-1,1250,PAID", "o-2,99,OPEN"]


# What could not be tested before: functions run, fail, and are tried again


@pytest.fixture
def application(request):
    """All four functions, deployed as they are on AWS."""
    with mock(handlers=FUNCTIONS, start=EVENING) as destmock:
        make_resources()
        make_queue("dead")
        redrive = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": 3}
        make_queue(settings.PAYMENTS, RedrivePolicy=json.dumps(redrive))
        lam = boto3.client("lambda", REGION)
        lam.create_event_source_mapping(
            EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{settings.PAYMENTS}",
            FunctionName="pay",
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        lam.put_function_event_invoke_config(
            FunctionName="accept",
            DestinationConfig={
                "OnFailure": {"Destination": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:failed"}
            },
        )
        yield destmock


def send(event=RETURN, name="accept"):
    boto3.client("lambda", REGION).invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode()
    )


def states():
    return {refund["order_id"]: refund["state"] for refund in ledger.all_refunds()}


def test_an_accepted_return_is_paid(application):
    customers = told()
    send()
    assert states() == {"o-1": "PAID"}
    assert customers() == ["12.50 EUR for o-1 are on their way"]


def test_an_event_that_comes_twice_is_paid_once(application):
    customers = told()
    application.faults.duplicate("accept")
    send()
    first, second = application.runs.for_function("accept")
    assert (first.response, second.response) == ({"accepted": True}, {"accepted": True})
    assert len(customers()) == 1


def test_what_cannot_be_accepted_is_kept(application):
    boto3.client("dynamodb", REGION).delete_table(TableName=settings.IDEMPOTENCY)
    send()
    [event] = application.invocations[:1]
    assert (event.condition, len(event.attempts)) == ("RetriesExhausted", 3)
    [kept] = boto3.client("s3", REGION).list_objects_v2(Bucket=settings.STATEMENTS)["Contents"]
    body = boto3.client("s3", REGION).get_object(Bucket=settings.STATEMENTS, Key=kept["Key"])["Body"]
    assert json.loads(body.read()) == RETURN


def test_a_payment_that_never_works_ends_among_the_dead_letters(application):
    send(RETURN | {"customer": "nobody"})
    application.advance(200)
    errors = [run.response["errorType"] for run in application.runs.for_function("pay")]
    assert errors == ["BatchProcessingError"] * 3
    assert read(make_queue("dead")) == [payment("o-1", "nobody")]


def test_each_event_has_its_own_correlation_id_in_the_logs(application):
    for number in (1, 2):
        send(RETURN | {"order_id": f"o-{number}"})
    logs = "".join(run.logs for run in application.runs.for_function("accept"))
    lines = [json.loads(line) for line in logs.splitlines() if line.startswith('{"level')]
    assert [(line["message"], line["correlation_id"]) for line in lines] == [
        ("accepted", "o-1"),
        ("accepted", "o-2"),
    ]


def test_metrics_are_counted_for_each_run(application):
    send()
    send(RETURN | {"order_id": "o-2", "cents": 0})
    logs = "".join(run.logs for run in application.runs.for_function("accept"))
    counted = [json.loads(line) for line in logs.splitlines() if '"_aws"' in line]
    assert [("Accepted" in line, "Refused" in line) for line in counted] == [(True, False), (False, True)]


def test_settings_are_those_of_the_function(application):
    application.handler("strict", "refunds.accept:handler", environment={"MOST_AT_ONCE": "10"})
    answer = boto3.client("lambda", REGION).invoke(FunctionName="strict", Payload=json.dumps(RETURN).encode())
    assert json.load(answer["Payload"])["why"] == "a human decides"


def test_the_statement_is_written_in_the_evening(application):
    events = boto3.client("events", REGION)
    events.put_rule(Name="evening", ScheduleExpression="cron(0 18 * * ? *)")
    target = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:statement"
    events.put_targets(Rule="evening", Targets=[{"Id": "statement", "Arn": target}])
    send()
    application.advance(2 * 24 * 3600)
    written = boto3.client("s3", REGION).list_objects_v2(Bucket=settings.STATEMENTS)["Contents"]
    assert [found["Key"] for found in written] == ["2026-11-27.csv", "2026-11-28.csv"]
