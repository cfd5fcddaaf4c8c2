"""`mock_destinations` as a decorator of functions, coroutines and generators."""

import asyncio
import contextlib
import inspect
from unittest.mock import patch

import boto3
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import LeftoverError, mock_destinations, outcomes
from destmock._engine.active import active
from tests.mock.program import functions, make_queue, messages, ok, payloads, queues, route, send

LATEST = "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST"


# A decorator of functions


def test_the_bare_decorator_fills_in_the_parameter():
    @mock_destinations
    def program(destmock):
        destmock.handler("orders", ok)
        send(payload=b'{"id": 7}')
        return payloads(destmock)

    assert program() == [{"id": 7}]


def test_the_called_decorator_without_options():
    @mock_destinations()
    def program(destmock):
        destmock.handler("orders", ok)
        send()
        return payloads(destmock)

    assert program() == [{}]


def test_a_function_without_the_parameter_is_mocked_too():
    @mock_destinations({"orders": ok})
    def program():
        return send()["StatusCode"]

    assert program() == 202


def test_arguments_and_result_pass_through():
    @mock_destinations
    def program(first, destmock, *rest, last=3, **more):
        return first, rest, last, more, len(destmock.invocations)

    assert program(1, last=4, extra=5) == (1, (), 4, {"extra": 5}, 0)


def test_what_comes_after_the_parameter_may_be_given_by_position():
    @mock_destinations
    def program(first, destmock, second, *rest):
        return first, second, rest, destmock.pending

    assert program(1, 2, 3) == (1, 2, (3,), ())


def test_the_parameter_may_be_keyword_only_or_have_a_default():
    @mock_destinations
    def keyword(*rest, destmock):
        return destmock.pending

    @mock_destinations
    def default(destmock=None):
        return destmock.pending

    assert keyword() == keyword(1, 2) == default() == ()


def test_the_parameter_is_taken_out_of_the_signature():
    @mock_destinations
    def program(first, destmock, last=3):
        """Its own words."""

    assert str(inspect.signature(program)) == "(first, last=3)"
    assert (program.__name__, program.__doc__) == ("program", "Its own words.")


def test_another_signature_stays_as_it_is():
    @mock_destinations()
    def program(first, *rest, key: int = 1, **more):
        pass

    assert str(inspect.signature(program)) == "(first, *rest, key: int = 1, **more)"


def test_each_call_begins_with_fresh_state():
    @mock_destinations({"orders": outcomes({"call": 1}, {"call": 2})})
    def program(destmock):
        before = queues(), payloads(destmock)
        make_queue("done")
        send()
        return before, destmock.invocations[0].attempts[0].response

    assert program() == program() == (([], []), {"call": 1})


def test_a_decorated_function_may_call_itself():
    @mock_destinations({"orders": ok})
    def program(depth, destmock):
        send(payload=b"%d" % depth)
        inner = [] if depth == 0 else program(depth - 1)
        return [*payloads(destmock), *inner]

    assert program(2) == [2, 1, 0]


def test_an_exception_passes_and_ends_the_mock():
    """It isn't hidden by the complaint about what is still queued."""
    stop = RuntimeError("stop")

    @mock_destinations({"orders": ok}, autorun=False)
    def program():
        send()
        raise stop

    with pytest.raises(RuntimeError) as caught:
        program()
    assert caught.value is stop


def test_a_method_a_static_method_and_a_class_method():
    class Program:
        name = "orders"

        @mock_destinations({"orders": ok})
        def method(self, destmock):
            send(self.name)
            return payloads(destmock)

        @classmethod
        @mock_destinations({"orders": ok})
        def of_class(cls, destmock):
            send(cls.name)
            return payloads(destmock)

        @staticmethod
        @mock_destinations({"orders": ok})
        def static(destmock):
            send()
            return payloads(destmock)

    assert Program().method() == Program.of_class() == Program.static() == [{}]


def test_decorators_of_unittest_mock_go_on_either_side():
    @patch.dict("os.environ", {"INSIDE": "1"})
    @mock_destinations({"orders": ok})
    @patch("boto3.resource")
    def program(resource, destmock):
        send()
        return resource.called, payloads(destmock)

    assert program() == (False, [{}])


@given(st.integers(0, 9))
@settings(max_examples=3, deadline=None)
@mock_destinations
def test_given_by_position(destmock, number):
    assert destmock.invocations == ()


@given(number=st.integers(0, 9))
@settings(max_examples=3, deadline=None)
@mock_destinations({"orders": ok})
def test_under_given_each_example_has_a_mock_of_its_own(number, destmock):
    send(payload=b"%d" % number)
    assert payloads(destmock) == [number]


@mock_destinations({"orders": ok})
@given(number=st.integers(0, 9))
@settings(max_examples=3, deadline=None)
def test_above_given_the_examples_share_a_mock(destmock, number):
    send(payload=b"%d" % number)
    assert payloads(destmock)[-1] == number


# With pytest's own parameters and fixtures


@pytest.mark.parametrize("name", ["orders", "audit"])
@mock_destinations({"orders": ok, "audit": ok})
def test_the_parameter_goes_with_parametrize_and_fixtures(destmock, payload, name, tmp_path):
    send(name, payload)
    assert [i.function_arn for i in destmock.invocations] == [LATEST.replace("orders", name)]
    assert payloads(destmock) == [{"id": 7}]
    assert tmp_path.is_dir()


