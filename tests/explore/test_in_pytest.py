"""Explored tests under pytest: fixtures, classes, marks, reports."""

import fnmatch

import pytest

from destmock import explore, mock_destinations

#: Exceptions have notes from Python 3.11 on.
HAS_NOTES = hasattr(BaseException, "add_note")


def test_the_first_failure_is_told_with_its_name_and_its_timeline(run):
    result = run("""
        @explore(handlers={"count": count})
        def test_it():
            arrange_and_act()
    """)
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"E +assert 2 == 1",
            r".*destmock timeline.*",
            r".*count accepted \{\} .*",
            r".*delivered twice by an injected fault",
            r"destmock: explored 1 of 8 failures in \d+\.\d s",
        ]
    )


@pytest.mark.skipif("not hasattr(BaseException, 'add_note')", reason="exceptions have notes from 3.11 on")
def test_the_note_says_how_to_repeat_it(run):
    result = run("""
        @explore(handlers={"count": count}, kinds="crash")
        def test_it():
            arrange_and_act()
    """)
    note = (
        "E*explore: this test fails when count, attempt 1, dies after dynamodb.UpdateItem (1st AWS call); "
        'repeat with @explore(only="count#1/crash-after/dynamodb.UpdateItem#1")'
    )
    result.stdout.fnmatch_lines([note])


def test_only_repeats_one_failure(run):
    result = run("""
        @explore(handlers={"count": count}, only="count#1/crash-end")
        def test_found():
            arrange_and_act()

        @explore(handlers={"count": set_one}, only=["count#1/crash-end", "count#2/throttle"])
        def test_mended():
            arrange_and_act()

        @explore(handlers={"count": count}, only="count#9/crash-end")
        def test_nothing_of_that_name():
            arrange_and_act()
    """)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*died after its handler had returned, by an injected fault"])
    result.stdout.fnmatch_lines(
        ["*count#9/crash-end did not happen; the faults that this run could have had*"]
    )


def test_each_run_has_fixtures_of_its_own_within_the_mock(run):
    result = run(
        """
        made = []

        @pytest.fixture(scope="module")
        def wide():
            made.append("wide")
            yield
            made.append("wide over")

        @pytest.fixture
        def queue(wide):
            made.append("queue")
            yield make_queue()
            SQS.list_queues()
            made.append("queue over")

        @explore(handlers={"fine": fine})
        def test_it(queue, destmock):
            assert queue.endswith("/sent")
            assert destmock.faults is not None
            send_event("fine")

        def test_after():
            assert made == ["wide", *["queue", "queue over"] * 10, "wide over"] or made[-1] == "queue over"
            assert made.count("queue") == made.count("queue over") == 10
            assert made.count("wide") == 1
        """,
        "-v",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_it PASSED (explored 8 failures in * s)*"])


def test_classes_test_cases_parameters_and_coroutines_are_explored(run):
    result = run("""
        class TestPlain:
            @explore(handlers={"fine": fine})
            def test_fresh_instance(self, destmock):
                assert not hasattr(self, "used")
                self.used = True
                send_event("fine")

            @pytest.mark.parametrize("number", [1, 2])
            @explore
            def test_parameters(self, number, destmock):
                destmock.handler("fine", fine)
                send_event("fine", {"number": number})

        class Case(unittest.TestCase):
            def setUp(self):
                self.url = make_queue()

            @explore(handlers={"fine": fine})
            def test_case(self, destmock):
                send_event("fine")
                assert destmock.invocations and self.url

        @pytest.mark.asyncio
        @explore(handlers={"fine": fine})
        async def test_coroutine(destmock):
            await asyncio.sleep(0)
            send_event("fine")
            assert len(destmock.invocations) in (1, 2)
    """)
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(["destmock: explored 40 failures in * s"])


def test_failures_of_test_cases_are_found(run):
    result = run("""
        class InTheTest(unittest.TestCase):
            @explore(handlers={"count": count})
            def test_it(self, destmock):
                arrange_and_act()

        class InTearDown(unittest.TestCase):
            def tearDown(self):
                assert number() == 1

            @explore(handlers={"count": count})
            def test_it(self, destmock):
                make_table()
                send_event("count")

        class InACoroutine(unittest.IsolatedAsyncioTestCase):
            @explore(handlers={"count": count})
            async def test_it(self, destmock):
                arrange_and_act()

        class Skips(unittest.TestCase):
            @explore(handlers={"count": count})
            def test_it(self, destmock):
                self.skipTest("not today")
    """)
    result.assert_outcomes(failed=3, skipped=1)
    note = "*explore: this test fails when count, attempt 1, has its event delivered twice; repeat with *"
    assert len([line for line in result.outlines if fnmatch.fnmatch(line, note)]) == 3 * HAS_NOTES


def test_marks_hold_for_the_test_as_a_whole(run):
    result = run("""
        @pytest.mark.xfail
        @explore(handlers={"count": count})
        def test_expected():
            arrange_and_act()

        @pytest.mark.xfail(strict=True)
        @explore(handlers={"count": count})
        def test_strictly_expected():
            arrange_and_act()

        @pytest.mark.xfail(strict=True)
        @explore(handlers={"count": set_one})
        def test_expected_in_vain():
            arrange_and_act()

        @explore
        def test_skips():
            pytest.skip("not today")

        @pytest.mark.skip
        @explore
        def test_skipped():
            assert False
    """)
    result.assert_outcomes(xfailed=2, failed=1, skipped=2)


def test_options_of_the_marker_hold_too(run):
    result = run("""
        @pytest.mark.destmock(handlers={"fine": fine}, autorun=False)
        @explore(handlers={"count": count}, kinds={"throttle"})
        def test_it(destmock):
            make_table()
            send_event("fine")
            send_event("count")
            assert len(destmock.pending) == 2
            destmock.run_until_idle()
            assert number() == 1
    """)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["destmock: explored 2 failures in * s"])


