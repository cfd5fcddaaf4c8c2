"""A Firehose stream's function transforms what is put, before it lands."""

import base64
import json
import os
import re
import time

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import NoHandlerError, UnsupportedError
from tests.services.firehose.streams import BUCKET, ROLE, WORK, answer, processing
from tests.services.places import ACCOUNT, MS, REGION, START

pytestmark = pytest.mark.destmock(start=START, handlers={"work": lambda event, context: answer(event)})
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/clicks"
FUNCTION_ERROR = "The Lambda function was successfully invoked but it returned an error result."


def test_the_function_gets_aws_s_event_and_its_answer_lands(destmock, firehose, make, delivered, landed):
    assert make(Prefix="in/") == STREAM
    events = []
    destmock.handler("work", lambda event, context: events.append(event) or answer(event))
    made = firehose.put_record(DeliveryStreamName="clicks", Record={"Data": b"one"})
    [event] = events
    [record] = event["records"]
    assert event == {
        "invocationId": event["invocationId"],
        "deliveryStreamArn": STREAM,
        "region": REGION,
        "records": [
            {"recordId": record["recordId"], "approximateArrivalTimestamp": MS, "data": "b25l"},
        ],
    }
    assert re.fullmatch(r"[0-9a-f-]{36}", event["invocationId"])
    assert re.fullmatch(r"[0-9a-f-]{36}", made["RecordId"])
    assert delivered() == b"ONE"
    [key] = landed()
    assert key.startswith("in/2026/01/01/00/clicks-1-2026-01-01-00-00-00-")
    [run] = destmock.runs
    assert (run.source, run.function_name) == ("Firehose stream clicks", "work")
    assert "work invoked synchronously" in destmock.timeline()
    assert list(destmock.invocations) == []


def test_one_call_is_one_batch_whose_records_each_have_a_result(destmock, make, put, delivered, failed):
    make()
    results = {b"b": "Dropped", b"c": "ProcessingFailed"}
    destmock.handler("work", lambda event, context: answer(event, lambda data: results.get(data, "Ok")))
    made = put(b"a", b"b", b"c", b"d")
    assert (made["FailedPutCount"], len({each["RecordId"] for each in made["RequestResponses"]})) == (0, 4)
    assert len(destmock.runs) == 1
    assert delivered() == b"AD"
    assert failed() == [
        {
            "rawData": "Yw==",
            "errorCode": "Lambda.ProcessingFailedStatus",
            "errorMessage": "ProcessingFailed status set for record",
            "attemptsMade": 1,
            "arrivalTimestamp": MS,
            "attemptEndingTimestamp": MS,
            "lambdaARN": WORK,
        }
    ]


def test_nothing_lands_of_a_batch_that_is_dropped(destmock, make, put, landed):
    make()
    destmock.handler("work", lambda event, context: answer(event, lambda data: "Dropped"))
    assert len(put(b"a", b"b")["RequestResponses"]) == 2
    assert landed() == {}


@pytest.mark.parametrize(("settings", "attempts"), [({}, 4), ({"NumberOfRetries": "1"}, 2)])
def test_a_function_that_fails_is_invoked_again_with_the_same_records(
    destmock, make, put, landed, failed, settings, attempts
):
    make(processing(**settings))
    events = []

    def fail(event, context):
        events.append(event)
        time.sleep(1)
        raise ValueError

    destmock.handler("work", fail)
    assert put(b"a", b"b")["FailedPutCount"] == 0
    assert len({event.pop("invocationId") for event in events}) == attempts
    assert all(event == events[0] for event in events)
    assert [base64.b64decode(line["rawData"]) for line in failed()] == [b"a", b"b"]
    [line, _] = failed()
    assert (line["errorCode"], line["errorMessage"]) == ("Lambda.FunctionError", FUNCTION_ERROR)
    assert (line["attemptsMade"], line["attemptEndingTimestamp"]) == (attempts, MS + attempts * 1000)
    [key] = landed()
    assert key.startswith("processing-failed/2026/01/01/00/clicks-1-2026-01-01-00-00-00-")


