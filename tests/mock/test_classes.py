"""`mock_destinations` as a decorator of pytest's classes and unittest's."""

import asyncio
import inspect
import sys
import unittest

import boto3
import pytest
from moto import mock_aws

from destmock import mock_destinations, outcomes
from tests.mock.program import STRICT, functions, make_queue, messages, ok, payloads, queues, route, send


class Elsewhere:
    """A class of its own, which another one only names."""

    def test_it(self):
        return "as it is"


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

    named = Elsewhere

    def test_a_class_that_is_only_named_here_is_left_alone(self):
        assert not hasattr(self.named.test_it, "__wrapped__")

    class TestInner:
        """A class in the class."""

        def test_nested_classes_are_part_of_it(self, destmock):
            send()
            assert payloads(destmock) == [{}]

    class Orders(unittest.TestCase):
        """Under any name."""

        def setUp(self):
            send()

        def test_each_test_has_a_mock_of_its_own(self, destmock):
            assert payloads(destmock) == [{}]

        test_a_second_one = test_each_test_has_a_mock_of_its_own


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


# With moto's own decorator around it


class _Groups(unittest.TestCase):
    """What a test makes is gone in the next one."""

    def setUp(self):
        boto3.client("logs", "us-east-1").create_log_group(logGroupName="group")
        send()

    def test_one(self):
        make_queue("done")

    def test_another(self):
        make_queue("done")
        assert payloads(self.destmock) == [{}]


@mock_aws
@mock_destinations({"orders": ok})
class TestMotoAround(_Groups):
    def test_third(self):
        assert queues() == []


@mock_aws
@mock_destinations({"orders": ok})
class TestMotoAroundWithSetUp(_Groups):
    def setUp(self):
        super().setUp()
        make_queue("own")

    def test_third(self):
        assert len(queues()) == 1


@mock_destinations({"orders": ok})
@mock_aws
class TestMotoInside(_Groups):
    def test_third(self):
        assert queues() == []


del _Groups
