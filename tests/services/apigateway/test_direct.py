"""Services that an API calls itself, without a function."""

import json

import boto3
import pytest

from destmock.errors import UnsupportedError
from tests.services.apigateway.apis import ACCOUNT, Http, Rest
from tests.services.front_doors.clients import by_urllib3

FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def rest(destmock):
    """Makes an API with one method, and answers its URL."""

    def make(action, template, **given):
        uri = f"arn:aws:apigateway:us-east-1:{action}"
        return (
            Rest()
            .method(
                "POST",
                "/",
                type="AWS",
                integrationHttpMethod="POST",
                uri=uri,
                requestTemplates={"application/json": template},
                **{"requestParameters": FORM, "responses": [{"statusCode": "200"}], **given},
            )
            .deploy()
        )

    return make


@pytest.mark.parametrize("body", ["$input.body", "$util.urlEncode($input.body)"])
def test_a_queue_behind_an_api(destmock, rest, make_queue, messages, body):
    make_queue("orders")
    url = rest(f"sqs:path/{ACCOUNT}/orders", f"Action=SendMessage&MessageBody={body}")
    got = by_urllib3("POST", url, JSON, b'{"order":7}')
    answer = json.loads(got.body)["SendMessageResponse"]["SendMessageResult"]
    [message] = messages("orders")
    assert message["Body"] == '{"order":7}'
    assert answer["MessageId"] == message["MessageId"]
    assert not destmock.runs


def test_what_the_queue_gets_invokes_its_function(destmock, rest, make_queue, lam):
    seen = []
    destmock.handler("f", lambda event, context: seen.append(event["Records"][0]["body"]))
    arn = make_queue("orders")
    lam.create_event_source_mapping(EventSourceArn=arn, FunctionName="f")
    url = rest(f"sqs:path/{ACCOUNT}/orders", "Action=SendMessage&MessageBody=$input.body")
    assert by_urllib3("POST", url, JSON, b'{"order":7}').status == 200
    assert seen == ['{"order":7}']


def test_a_message_has_attributes_of_the_request(rest, make_queue, messages):
    make_queue("orders")
    name = "MessageAttribute.1"
    template = (
        "Action=SendMessage&MessageBody=$util.urlEncode($input.json('$.order'))"
        f"&{name}.Name=from&{name}.Value.StringValue=$input.params('X-From')&{name}.Value.DataType=String"
    )
    url = rest(f"sqs:path/{ACCOUNT}/orders", template)
    by_urllib3("POST", url, {**JSON, "X-From": "shop"}, b'{"order":{"id":7}}')
    [message] = messages("orders")
    assert message["Body"] == '{"id":7}'
    assert message["MessageAttributes"]["from"]["StringValue"] == "shop"


def test_a_service_s_error_chooses_the_answer(rest, destmock):
    missing = {"statusCode": "502", "selectionPattern": "4\\d\\d"}
    url = rest(
        f"sqs:path/{ACCOUNT}/missing",
        "Action=SendMessage&MessageBody=$input.body",
        responses=[{"statusCode": "200"}, missing],
    )
    got = by_urllib3("POST", url, JSON, b"{}")
    assert got.status == 502
    assert "NonExistentQueue" in json.loads(got.body)["__type"]


def test_a_topic_behind_an_api(rest, sns, sqs, make_queue, messages):
    arn = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=make_queue("q"))
    template = f"Action=Publish&TopicArn=$util.urlEncode('{arn}')&Message=$util.urlEncode($input.body)"
    url = rest("sns:path//", template)
    answer = json.loads(by_urllib3("POST", url, JSON, b'{"order":7}').body)
    [message] = messages("q")
    notification = json.loads(message["Body"])
    assert notification["Message"] == '{"order":7}'
    assert notification["MessageId"] == answer["PublishResponse"]["PublishResult"]["MessageId"]


