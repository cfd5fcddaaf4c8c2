"""What a handler finds around it: environment variables, its context, other functions."""

import base64
import datetime as dt
import json
import os

import boto3
import pytest
import time_machine
from awslambdaric.lambda_context import LambdaContext
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.awslambda.models import lambda_backends

from destmock import DestmockError, mock_destinations, outcomes
from tests.runtime.attempts import ARN, invoke, ok, request_id_of, send

# The environment


def test_the_environment_variables_of_an_attempt(destmock, lam):
    seen = {}

    def orders(event, context):
        seen.update(os.environ, stream=context.log_stream_name)

    destmock.handler("orders", orders, memory_size=512, timeout=10, environment={"TABLE": "orders", "E": ""})
    answer, _ = invoke(lam)
    trace = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    expected = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "orders",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
        "AWS_LAMBDA_LOG_STREAM_NAME": seen["stream"],
        "AWS_REGION": "us-east-1",
        "E": "",
        "LAMBDA_TASK_ROOT": "/var/task",
        "TABLE": "orders",
        "_HANDLER": f"{__name__}.orders",
    }
    assert {name: seen[name] for name in expected} == expected
    root, parent, sampled = [part.split("=")[1] for part in trace.split(";")]
    assert seen["_X_AMZN_TRACE_ID"].startswith(f"Root={root};Parent={parent};Sampled={sampled};Lineage=1:")


def test_the_environment_variables_are_those_of_the_function_s_region_and_version(destmock):
    seen = []
    destmock.handler("orders", lambda event, context: seen.append(dict(os.environ)))
    lam = boto3.client("lambda", region_name="eu-central-1")
    lam.publish_version(FunctionName="orders")
    invoke(lam, Qualifier="1")
    [variables] = seen
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert variables["AWS_LAMBDA_FUNCTION_VERSION"] == "1"


def test_the_process_s_own_variables_are_there_too(destmock, lam, monkeypatch):
    """The function's own come before them."""
    monkeypatch.setenv("FROM_THE_TEST", "yes")
    monkeypatch.setenv("TABLE", "the test's")
    destmock.handler(
        "orders",
        lambda event, context: [os.environ["FROM_THE_TEST"], os.environ["TABLE"]],
        environment={"TABLE": "the function's"},
    )
    assert invoke(lam)[1] == b'["yes", "the function\'s"]'
    assert os.environ["TABLE"] == "the test's"


@mock_destinations()
@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["PATH", "HOME", "AWS_REGION", "AWS_ACCESS_KEY_ID", "TABLE", "_HANDLER"])
        | st.text("ABC_", min_size=1),
        st.none() | st.text(st.characters(min_codepoint=1, codec="utf-8"), max_size=5),
    ),
    st.sampled_from([None, ValueError(), SystemExit(1)]),
)
def test_whatever_a_handler_does_to_the_environment_is_undone(destmock, changes, error):
    """It sees its own changes while it runs; a variable that is `None` here is deleted."""

    def orders(event, context):
        for name, value in changes.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        assert {name: os.environ.get(name) for name in changes} == changes
        if error:
            raise error

    destmock.handler("orders", orders, environment={"TABLE": "orders"})
    before = dict(os.environ)
    answer, _ = invoke(boto3.client("lambda"))
    assert os.environ == before
    assert ("FunctionError" in answer) == (error is not None)


@pytest.mark.parametrize("result", [{"ok": "é"}, ValueError("é")])
def test_a_handler_may_clear_the_environment(destmock, lam, result):
    """AWS's runtime has made its encoder of results long before."""

    def orders(event, context):
        os.environ.clear()
        if isinstance(result, Exception):
            raise result
        return result

    destmock.handler("orders", orders)
    before = dict(os.environ)
    _, payload = invoke(lam)
    if isinstance(result, Exception):
        assert json.loads(payload)["errorMessage"] == "é"
    else:
        assert payload == '{"ok": "é"}'.encode()
    assert os.environ == before


def as_bytes():
    os.environb[b"LEFT"] = b"1"


@pytest.mark.parametrize(
    "change",
    [
        lambda: os.environ.update(LEFT="1"),
        lambda: os.environ.setdefault("LEFT", "1"),
        lambda: os.environ.pop("TABLE"),
        os.environ.popitem,
        os.environ.clear,
        lambda: os.environ.__ior__({"LEFT": "1"}),
        lambda: setattr(os, "environ", {**os.environ, "LEFT": "1"}),
        lambda: os.environ._data.update({b"LEFT": b"1"}),
        as_bytes,
    ],
)
def test_the_next_attempt_of_an_event_finds_no_change_of_the_environment(destmock, lam, change):
    seen = []

    def orders(event, context):
        seen.append(dict(os.environ))
        assert os.environb == {os.fsencode(name): os.fsencode(value) for name, value in seen[-1].items()}
        change()
        raise ValueError

    destmock.handler("orders", orders, environment={"TABLE": "orders"})
    before, mapping = dict(os.environ), os.environ
    send(lam)
    assert len(seen) == 3
    assert seen[0] == seen[1] == seen[2]
    assert os.environ is mapping
    assert dict(os.environ) == before
    assert os.getenv("LEFT") is None


