"""The pytest plugin: the timeline in the report of a failed test, and what `strict` makes of leftovers."""

import sys

import destmock._mock.mock  # noqa: F401 - inner runs in this process must not be the first to import moto
from tests.mock.inner_runs import STRICT, sections

# The report of a failed test


def test_the_report_of_a_failed_test_has_the_timeline(run):
    """Whichever form it was written in, and once for each test."""
    result = run("""
        import asyncio
        import unittest

        fails = outcomes(ValueError("no stock"))

        @pytest.mark.destmock(handlers={"by-fixture": fails})
        def test_fixture(destmock):
            send("by-fixture")
            assert 0

        @pytest.mark.destmock(handlers={"by-marker": fails})
        def test_marker():
            send("by-marker")
            assert 0

        @mock_destinations({"by-decorator": fails})
        def test_decorator():
            send("by-decorator")
            assert 0

        @pytest.mark.asyncio
        @mock_destinations({"by-coroutine": fails})
        async def test_coroutine():
            send("by-coroutine")
            assert 0

        def test_context_manager():
            with mock_destinations({"by-with": fails}):
                send("by-with")
                assert 0

        @mock_destinations({"by-class": fails})
        class TestClass:
            def test_it(self):
                send("by-class")
                assert 0

        @mock_destinations({"by-setup": fails})
        class TestSetup:
            def setup_method(self):
                send("by-setup")

            def test_it(self):
                assert 0

        @mock_destinations({"by-case": fails})
        class Case(unittest.TestCase):
            def setUp(self):
                send("by-case")

            def test_it(self):
                assert 0

        @mock_destinations({"by-async-case": fails})
        class AsyncCase(unittest.IsolatedAsyncioTestCase):
            async def test_it(self):
                send("by-async-case")
                assert 0
    """)
    result.assert_outcomes(failed=9)
    assert sections(result) == 9
    names = [
        "by-fixture",
        "by-marker",
        "by-decorator",
        "by-coroutine",
        "by-with",
        "by-class",
        "by-setup",
        "by-case",
        "by-async-case",
    ]
    for name in names:
        lines = [line for line in result.outlines if f" {name} accepted {{}} (Invoke, " in line]
        assert len(lines) == 1, name
    assert str(result.stdout).count("  +0.000 s attempt 1: Error ValueError: no stock\n") == 9
    assert str(result.stdout).count("attempt 3: Error ValueError: no stock, 120 s after the last") == 9


def test_a_boto3_error_and_a_failing_setup_are_reported_with_the_timeline(run):
    result = run("""
        @pytest.mark.destmock(handlers={"orders": ok})
        def test_client_error(destmock):
            send()
            send("nobody")

        @pytest.fixture
        def broken(destmock):
            send()
            raise RuntimeError("stop")

        @pytest.mark.destmock(handlers={"orders": ok})
        def test_setup(broken):
            pass

        @pytest.fixture
        def untidy(destmock):
            yield
            raise RuntimeError("stop")

        @pytest.mark.destmock(handlers={"orders": ok})
        def test_teardown(untidy):
            send()
    """)
    result.assert_outcomes(failed=1, passed=1, errors=2)
    assert sections(result) == 3


def test_there_is_no_timeline_when_nothing_ran_or_nothing_failed(run):
    result = run(
        """
        def test_plain():
            assert 0

        def test_fixture(destmock):
            assert 0

        @mock_destinations
        def test_decorator():
            assert 0

        @pytest.mark.destmock(handlers={"orders": ok})
        def test_passes():
            send()
        """,
        "-rA",
    )
    result.assert_outcomes(failed=3, passed=1)
    assert sections(result) == 0


def test_the_timeline_s_words(run):
    """In the report as `timeline()` answers them."""
    result = run(
        """
        @pytest.mark.destmock(handlers={"orders": outcomes(ValueError("first"), {"ok": 1})})
        def test_it(destmock):
            send()
            print("asked: " + destmock.timeline())
            assert 0
        """,
        ini="destmock_start = 2024-02-29",
    )
    result.stdout.re_match_lines(
        [
            r"-+ destmock timeline -+$",
            r"2024-02-29T00:00:00.000Z orders accepted {} \(Invoke, [0-9a-f-]{36}\)$",
            r"  \+0.000 s attempt 1: Error ValueError: first$",
            r'  \+60.000 s attempt 2: Success {"ok": 1}, 60 s after the last$',
            r"  \+60.000 s Success$",
            r"  \+60.000 s nothing sent: no OnSuccess destination",
        ],
        consecutive=True,
    )


# strict


def test_with_the_fixture_a_strict_complaint_is_an_error_at_teardown(run):
    result = run("""
        @pytest.mark.destmock(handlers={"orders": ok}, autorun=False)
        def test_left():
            send()

        def test_next(destmock):
            assert destmock.invocations == ()
    """)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_left*",
            "E *destmock.errors.LeftoverError: 1 event is still queued:",
            "E *orders *: attempt 1 is due at *Z",
            "E *run them with destmock.run_until_idle() or destmock.advance(...)",
            "E *To allow this, pass strict=False.",
            "* destmock timeline *",
            "*orders accepted {} (Invoke, *",
            "*+0.000 s attempt 1 is due",
        ]
    )


