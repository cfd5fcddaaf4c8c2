"""Which event source mappings Lambda takes, when they are made and when they are changed."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.services.places import ACCOUNT, REGION, START

pytestmark = pytest.mark.destmock(start=START)
INVALID = "InvalidParameterValueException"
LATEST = {"StartingPosition": "LATEST"}
NO_WINDOW = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
NO_DESTINATION_CONFIG = "Unsupported DestinationConfig parameter for given event source mapping type."


@pytest.fixture(autouse=True)
def work(destmock):
    destmock.handler("work", lambda event, context: None)


@pytest.fixture
def jobs(make_queue):
    return make_queue("jobs")


@pytest.fixture
def fifo(make_queue):
    return make_queue("jobs.fifo", FifoQueue="true")


@pytest.fixture
def table(destmock):
    made = boto3.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    return made["TableDescription"]["LatestStreamArn"]


@pytest.fixture
def update(lam):
    def update(uuid, **settings):
        return lam.update_event_source_mapping(UUID=uuid, **settings)

    return update


def refusal(call, *args, **kwargs):
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    return answer["Error"]["Code"], answer["Error"]["Message"]


def violation(value, member, constraint):
    text = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    return "ValidationException", f"1 validation error detected: {text}"


# Function and source


def test_R8_a_function_that_is_not_there(connect, jobs):
    assert refusal(connect, jobs, function="nobody") == (INVALID, "Function does not exist")


def test_R8_an_alias_that_is_not_there(connect, jobs):
    assert refusal(connect, jobs, function="work:nobody") == (INVALID, "Function does not exist")


def test_R8_a_change_to_a_function_that_is_not_there(connect, update, jobs):
    uuid = connect(jobs)
    assert refusal(update, uuid, FunctionName="nobody") == (INVALID, "Function does not exist")


def test_R8_no_source_comes_before_the_function(lam):
    found = refusal(lam.create_event_source_mapping, FunctionName="nobody")
    assert found == (INVALID, "Unrecognized event source.")


def test_a_source_that_lambda_can_not_read(connect):
    assert refusal(connect, "arn:aws:s3:::bucket") == (INVALID, "Unrecognized event source.")


def test_R16_a_queue_that_is_not_there(connect):
    text = (
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist."
    )
    assert refusal(connect, f"arn:aws:sqs:{REGION}:{ACCOUNT}:none") == (INVALID, text)


@pytest.mark.parametrize("resource", ["kinesis:{}:{}:stream/none", "dynamodb:{}:{}:table/none/stream/2026"])
def test_R16_a_stream_that_is_not_there(connect, resource):
    arn = "arn:aws:" + resource.format(REGION, ACCOUNT)
    assert refusal(connect, arn, **LATEST) == (INVALID, f"Stream not found: {arn}")


def test_R15_a_queue_has_to_hide_messages_for_as_long_as_the_function_may_run(destmock, jobs, connect, lam):
    destmock.handler("slow", lambda event, context: None, timeout=60)
    text = "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
    assert refusal(connect, jobs, function="slow") == (INVALID, text)
    assert lam.list_event_source_mappings()["EventSourceMappings"] == []


def test_R15_another_function_has_its_timeout_checked_and_nothing_else_has(
    destmock, jobs, connect, update, sqs
):
    destmock.handler("slow", lambda event, context: None, timeout=60)
    uuid = connect(jobs)
    text = "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
    assert refusal(update, uuid, FunctionName="slow") == (INVALID, text)
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    assert update(uuid, BatchSize=5)["BatchSize"] == 5


@pytest.mark.parametrize("kind", ["queue", "stream"])
def test_R18_a_second_mapping_of_the_same_two(jobs, stream, connect, kind):
    arn, position = (jobs, {}) if kind == "queue" else (stream, LATEST)
    uuid = connect(arn, **position)
    begun = {
        "queue": f'An event source mapping with SQS arn (" {jobs} ") and function (" work ")',
        "stream": f'The event source arn (" {stream} ") and function (" work ") provided mapping',
    }[kind]
    with pytest.raises(ClientError) as error:
        connect(arn, **position)
    text = f"{begun} already exists. Please update or delete the existing mapping with UUID {uuid}"
    answer = error.value.response
    assert answer["Error"] == {**answer["Error"], "Code": "ResourceConflictException", "Message": text}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 409


@pytest.mark.parametrize("name", ["get", "update", "delete"])
def test_R18_a_mapping_that_is_not_there(lam, name):
    with pytest.raises(ClientError, match="The resource you requested does not exist") as error:
        getattr(lam, f"{name}_event_source_mapping")(UUID="00000000-0000-0000-0000-000000000000")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


# Members that a source doesn't take


@pytest.mark.parametrize("side", ["OnSuccess", "OnFailure"])
def test_R9_a_queue_s_mapping_has_no_destination(jobs, connect, update, side):
    config = {"DestinationConfig": {side: {"Destination": jobs}}}
    assert refusal(connect, jobs, function="nobody", **config) == (INVALID, NO_DESTINATION_CONFIG)
    assert refusal(update, connect(jobs), **config) == (INVALID, NO_DESTINATION_CONFIG)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("ParallelizationFactor", 2),
        ("MaximumRecordAgeInSeconds", 60),
        ("BisectBatchOnFunctionError", True),
        ("MaximumRetryAttempts", 2),
        ("TumblingWindowInSeconds", 10),
        ("SourceAccessConfigurations", [{"Type": "BASIC_AUTH", "URI": "x"}]),
    ],
)
def test_R9_members_of_streams_are_not_for_queues(jobs, connect, update, member, value):
    named = member[0].lower() + member[1:]
    text = f"Unsupported '{named}' parameter for given event source mapping type."
    assert refusal(connect, jobs, **{member: value}) == (INVALID, text)
    assert refusal(update, connect(jobs), **{member: value}) == (INVALID, text)


def test_R9_members_of_queues_are_not_for_streams(stream, connect, update):
    settings = {"ScalingConfig": {"MaximumConcurrency": 5}}
    text = "Unsupported 'scalingConfig' parameter for given event source mapping type."
    assert refusal(connect, stream, **LATEST, **settings) == (INVALID, text)
    assert refusal(update, connect(stream, **LATEST), **settings) == (INVALID, text)


def test_R14_on_failure_needs_a_destination(stream, connect, update):
    settings = {"DestinationConfig": {"OnFailure": {}}}
    text = "The Destination field is required for an OnFailure configuration."
    assert refusal(connect, stream, **LATEST, **settings) == (INVALID, text)
    assert refusal(update, connect(stream, **LATEST), **settings) == (INVALID, text)


def test_a_stream_s_mapping_tells_failures_only(stream, connect, jobs):
    config = {"OnSuccess": {"Destination": jobs}}
    found = refusal(connect, stream, **LATEST, DestinationConfig=config)
    assert found == (INVALID, NO_DESTINATION_CONFIG)


# Starting positions


def test_R10_a_queue_has_no_starting_position(jobs, connect):
    found = refusal(connect, jobs, **LATEST)
    assert found == (INVALID, "StartingPosition is not valid for SQS event sources.")


def test_R17_a_stream_needs_one(stream, connect):
    text = (
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
        "Member must not be null."
    )
    assert refusal(connect, stream) == (INVALID, text)


def test_R17_one_that_there_is_not(stream, connect):
    allowed = "satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
    assert refusal(connect, stream, StartingPosition="invalid") == violation(
        "invalid", "startingPosition", allowed
    )


def test_R17_a_table_has_no_times_to_start_at(table, connect):
    found = refusal(connect, table, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=START)
    assert found == (INVALID, f"Unsupported starting position for arn type: {table}")


# Batches


def test_R11_more_than_ten_messages_need_a_window(jobs, connect, update):
    assert refusal(connect, jobs, BatchSize=11) == (INVALID, NO_WINDOW)
    assert refusal(update, connect(jobs), BatchSize=11) == (INVALID, NO_WINDOW)


def test_R11_a_window_that_others_need_can_not_be_taken_away(jobs, connect, update):
    uuid = connect(jobs, BatchSize=100, MaximumBatchingWindowInSeconds=1)
    assert refusal(update, uuid, MaximumBatchingWindowInSeconds=0) == (INVALID, NO_WINDOW)
    assert update(uuid, BatchSize=10, MaximumBatchingWindowInSeconds=0)["BatchSize"] == 10


@pytest.mark.parametrize("size", [10, 100])
def test_R12_a_fifo_queue_has_no_window(fifo, connect, update, size):
    settings = {"BatchSize": size, "MaximumBatchingWindowInSeconds": 1}
    text = "Batching window is not supported for FIFO queues"
    assert refusal(connect, fifo, **settings) == (INVALID, text)
    assert refusal(update, connect(fifo), **settings) == (INVALID, text)


def test_R11_eleven_messages_of_a_fifo_queue_are_too_many(fifo, connect):
    assert refusal(connect, fifo, BatchSize=11) == (INVALID, NO_WINDOW)


@pytest.mark.parametrize(
    ("settings", "value", "member", "most"),
    [
        ({"BatchSize": 10_001}, 10_001, "batchSize", 10_000),
        ({"MaximumBatchingWindowInSeconds": 301}, 301, "maximumBatchingWindowInSeconds", 300),
        ({"ParallelizationFactor": 11}, 11, "parallelizationFactor", 10),
        ({"MaximumRecordAgeInSeconds": 604_801}, 604_801, "maximumRecordAgeInSeconds", 604_800),
        ({"MaximumRetryAttempts": 10_001}, 10_001, "maximumRetryAttempts", 10_000),
        ({"TumblingWindowInSeconds": 901}, 901, "tumblingWindowInSeconds", 900),
        ({"ScalingConfig": {"MaximumConcurrency": 1001}}, 1001, "scalingConfig.maximumConcurrency", 1000),
    ],
)
@pytest.mark.parametrize("kind", ["queue", "stream"])
def test_R13_a_number_beyond_its_range(jobs, stream, connect, update, kind, settings, value, member, most):
    arn, position = (jobs, {}) if kind == "queue" else (stream, LATEST)
    expected = violation(value, member, f"have value less than or equal to {most}")
    assert refusal(connect, arn, **position, **settings) == expected
    assert refusal(update, connect(arn, **position), **settings) == expected


def test_R13_every_number_is_named(stream, connect):
    code, text = refusal(connect, stream, **LATEST, BatchSize=10_001, ParallelizationFactor=11)
    assert code == "ValidationException"
    assert text.startswith("2 validation errors detected: Value '10001' at 'batchSize'")


def test_a_response_type_that_there_is_not(jobs, connect):
    found = refusal(connect, jobs, FunctionResponseTypes=["Nonsense"])
    assert found[0] == "ValidationException"
    assert "at 'functionResponseTypes' failed to satisfy constraint" in found[1]


def test_a_tumbling_window_is_kept_and_can_be_changed(stream, connect, update):
    uuid = connect(stream, **LATEST, TumblingWindowInSeconds=10)
    assert update(uuid, TumblingWindowInSeconds=5)["TumblingWindowInSeconds"] == 5


# Filters


def criteria(*patterns):
    return {"FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in patterns]}}


@pytest.mark.parametrize(
    "pattern",
    [
        "null",
        "simple string",
        '{"eventSource":"aws:sqs"}',
        '{"eventSource":[]}',
        '{"body": [',
        '{"a":{"b":1}}',
    ],
)
def test_R5_a_filter_that_is_no_pattern(jobs, connect, update, pattern):
    expected = (INVALID, "Invalid filter pattern definition.")
    assert refusal(connect, jobs, **criteria(pattern)) == expected
    assert refusal(update, connect(jobs), **criteria('{"body": ["x"]}', pattern)) == expected


def test_R13_a_filter_that_is_too_long(jobs, connect):
    pattern = json.dumps({"body": ["x" * 4096]})
    expected = violation(
        pattern, "filterCriteria.filters.1.member.pattern", "have length less than or equal to 4096"
    )
    assert refusal(connect, jobs, **criteria(pattern)) == expected


@pytest.mark.parametrize("empty", [{}, {"Filters": []}])
def test_R19_no_filters_clear_those_that_there_were(jobs, connect, update, lam, sqs, destmock, empty):
    uuid = connect(jobs, **criteria('{"body": ["wanted"]}'))
    assert "FilterCriteria" not in update(uuid, FilterCriteria=empty)
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody="other")
    assert "invoked synchronously" in destmock.timeline()


def test_R19_a_mapping_outlives_its_function(jobs, connect, lam):
    uuid = connect(jobs)
    lam.delete_function(FunctionName="work")
    assert lam.get_event_source_mapping(UUID=uuid)["UUID"] == uuid