def test_a_plain_dictionary_in_the_place_of_the_environment_is_changed_itself(destmock, lam, monkeypatch):
    """Whoever has imported it finds the function's variables, and none of them afterwards."""
    environ = {**os.environ, "STAGE": "test"}
    before, seen = dict(environ), []

    def orders(event, context):
        seen.append((environ["AWS_LAMBDA_FUNCTION_NAME"], environ["STAGE"], environ.get("LEFT")))
        environ["LEFT"] = "1"
        raise ValueError

    destmock.handler("orders", orders)
    with monkeypatch.context() as replaced:
        replaced.setattr(os, "environ", environ)
        send(lam)
        assert os.environ is environ
    assert seen == [("orders", "test", None)] * 3
    assert environ == before


def test_a_warm_function_finds_its_new_settings(destmock, lam):
    """Also where a test changes them in moto's own object."""
    destmock.handler("orders", lambda event, context: [os.environ["TABLE"], context.memory_limit_in_mb])
    lam.update_function_configuration(FunctionName="orders", Environment={"Variables": {"TABLE": "one"}})
    assert json.loads(invoke(lam)[1]) == ["one", "128"]
    lam.update_function_configuration(FunctionName="orders", MemorySize=512)
    assert json.loads(invoke(lam)[1]) == ["one", "512"]
    backend = lambda_backends["123456789012"]["us-east-1"]
    backend.get_function("orders").environment_vars["TABLE"] = "two"
    assert json.loads(invoke(lam)[1]) == ["two", "512"]


def test_what_an_import_does_to_the_environment_is_undone(destmock, lam, module):
    module(
        "app_sets",
        "import os\nos.environ['FROM_APP_SETS'] = '1'\n"
        "def handle(event, context):\n    return os.environ.get('FROM_APP_SETS')\n",
    )
    destmock.handler("orders", "app_sets:handle")
    assert invoke(lam)[1] == b'"1"'
    assert "FROM_APP_SETS" not in os.environ


def test_the_result_of_an_update_of_the_settings(destmock, lam):
    """The program's own changes through boto3 count."""
    destmock.handler("orders", lambda event, context: [os.environ.get("TABLE"), context.memory_limit_in_mb])
    assert invoke(lam)[1] == b'[null, "128"]'
    lam.update_function_configuration(
        FunctionName="orders", MemorySize=256, Environment={"Variables": {"TABLE": "new"}}
    )
    assert invoke(lam)[1] == b'["new", "256"]'


# The context


@pytest.fixture
def seen(destmock):
    """The contexts that the function "orders" got, in order."""
    contexts = []
    destmock.handler("orders", lambda event, context: contexts.append(context))
    return contexts


def test_B13_the_context_of_an_unqualified_invocation(destmock, lam, seen):
    answer, _ = invoke(lam)
    [context] = seen
    assert type(context) is LambdaContext
    assert context.aws_request_id == request_id_of(answer)
    assert context.function_name == "orders"
    assert context.function_version == "$LATEST"
    assert context.invoked_function_arn == ARN
    assert context.memory_limit_in_mb == "128"
    assert context.log_group_name == "/aws/lambda/orders"
    assert context.client_context is None
    assert context.identity.cognito_identity_id is None
    assert context.identity.cognito_identity_pool_id is None


@pytest.mark.parametrize(
    ("asked", "version"), [("$LATEST", "$LATEST"), ("1", "1"), ("live", "1")], ids=["latest", "1", "alias"]
)
def test_B13_the_context_of_a_qualified_invocation(destmock, lam, seen, asked, version):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    answer, _ = invoke(lam, Qualifier=asked)
    [context] = seen
    assert context.invoked_function_arn == f"{ARN}:{asked}"
    assert context.function_version == answer["ExecutedVersion"] == version


def test_A10_every_attempt_of_an_event_has_the_request_id_of_the_answer(destmock, lam):
    seen = []

    @destmock.handler("orders")
    def orders(event, context):
        seen.append(context.aws_request_id)
        raise ValueError

    assert seen == []
    request_id = send(lam)
    assert seen == [request_id] * 3


def test_the_remaining_time_is_what_is_left_of_the_timeout(destmock, lam):
    destmock.handler("orders", lambda event, context: context.get_remaining_time_in_millis(), timeout=7)
    with time_machine.travel(dt.datetime(2026, 9, 14, tzinfo=dt.timezone.utc), tick=False):
        assert invoke(lam)[1] == b"7000"
        assert invoke(lam)[1] == b"7000"


def test_the_remaining_time_counts_down_in_real_time(destmock, lam):
    with time_machine.travel(dt.datetime(2026, 9, 14, tzinfo=dt.timezone.utc), tick=False) as now:

        def orders(event, context):
            now.shift(2)
            first = context.get_remaining_time_in_millis()
            now.shift(9)
            return [first, context.get_remaining_time_in_millis()]

        destmock.handler("orders", orders, timeout=7)
        assert invoke(lam)[1] == b"[5000, 0]"