def test_with_the_decorator_a_strict_complaint_is_the_test_s_failure(run):
    result = run("""
        @mock_destinations({"orders": ok}, autorun=False)
        def test_left():
            send()
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *destmock.errors.LeftoverError: 1 event is still queued:"])
    assert sections(result) == 1


def test_the_report_of_a_failed_test_tells_where_a_handler_failed(run):
    """Once for each distinct failure, with the code around it and what the handler printed."""
    result = run("""
        def price(event):
            total = 7
            return total / 0

        def orders(event, context):
            print("dividing")
            return price(event)

        @mock_destinations({"orders": orders, "canned": outcomes(ValueError("canned"))})
        def test_it(destmock):
            send()
            send("canned")
            assert 0
    """)
    result.stdout.fnmatch_lines(
        [
            "* destmock: why handlers failed *",
            "orders, attempt 1, and 2 more like it:",
            "Traceback (most recent call last):",
            "  File *, line *, in orders",
            "    return price(event)",
            "  File *, line *, in price",
            "    return total / 0",
            "ZeroDivisionError: division by zero",
            "*.py:*:",
            "* total = 7",
            "> * return total / 0",
            "It printed:",
            "dividing",
        ]
    )
    _, _, told = str(result.stdout).partition("why handlers failed")
    assert told.count("Traceback") == 1
    assert "canned" not in told.partition("short test summary")[0].replace('send("canned")', "")


def test_a_strict_complaint_comes_without_destmock_s_own_source(run):
    """With the decorator, with `with`, and with the fixture."""
    result = run("""
        @mock_destinations({"orders": ok}, autorun=False)
        def test_decorated():
            send()

        def test_with():
            with mock_destinations({"orders": ok}, autorun=False):
                send()

        @pytest.mark.destmock(handlers={"orders": ok}, autorun=False)
        def test_fixture():
            send()
    """)
    result.assert_outcomes(failed=2, passed=1, errors=1)
    assert str(result.stdout).count("LeftoverError: 1 event is still queued:") >= 3
    for own in ("raise problem", "self.stop(", "mock.stop("):
        assert own not in str(result.stdout)


def test_a_test_that_has_ended_otherwise_is_not_complained_of(run):
    """Not when it failed, was skipped, failed as expected, or when another fixture failed."""
    result = run("""
        pytestmark = pytest.mark.destmock(handlers={"orders": ok}, autorun=False)

        def test_failed():
            send()
            raise RuntimeError("my own words")

        def test_skipped():
            send()
            pytest.skip("not now")

        def test_xfailed_from_within():
            send()
            pytest.xfail("not yet")

        @pytest.mark.xfail
        def test_xfailed():
            send()
            assert 0

        @pytest.fixture
        def broken():
            send()
            raise RuntimeError("stop")

        def test_setup(broken):
            pass

        @mock_destinations({"orders": ok}, autorun=False)
        def test_decorator():
            send()
            raise RuntimeError("my own words")

        @mock_destinations({"orders": ok}, autorun=False)
        def test_skipped_decorator():
            send()
            pytest.skip("not now")
    """)
    result.assert_outcomes(failed=2, skipped=2, xfailed=2, errors=1)
    assert "LeftoverError" not in str(result.stdout)


def test_a_record_that_could_not_be_delivered_is_complained_of(run):
    result = run("""
        @pytest.mark.destmock(handlers={"orders": ok})
        def test_it():
            sqs, client = boto3.client("sqs"), boto3.client("lambda")
            url = sqs.create_queue(QueueName="done")["QueueUrl"]
            config = {"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:123456789012:done"}}
            client.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config)
            sqs.delete_queue(QueueUrl=url)
            send()
    """)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "E *destmock.errors.LeftoverError: 1 record could not be delivered:",
            "E *orders * (Success) to arn:aws:sqs:us-east-1:123456789012:done: the queue * does not exist",
            "E *create the destination, or mend its configuration",
            "E *To allow this, pass strict=False.",
        ]
    )


def test_strict_false_allows_it(run):
    result = run("""
        @pytest.mark.destmock(handlers={"orders": ok}, autorun=False, strict=False)
        def test_fixture():
            send()

        @mock_destinations({"orders": ok}, autorun=False, strict=False)
        def test_decorator():
            send()
    """)
    result.assert_outcomes(passed=2)


def test_the_plugin_can_be_loaded_by_its_module_s_name(pytester):
    """As a program without entry points would."""
    pytester.makepyfile("def test_it(destmock): assert destmock.pending == ()")
    result = pytester.run(
        sys.executable, "-m", "pytest", *STRICT, "-p", "no:destmock", "-p", "destmock.pytest_plugin"
    )
    result.assert_outcomes(passed=1)


def test_mocks_of_fixtures_of_the_user_s_own_are_in_the_report_too(pytester):
    """Every mock that is active while the test fails, the innermost first; each has a file of its own."""
    pytester.makepyfile(
        """
        import boto3, pytest
        from destmock import mock_destinations

        @pytest.fixture(scope="module")
        def outer():
            with mock_destinations(handlers={"outside": lambda event, context: 1}):
                boto3.client("lambda").invoke(FunctionName="outside")
                yield

        @pytest.fixture
        def mine(outer):
            with mock_destinations(handlers={"orders": lambda event, context: 1 / 0}) as destmock:
                yield destmock

        def test_it(mine):
            boto3.client("lambda").invoke(FunctionName="orders")
            assert not mine.runs
        """
    )
    result = pytester.runpytest_subprocess("-n0", "--destmock-report=reports")
    result.stdout.re_match_lines_random(
        [".* orders invoked synchronously .*", ".* outside invoked synchronously .*"]
    )
    text = str(result.stdout)
    assert text.index("orders invoked") < text.index("outside invoked")
    assert "ZeroDivisionError" in text
    assert len(list((pytester.path / "reports").iterdir())) == 2