def test_a_function_that_succeeds_at_last_loses_nothing(destmock, make, put, delivered, failed):
    make()
    tries = []

    def work(event, context):
        tries.append(event)
        if len(tries) < 4:
            raise ValueError
        return answer(event)

    destmock.handler("work", work)
    put(b"a")
    assert (len(tries), delivered(), failed()) == (4, b"A", [])


def test_a_timeout_a_throttle_and_a_function_that_is_gone_are_told_apart(destmock, lam, make, put, failed):
    make()
    destmock.handler("work", lambda event, context: time.sleep(900))
    put(b"a")
    lam.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0)
    put(b"b")
    lam.delete_function(FunctionName="work")
    put(b"c")
    lines = sorted(failed(), key=lambda line: line["rawData"])
    assert [(line["errorCode"], line["attemptsMade"]) for line in lines] == [
        ("Lambda.FunctionTimedOut", 4),
        ("Lambda.InvokeLimitExceeded", 4),
        ("Lambda.ResourceNotFound", 4),
    ]
    assert f"{WORK}, which does not exist" in destmock.timeline()


def test_a_qualifier_names_the_version_that_runs(destmock, lam, make, put, delivered):
    lam.publish_version(FunctionName="work")
    lam.create_alias(FunctionName="work", Name="live", FunctionVersion="1")
    make(processing(f"{WORK}:live"))
    put(b"a")
    assert delivered() == b"A"
    [run] = destmock.runs
    assert run.function_arn == f"{WORK}:live"


def test_another_result_or_data_that_is_no_base64_fails_the_batch(destmock, make, put, delivered, failed):
    make()
    for wrong in ({"result": "Fine"}, {"data": "%"}, {"data": 1}):

        def work(event, context, wrong=wrong):
            made = answer(event)
            made["records"][1].update(wrong)
            return made

        destmock.handler("work", work)
        put(b"a", b"b")
    assert delivered() == b""
    lines = failed()
    assert len(lines) == 6
    assert {(line["errorCode"], line["attemptsMade"]) for line in lines} == {("Lambda.FunctionError", 1)}
    assert all(
        "valid result status of Dropped, Ok, or ProcessingFailed" in line["errorMessage"] for line in lines
    )


@pytest.mark.parametrize("made", ["text", [], [1], {"records": 1}, {"records": ["a"]}, {"records": [None]}])
def test_an_answer_of_another_form_is_no_answer(destmock, make, put, delivered, failed, made):
    make()
    destmock.handler("work", lambda event, context: made)
    put(b"a")
    code = "Lambda.MissingRecordId" if made == [] else "Lambda.JsonProcessingException"
    assert [(line["errorCode"], line["attemptsMade"]) for line in failed()] == [(code, 1)]
    assert delivered() == b""


@pytest.mark.parametrize(
    "made", [None, {}, {"records": None}, {"records": []}, {"records": [{"recordId": "x"}]}]
)
def test_records_that_are_not_returned_fail_alone(destmock, make, put, delivered, failed, made):
    make()

    def work(event, context):
        if made is None:
            return None
        first = answer(event)["records"][:1]
        return {**made, "records": [*first, *(made.get("records") or [])]}

    destmock.handler("work", work)
    put(b"a", b"b")
    codes = [line["errorCode"] for line in failed()]
    assert codes == ["Lambda.MissingRecordId"] * (2 if made is None else 1)
    assert delivered() == (b"" if made is None else b"A")


def test_a_record_that_is_returned_twice_or_without_data_fails_alone(destmock, make, put, delivered, failed):
    make()

    def work(event, context):
        first, second, third = answer(event)["records"]
        del second["data"]
        return {"records": [first, first, second, third]}

    destmock.handler("work", work)
    put(b"a", b"b", b"c")
    assert [line["errorCode"] for line in failed()] == [
        "Lambda.DuplicatedRecordId",
        "Lambda.InvalidReturnFormat",
    ]
    assert delivered() == b"C"


