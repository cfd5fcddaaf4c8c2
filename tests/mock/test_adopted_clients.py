"""Clients, resources and sessions that were made before the import of destmock."""

import sys
import textwrap
import weakref

import pytest

from destmock import mock_destinations
from destmock._api import hook
from tests.mock.program import STRICT

BEFORE = """
    import os
    os.environ.update(
        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY="secret",
        AWS_SESSION_TOKEN="token",
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_EC2_METADATA_DISABLED="true",
    )
    {first}
    import boto3

    LAMBDA = boto3.client("lambda")
    SQS = boto3.resource("sqs")
    SESSION = boto3.Session(region_name="eu-west-1")
    BARE = boto3.DEFAULT_SESSION

    from destmock import NetworkError, mock_destinations

    CONFIG = {{"OnSuccess": {{"Destination": "arn:aws:sqs:eu-west-1:123456789012:done"}}}}

    def program(client, queue):
        client.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=CONFIG)
        client.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{{}}")
        queue.send_message(MessageBody="once")
        return len(queue.receive_messages(MaxNumberOfMessages=10))
"""


def run_python(pytester, text, first="pass"):
    code = textwrap.dedent(BEFORE).format(first=first) + textwrap.dedent(text)
    path = pytester.makepyfile(program=code)
    return pytester.run(sys.executable, "-W", "error", path)


IMPORTED_FIRST = [
    "pass",
    "import moto",
    "import moto.core.models",
    "import destmock",
    "from destmock import DestmockError",
    "from destmock import mock_destinations",
]


@pytest.mark.parametrize("first", IMPORTED_FIRST)
def test_what_was_made_before_the_import_is_adopted(pytester, first):
    """Client, resource, session, and a client made from that session; each answer comes once."""
    result = run_python(
        pytester,
        """
        for _ in range(2):
            with mock_destinations({"orders": lambda event, context: event}) as destmock:
                assert program(LAMBDA, SQS.create_queue(QueueName="done")) == 2
                assert len(destmock.invocations) == len(destmock.invocations[0].attempts) == 1
        with mock_destinations({"orders": lambda event, context: event}) as destmock:
            queue = SESSION.resource("sqs").create_queue(QueueName="done")
            assert program(SESSION.client("lambda"), queue) == 2
            assert len(destmock.invocations) == 1
        with mock_destinations({"orders": lambda event, context: event}) as destmock:
            assert program(boto3.client("lambda"), SQS.create_queue(QueueName="done")) == 2
        assert boto3.DEFAULT_SESSION is BARE
        print("as it should be")
        """,
        first,
    )
    result.stdout.fnmatch_lines(["as it should be"])
    assert result.ret == 0


def test_without_adopt_an_older_client_is_refused_the_network(pytester):
    result = run_python(
        pytester,
        """
        def refused(call, **arguments):
            try:
                call(**arguments)
            except NetworkError as error:
                print(error)

        with mock_destinations({"orders": lambda event, context: event}, adopt=False) as destmock:
            refused(LAMBDA.invoke, FunctionName="orders", InvocationType="Event")
            refused(SQS.create_queue, QueueName="done")
            queue = boto3.resource("sqs").create_queue(QueueName="done")
            assert program(boto3.client("lambda"), queue) == 2
        assert len(destmock.invocations) == 1
        """,
    )
    result.stdout.fnmatch_lines(
        [
            "POST https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/orders/invocations would *",
            "POST https://sqs.eu-west-1.amazonaws.com/ would have left the process: *",
        ]
    )
    assert result.ret == 0


def test_a_client_of_a_module_under_test_is_adopted(pytester):
    """The module is imported at collection, long before destmock is."""
    pytester.makepyfile(
        app="""
        import boto3

        LAMBDA = boto3.client("lambda", region_name="us-east-1")

        def order():
            return LAMBDA.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")
        """,
        test_app="""
        import sys
        import app
        import pytest

        assert "destmock._mock.mock" not in sys.modules and "moto" not in sys.modules

        @pytest.mark.destmock(handlers={"orders": lambda event, context: event})
        def test_order(destmock):
            app.order()
            assert len(destmock.invocations) == 1

        @pytest.mark.destmock(handlers={"orders": lambda event, context: event})
        def test_again(destmock):
            app.order()
            assert len(destmock.invocations) == 1
        """,
    )
    result = pytester.runpytest_subprocess(*STRICT)
    result.assert_outcomes(passed=2)


def test_other_people_s_proxies_are_left_alone_when_clients_are_adopted():
    """One whose object has gone, and one that does not say what it is."""

    class Gone:
        pass

    class Secretive:
        @property
        def __class__(self):
            raise RuntimeError("evaluated")

    gone = Gone()
    proxies = [weakref.proxy(gone), Secretive()]
    del gone
    hook.adopt.cache_clear()
    with mock_destinations() as destmock:
        assert list(destmock.invocations) == []
    assert len(proxies) == 2
