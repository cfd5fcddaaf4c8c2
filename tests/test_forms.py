"""Every form of `mock_destinations`, and what it may be combined with."""

import asyncio
import contextlib
import inspect
import os
import sys
import textwrap
import unittest
import weakref
from unittest.mock import patch

import boto3
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.core.models import MockAWS

from destmock import DestmockError, InactiveError, LeftoverError, NoHandlerError, mock_destinations, outcomes
from destmock._api import hook
from destmock._engine.active import active

#: Warnings are errors in the inner runs too; pytest-asyncio warns without its option.
STRICT = ("-W", "error", "-o", "asyncio_default_fixture_loop_scope=function")
LATEST = "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST"


def ok(event, context):
    return {"ok": event}


def send(name="orders", payload=b"{}", **kwargs):
    return boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)


def payloads(destmock):
    return [invocation.event for invocation in destmock.invocations]


def make_queue(name):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def queues():
    urls = boto3.client("sqs").list_queues().get("QueueUrls", [])
    return [url.rsplit("/", 1)[-1] for url in urls]


def messages(name):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])


def route(name, **destinations):
    config = {key: {"Destination": arn} for key, arn in destinations.items()}
    boto3.client("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=config)


def functions():
    found = boto3.client("lambda").list_functions()["Functions"]
    return [function["FunctionName"] for function in found]


@pytest.fixture
def mocks_before():
    """How many mocks of ours and of moto's were active before the test."""
    return len(active), MockAWS._nested_count


@pytest.fixture(autouse=True)
def _same_environment(mocks_before):
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    yield
    assert {name: value for name, value in os.environ.items() if name.startswith("AWS_")} == before


@pytest.fixture(autouse=True)
def _ended(mocks_before):
    """No form leaves a mock active."""
    yield
    assert (len(active), MockAWS._nested_count) == mocks_before


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


def test_the_parameter_may_be_keyword_only_or_have_a_default():
    @mock_destinations
    def keyword(*, destmock):
        return destmock.pending

    @mock_destinations
    def default(destmock=None):
        return destmock.pending

    assert keyword() == default() == ()


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


@pytest.fixture
def payload():
    return b'{"id": 7}'


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


# pytest's plain classes


@mock_destinations({"orders": ok})
class TestPlainClass:
    """Without `setup_method`: each test has a mock of its own."""

    def test_one(self, destmock):
        send()
        assert payloads(destmock) == [{}]

    def test_another(self, destmock, payload):
        send(payload=payload)
        assert payloads(destmock) == [{"id": 7}]

    def test_without_the_parameter(self):
        assert functions() == ["orders"]

    @pytest.mark.parametrize("number", [1, 2])
    def test_with_parametrize(self, number, destmock):
        send(payload=b"%d" % number)
        assert payloads(destmock) == [number]

    @pytest.mark.asyncio
    async def test_async(self, destmock):
        await asyncio.sleep(0)
        send()
        assert payloads(destmock) == [{}]

    @staticmethod
    def test_static(destmock):
        send()
        assert payloads(destmock) == [{}]

    def helper(self, destmock):
        return destmock

    def test_other_methods_are_left_alone(self):
        assert self.helper(1) == 1

    class TestInner:
        """A class in the class."""

        def test_nested_classes_are_part_of_it(self, destmock):
            send()
            assert payloads(destmock) == [{}]


@mock_destinations
class TestBareClass:
    def test_it(self, destmock):
        destmock.handler("orders", ok)
        send()
        assert payloads(destmock) == [{}]


@mock_destinations({"orders": ok})
class TestClassWithSetup:
    """`setup_method`, the test and `teardown_method` share one mock; each test has another."""

    def setup_method(self, method):
        assert queues() == []
        self.name = method.__name__
        route("orders", OnSuccess=make_queue(self.name))

    def teardown_method(self):
        assert len(messages(self.name)) == 1

    def test_one(self, destmock):
        send()
        assert payloads(destmock) == [{}]

    @pytest.mark.parametrize("number", [1, 2])
    def test_another(self, number, destmock):
        send(payload=b"%d" % number)
        assert payloads(destmock) == [number]

    def test_without_the_parameter(self):
        send()


@mock_destinations({"orders": ok})
class TestClassWithSetupOnly:
    def setup_method(self):
        make_queue("done")

    def test_it(self):
        assert queues() == ["done"]


class Base:
    def test_inherited(self, destmock):
        send()
        assert payloads(destmock) == [{}]


@mock_destinations({"orders": ok})
class TestInherits(Base):
    def test_own(self, destmock):
        send()
        assert payloads(destmock) == [{}]


def test_a_base_class_is_not_changed_by_its_decorated_child():
    assert str(inspect.signature(Base.test_inherited)) == "(self, destmock)"
    assert str(inspect.signature(TestInherits.test_inherited)) == "(self)"


def test_a_failing_setup_method_ends_the_mock():
    @mock_destinations({"orders": ok})
    class Tests:
        def setup_method(self):
            raise RuntimeError("stop")

        def test_it(self):
            pass

    with pytest.raises(RuntimeError, match=r"^stop$"):
        Tests().setup_method()


def test_a_failing_teardown_method_ends_the_mock():
    @mock_destinations({"orders": ok})
    class Tests:
        def setup_method(self):
            pass

        def teardown_method(self):
            raise RuntimeError("stop")

    tests = Tests()
    tests.setup_method()
    with pytest.raises(RuntimeError, match=r"^stop$"):
        tests.teardown_method()


CLASSES = """
    import boto3
    from destmock import mock_destinations

    def ok(event, context):
        return {}

    def send():
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")

    @mock_destinations({"orders": ok}, autorun=False)
    class TestPlain:
        def test_left(self):
            send()

        def test_ran(self, destmock):
            send()
            destmock.run_until_idle()

    @mock_destinations({"orders": ok}, autorun=False)
    class TestSetup:
        def setup_method(self):
            send()

        def test_left(self):
            pass

        def test_ran(self, destmock):
            destmock.run_until_idle()

        def test_failed(self):
            assert 0, "my own words"
"""


def test_strict_classes_fail_the_test_that_leaves_something(pytester):
    pytester.makepyfile(CLASSES)
    result = pytester.runpytest(*STRICT, "-rfE")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *::TestPlain::test_left*",
            "FAILED *::TestSetup::test_left*",
            "FAILED *::TestSetup::test_failed*",
            "E * AssertionError: my own words",
        ]
    )
    assert str(result.stdout).count("LeftoverError: 1 event is still queued:") == 2