@pytest.mark.parametrize(
    ("settings", "begin"),
    [
        ({"Prefix": "in/"}, "in/processing-failed/2026/01/01/00/clicks-1-"),
        ({"Prefix": "in", "ErrorOutputPrefix": "bad"}, "bad/processing-failed/2026/01/01/00/clicks-1-"),
        ({"ErrorOutputPrefix": "bad/!{firehose:error-output-type}/"}, "bad/processing-failed/clicks-1-"),
        (
            {"ErrorOutputPrefix": "!{timestamp:'year='yyyy'/'MM/d}/!{firehose:error-output-type}-"},
            "year=2026/01/1/processing-failed-clicks-1-",
        ),
    ],
)
def test_the_prefix_of_failed_records(destmock, make, put, landed, settings, begin):
    make(**settings)
    destmock.handler("work", lambda event, context: None)
    put(b"a")
    [key] = landed()
    assert key.startswith(begin)


def test_a_prefix_with_a_time_that_is_not_known_is_refused_by_name(destmock, make, put, landed):
    make(ErrorOutputPrefix="!{timestamp:EEEE}/!{firehose:error-output-type}/")
    destmock.handler("work", lambda event, context: None)
    with pytest.raises(UnsupportedError, match=r"'EEEE' in the time 'EEEE', in a prefix of .* clicks"):
        put(b"a")
    assert landed() == {}


ERRORS = "bad/!{firehose:error-output-type}/"