def test_a_client_context_arrives(destmock, lam, seen):
    given = {"custom": {"a": 1}, "env": {"b": 2}, "client": {"app_title": "shop", "installation_id": "i"}}
    invoke(lam, ClientContext=base64.b64encode(json.dumps(given).encode()).decode())
    [context] = seen
    assert context.client_context.custom == {"a": 1}
    assert context.client_context.env == {"b": 2}
    assert context.client_context.client.app_title == "shop"
    assert context.client_context.client.installation_id == "i"


def test_A9_an_event_has_no_client_context(destmock, lam, seen):
    given = base64.b64encode(b'{"custom": {"a": 1}}').decode()
    for value in (given, "not-base64!"):
        answer = lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}", ClientContext=value)
        assert answer["StatusCode"] == 202
    assert [context.client_context for context in seen] == [None, None]


def test_B19_a_client_context_that_is_no_json_is_the_function_s_error(destmock, lam, seen):
    answer, payload = invoke(lam, ClientContext=base64.b64encode(b"{nonsense").decode())
    assert answer["FunctionError"] == "Unhandled"
    reason = "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    assert json.loads(payload) == {
        "errorMessage": f"Unable to parse Client Context JSON: {reason}",
        "errorType": "Runtime.LambdaContextUnmarshalError",
        "requestId": request_id_of(answer),
        "stackTrace": [],
    }
    assert seen == []


# Nested synchronous invocations


def test_a_handler_may_invoke_another_function_synchronously(destmock, lam):
    """Each has its own context and variables, and the outer one has its own back afterwards."""

    def variables():
        return {
            name: os.environ.get(name)
            for name in ("AWS_LAMBDA_FUNCTION_NAME", "TABLE", "ONLY_OUTER", "ONLY_INNER")
        }

    def inner(event, context):
        os.environ["ONLY_INNER"] = "changed"
        return {"event": event, "name": context.function_name}

    def outer(event, context):
        before = variables()
        answer, payload = invoke(lam, b'{"from": "outer"}', "inner")
        assert answer["StatusCode"] == 200
        return [before, json.loads(payload), variables() == before, context.function_name]

    destmock.handler("inner", inner, environment={"TABLE": "inner", "ONLY_INNER": "1"})
    destmock.handler("outer", outer, environment={"TABLE": "outer", "ONLY_OUTER": "1"})
    _, payload = invoke(lam, name="outer")
    own = {"AWS_LAMBDA_FUNCTION_NAME": "outer", "TABLE": "outer", "ONLY_OUTER": "1", "ONLY_INNER": None}
    assert json.loads(payload) == [own, {"event": {"from": "outer"}, "name": "inner"}, True, "outer"]


def test_a_function_does_not_see_the_variables_of_the_one_that_invokes_it(destmock, lam):
    def outer(event, context):
        os.environ["SET_BY_OUTER"] = "1"
        return json.loads(invoke(lam, name="inner")[1])

    names = ["ONLY_OUTER", "SET_BY_OUTER"]
    destmock.handler("inner", lambda event, context: [os.environ.get(name) for name in names])
    destmock.handler("outer", outer, environment={"ONLY_OUTER": "1"})
    assert invoke(lam, name="outer")[1] == b"[null, null]"


def test_the_error_of_an_inner_function_is_an_answer_to_the_outer_one(destmock, lam):
    def outer(event, context):
        answer, payload = invoke(lam, name="inner")
        return [answer["FunctionError"], json.loads(payload)["errorType"]]

    destmock.handler("outer", outer)
    for error, error_type in (
        (ValueError(), "ValueError"),
        (SystemExit(0), "Runtime.ExitError"),
        (SystemExit(1), "Runtime.ExitError"),
    ):
        destmock.handler("inner", outcomes(error))
        assert json.loads(invoke(lam, name="outer")[1]) == ["Unhandled", error_type]


def test_a_function_may_invoke_itself_synchronously(destmock, lam):
    def factorial(event, context):
        n = event["n"]
        return n * json.loads(invoke(lam, json.dumps({"n": n - 1}).encode())[1]) if n else 1

    destmock.handler("orders", factorial)
    assert invoke(lam, b'{"n": 5}')[1] == b"120"


def test_an_event_sent_from_inside_a_handler_runs_after_it(destmock, lam):
    order = []

    def outer(event, context):
        send(lam, name="inner")
        order.append("outer")

    destmock.handler("outer", outer)
    destmock.handler("inner", lambda event, context: order.append("inner"))
    invoke(lam, name="outer")
    assert order == ["outer", "inner"]


@pytest.mark.destmock(handlers={"inner": ok})
def test_time_can_not_be_driven_from_inside_a_handler(destmock, lam):
    destmock.handler("orders", lambda event, context: destmock.run_until_idle())
    send(lam)
    for attempt in destmock.invocations[0].attempts:
        assert isinstance(attempt.exception, DestmockError)
        assert "time can't be driven from inside a handler" in str(attempt.exception)
