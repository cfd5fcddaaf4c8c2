"""What a mock changes it puts back, whatever happened inside it."""

import json
import os
import subprocess
import sys
import textwrap
from contextlib import ExitStack, suppress

import boto3
import pytest
from botocore import useragent
from botocore.config import Config
from botocore.context import start_as_current_context
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.core.config import default_user_config

from destmock import (
    DestmockError,
    LeftoverError,
    mock_destinations,
    outcomes,
)
from destmock._engine.active import active
from tests.promises.process import ok, process, send, use_everything

# Leaving restores everything


@pytest.mark.parametrize("where", ["machine", "bare_machine"])
@pytest.mark.parametrize("handler", [ok, outcomes(ValueError("no stock"))])
def test_leaving_restores_everything(request, where, handler):
    request.getfixturevalue(where)
    before = process()
    with mock_destinations({"orders": handler}):
        assert len(use_everything()) == 1
        assert process() != before
    assert process() == before


@pytest.mark.parametrize("exception", [RuntimeError("stop"), KeyboardInterrupt(), SystemExit(1)])
def test_leaving_by_an_exception_restores_everything(machine, unchanged, exception):
    with suppress(type(exception)), mock_destinations({"orders": ok}):
        use_everything()
        raise exception


def test_leaving_with_a_complaint_restores_everything(machine, unchanged):
    mock = mock_destinations({"orders": ok}, autorun=False)
    mock.start()
    use = boto3.client("lambda")
    use.invoke(FunctionName="orders", InvocationType="Event")
    with pytest.raises(LeftoverError):
        mock.stop()


def test_a_mock_that_is_entered_twice_restores_everything(machine, unchanged):
    mock = mock_destinations({"orders": ok})
    with mock:
        use_everything()
        inside = process()
        with mock:
            boto3.client("sqs").create_queue(QueueName="another")
            send()
        assert process() == inside
    with mock:
        use_everything()


def test_a_mock_inside_moto_s_restores_what_moto_has_set(machine, unchanged):
    with mock_aws():
        inside = process()
        with mock_destinations({"orders": ok}):
            use_everything()
        assert process() == inside


def test_a_handler_s_exception_that_ends_the_test_restores_everything(machine, unchanged):
    """A KeyboardInterrupt inside a handler comes out of the boto3 call."""
    with pytest.raises(KeyboardInterrupt), mock_destinations({"orders": outcomes(KeyboardInterrupt)}):
        use_everything()


@pytest.mark.parametrize("handlers", [{"orders": 5}, {"or ders": ok}])
def test_a_refused_handler_changes_nothing(machine, unchanged, handlers):
    with pytest.raises((TypeError, ValueError)):
        mock_destinations(handlers).start()


class StopError(Exception):
    pass


@given(
    steps=st.lists(st.sampled_from(["ours", "same", "moto", "configured moto"]), max_size=5),
    fails=st.booleans(),
)
@settings(max_examples=10, deadline=None)
def test_any_nesting_restores_everything(steps, fails):
    """Of new mocks, one that is entered again and again, and moto's own."""
    same = mock_destinations({"orders": ok})
    make = {
        "ours": lambda: mock_destinations({"orders": ok}),
        "same": lambda: same,
        "moto": mock_aws,
        "configured moto": lambda: mock_aws(config={"batch": {"use_docker": False}}),
    }
    before = process()
    with suppress(StopError), ExitStack() as stack:
        for step in steps:
            stack.enter_context(make[step]())
            if active:
                send()
        if fails:
            raise StopError
    assert process() == before


def test_moto_s_settings_are_the_user_s_inside_and_put_back(unchanged):
    """A nested mock_aws keeps its config until the outermost exit; ours takes it back at its own."""
    with mock_aws(config={"lambda": {"use_docker": False}, "batch": {"use_docker": False}}):
        with mock_destinations({"orders": ok}):
            assert default_user_config["lambda"] == {"use_docker": False}
            with mock_aws(config={"lambda": {"use_docker": True}}):
                assert default_user_config["lambda"] == {"use_docker": True}
        assert default_user_config["lambda"] == {"use_docker": False}
        assert default_user_config["batch"] == {"use_docker": False}


_agent_texts = st.text("aZ09 .,#/_-", min_size=1, max_size=12)
_agents = st.fixed_dictionaries(
    {},
    optional={
        "user_agent": _agent_texts,
        "user_agent_extra": _agent_texts,
        "user_agent_appid": _agent_texts,
        "retries": st.sampled_from([{"mode": "standard"}, {"mode": "legacy", "total_max_attempts": 3}]),
    },
)