@pytest.mark.parametrize(
    ("prefix", "key"),
    [
        ("in/", r"in/2026/01/01/00/clicks-1-2026-01-01-00-00-00-[0-9a-f-]{36}"),
        ("in/!{timestamp:yyyy/MM/dd}/", r"in/2026/01/01/clicks-1-2026-01-01-00-00-00-[0-9a-f-]{36}"),
        ("day=!{timestamp:dd}-", r"day=01-clicks-1-2026-01-01-00-00-00-[0-9a-f-]{36}"),
        ("!{firehose:random-string}/!{timestamp:HH}/", r"[0-9a-f]{11}/00/clicks-1-.*"),
    ],
)
@pytest.mark.parametrize("enabled", [True, False])
def test_the_prefix_of_delivered_records(destmock, make, put, landed, prefix, key, enabled):
    """https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
    make(processing(enabled=enabled), Prefix=prefix, ErrorOutputPrefix=ERRORS)
    destmock.handler("work", lambda event, context: answer(event, data=bytes))
    put(b"a")
    [found] = landed().items()
    assert re.fullmatch(key, found[0])
    assert found[1] == b"a"


def test_a_key_of_dynamic_partitioning_stays_as_it_is_with_a_warning(destmock, make, put, landed):
    make(processing(enabled=False), Prefix="!{partitionKeyFromQuery:shop}/", ErrorOutputPrefix=ERRORS)
    with pytest.warns(UserWarning, match="without the values of its partition keys"):
        put(b"a")
    [key] = landed()
    assert key.startswith("!{partitionKeyFromQuery:shop}/clicks-1-")


def test_a_prefix_of_delivered_records_with_what_is_not_known_is_refused_by_name(make, put, landed):
    make(processing(enabled=False), Prefix="!{timestamp:EEEE}/", ErrorOutputPrefix=ERRORS)
    with pytest.raises(UnsupportedError, match=r"'EEEE' in the time 'EEEE', in a prefix of .* clicks"):
        put(b"a")
    assert landed() == {}


def test_a_prefix_with_expressions_wants_one_for_errors(firehose, make):
    with pytest.raises(ClientError) as error:
        make(Prefix="!{timestamp:yyyy}/")
    assert error.value.response["Error"] == {
        "Code": "InvalidArgumentException",
        "Message": "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
    }
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


def test_a_processing_that_is_not_enabled_changes_nothing(destmock, make, put, delivered):
    make(processing(enabled=False))
    put(b"a")
    assert (delivered(), list(destmock.runs)) == (b"a", [])


def test_an_update_of_the_destination_may_turn_it_off(destmock, firehose, make, put, delivered):
    make()
    put(b"a")
    firehose.update_destination(
        DeliveryStreamName="clicks",
        CurrentDeliveryStreamVersionId="1",
        DestinationId="destinationId-000000000001",
        ExtendedS3DestinationUpdate={"BucketARN": BUCKET, "ProcessingConfiguration": {"Enabled": False}},
    )
    put(b"b")
    assert sorted(delivered()) == sorted(b"Ab")


def test_other_processors_are_warned_of_once(make, put, delivered):
    make(processing(WORK, "Decompression"))
    with pytest.warns(UserWarning, match="keeps the processor Decompression of the Firehose stream clicks"):
        put(b"a")
    put(b"b")
    assert sorted(delivered()) == sorted(b"AB")


def test_a_stream_that_kinesis_feeds_is_warned_of(firehose, stream, s3):
    s3.create_bucket(Bucket="landed")
    with pytest.warns(UserWarning, match="nothing invokes arn:aws:lambda.*moves no records from Kinesis"):
        firehose.create_delivery_stream(
            DeliveryStreamName="clicks",
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={"KinesisStreamARN": stream, "RoleARN": ROLE},
            ExtendedS3DestinationConfiguration={
                "BucketARN": BUCKET,
                "RoleARN": ROLE,
                "ProcessingConfiguration": processing(),
            },
        )


def test_the_function_of_a_stream_to_redshift_runs_and_its_failures_are_in_the_bucket(
    destmock, firehose, s3, put, failed
):
    s3.create_bucket(Bucket="landed")
    firehose.create_delivery_stream(
        DeliveryStreamName="clicks",
        RedshiftDestinationConfiguration={
            "RoleARN": ROLE,
            "ClusterJDBCURL": "jdbc:redshift://x:5439/db",
            "CopyCommand": {"DataTableName": "t"},
            "Username": "user",
            "Password": "password",
            "S3Configuration": {"BucketARN": BUCKET, "RoleARN": ROLE},
            "ProcessingConfiguration": processing(),
        },
    )
    destmock.handler("work", lambda event, context: answer(event, lambda d: "ProcessingFailed"))
    assert len(put(b"a")["RequestResponses"]) == 1
    assert [base64.b64decode(line["rawData"]) for line in failed()] == [b"a"]


def test_an_http_endpoint_gets_what_the_function_has_made(destmock, lam, firehose, s3, put, failed):
    """Here the endpoint is a function's URL."""
    s3.create_bucket(Bucket="landed")
    seen = []
    destmock.handler("endpoint", lambda event, context: seen.append(json.loads(event["body"])["records"]))
    url = lam.create_function_url_config(FunctionName="endpoint", AuthType="NONE")["FunctionUrl"]
    firehose.create_delivery_stream(
        DeliveryStreamName="clicks",
        HttpEndpointDestinationConfiguration={
            "EndpointConfiguration": {"Url": url},
            "S3Configuration": {"BucketARN": BUCKET, "RoleARN": ROLE},
            "ProcessingConfiguration": processing(),
        },
    )
    results = {b"b": "Dropped", b"c": "ProcessingFailed"}
    destmock.handler("work", lambda event, context: answer(event, lambda data: results.get(data, "Ok")))
    assert len(put(b"a", b"b", b"c")["RequestResponses"]) == 3
    assert seen == [[{"data": base64.b64encode(b"A").decode()}]]
    assert [base64.b64decode(line["rawData"]) for line in failed()] == [b"c"]


def test_a_bucket_for_errors_that_is_gone_is_in_the_timeline(destmock, s3, make, put):
    make()
    destmock.handler("work", lambda event, context: None)
    s3.delete_bucket(Bucket="landed")
    assert put(b"a")["FailedPutCount"] == 0
    assert f"{BUCKET}, which does not exist" in destmock.timeline()


def test_a_function_that_puts_into_its_own_stream_is_stopped(destmock, make, put, failed):
    """Lambda refuses it after sixteen times, as every chain that comes back."""
    make(processing(NumberOfRetries="0"))

    def work(event, context):
        boto3.client("firehose").put_record(DeliveryStreamName="clicks", Record={"Data": b"again"})
        return answer(event, lambda data: "Dropped")

    destmock.handler("work", work)
    put(b"a")
    assert len(destmock.runs) == 16
    [line] = failed()
    assert line["errorCode"] == "Lambda.RecursiveInvocation"