# unittest


def run(case):
    """The case's tests through unittest's own runner."""
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


def test_a_test_case_is_mocked_from_set_up_to_the_last_clean_up():
    seen = []

    @mock_destinations({"orders": ok})
    class Tests(unittest.TestCase):
        def setUp(self):
            assert queues() == []
            self.arn = make_queue(self._testMethodName)
            self.addCleanup(lambda: seen.append((self._testMethodName, queues())))

        def tearDown(self):
            assert len(messages(self._testMethodName)) == 1

        def test_attribute(self):
            route("orders", OnSuccess=self.arn)
            send()
            assert payloads(self.destmock) == [{}]

        def test_parameter(self, destmock):
            assert destmock is self.destmock
            route("orders", OnSuccess=self.arn)
            send()
            assert len(destmock.deliveries) == 1

    result = run(Tests)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])
    assert sorted(seen) == [
        ("test_attribute", ["test_attribute"]),
        ("test_parameter", ["test_parameter"]),
    ]


def test_an_isolated_asyncio_test_case():
    @mock_destinations({"orders": ok})
    class Tests(unittest.IsolatedAsyncioTestCase):
        def setUp(self):
            make_queue("done")

        async def asyncSetUp(self):
            await asyncio.sleep(0)
            assert queues() == ["done"]

        async def asyncTearDown(self):
            assert payloads(self.destmock) == [{}]

        async def test_parameter(self, destmock):
            await asyncio.sleep(0)
            send()
            assert payloads(destmock) == [{}]

        async def test_attribute(self):
            send()

        def test_that_is_not_async(self, destmock):
            send()

    result = run(Tests)
    assert (result.testsRun, result.errors, result.failures) == (3, [], [])


def test_a_strict_test_case_fails_the_test_that_leaves_something():
    @mock_destinations({"orders": ok}, autorun=False)
    class Tests(unittest.TestCase):
        def test_left(self):
            send()

        def test_ran(self, destmock):
            send()
            destmock.run_until_idle()

        def test_failed(self):
            send()
            self.fail("my own words")

        def test_error(self):
            send()
            raise RuntimeError("my own error")

        def test_skipped(self):
            send()
            self.skipTest("not now")

        @unittest.expectedFailure
        def test_expected(self):
            send()
            self.fail("as expected")

    result = run(Tests)
    failed = {case._testMethodName: text for case, text in result.failures}
    [(case, error)] = result.errors
    assert sorted(failed) == ["test_failed", "test_left"]
    assert "destmock.errors.LeftoverError: 1 event is still queued:" in failed["test_left"]
    assert "AssertionError: my own words" in failed["test_failed"]
    assert (case._testMethodName, "LeftoverError" in error) == ("test_error", False)
    assert [case._testMethodName for case, _ in result.skipped] == ["test_skipped"]
    assert [case._testMethodName for case, _ in result.expectedFailures] == ["test_expected"]


