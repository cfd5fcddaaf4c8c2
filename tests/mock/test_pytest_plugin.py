"""The pytest plugin: fixture, marker, ini options, and runs that don't use it."""

import textwrap

import pytest

import destmock._mock.mock  # noqa: F401 - inner runs in this process must not be the first to import moto
from tests.mock.inner_runs import PRELUDE, SECTION, STRICT, sections

OPTIONS = (
    "handlers",
    "autorun",
    "strict",
    "start",
    "adopt",
    "allow_hosts",
    "account_concurrency",
    "seed",
    "history",
    "travel",
    "loopback",
    "config",
)


# The fixture and the marker


def test_the_fixture_alone_gives_an_active_mock(run):
    result = run("""
        def test_it(destmock):
            destmock.handler("orders", ok)
            send()
            assert responses(destmock) == [{"ok": {}}]

        def test_fresh(destmock):
            assert destmock.invocations == ()
            assert boto3.client("lambda").list_functions()["Functions"] == []
    """)
    result.assert_outcomes(passed=2)


def test_the_marker_alone_mocks_too(run):
    result = run("""
        @pytest.mark.destmock(handlers={"orders": ok})
        def test_it():
            assert send()["StatusCode"] == 202

        @pytest.mark.destmock({"orders": ok})
        def test_handlers_may_be_positional():
            assert send()["StatusCode"] == 202

        @pytest.mark.destmock
        def test_bare():
            assert boto3.client("sqs").list_queues().get("QueueUrls", []) == []

        @pytest.mark.usefixtures("destmock")
        def test_usefixtures():
            assert boto3.client("sqs").list_queues().get("QueueUrls", []) == []
    """)
    result.assert_outcomes(passed=4)


def test_markers_are_merged_and_the_closest_wins(run):
    """Handlers one by one; of the other options, each is the closest marker's that has it."""
    result = run("""
        from datetime import datetime, timezone

        THEN = datetime(2020, 1, 1, tzinfo=timezone.utc)
        pytestmark = pytest.mark.destmock(
            handlers={"a": outcomes("module"), "b": outcomes("module"), "c": outcomes("module")},
            autorun=False,
            strict=False,
            start=THEN,
        )

        @pytest.mark.destmock(handlers={"b": outcomes("class"), "c": outcomes("class")})
        class TestIt:
            @pytest.mark.destmock(handlers={"c": outcomes("test")}, autorun=True)
            def test_closest(self, destmock):
                for name in "abc":
                    send(name)
                assert responses(destmock) == ["module", "class", "test"]
                assert destmock.now == THEN

            def test_class(self, destmock):
                send("c")
                assert len(destmock.pending) == 1
                destmock.step()
                assert responses(destmock) == ["class"]
                send("c")

        def test_module(destmock):
            send("c")
            destmock.run_until_idle()
            assert responses(destmock) == ["module"]
            assert destmock.now == THEN
    """)
    result.assert_outcomes(passed=3)


def test_two_markers_on_a_test(run):
    """The one nearer to the function wins."""
    result = run("""
        @pytest.mark.destmock(handlers={"a": outcomes("far"), "b": outcomes("far")}, autorun=False)
        @pytest.mark.destmock(handlers={"b": outcomes("near")}, autorun=True)
        def test_it(destmock):
            send("a")
            send("b")
            assert responses(destmock) == ["far", "near"]
    """)
    result.assert_outcomes(passed=1)


def test_a_marker_of_one_parameter_is_that_parameter_s_only(run):
    result = run("""
        import os

        marked = pytest.mark.destmock(handlers={"orders": ok})

        @pytest.mark.parametrize("active", [False, pytest.param(True, marks=marked), False])
        def test_it(active):
            assert (os.environ.get("AWS_ACCESS_KEY_ID") == "FOOBARKEY") is active
    """)
    result.assert_outcomes(passed=3)


def test_the_marker_goes_on_unittest_s_classes(run):
    result = run("""
        import unittest

        @pytest.mark.destmock(handlers={"orders": ok})
        class Tests(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _take(self, destmock):
                self.mock = destmock

            def setUp(self):
                send()

            def test_it(self):
                assert responses(self.mock) == [{"ok": {}}]
    """)
    result.assert_outcomes(passed=1)