def test_a_bus_behind_an_api(destmock, rest, lam):
    seen = []
    destmock.handler("f", lambda event, context: seen.append(event["detail"]))
    events = boto3.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    function = lam.get_function(FunctionName="f")["Configuration"]["FunctionArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function}])
    entry = {"Source": "shop", "DetailType": "order", "Detail": "$util.escapeJavaScript($input.body)"}
    url = rest(
        "events:action/PutEvents",
        json.dumps({"Entries": [entry]}),
        requestParameters={"integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'"},
    )
    answer = json.loads(by_urllib3("POST", url, JSON, b'{"order":"a\\"b"}').body)
    assert answer["FailedEntryCount"] == 0
    assert seen == [{"order": 'a"b'}]


def test_a_stream_behind_an_api(rest):
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    record = {
        "StreamName": "orders",
        "Data": "$util.base64Encode($input.body)",
        "PartitionKey": "$input.path('$.id')",
    }
    url = rest("kinesis:action/PutRecord", json.dumps(record))
    answer = json.loads(by_urllib3("POST", url, JSON, b'{"id":"7"}').body)
    shard = kinesis.get_shard_iterator(
        StreamName="orders", ShardId=answer["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    [found] = kinesis.get_records(ShardIterator=shard["ShardIterator"])["Records"]
    assert (found["Data"], found["PartitionKey"]) == (b'{"id":"7"}', "7")


def test_data_that_are_no_base64_are_no_record(rest):
    boto3.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    record = {"StreamName": "orders", "Data": "$input.body", "PartitionKey": "1"}
    refused = {"statusCode": "502", "selectionPattern": "400"}
    url = rest("kinesis:action/PutRecord", json.dumps(record), responses=[{"statusCode": "200"}, refused])
    got = by_urllib3("POST", url, JSON, b"abcde")
    assert got.status == 502
    assert json.loads(got.body)["__type"] == "com.amazon.coral.service#SerializationException"


def test_another_action_is_refused_by_name(rest, make_queue):
    make_queue("orders")
    url = rest(f"sqs:path/{ACCOUNT}/orders", "Action=PurgeQueue")
    with pytest.raises(UnsupportedError, match="sqs: PurgeQueue"):
        by_urllib3("POST", url, JSON, b"{}")
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    url = rest("s3:path/bucket/key", "", credentials=role)
    with pytest.raises(UnsupportedError, match="AWS of API Gateway with arn:aws:apigateway:us-east-1:s3"):
        by_urllib3("POST", url, JSON, b"{}")


def http(subtype, **parameters):
    api = Http()
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    api.route(
        "POST /",
        IntegrationSubtype=subtype,
        PayloadFormatVersion="1.0",
        CredentialsArn=role,
        RequestParameters=parameters,
    )
    return api.url


def test_a_queue_behind_an_http_api(destmock, sqs, make_queue, messages):
    make_queue("orders")
    queue = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    url = http("SQS-SendMessage", QueueUrl=queue, MessageBody="$request.body.order", DelaySeconds="0")
    got = by_urllib3("POST", url, JSON, b'{"order":{"id":7}}')
    assert (got.status, got.header("content-type")) == (200, "text/xml")
    [message] = messages("orders")
    assert message["Body"] == '{"id":7}'
    assert f"<MessageId>{message['MessageId']}</MessageId>" in got.body.decode()


def test_a_bus_behind_an_http_api(destmock, lam):
    seen = []
    destmock.handler("f", lambda event, context: seen.append((event["detail"], event["detail-type"])))
    events = boto3.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    function = lam.get_function(FunctionName="f")["Configuration"]["FunctionArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function}])
    url = http(
        "EventBridge-PutEvents",
        Source="shop",
        DetailType="from ${request.header.X-From}",
        Detail="$request.body",
    )
    assert by_urllib3("POST", url, {**JSON, "X-From": "web"}, b'{"order":7}').status == 200
    assert seen == [({"order": 7}, "from web")]


def test_a_stream_behind_an_http_api(destmock):
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    url = http("Kinesis-PutRecord", StreamName="orders", Data="$request.body", PartitionKey="1")
    answer = json.loads(by_urllib3("POST", url, JSON, b'{"id":"7"}').body)
    shard = kinesis.get_shard_iterator(
        StreamName="orders", ShardId=answer["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    [found] = kinesis.get_records(ShardIterator=shard["ShardIterator"])["Records"]
    assert found["Data"] == b'{"id":"7"}'


def machine():
    """A state machine that does nothing, by its ARN."""
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    client = boto3.client("stepfunctions")
    return client.create_state_machine(name="m", definition=definition, roleArn=role)["stateMachineArn"]


def inputs(arn):
    client = boto3.client("stepfunctions")
    found = client.list_executions(stateMachineArn=arn)["executions"]
    return [client.describe_execution(executionArn=each["executionArn"])["input"] for each in found]


def test_a_state_machine_behind_an_api(destmock, rest):
    arn = machine()
    template = json.dumps({"stateMachineArn": arn, "input": "$util.escapeJavaScript($input.body)"})
    url = rest("states:action/StartExecution", template)
    assert "executionArn" in json.loads(by_urllib3("POST", url, JSON, b'{"order":7}').body)
    assert inputs(arn) == ['{"order":7}']


def test_a_state_machine_behind_an_http_api(destmock):
    arn = machine()
    url = http("StepFunctions-StartExecution", StateMachineArn=arn, Input="$request.body")
    assert "executionArn" in json.loads(by_urllib3("POST", url, JSON, b'{"order":7}').body)
    assert inputs(arn) == ['{"order":7}']


def test_another_subtype_is_refused_by_name(destmock):
    with pytest.raises(UnsupportedError, match="AppConfig-GetConfiguration"):
        by_urllib3("POST", http("AppConfig-GetConfiguration", Application="a"), JSON, b"{}")