def test_a_failing_set_up_ends_the_mock():
    @mock_destinations({"orders": ok}, autorun=False)
    class Tests(unittest.TestCase):
        def setUp(self):
            send()
            raise RuntimeError("stop")

        def test_it(self):
            pass

    [(_, error)] = run(Tests).errors
    assert "RuntimeError: stop" in error


def test_a_child_of_a_decorated_test_case_is_mocked_and_strict():
    @mock_destinations({"orders": ok}, autorun=False)
    class Parent(unittest.TestCase):
        def test_inherited(self, destmock):
            send()
            destmock.run_until_idle()

    class Child(Parent):
        def test_own(self):
            send()
            self.destmock.run_until_idle()

        def test_left(self):
            send()

    result = run(Child)
    assert (result.testsRun, result.errors) == (3, [])
    [(case, text)] = result.failures
    assert case._testMethodName == "test_left"
    assert "1 event is still queued:" in text


def test_parent_and_child_may_both_be_decorated():
    """The child's mock is the one a test sees: it is nearest to the test."""

    @mock_destinations({"orders": outcomes("parent")})
    class Parent(unittest.TestCase):
        def test_it(self, destmock):
            send()
            assert destmock is self.destmock
            assert destmock.invocations[0].attempts[0].response == self.expected

        expected = "parent"

    @mock_destinations({"orders": outcomes("child")})
    class Child(Parent):
        expected = "child"

    assert run(Parent).wasSuccessful()
    result = run(Child)
    assert (result.errors, result.failures) == ([], [])


def test_a_test_case_may_be_run_twice():
    @mock_destinations({"orders": ok})
    class Tests(unittest.TestCase):
        def test_it(self, destmock):
            assert queues() == []
            make_queue("done")
            send()
            assert payloads(destmock) == [{}]

    case, result = Tests("test_it"), unittest.TestResult()
    case.run(result)
    case(result)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])


UNITTESTS = """
    import asyncio
    import unittest
    import boto3
    from destmock import mock_destinations

    def ok(event, context):
        return {}

    def send():
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")

    @mock_destinations({"orders": ok}, autorun=False)
    class Plain(unittest.TestCase):
        def setUp(self):
            send()

        def tearDown(self):
            assert len(self.destmock.invocations) == 1

        def test_ran(self, destmock):
            destmock.run_until_idle()

        def test_left(self):
            pass

    @mock_destinations({"orders": ok}, autorun=False)
    class Asynchronous(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            send()

        async def test_ran(self, destmock):
            await asyncio.sleep(0)
            destmock.run_until_idle()

        async def test_left(self):
            await asyncio.sleep(0)

    if __name__ == "__main__":
        unittest.main()
"""


def test_test_cases_under_pytest(pytester):
    pytester.makepyfile(UNITTESTS)
    result = pytester.runpytest(*STRICT, "-rf")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *::Plain::test_left*",
            "FAILED *::Asynchronous::test_left*",
        ]
    )
    assert str(result.stdout).count("LeftoverError: 1 event is still queued:") == 2


def test_test_cases_from_the_command_line(pytester):
    path = pytester.makepyfile(UNITTESTS)
    result = pytester.run(sys.executable, "-W", "error", path)
    result.stderr.fnmatch_lines_random(
        [
            "FAIL: test_left (__main__.Plain*",
            "FAIL: test_left (__main__.Asynchronous*",
            "Ran 4 tests in *",
            "FAILED (failures=2)",
        ]
    )


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


# Clients, resources and sessions made before the import of destmock

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


@pytest.mark.parametrize("first", ["pass", "import moto", "import moto.core.models", "import destmock"])
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


def test_mocks_end_in_the_reverse_order_of_their_beginnings():
    """Otherwise the process would be left patched; the refusal changes nothing."""
    first, second = mock_destinations(), mock_destinations()
    first.start()
    second.start()
    with pytest.raises(DestmockError, match="end mocks in the reverse order"):
        first.stop()
    second.stop()
    first.stop()


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


def test_versions_count_on_inside_a_nested_mock():
    with mock_destinations(), mock_destinations(handlers={"orders": print}):
        lam = boto3.client("lambda")
        versions = []
        for text in ("first", "second"):
            lam.update_function_configuration(FunctionName="orders", Description=text)
            versions.append(lam.publish_version(FunctionName="orders")["Version"])
        assert versions == ["1", "2"]