def test_the_mock_begins_after_fixtures_of_wider_scope(run):
    """What they set for the whole session is neither seen as the mock's nor taken back with it."""
    result = run("""
        import os

        @pytest.fixture(scope="session", autouse=True)
        def credentials():
            assert "AWS_ACCESS_KEY_ID" not in os.environ
            os.environ["AWS_ACCESS_KEY_ID"] = "testing"
            yield
            assert os.environ.pop("AWS_ACCESS_KEY_ID") == "testing"

        @pytest.mark.destmock(handlers={"orders": ok})
        def test_marked():
            assert os.environ["AWS_ACCESS_KEY_ID"] == "FOOBARKEY"
            send()

        def test_fixture(destmock):
            assert os.environ["AWS_ACCESS_KEY_ID"] == "FOOBARKEY"

        def test_afterwards():
            assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    """)
    result.assert_outcomes(passed=3)


def test_the_marker_s_mock_begins_before_the_test_s_other_fixtures(run):
    """A fixture that makes a queue need not ask for `destmock`; it may clean up inside the mock."""
    result = run("""
        @pytest.fixture
        def queue():
            sqs = boto3.client("sqs")
            url = sqs.create_queue(QueueName="done")["QueueUrl"]
            yield url
            assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1

        @pytest.mark.destmock(handlers={"orders": ok})
        def test_it(queue):
            config = {"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:123456789012:done"}}
            client = boto3.client("lambda")
            client.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config)
            send()
    """)
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("handler={}", "not handler"),
        ("zzz=1, strict=True, auto_run=False", "not auto_run, zzz"),
        ("{}, {}", "not 2 positional arguments"),
    ],
)
def test_a_marker_with_an_unknown_option_is_refused(run, arguments, complaint):
    result = run(f"""
        @pytest.mark.destmock({arguments})
        def test_it(destmock):
            pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [f"*UsageError: @pytest.mark.destmock takes {', '.join(OPTIONS)}; {complaint}"]
    )


def test_a_bad_handler_in_the_marker_is_an_error_at_setup(run):
    result = run("""
        @pytest.mark.destmock(handlers={"orders": 5})
        def test_it(destmock):
            pass

        def test_next(destmock):
            pass
    """)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["E *TypeError: the handler of 'orders' is 5; *"])


def test_the_marker_is_registered(pytester):
    result = pytester.runpytest(*STRICT, "--markers")
    result.stdout.fnmatch_lines(
        [f"@pytest.mark.destmock({', '.join(f'{name}=...' for name in OPTIONS)}): mock Lambda *"]
    )


# ini options


def test_ini_options_hold_for_every_test_and_a_marker_overrides_them(run):
    result = run(
        """
        from datetime import datetime, timezone

        def test_ini(destmock):
            destmock.handler("orders", ok)
            send()
            assert len(destmock.pending) == 1
            assert destmock.now == datetime(2024, 2, 29, 12, tzinfo=timezone.utc)

        @pytest.mark.destmock(autorun=True, start=datetime(2020, 1, 1, tzinfo=timezone.utc))
        def test_marker(destmock):
            destmock.handler("orders", ok)
            send()
            assert len(destmock.pending) == 0
            assert destmock.now == datetime(2020, 1, 1, tzinfo=timezone.utc)

        @pytest.mark.destmock(strict=True)
        def test_strict(destmock):
            destmock.handler("orders", ok)
            send()

        @mock_destinations({"orders": ok})
        def test_the_decorator_s_options_are_its_own(destmock):
            send()
            assert len(destmock.pending) == 0
        """,
        ini="""
        destmock_autorun = false
        destmock_strict = no
        destmock_adopt = 0
        destmock_start = 2024-02-29T12:00:00Z
        """,
    )
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(["ERROR *::test_strict - destmock.errors.LeftoverError: *"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", "2024-02-29 00:00:00+00:00"),
        ("2024-02-29T12:00:00", "2024-02-29 12:00:00+00:00"),
        ("2024-02-29T12:00:00+02:00", "2024-02-29 10:00:00+00:00"),
    ],
)
def test_the_ini_file_s_start_is_in_utc_unless_it_says_otherwise(run, text, expected):
    result = run(
        f"""
        def test_it(destmock):
            assert str(destmock.now) == "{expected}"
        """,
        ini=f"destmock_start = {text}",
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("ini", "told"),
    [
        ("destmock_strict = maybe", "the ini file's destmock_strict is true or false: *'maybe'*"),
        (
            "destmock_start = today",
            "the ini file's destmock_start is a time in ISO 8601, such as *, not 'today'",
        ),
    ],
)
def test_a_value_that_the_ini_file_can_t_have_is_told_with_its_option(run, ini, told):
    result = run("def test_it(destmock): pass", ini=ini)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*UsageError: {told}"])


def test_with_a_start_two_runs_tell_the_same_story(run):
    text = """
        @pytest.mark.destmock(handlers={"orders": outcomes(ValueError("no stock"))})
        def test_it(destmock):
            send()
            assert 0
    """
    stories = []
    for _ in range(2):
        lines = run(text, ini="destmock_start = 2024-02-29").outlines
        begin = next(number for number, line in enumerate(lines) if SECTION in line)
        stories.append(lines[begin + 1 : begin + 7])
    assert stories[0] == stories[1]
    assert stories[0][0].startswith("2024-02-29T00:00:00.000Z orders accepted {} (Invoke, ")


def test_the_ini_options_are_in_pytest_s_help(pytester):
    result = pytester.runpytest(*STRICT, "--help")
    result.stdout.fnmatch_lines_random(
        [f"*destmock_{name} *" for name in ("autorun", "strict", "adopt", "start", "allow_hosts", "loopback")]
    )


# Runs that don't use it


def test_a_run_that_does_not_use_it_imports_neither_boto3_nor_moto(pytester):
    pytester.makeconftest("""
        import sys

        def pytest_unconfigure():
            heavy = {"boto3", "botocore", "moto", "awslambdaric"} & set(sys.modules)
            print("imported:", sorted(heavy))
            print("ours:", sorted(name for name in sys.modules if name.startswith("destmock")))
    """)
    pytester.makepyfile("""
        import destmock

        def test_passes():
            pass

        def test_fails():
            assert 0
    """)
    result = pytester.runpytest_subprocess(*STRICT)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["imported: []", "ours: ['destmock', 'destmock._importing', 'destmock.pytest_plugin']"]
    )


def test_pytest_rewrites_no_assertions_of_destmock_s_own(pytester):
    """It does so with a plugin's package, which would take a fifth of a small run's time."""
    pytester.makepyfile("""
        import sys
        from destmock import mock_destinations

        def test_loaders():
            hook = type(__loader__)
            own = [name for name in sys.modules if name.startswith("destmock.")]
            rewritten = [name for name in own if type(sys.modules[name].__loader__) is hook]
            assert sorted(rewritten) == ["destmock._importing", "destmock.pytest_plugin"]
            assert len(own) > 100
            assert not [finder for finder in sys.meta_path if "destmock" in repr(finder)]
    """)
    pytester.runpytest_subprocess(*STRICT).assert_outcomes(passed=1)


@pytest.mark.slow
def test_without_the_plugin_the_decorator_still_works(run):
    """Its parameter isn't taken for a fixture, and a strict complaint is the test's failure."""
    result = run(
        """
        @mock_destinations({"orders": ok})
        def test_function(destmock):
            send()
            assert responses(destmock) == [{"ok": {}}]

        @pytest.mark.parametrize("number", [1, 2])
        @mock_destinations({"orders": ok})
        def test_parameters(number, destmock, tmp_path):
            send()
            assert responses(destmock) == [{"ok": {}}]

        @mock_destinations({"orders": ok})
        class TestClass:
            def setup_method(self):
                send()

            def test_method(self, destmock):
                assert responses(destmock) == [{"ok": {}}]

        @mock_destinations({"orders": ok}, autorun=False)
        def test_left():
            send()
        """,
        "-p",
        "no:destmock",
    )
    result.assert_outcomes(passed=4, failed=1)
    assert sections(result) == 0


def test_without_the_plugin_there_is_no_fixture(run):
    result = run("def test_it(destmock): pass", "-p", "no:destmock")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'destmock' not found"])


# In parallel and in random order

MANY = """
    @pytest.mark.parametrize("number", range(8))
    @pytest.mark.destmock(handlers={"orders": ok})
    def test_fixture(destmock, number):
        send()
        assert len(destmock.invocations) == 1

    @pytest.mark.parametrize("number", range(4))
    @mock_destinations({"orders": ok})
    def test_decorator(destmock, number):
        send()
        assert len(destmock.invocations) == 1

    @pytest.mark.destmock(handlers={"orders": ok})
    def test_fails(destmock):
        send()
        assert 0

    @mock_destinations({"orders": ok}, autorun=False)
    def test_left():
        send()
"""


@pytest.mark.slow
def test_under_xdist(run):
    """The timelines come through from the workers."""
    result = run(MANY, "-n", "2", subprocess=True)
    result.assert_outcomes(passed=12, failed=2)
    assert sections(result) == 2


@pytest.mark.parametrize("seed", [1, 2])
def test_in_random_order(pytester, seed):
    pytester.makepyfile(PRELUDE + textwrap.dedent(MANY))
    result = pytester.runpytest(*STRICT, f"--randomly-seed={seed}")
    result.assert_outcomes(passed=12, failed=2)
