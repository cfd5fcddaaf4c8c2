"""What a test puts in the place of moto's own invocation runs as the handler of deployed functions."""

from contextlib import ExitStack
from unittest import mock

import boto3
import pytest
from moto import mock_aws

from destmock import mock_destinations
from tests.runtime.deployed import deploy, returns

SIMPLE = {"lambda": {"use_docker": False}}
STAND_INS = {
    "LambdaFunction.invoke": lambda *_, **__: '{"fake": 1}',
    "LambdaFunction._invoke_lambda": lambda *_, **__: ('{"fake": 1}', False, ""),
    "LambdaBackend.invoke": lambda *_, **__: b'{"fake": 1}',
}


def answer(**parameters):
    return boto3.client("lambda").invoke(FunctionName="orders", **parameters)


@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize("name", STAND_INS)
def test_a_stand_in_for_moto_s_invocation_is_the_handler(name, within):
    """Put there in the mock or around it; also where a queue invokes the function."""
    stand_in = mock.patch(f"moto.awslambda.models.{name}", STAND_INS[name])
    with ExitStack() as stack:
        order = [mock_destinations(), stand_in] if within else [stand_in, mock_destinations()]
        destmock = [stack.enter_context(one) for one in order][0 if within else 1]
        deploy(returns("'the code'"))
        assert answer()["Payload"].read() == b'{"fake": 1}'
        queue = boto3.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
        boto3.client("lambda").create_event_source_mapping(
            FunctionName="orders", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:queue"
        )
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
        assert [run.outcome for run in destmock.runs] == ["Success", "Success"]
    with mock_destinations():
        deploy(returns("'the code'"))
        assert answer()["Payload"].read() == b'"the code"'


def test_a_stand_in_is_asked_anew_at_each_attempt():
    with mock_destinations() as destmock:
        deploy(returns("'the code'"))
        stand_in = mock.Mock(side_effect=[OSError("no answer"), '"at last"'])
        with mock.patch("moto.awslambda.models.LambdaFunction.invoke", stand_in):
            answer(InvocationType="Event", Payload=b'{"id": 7}')
        [invocation] = destmock.invocations
        assert [attempt.outcome for attempt in invocation.attempts] == ["Error", "Success"]
        assert invocation.attempts[-1].response == "at last"
        assert stand_in.call_args.args[0] == '{"id": 7}'
        assert answer()["Payload"].read() == b'"the code"'


def test_a_registered_handler_comes_before_a_stand_in():
    handlers = {"orders": lambda event, context: "mine"}
    name = "moto.awslambda.models.LambdaFunction.invoke"
    with mock.patch(name, STAND_INS["LambdaFunction.invoke"]), mock_destinations(handlers=handlers):
        assert answer()["Payload"].read() == b'"mine"'


@pytest.mark.parametrize("around", [True, False])
def test_moto_s_simple_lambda_answers_as_moto_does(around):
    """Whether or not there is such a function; a registered handler runs all the same."""
    mocks = (mock_aws(config=SIMPLE), mock_destinations()) if around else (mock_destinations(config=SIMPLE),)
    with ExitStack() as stack:
        *_, destmock = [stack.enter_context(one) for one in mocks]
        assert answer()["Payload"].read() == b"Simple Lambda happy path OK"
        assert answer(Payload=b'{"id": 7}')["Payload"].read() == b'{"id": 7}'
        destmock.handler("orders", lambda event, context: "mine")
        assert answer()["Payload"].read() == b'"mine"'


def test_moto_s_simple_lambda_takes_messages_for_code_that_is_no_zip():
    with mock_destinations(config=SIMPLE) as destmock:
        deploy(b"n/a")
        queue = boto3.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
        boto3.client("lambda").create_event_source_mapping(
            FunctionName="orders", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:queue"
        )
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
        [run] = destmock.runs
        assert run.outcome == "Success"


@pytest.mark.parametrize("config", [{"lambda": {}}, {"lambda": {"use_docker": True}}])
def test_other_settings_of_moto_s_lambda_choose_no_simple_one(config):
    with mock_aws(config=config), mock_destinations(handlers={"orders": lambda event, context: "handled"}):
        assert answer()["Payload"].read() == b'"handled"'
