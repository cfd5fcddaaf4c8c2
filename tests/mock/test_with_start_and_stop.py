"""`mock_destinations` as a context manager, by `start` and `stop`, and beside moto's own mock."""

import asyncio
import importlib.metadata
import textwrap

import boto3
import pytest
from moto import mock_aws
from moto.core.models import MockAWS

import destmock
from destmock import DestmockError, InactiveError, LeftoverError, NoHandlerError, mock_destinations, outcomes
from destmock._engine.active import active
from tests.mock.program import functions, make_queue, messages, ok, payloads, queues, route, send
from tests.programs import printed

# A context manager


def test_with_gives_the_destmock():
    with mock_destinations({"orders": ok}) as destmock:
        send()
    assert payloads(destmock) == [{}]


def test_the_bare_name_is_not_yet_a_mock():
    """Called without arguments it is one."""
    with mock_destinations() as destmock:
        assert destmock.invocations == ()


def test_a_mock_may_be_entered_again_and_begins_afresh():
    mock = mock_destinations({"orders": outcomes({"call": 1}, {"call": 2})})
    for _ in range(2):
        with mock as destmock:
            assert queues() == []
            make_queue("done")
            send()
            assert [a.response for a in destmock.invocations[0].attempts] == [{"call": 1}]
            assert len(destmock.invocations) == 1


def test_a_mock_may_be_entered_while_it_is_active():
    mock = mock_destinations({"orders": ok})
    with mock as outer:
        send(payload=b"1")
        with mock as inner:
            send(payload=b"2")
        send(payload=b"3")
    assert (payloads(outer), payloads(inner)) == ([1, 3], [2])


def test_the_innermost_mock_answers():
    with mock_destinations({"orders": ok}) as outer:
        with mock_destinations({"audit": ok}) as inner:
            send("audit", b"1")
            assert functions() == ["audit"]
        send("orders", b"2")
    assert (payloads(outer), payloads(inner)) == ([2], [1])


def test_each_of_two_nested_mocks_is_strict_for_itself():
    mock = mock_destinations({"orders": ok}, autorun=False)
    outer = mock.start()
    send()
    with mock_destinations({"orders": ok}) as inner:
        send()
    with pytest.raises(LeftoverError) as caught:
        mock.stop()
    assert outer.invocations[0].request_id in str(caught.value)
    assert inner.invocations[0].request_id not in str(caught.value)


def test_after_a_nested_one_the_queues_of_the_outer_are_there():
    with mock_destinations({"orders": ok}):
        route("orders", OnSuccess=make_queue("done"))
        with mock_destinations({"orders": ok}):
            send()
        assert messages("done") == []
        send()
        assert len(messages("done")) == 1


def test_an_exception_passes_through_with():
    stop = RuntimeError("stop")
    with (  # noqa: PT012 - what comes out of the whole block
        pytest.raises(RuntimeError) as caught,
        mock_destinations({"orders": ok}, autorun=False),
    ):
        send()
        raise stop
    assert caught.value is stop