class TestFromHandlers:
    """What a handler puts, in its own trace, and what the function queues."""

    def test_what_a_handler_puts_is_transformed_after_it_in_its_trace(self, destmock, lam, make, delivered):
        make()
        traces = []

        def traced():
            traces.append(os.environ["_X_AMZN_TRACE_ID"])

        destmock.handler("audit", lambda event, context: traced())

        def work(event, context):
            traced()
            time.sleep(2)
            boto3.client("lambda").invoke(FunctionName="audit", InvocationType="Event", Payload=b"{}")
            return answer(event)

        def shop(event, context):
            traced()
            boto3.client("firehose").put_record(DeliveryStreamName="clicks", Record={"Data": b"sold"})

        destmock.handler("work", work)
        destmock.handler("shop", shop)
        lam.invoke(FunctionName="shop", InvocationType="Event", Payload=b"{}")
        assert delivered() == b"SOLD"
        [first, *_] = destmock.invocations
        assert first.function_name == "shop"
        assert first.attempts[0].duration == 0  # the call has ended before the function runs
        assert len(destmock.invocations.for_function("audit")) == 1
        assert len(traces) == 3
        assert len({trace.partition(";")[0] for trace in traces}) == 1

    def test_what_a_handler_logs_comes_to_the_function_of_a_subscribed_stream(
        self, destmock, lam, make, failed, logs
    ):
        arn = make()
        seen = []
        destmock.handler("work", lambda event, context: seen.append(event))
        destmock.handler("shop", lambda event, context: print("sold"))
        logs.create_log_group(logGroupName="/aws/lambda/shop")
        logs.put_subscription_filter(
            logGroupName="/aws/lambda/shop",
            filterName="all",
            filterPattern="",
            destinationArn=arn,
            roleArn=ROLE,
        )
        lam.invoke(FunctionName="shop", InvocationType="Event", Payload=b"{}")
        logs.describe_log_streams(logGroupName="/aws/lambda/shop")
        [event] = seen
        [line] = failed()
        assert event["records"][0]["data"] == line["rawData"]
        assert base64.b64decode(line["rawData"]).startswith(b"\x1f\x8b")


def test_retries_that_are_no_number_are_refused_by_name(make, put, landed):
    make(processing(NumberOfRetries="many"))
    with pytest.raises(UnsupportedError, match="NumberOfRetries 'many'"):
        put(b"a")
    assert landed() == {}


@pytest.mark.destmock(autorun=False)
def test_a_batch_is_pending_until_time_is_driven(destmock, make, put, delivered):
    make()
    put(b"a")
    assert delivered() == b""
    [pending] = destmock.pending
    assert (pending.function_arn, pending.due_at) == (f"{WORK}:$LATEST", START)
    destmock.run_until_idle()
    assert (delivered(), destmock.pending) == (b"A", [])


def test_a_function_without_a_handler_is_told_before_anything_is_queued(destmock, lam, make, put, landed):
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    lam.create_function(
        FunctionName="other", Runtime="nodejs20.x", Role=role, Handler="a.b", Code={"ZipFile": b"x"}
    )
    make(processing(WORK.replace("work", "other")))
    with pytest.raises(NoHandlerError, match="other"):
        put(b"a")
    assert (destmock.pending, landed()) == ([], {})


def test_a_batch_that_a_test_interrupts_is_still_there(destmock, make, put, delivered):
    make()

    def work(event, context):
        raise KeyboardInterrupt

    destmock.handler("work", work)
    with pytest.raises(KeyboardInterrupt):
        put(b"a")
    assert len(destmock.pending) == 1
    destmock.handler("work", lambda event, context: answer(event))
    destmock.run_until_idle()
    assert delivered() == b"A"


def test_the_pictures_show_the_stream(destmock, make, put):
    make()
    put(b"a")
    assert "Firehose stream clicks" in destmock.diagram()