@given(_agents, _agents, st.sets(st.sampled_from(["WAITER", "PAGINATOR", "S3_TRANSFER"])))
@settings(max_examples=200)
def test_the_user_agent_is_as_without_a_mock(agent, change, features):
    """Also after the client has been configured anew, and with features of one call only."""

    def texts():
        config = Config(**agent)
        said_by = useragent.UserAgentString.from_environment().with_client_config(config)
        yield said_by.to_string()
        with start_as_current_context():
            useragent.register_feature_ids(features)
            yield sorted(said_by.to_string())  # a set has no order
        for name, value in change.items():
            setattr(config, name, value)
        yield said_by.to_string()
        yield said_by.with_client_config(Config(**change)).to_string()

    outside = [*texts()]
    with mock_destinations():
        assert [*texts()] == outside


def test_each_call_says_its_own_features():
    """A waiter's calls say that it is one."""
    seen = []
    with mock_destinations({"orders": ok}):
        lam = boto3.client("lambda")
        lam.meta.events.register(
            "before-call", lambda params, **_: seen.append(params["headers"]["User-Agent"])
        )
        lam.get_function(FunctionName="orders")
        lam.get_waiter("function_exists").wait(FunctionName="orders")
        lam.get_function(FunctionName="orders")
    assert seen[0] == seen[2] != seen[1]


def test_the_program_s_own_settings_outside_aws_stay(monkeypatch):
    """Only what a mock is about is put back: the test's own changes are the test's."""
    monkeypatch.delenv("OWN", raising=False)
    with mock_destinations():
        os.environ["OWN"] = "1"
    assert os.environ.pop("OWN") == "1"


def test_what_the_program_sets_of_aws_s_variables_is_taken_back(machine, unchanged):
    with mock_destinations({"orders": ok}):
        os.environ["AWS_ACCESS_KEY_ID"] = "another"
        os.environ["AWS_SESSION_TOKEN"] = "another"
        os.environ["AWS_PROFILE"] = "another"
        del os.environ["AWS_SECRET_ACCESS_KEY"]
        del os.environ["AWS_DEFAULT_REGION"]


def test_the_default_session_is_put_back(unchanged):
    before = boto3.DEFAULT_SESSION
    boto3.setup_default_session(region_name="eu-west-1")
    session = boto3.DEFAULT_SESSION
    try:
        with mock_destinations({"orders": ok}):
            boto3.setup_default_session(region_name="us-west-2")
            send()
            boto3.client("sqs")
        assert boto3.DEFAULT_SESSION is session
    finally:
        boto3.DEFAULT_SESSION = before


def test_the_path_of_the_functions_is_moto_s_again(unchanged):
    """What destmock made in the outer moto for its handlers is gone; what the user made is there."""
    with mock_aws():
        client = boto3.client("lambda", "us-east-1")
        with mock_destinations({"orders": ok, "audit": ok}):
            send()
            send("audit")
        assert client.list_functions()["Functions"] == []


def test_credentials_of_an_older_session_are_its_own_again():
    """Neither given away inside nor replaced by moto's for good."""
    bare = boto3.Session(region_name="us-east-1")
    given = boto3.Session("AKIAIOSFODNN7EXAMPLE", "a real secret", region_name="us-east-1")
    with mock_destinations({"orders": ok}):
        for session in (bare, given):
            session.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        assert bare.get_credentials().access_key == "FOOBARKEY"
    os.environ.update(AWS_ACCESS_KEY_ID="AKIAI44QH8DHBEXAMPLE", AWS_SECRET_ACCESS_KEY="another")
    try:
        assert bare.get_credentials().access_key == "AKIAI44QH8DHBEXAMPLE"
    finally:
        del os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    assert given.get_credentials().access_key == "AKIAIOSFODNN7EXAMPLE"


# In an interpreter of its own


def test_the_whole_process_ends_as_it_began():
    """In an interpreter of its own, where nothing of destmock's was imported before."""
    program = """
        import logging, os, sys
        before = dict(os.environ), list(sys.path), list(logging.getLogger().handlers)
        import boto3
        from destmock import mock_destinations
        assert boto3.DEFAULT_SESSION is None
        with mock_destinations({"orders": lambda event, context: event}) as destmock:
            boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        assert len(destmock.invocations) == 1
        assert boto3.DEFAULT_SESSION is None
        assert before == (dict(os.environ), list(sys.path), list(logging.getLogger().handlers))
    """
    subprocess.run([sys.executable, "-W", "error", "-c", textwrap.dedent(program)], check=True)


# Mocks inside of handlers and of other mocks