@pytest.mark.parametrize("exception", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exception_that_is_no_error_passes_too(exception):
    with (  # noqa: PT012 - what comes out of the whole block
        pytest.raises(exception),
        mock_destinations({"orders": ok}, autorun=False),
    ):
        send()
        raise exception


def test_what_happened_can_be_asked_for_afterwards_and_nothing_more_done():
    with mock_destinations({"orders": ok}, autorun=False, strict=False) as destmock:
        send()
    assert payloads(destmock) == [{}]
    assert len(destmock.pending) == 1
    assert "accepted {}" in destmock.timeline()
    text = "^this mock has ended; use its Destmock inside the test or the with block$"
    for act in (
        destmock.step,
        destmock.run_until_idle,
        lambda: destmock.advance(1),
        lambda: destmock.handler("x", ok),
    ):
        with pytest.raises(InactiveError, match=text):
            act()
    assert repr(destmock).startswith("<Destmock ended at ")


def test_async_with_is_the_same():
    async def program():
        async with mock_destinations({"orders": ok}) as destmock:
            send()
            return destmock

    destmock = asyncio.run(program())
    assert payloads(destmock) == [{}]
    with pytest.raises(InactiveError):
        destmock.step()


def test_async_with_is_strict_and_lets_exceptions_pass():
    async def program(error):
        async with mock_destinations({"orders": ok}, autorun=False):
            send()
            if error is not None:
                raise error

    with pytest.raises(LeftoverError):
        asyncio.run(program(None))
    with pytest.raises(RuntimeError, match="stop"):
        asyncio.run(program(RuntimeError("stop")))


# start and stop


def test_start_answers_the_destmock_and_stop_ends_it():
    mock = mock_destinations({"orders": ok})
    destmock = mock.start()
    send()
    mock.stop()
    assert payloads(destmock) == [{}]


def test_stop_takes_back_the_latest_start():
    mock = mock_destinations({"orders": ok})
    outer, inner = mock.start(), mock.start()
    send(payload=b"1")
    mock.stop()
    send(payload=b"2")
    mock.stop()
    assert (payloads(outer), payloads(inner)) == ([2], [1])


@pytest.mark.parametrize("rounds", [0, 1])
def test_stop_without_start(rounds):
    mock = mock_destinations()
    for _ in range(rounds):
        mock.start()
        mock.stop()
    with pytest.raises(DestmockError, match=r"^stop\(\) without a start\(\): this mock isn't active$"):
        mock.stop()


def test_stop_ends_the_mock_also_when_it_complains():
    mock = mock_destinations({"orders": ok}, autorun=False)
    mock.start()
    send()
    with pytest.raises(LeftoverError):
        mock.stop()
    with pytest.raises(DestmockError, match="without a start"):
        mock.stop()


def test_stop_of_a_failed_program_does_not_complain():
    mock = mock_destinations({"orders": ok}, autorun=False)
    mock.start()
    send()
    mock.stop(failed=True)


@pytest.mark.parametrize("handlers", [{"orders": 5}, {"or ders": ok}, {"orders": "nodots"}])
def test_a_refused_handler_starts_nothing(handlers, mocks_before):
    mock = mock_destinations(handlers)
    with pytest.raises((TypeError, ValueError)):
        mock.start()
    assert (len(active), MockAWS._nested_count) == mocks_before
    with pytest.raises(DestmockError, match="without a start"):
        mock.stop()


def test_the_handlers_given_are_copied():
    handlers = {"orders": ok}
    mock = mock_destinations(handlers)
    handlers["audit"] = ok
    with mock:
        assert functions() == ["orders"]


# With moto's own mock


def test_inside_mock_aws():
    """What the outer mock holds is visible, is delivered to, and stays."""
    with mock_aws():
        sqs = boto3.client("sqs", "us-east-1")
        url = sqs.create_queue(QueueName="done")["QueueUrl"]
        with mock_destinations({"orders": ok}) as destmock:
            route("orders", OnSuccess="arn:aws:sqs:us-east-1:123456789012:done")
            send()
            assert destmock.deliveries[0].error is None
        assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1
        left = boto3.client("lambda", "us-east-1").list_functions()["Functions"]
        assert left == []


def test_around_mock_aws():
    with mock_destinations({"orders": ok}) as destmock:
        route("orders", OnSuccess=make_queue("done"))
        with mock_aws():
            send(payload=b"1")
        send(payload=b"2")
        assert len(messages("done")) == 2
    assert payloads(destmock) == [1, 2]


def test_the_decorators_go_in_either_order():
    @mock_aws
    @mock_destinations({"orders": ok})
    def inside(destmock):
        route("orders", OnSuccess=make_queue("done"))
        send()
        return len(messages("done")), payloads(destmock)

    @mock_destinations({"orders": ok})
    @mock_aws
    def around(destmock):
        route("orders", OnSuccess=make_queue("done"))
        send()
        return len(messages("done")), payloads(destmock)

    assert inside() == around() == (1, [{}])


def test_mock_aws_alone_is_as_it_was_after_a_mock_of_ours():
    with mock_destinations({"orders": ok}):
        send()
    with mock_aws():
        client = boto3.client("lambda", "us-east-1")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")


def test_a_function_of_the_outer_mock_has_no_handler_until_one_is_registered():
    """The refusal says how to register it."""
    with mock_destinations({"orders": ok}), mock_destinations():
        make_role_and_function("audit")
        with pytest.raises(NoHandlerError, match=r"register one with mock_destinations\(handlers="):
            send("audit")


def make_role_and_function(name):
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}", Path="/x/")
    boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="app.handle",
        Code={"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"},
        PackageType="Image",
    )


# Mocks inside of mocks


def test_versions_count_on_inside_a_nested_mock():
    with mock_destinations(), mock_destinations(handlers={"orders": print}):
        lam = boto3.client("lambda")
        versions = []
        for text in ("first", "second"):
            lam.update_function_configuration(FunctionName="orders", Description=text)
            versions.append(lam.publish_version(FunctionName="orders")["Version"])
        assert versions == ["1", "2"]


# In the shell


def test_the_module_shows_its_public_names_and_its_version():
    """Also before they are first used."""
    code = "import destmock; print(*dir(destmock)); print(destmock.__version__)"
    shown, version = printed(code).splitlines()
    assert {*destmock.__all__, "__version__"} <= {*shown.split()}
    assert version == importlib.metadata.version("destmock")


def test_the_example_of_the_module_s_help_runs():
    _, _, rest = destmock.__doc__.partition("::\n\n")
    example, _, _ = rest.partition("\n\n`help(")
    exec(textwrap.dedent(example), {})


def test_a_mock_says_what_it_is():
    mock = mock_destinations({"orders": ok, "audit": ok}, autorun=False)
    assert repr(mock) == "<mock_destinations: handlers 'orders', 'audit'; autorun=False, strict=True>"
    with mock:
        assert repr(mock).endswith(", strict=True, active>")


def test_tab_shows_what_a_program_may_use():
    """Python's shell and IPython complete from `dir`."""
    assert [name for name in dir(mock_destinations()) if not name.startswith("_")] == ["start", "stop"]