def test_functions_that_did_not_run_are_told(run):
    result = run("""
        @explore(handlers={"fine": fine}, functions={"fien"})
        def test_it():
            send_event("fine")
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*ValueError: functions names fien, which did not run; those that ran: fine"]
    )


def explore_within_a_mock():
    mock_destinations(explore(lambda: None))


def a_mock_within_explore():
    explore(mock_destinations(lambda: None))


def a_mock_around_a_class():
    @mock_destinations
    class TestAll:
        @explore
        def test_it(self):
            pass


@pytest.mark.parametrize("both", [explore_within_a_mock, a_mock_within_explore, a_mock_around_a_class])
def test_explore_and_mock_destinations_are_not_combined(both):
    with pytest.raises(TypeError, match="a test has @explore or @mock_destinations, not both"):
        both()


def test_a_test_that_keeps_state_is_told_so(run):
    result = run("""
        kept = []

        @explore(handlers={"fine": fine})
        def test_it():
            kept.append(1)
            assert len(kept) == 1
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*NotDeterministicError: a run without faults passes once, and fails when it is made again*"]
    )


def test_a_test_that_is_not_deterministic_is_told_the_first_difference(run):
    result = run("""
        kept = []

        @explore(handlers={"fine": fine})
        def test_it():
            kept.append(1)
            if len(kept) % 2:
                send_event("fine")
    """)
    result.stdout.fnmatch_lines(
        ["*first difference: fine#1/begin in the first run, nothing more in the second*"]
    )


def test_output_of_the_failing_run_alone_is_shown(run):
    result = run("""
        @explore(handlers={"count": count})
        def test_it():
            print("A LINE")
            arrange_and_act()
    """)
    assert result.outlines.count("A LINE") == 1


def test_a_fixture_that_fails_under_a_fault_is_a_failure(run):
    result = run("""
        @pytest.fixture
        def counted():
            make_table()
            yield
            assert number() == 1

        @explore(handlers={"count": count})
        def test_it(counted):
            send_event("count")
    """)
    result.assert_outcomes(passed=1, errors=1)


@pytest.mark.slow
def test_under_xdist_each_explored_test_is_one_test(run):
    result = run(
        """
        @explore(handlers={"fine": fine})
        def test_it():
            send_event("fine")
        """,
        "-n1",
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["destmock: explored 8 failures in * s"])


def test_without_pytest_a_call_of_the_test_explores_it(run):
    result = run("""
        def test_by_hand():
            calls = []

            @explore(handlers={"count": set_one})
            def mended(destmock):
                calls.append(destmock)
                arrange_and_act()
                return "fine"

            @explore(handlers={"count": count})
            async def broken():
                arrange_and_act()

            assert mended() == "fine"
            assert len(calls) == 10
            with pytest.raises(AssertionError):
                asyncio.run(broken())

        def test_a_class_is_refused():
            with pytest.raises(TypeError, match="decorate each test of a class"):
                @explore
                class Tests: ...
    """)
    result.assert_outcomes(passed=2)


def test_a_served_mock_is_refused(run):
    result = run("""
        @explore(handlers={"count": count})
        def test_it(destmock_server):
            arrange_and_act()
    """)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*::test_it: @explore has a mock of its own in each run; take the fixture destmock, not *_server"]
    )