@pytest.mark.parametrize("ends", [True, False])
def test_a_handler_that_uses_a_mock_of_its_own(unchanged, ends):
    """One that it doesn't end, ends with it."""
    inner = []

    def handler(event, context):
        mock = mock_destinations({"audit": ok})
        inner.append(mock.start())
        send("audit")
        if ends:
            mock.stop()
        return len(inner[-1].invocations)

    with mock_destinations({"orders": handler}) as destmock:
        for _ in range(2):
            send()
        assert [destmock._simulation] == active
    assert [i.attempts[0].response for i in destmock.invocations] == [1, 1]
    assert all(repr(found).startswith("<Destmock ended") for found in inner)


def test_a_handler_can_t_end_the_mock_that_runs_it(unchanged):
    mock = mock_destinations({"orders": lambda event, context: mock.stop()})
    with mock as destmock:
        send()
        send()
    exception = destmock.invocations[1].attempts[0].exception
    assert isinstance(exception, DestmockError)
    assert str(exception) == "a handler can't end the mock that runs it; end it in the test"


@pytest.mark.slow
@pytest.mark.parametrize("order", [["test_it", "test_other"], ["test_other", "test_it"]])
def test_two_tests_in_either_order(pytester, order):
    """Each with a handler that leaves as much as it can."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(
        """
        import logging, os, sys, threading, warnings

        import boto3, pytest
        from destmock import mock_destinations

        CALLS = []

        def handler(event, context):
            os.chdir("/")
            os.environ.clear()
            logging.disable()
            warnings.simplefilter("error")
            sys.path.clear()
            sys.stdout.close()
            threading.Thread(target=context.log, args=("late",)).start()
            mock_destinations().start()
            event.clear()
            raise SystemExit(3)

        def check():
            assert "PATH" in os.environ and sys.path and os.getcwd() != "/"
            assert not logging.root.manager.disable

        @pytest.fixture(autouse=True)
        def nothing_left():
            check()
            yield
            check()

        def use(destmock):
            boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event", Payload='{"a": 1}')
            boto3.client("sqs").create_queue(QueueName="done")
            [invocation] = destmock.invocations
            assert invocation.event == {"a": 1}
            assert [a.response["errorType"] for a in invocation.attempts] == ["Runtime.ExitError"] * 3

        @pytest.mark.destmock(handlers={"orders": handler})
        def test_it(destmock):
            use(destmock)

        @mock_destinations(handlers={"orders": handler})
        def test_other(destmock):
            use(destmock)
        """
    )
    names = [f"test_two_tests_in_either_order.py::{name}" for name in order]
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider", *names)
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("handler", ["keeps", "replaces"])
def test_a_dictionary_in_the_place_of_the_environment_is_as_it_was(unchanged, monkeypatch, handler):
    """Some tests patch `os.environ` as a whole, and so may a handler."""

    def keeps(event, context):
        os.environ["MADE"] = "by the handler"
        return [os.environ["TABLE"], os.environ["AWS_LAMBDA_FUNCTION_NAME"], context.function_name]

    def replaces(event, context):
        os.environ = dict(os.environ)  # noqa: B003
        return keeps(event, context)

    given = {"TABLE": "orders", "AWS_DEFAULT_REGION": "eu-west-1"}
    with (
        mock_destinations({"orders": keeps if handler == "keeps" else replaces}),
        monkeypatch.context() as patch,
    ):
        lam = boto3.client("lambda")
        environ = dict(given)
        patch.setattr(os, "environ", environ)
        assert json.load(lam.invoke(FunctionName="orders")["Payload"]) == ["orders", "orders", "orders"]
        assert os.environ is environ
        assert environ == given


def test_a_nested_mock_with_moto_s_simple_lambda_has_the_handlers_too(unchanged):
    with mock_destinations({"orders": ok}):
        lam = boto3.client("lambda")
        lam.invoke(FunctionName="orders")
        with mock_aws(config={"lambda": {"use_docker": False}}):
            assert lam.invoke(FunctionName="orders")["StatusCode"] == 200
        assert lam.invoke(FunctionName="orders")["StatusCode"] == 200


def test_a_nested_mock_with_moto_s_simple_lambda_leaves_the_functions_of_neither(monkeypatch):
    with mock_aws():
        with mock_destinations({"orders": ok}):
            lam = boto3.client("lambda")
            lam.invoke(FunctionName="orders")
            with mock_aws(config={"lambda": {"use_docker": False}}):
                lam.invoke(FunctionName="orders")
                assert [f["FunctionName"] for f in lam.list_functions()["Functions"]] == ["orders"]
        for use_docker in (True, False):
            monkeypatch.setitem(default_user_config, "lambda", {"use_docker": use_docker})
            assert lam.list_functions()["Functions"] == []