@mock_destinations({"orders": ok})
@pytest.mark.parametrize("number", [1, 2])
def test_the_decorator_goes_above_parametrize_too(number, destmock):
    send(payload=b"%d" % number)
    assert payloads(destmock) == [number]


@pytest.fixture
@mock_destinations({"orders": ok})
def orders_queue(destmock):
    arn = make_queue("done")
    yield arn, destmock
    assert len(messages("done")) == 1


def test_a_fixture_that_yields_may_be_decorated(orders_queue):
    arn, destmock = orders_queue
    route("orders", OnSuccess=arn)
    send()
    assert destmock.deliveries.to(arn)[0].error is None


@mock_destinations({"audit": ok})
def test_the_decorator_goes_with_the_fixture(orders_queue, destmock):
    """Each has handlers of its own; the innermost mock is the one that answers."""
    send("audit")
    assert payloads(destmock) == [{}]
    _, outer = orders_queue
    assert payloads(outer) == []
    boto3.client("sqs").send_message(QueueUrl="done", MessageBody="for the fixture")


# async def


def test_a_coroutine_function_stays_one():
    @mock_destinations({"orders": ok})
    async def program(first, destmock):
        await asyncio.sleep(0)
        send(payload=b"%d" % first)
        await asyncio.sleep(0)
        return payloads(destmock)

    assert inspect.iscoroutinefunction(program)
    assert asyncio.run(program(1)) == [1]


def test_the_mock_of_a_coroutine_begins_when_it_runs(mocks_before):
    @mock_destinations()
    async def program():
        return len(active)

    coroutine = program()
    assert len(active) == mocks_before[0]
    assert asyncio.run(coroutine) == mocks_before[0] + 1


def test_an_exception_in_a_coroutine_passes():
    @mock_destinations({"orders": ok}, autorun=False)
    async def program():
        send()
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match=r"^stop$"):
        asyncio.run(program())


def test_a_strict_coroutine_complains_of_what_is_left():
    @mock_destinations({"orders": ok}, autorun=False)
    async def program():
        send()

    with pytest.raises(LeftoverError, match=r"^1 event is still queued:"):
        asyncio.run(program())


@pytest.mark.asyncio
@mock_destinations({"orders": ok})
async def test_an_async_test(destmock, payload):
    await asyncio.sleep(0)
    send(payload=payload)
    assert payloads(destmock) == [{"id": 7}]


@pytest.mark.asyncio
@pytest.mark.destmock(handlers={"orders": ok})
async def test_an_async_test_with_the_fixture(destmock):
    await asyncio.sleep(0)
    send()
    assert payloads(destmock) == [{}]


@pytest_asyncio.fixture
@mock_destinations({"orders": ok})
async def async_orders(destmock):
    await asyncio.sleep(0)
    yield destmock
    assert payloads(destmock) == [{}]


@pytest.mark.asyncio
async def test_an_async_fixture_that_yields_may_be_decorated(async_orders):
    send()
    assert payloads(async_orders) == [{}]


# Generators


def test_a_generator_is_mocked_from_its_first_item_to_its_end(mocks_before):
    @mock_destinations({"orders": ok})
    def program(destmock):
        send()
        got = yield payloads(destmock)
        send(payload=got)
        yield payloads(destmock)
        return "the end"

    generator = program()
    assert inspect.isgeneratorfunction(program)
    assert len(active) == mocks_before[0]
    assert next(generator) == [{}]
    assert generator.send(b"1") == [{}, 1]
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == "the end"


def test_a_generator_that_is_closed_cleans_up_inside_the_mock():
    seen = []

    @mock_destinations({"orders": ok})
    def program():
        try:
            yield
        finally:
            seen.append(functions())

    generator = program()
    next(generator)
    generator.close()
    assert seen == [["orders"]]


def test_what_is_thrown_into_a_generator_arrives():
    @mock_destinations({"orders": ok})
    def program():
        with contextlib.suppress(KeyError):
            yield
        yield functions()

    generator = program()
    next(generator)
    assert generator.throw(KeyError("x")) == ["orders"]
    generator.close()


def test_an_async_generator_is_mocked_from_its_first_item_to_its_end():
    @mock_destinations({"orders": ok})
    async def program(destmock):
        for number in range(2):
            send(payload=b"%d" % number)
            await asyncio.sleep(0)
            yield payloads(destmock)

    async def collect():
        return [item async for item in program()]

    assert inspect.isasyncgenfunction(program)
    assert asyncio.run(collect()) == [[0], [0, 1]]


def test_an_async_generator_that_is_closed_cleans_up_inside_the_mock():
    seen = []

    @mock_destinations({"orders": ok})
    async def program():
        try:
            yield
        finally:
            seen.append(functions())

    async def close():
        generator = program()
        await generator.__anext__()
        await generator.aclose()
        return list(seen)

    assert asyncio.run(close()) == [["orders"]]


def test_an_exception_in_an_async_generator_passes():
    @mock_destinations({"orders": ok})
    async def program():
        yield 1
        raise RuntimeError("stop")

    async def collect():
        return [item async for item in program()]

    with pytest.raises(RuntimeError, match=r"^stop$"):
        asyncio.run(collect())
