"""What a mock changes it puts back; nothing of the machine reaches into it, and nothing leaves it."""

import copy
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import warnings
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3
import pytest
import requests
import time_machine
from botocore import useragent
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.context import start_as_current_context
from botocore.exceptions import EndpointConnectionError, ProfileNotFound
from botocore.httpsession import URLLib3Session
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto import settings as moto_settings
from moto.awslambda.models import LambdaFunction
from moto.core.config import default_user_config
from moto.core.models import MockAWS

from destmock import (
    DestmockError,
    InactiveError,
    LeftoverError,
    NetworkError,
    UnsupportedError,
    mock_destinations,
    outcomes,
)
from destmock._engine.active import active

MACHINE = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a real secret",
    "AWS_SESSION_TOKEN": "a real token",
    "AWS_SECURITY_TOKEN": "an old token",
    "AWS_PROFILE": "production",
    "AWS_DEFAULT_PROFILE": "production",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "http://localhost:4566",
    "AWS_ENDPOINT_URL_SQS": "http://localhost:9324",
    "AWS_ENDPOINT_URL_LAMBDA": "http://localhost:3001",
    "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/ci",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/credentials",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/credentials",
    "AWS_EC2_METADATA_DISABLED": "false",
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_MAX_ATTEMPTS": "7",
}


def ok(event, context):
    return {"ok": event}


def send(name="orders", **kwargs):
    return boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}", **kwargs)


def use_everything():
    """A failing and a succeeding event, a delivery, logs, each through boto3."""
    sqs, lam = boto3.client("sqs"), boto3.client("lambda")
    url = sqs.create_queue(QueueName="done")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    config = {"OnSuccess": {"Destination": arn}, "OnFailure": {"Destination": arn}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config)
    send()
    boto3.client("logs").describe_log_groups()
    messages = sqs.receive_message(QueueUrl=url)["Messages"]
    return [json.loads(message["Body"])["requestContext"]["condition"] for message in messages]


def process():
    """Everything that a mock may change."""
    root = logging.getLogger()
    return {
        "environment": dict(os.environ),
        "session": boto3.DEFAULT_SESSION,
        "config": copy.deepcopy(default_user_config),
        "mocks": list(active),
        "moto": (MockAWS._nested_count, MockAWS._mocks_active),
        "patches": (URLLib3Session.send, LambdaFunction.invoke),
        "path": list(sys.path),
        "logging": (list(root.handlers), root.level, list(root.filters)),
        "streams": (sys.stdout, sys.stderr),
        "directory": Path.cwd(),
    }


@pytest.fixture
def unchanged():
    """The streams and its own variable are pytest's to change between a fixture and its test."""

    def seen():
        now = process()
        now["environment"].pop("PYTEST_CURRENT_TEST")
        return {**now, "streams": None}

    before = seen()
    yield
    assert seen() == before


@pytest.fixture
def machine(monkeypatch):
    """A developer's machine, full of settings."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in MACHINE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bare_machine(monkeypatch):
    """One that has none."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


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


# What a handler does to the process


def test_a_handler_s_environment_is_its_own(unchanged):
    seen = {}

    def handler(event, context):
        seen.update(os.environ)
        os.environ["LEFT"] = "1"
        os.environ["AWS_REGION"] = "changed"
        del os.environ["PATH"]

    with mock_destinations({"orders": handler}):
        inside = dict(os.environ)
        send()
        assert dict(os.environ) == inside
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "orders"
    assert "AWS_LAMBDA_FUNCTION_NAME" not in inside


def test_a_handler_s_output_streams_are_put_back(unchanged, capsys):
    def handler(event, context):
        print("to the log")
        sys.stdout.close()
        sys.stdout = sys.stderr = None

    with mock_destinations({"orders": handler}) as destmock:
        send()
    assert "to the log\n" in destmock.invocations[0].attempts[0].logs
    assert capsys.readouterr().out == ""


def test_a_handler_s_changes_to_the_root_logger_are_taken_back(unchanged):
    def handler(event, context):
        root = logging.getLogger()
        root.setLevel(logging.DEBUG)
        root.addHandler(logging.StreamHandler())

    with mock_destinations({"orders": handler}):
        send()


def test_a_handler_that_clears_the_root_logger_takes_no_other_s_handlers(unchanged):
    """A common way to set logging up on Lambda; pytest's own caplog is one of the handlers."""

    def handler(event, context):
        root = logging.getLogger()
        for found in list(root.handlers):
            root.removeHandler(found)
        logging.basicConfig(level=logging.INFO, force=True)

    with mock_destinations({"orders": handler}):
        send()


def test_a_function_s_own_log_handlers_are_there_while_it_runs():
    """And while no other function does."""
    seen = []

    class Seen(logging.Handler):
        def emit(self, record):
            seen.append(record.getMessage())

    def handler(event, context):
        root = logging.getLogger()
        if not any(isinstance(found, Seen) for found in root.handlers):
            root.addHandler(Seen())
        logging.getLogger("app").error("from %s", context.function_name)

    def other(event, context):
        logging.getLogger("app").error("from %s", context.function_name)

    with mock_destinations({"orders": handler, "audit": other}):
        for name in ("orders", "audit", "orders"):
            send(name)
            logging.getLogger("app").error("from the test")
    assert seen == ["from orders", "from orders"]


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Makes a module that can be imported, and sees to it that no test leaves it behind."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def make(name, text):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        made.append(name.partition(".")[0])

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]


@pytest.mark.parametrize("handler", ["isolated_app:handle", "isolated_app.handle"])
def test_a_handler_s_module_is_imported_at_the_first_attempt_and_forgotten(module, unchanged, handler):
    """With what it imports itself: the next mock begins with a cold start."""
    module("isolated_helper", "CALLS = []")
    module(
        "isolated_app",
        """
        import isolated_helper

        def handle(event, context):
            isolated_helper.CALLS.append(event)
            return len(isolated_helper.CALLS)
        """,
    )
    for _ in range(2):
        with mock_destinations({"orders": handler}) as destmock:
            assert "isolated_app" not in sys.modules
            send()
            send()
            assert "isolated_app" in sys.modules
        assert [i.attempts[0].response for i in destmock.invocations] == [1, 2]
        assert not {"isolated_app", "isolated_helper"} & set(sys.modules)


def test_a_module_inside_a_package_is_forgotten_with_its_package(module, unchanged):
    module("isolated_package.__init__", "")
    module("isolated_package.inner.app", "def handle(event, context): return __name__")
    with mock_destinations({"orders": "isolated_package.inner.app:handle"}) as destmock:
        send()
    assert destmock.invocations[0].attempts[0].response == "isolated_package.inner.app"
    assert [name for name in sys.modules if name.startswith("isolated_package")] == []


def test_a_module_that_was_there_stays_the_same(module):
    """So does its package: only the handler's module leaves it."""
    module("isolated_package.__init__", "")
    module("isolated_package.app", "def handle(event, context): return 1")
    module("isolated_known", "def handle(event, context): return 1")
    import isolated_known
    import isolated_package

    with mock_destinations({"a": "isolated_known:handle", "b": "isolated_package.app:handle"}):
        send("a")
        send("b")
        assert isolated_package.app.handle(None, None) == 1
    assert sys.modules["isolated_known"] is isolated_known
    assert sys.modules["isolated_package"] is isolated_package
    assert not hasattr(isolated_package, "app")


def test_installed_modules_that_a_handler_brings_in_stay(module, unchanged):
    """Only the user's own are forgotten: others may hold state that can't be made twice."""
    module("isolated_app", "import colorsys\ndef handle(event, context): return 1")
    sys.modules.pop("colorsys", None)
    with mock_destinations({"orders": "isolated_app:handle"}):
        send()
    assert "colorsys" in sys.modules


def test_a_module_whose_import_fails_leaves_nothing(module, unchanged):
    module("isolated_helper", "")
    module("isolated_app", "import isolated_helper\nraise RuntimeError('at import')")
    with mock_destinations({"orders": "isolated_app:handle"}) as destmock:
        send()
    assert destmock.invocations[0].condition == "RetriesExhausted"
    assert not {"isolated_app", "isolated_helper"} & set(sys.modules)


def test_what_a_handler_imports_while_it_runs_is_forgotten_too(module, unchanged):
    module("isolated_helper", "")
    module(
        "isolated_app",
        """
        def handle(event, context):
            import isolated_helper
        """,
    )
    with mock_destinations({"orders": "isolated_app:handle"}):
        send()
    assert not {"isolated_app", "isolated_helper"} & set(sys.modules)


def test_a_module_s_changes_to_the_path_and_to_logging_are_taken_back(module, unchanged, tmp_path):
    """As it adds its vendored packages; they stay for as long as the function is warm."""
    module("vendored.isolated_vendored", "")
    module(
        "isolated_app",
        f"""
        import logging
        import sys

        sys.path.insert(0, {str(tmp_path / "vendored")!r})
        sys.path.append("/opt/python")
        logging.getLogger().setLevel(logging.DEBUG)
        logging.getLogger().addHandler(logging.NullHandler())

        def handle(event, context):
            import isolated_vendored
            return "/opt/python" in sys.path
        """,
    )
    with mock_destinations({"orders": "isolated_app:handle"}) as destmock:
        send()
        send()
    assert [i.attempts[0].response for i in destmock.invocations] == [True, True]
    sys.modules.pop("isolated_vendored", None)


# Nothing of the machine reaches in


def test_no_setting_of_the_machine_is_used(machine, unchanged):
    """Neither credentials nor profile, endpoint or metadata service; but the region is the user's."""
    with mock_destinations({"orders": ok}) as destmock:
        session = boto3.Session()
        credentials = session.get_credentials()
        assert (credentials.access_key, credentials.secret_key) == ("FOOBARKEY", "FOOBARSECRET")
        assert credentials.token is None
        assert session.profile_name == "default"
        assert session.available_profiles == []
        assert session.region_name == "eu-west-1"
        assert boto3.client("sqs").meta.endpoint_url.endswith("amazonaws.com")
        assert use_everything() == ["Success"]
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders:$LATEST"
    assert destmock.invocations[0].function_arn == arn


def test_without_any_setting_the_region_is_us_east_1(bare_machine, unchanged):
    with mock_destinations({"orders": ok}):
        assert boto3.Session().region_name == "us-east-1"
        assert use_everything() == ["Success"]


CONFIG = """
[default]
region = eu-central-1
endpoint_url = http://localhost:4566
sso_session = corporate
sso_account_id = 111111111111
sso_role_name = developer

[profile process]
credential_process = {python} -c "open('{marker}', 'w')"

[profile assumed]
role_arn = arn:aws:iam::111111111111:role/other
source_profile = process

[sso-session corporate]
sso_region = eu-central-1
sso_start_url = https://corporate.awsapps.com/start
"""


@pytest.fixture
def config_file(tmp_path, bare_machine, monkeypatch):
    """A configuration with single sign-on, a credential process and a role to assume."""
    marker, path = tmp_path / "the process ran", tmp_path / "config"
    path.write_text(CONFIG.format(python=sys.executable, marker=marker))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    yield path
    assert not marker.exists()
    assert os.environ["AWS_CONFIG_FILE"] == str(path)


@pytest.mark.parametrize("profile", [None, "process", "assumed"])
def test_a_profile_of_the_config_file_is_not_used(config_file, monkeypatch, profile):
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    before = process()
    with mock_destinations({"orders": ok}):
        assert boto3.Session().region_name == "us-east-1"
        assert use_everything() == ["Success"]
    assert process() == before


def test_a_profile_asked_for_by_name_does_not_exist_inside(config_file):
    with mock_destinations(), pytest.raises(ProfileNotFound):
        boto3.Session(profile_name="process")


@pytest.mark.parametrize("profile", ["default", "process", "assumed"])
def test_an_older_session_with_a_profile_works_without_its_credentials(config_file, profile):
    """Its profile is neither logged in to, run nor assumed; the session has it again afterwards."""
    session = boto3.Session(profile_name=profile, region_name="us-east-1")
    kept = {"endpoint_url": "https://lambda.us-east-1.amazonaws.com"}
    with mock_destinations({"orders": ok}) as destmock:
        session.client("lambda", **kept).invoke(FunctionName="orders", InvocationType="Event")
        sqs = session.client("sqs", endpoint_url="https://sqs.us-east-1.amazonaws.com")
        sqs.create_queue(QueueName="done")
    assert len(destmock.invocations) == 1
    assert session.profile_name == profile


def test_an_older_client_with_the_machine_s_credentials_works(machine, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", *[n for n in MACHINE if "ENDPOINT" in n]):
        monkeypatch.delenv(name)
    client = boto3.Session().client("lambda")
    queues = boto3.Session().client("sqs")
    with mock_destinations({"orders": ok}) as destmock:
        client.invoke(FunctionName="orders", InvocationType="Event")
        queues.create_queue(QueueName="done")
    assert len(destmock.invocations) == 1


def test_moto_s_server_mode_is_refused(monkeypatch, unchanged):
    monkeypatch.setattr(moto_settings, "TEST_SERVER_MODE", True)
    with pytest.raises(UnsupportedError, match=r"^destmock works on moto in this process, not on moto's"):
        mock_destinations().start()


# Nothing leaves the process


@pytest.fixture
def no_socket(monkeypatch):
    opened = []

    def refuse(*arguments, **options):
        opened.append(arguments)
        raise AssertionError(f"a socket was opened: {arguments}")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    yield
    assert opened == []


@pytest.mark.parametrize("where", ["machine", "bare_machine", "config_file"])
def test_no_socket_is_opened(request, where, no_socket):
    request.getfixturevalue(where)
    with mock_destinations({"orders": outcomes(ValueError("no stock"))}):
        assert use_everything() == ["RetriesExhausted"]
        topic = boto3.client("sns").create_topic(Name="orders")["TopicArn"]
        boto3.client("sns").publish(TopicArn=topic, Message="hello")
        boto3.client("s3").create_bucket(
            Bucket="orders", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        boto3.client("sts").get_caller_identity()


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "request_line"),
    [
        ("sqs", "list_queues", {}, "POST http://localhost:4566/"),
        ("sns", "list_topics", {}, "POST http://localhost:4566/"),
        ("lambda", "list_functions", {}, "GET http://localhost:4566/2015-03-31/functions"),
        (
            "lambda",
            "invoke",
            {"FunctionName": "orders", "InvocationType": "Event"},
            "POST http://localhost:4566/2015-03-31/functions/orders/invocations",
        ),
        ("s3", "list_objects_v2", {"Bucket": "orders"}, "GET http://localhost:4566/orders?"),
        ("dynamodb", "list_tables", {}, "POST http://localhost:4566/"),
    ],
)
def test_a_client_with_an_endpoint_of_its_own_is_refused(
    no_socket, unchanged, service, operation, arguments, request_line
):
    """The refusal names the URL, at the first try."""
    with mock_destinations({"orders": ok}) as destmock:
        client = boto3.client(service, endpoint_url="http://localhost:4566")
        with pytest.raises(NetworkError) as caught:
            getattr(client, operation)(**arguments)
    text = str(caught.value)
    assert text.startswith(request_line)
    assert text.endswith(
        " would have left the process: neither moto nor destmock answers it (is an endpoint_url set?)"
    )
    assert destmock.invocations == ()


def test_a_refused_call_leaves_the_mock_as_it_was(no_socket):
    with mock_destinations({"orders": ok}) as destmock:
        for _ in range(2):
            with pytest.raises(NetworkError):
                boto3.client("sqs", endpoint_url="http://localhost:9324").list_queues()
            send()
    assert len(destmock.invocations) == 2
    assert isinstance(NetworkError(), DestmockError)


def test_a_handler_that_calls_out_fails_with_the_refusal(no_socket):
    def handler(event, context):
        boto3.client("sqs", endpoint_url="http://localhost:9324").list_queues()

    with mock_destinations({"orders": handler}) as destmock:
        send()
    attempt = destmock.invocations[0].attempts[0]
    assert isinstance(attempt.exception, NetworkError)
    assert attempt.response["errorType"] == "NetworkError"


def test_botocore_s_own_session_is_refused_too(no_socket):
    request = AWSPreparedRequest("GET", "http://169.254.169.254/latest/meta-data/", {}, None, False)
    with mock_destinations(), pytest.raises(NetworkError, match=r"^GET http://169\.254\.169\.254/latest/"):
        URLLib3Session().send(request)


def test_requests_to_aws_are_answered_by_moto(no_socket):
    """Such as those of a presigned URL."""
    with mock_destinations():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="orders")
        s3.put_object(Bucket="orders", Key="7", Body=b"one book")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "orders", "Key": "7"})
        assert requests.get(url, timeout=5).content == b"one book"


def test_after_the_mock_a_client_is_no_longer_held_back(monkeypatch):
    """The call goes where botocore sends it: to the socket, which this test refuses."""
    reached = []

    def refuse(*arguments, **options):
        reached.append(arguments[:2])
        raise OSError("no network in this test")

    with mock_destinations():
        client = boto3.client(
            "sqs", endpoint_url="http://localhost:9", config=Config(retries={"total_max_attempts": 1})
        )
        with pytest.raises(NetworkError):
            client.list_queues()
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(EndpointConnectionError):
        client.list_queues()
    assert reached[0] == ("localhost", 9)


# Tests that travel in time


@pytest.mark.parametrize("year", [1990, 2019, 2040])
def test_a_mock_begins_at_the_time_travelled_to(year):
    mock = mock_destinations({"orders": outcomes(ValueError("no stock"), {"ok": 1})})
    with time_machine.travel(datetime(year, 1, 1, tzinfo=timezone.utc), tick=False), mock as destmock:
        assert destmock.now == datetime(year, 1, 1, tzinfo=timezone.utc)
        assert use_everything() == ["Success"]
    [invocation] = destmock.invocations
    assert [attempt.elapsed for attempt in invocation.attempts] == [0, 60]
    assert destmock.now == datetime(year, 1, 1, 0, 1, tzinfo=timezone.utc)


def test_travelling_inside_a_mock_does_not_move_its_clock():
    start = datetime(2024, 2, 29, tzinfo=timezone.utc)
    with mock_destinations({"orders": outcomes(ValueError("no stock"))}, start=start) as destmock:
        with time_machine.travel(datetime(2030, 1, 1, tzinfo=timezone.utc)) as traveller:
            send()
            traveller.shift(timedelta(days=-5000))
            send()
        assert destmock.now == start + timedelta(seconds=360)
    assert [[a.elapsed for a in i.attempts] for i in destmock.invocations] == [[0, 60, 180]] * 2


def test_a_handler_that_travels_does_not_time_out():
    """What a handler takes in real time has nothing to do with the time it has travelled to."""

    def handler(event, context):
        with time_machine.travel(datetime(2040, 1, 1, tzinfo=timezone.utc)) as traveller:
            traveller.shift(timedelta(hours=1))
        return datetime.now(timezone.utc).year

    with mock_destinations({"orders": handler}) as destmock:
        send()
    assert destmock.invocations[0].condition == "Success"


def test_a_frozen_clock_does_not_stop_the_virtual_one():
    with time_machine.travel(0, tick=False), mock_destinations(autorun=False) as destmock:
        destmock.handler("orders", outcomes(ValueError("no stock")), duration=2)
        send()
        destmock.advance(timedelta(minutes=10))
        assert destmock.now == datetime(1970, 1, 1, 0, 10, tzinfo=timezone.utc)
    assert [attempt.elapsed for attempt in destmock.invocations[0].attempts] == [0, 62, 184]


@time_machine.travel(datetime(2024, 2, 29, tzinfo=timezone.utc), tick=False)
@mock_destinations({"orders": ok})
def test_time_machine_s_decorator_goes_above(destmock):
    assert destmock.now == datetime(2024, 2, 29, tzinfo=timezone.utc)
    send()


@mock_destinations({"orders": ok})
@time_machine.travel(datetime(2024, 2, 29, tzinfo=timezone.utc), tick=False)
def test_time_machine_s_decorator_goes_below(destmock):
    assert use_everything() == ["Success"]


# What a strict mock says


def complaint(mock):
    with pytest.raises(LeftoverError) as caught:
        mock.stop()
    assert isinstance(caught.value, AssertionError)
    return str(caught.value)


START = datetime(2024, 2, 29, tzinfo=timezone.utc)


def test_one_event_left():
    mock = mock_destinations({"orders": ok}, autorun=False, start=START)
    destmock = mock.start()
    send()
    assert complaint(mock) == (
        "1 event is still queued:\n"
        f"  orders {destmock.invocations[0].request_id}: attempt 1 is due at 2024-02-29T00:00:00.000Z\n"
        "  run them with destmock.run_until_idle() or destmock.advance(...)\n"
        "To allow this, pass strict=False."
    )


def test_an_event_between_two_attempts_and_one_in_the_middle_of_one():
    mock = mock_destinations({"orders": outcomes(ValueError("no stock"))}, autorun=False, start=START)
    destmock = mock.start()
    destmock.handler("slow", ok, duration=2.5)
    send()
    destmock.step()
    boto3.client("lambda").publish_version(FunctionName="slow")
    send("slow", Qualifier="1")
    destmock.step()
    first, second = destmock.invocations
    assert complaint(mock) == (
        "2 events are still queued:\n"
        f"  slow:1 {second.request_id}: attempt 1 ends at 2024-02-29T00:00:02.500Z\n"
        f"  orders {first.request_id}: attempt 2 is due at 2024-02-29T00:01:00.000Z\n"
        "  run them with destmock.run_until_idle() or destmock.advance(...)\n"
        "To allow this, pass strict=False."
    )


def test_many_events_left_are_not_all_named():
    mock = mock_destinations({"orders": ok}, autorun=False)
    mock.start()
    for _ in range(13):
        send()
    lines = complaint(mock).splitlines()
    assert lines[0] == "13 events are still queued:"
    assert sum(": attempt 1 is due at " in line for line in lines) == 10
    assert lines[11] == "  ... and 3 more"


def test_records_undelivered_and_events_left_are_told_together():
    mock = mock_destinations({"orders": ok}, start=START, autorun=False)
    destmock = mock.start()
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="done")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    config = {"OnSuccess": {"Destination": arn}}
    boto3.client("lambda").put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config)
    sqs.delete_queue(QueueUrl=url)
    send()
    destmock.run_until_idle()
    send()
    first, second = destmock.invocations
    assert complaint(mock) == (
        "1 event is still queued:\n"
        f"  orders {second.request_id}: attempt 1 is due at 2024-02-29T00:00:00.000Z\n"
        "  run them with destmock.run_until_idle() or destmock.advance(...)\n"
        "1 record could not be delivered:\n"
        f"  orders {first.request_id} (Success) to {arn}: the queue {arn} does not exist\n"
        "  create the destination, or mend its configuration\n"
        "To allow this, pass strict=False."
    )


def test_a_drop_or_a_failed_synchronous_invocation_is_no_leftover():
    with mock_destinations({"orders": outcomes(ValueError("no stock"))}) as destmock:
        send()
        boto3.client("lambda").invoke(FunctionName="orders")
    assert len(destmock.drops) == 1


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


# What else a handler changes


def changes_the_directory(tmp_path):
    os.chdir(tmp_path)


def removes_its_directory(tmp_path):
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()


def disables_logging(tmp_path):
    logging.disable(logging.CRITICAL)


def changes_the_filters_of_warnings(tmp_path):
    warnings.simplefilter("ignore")


def resets_the_filters_of_warnings(tmp_path):
    warnings.resetwarnings()


def changes_the_recursion_limit(tmp_path):
    sys.setrecursionlimit(5000)


def changes_the_timeout_of_sockets(tmp_path):
    socket.setdefaulttimeout(0.5)


def changes_the_hooks(tmp_path):
    sys.excepthook = threading.excepthook = print


def closes_standard_input(tmp_path):
    sys.stdin = None


def changes_the_temporary_directory(tmp_path):
    tempfile.tempdir = str(tmp_path)


def handles_signals(tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)


def sets_an_alarm(tmp_path):
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 100)


CHANGES = [
    changes_the_directory,
    removes_its_directory,
    disables_logging,
    changes_the_filters_of_warnings,
    resets_the_filters_of_warnings,
    changes_the_recursion_limit,
    changes_the_timeout_of_sockets,
    changes_the_hooks,
    closes_standard_input,
    changes_the_temporary_directory,
    handles_signals,
    sets_an_alarm,
]


def settings_of_the_process():
    return {
        "directory": Path.cwd(),
        "logging": logging.root.manager.disable,
        "warnings": list(warnings.filters),
        "recursion": sys.getrecursionlimit(),
        "timeout": socket.getdefaulttimeout(),
        "hooks": (sys.excepthook, threading.excepthook),
        "stdin": sys.stdin,
        "tempdir": tempfile.tempdir,
        "signals": [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)],
        "alarm": signal.getitimer(signal.ITIMER_REAL),
    }


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("kind", ["Event", "RequestResponse"])
def test_after_an_attempt_the_process_is_as_before(change, fails, kind, tmp_path):
    def handler(event, context):
        change(tmp_path)
        if fails:
            raise ValueError("no stock")

    before = settings_of_the_process()
    with mock_destinations({"orders": handler}):
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType=kind)
        assert settings_of_the_process() == before
    assert settings_of_the_process() == before


def test_a_warm_function_finds_what_it_has_changed(tmp_path):
    """As on AWS, where its process is its own; another function doesn't."""

    def handler(event, context):
        found = Path.cwd().name, logging.root.manager.disable, sys.getrecursionlimit()
        os.chdir(tmp_path)
        logging.disable(logging.INFO)
        sys.setrecursionlimit(5000)
        return found

    with mock_destinations({"orders": handler, "audit": handler}):
        lam = boto3.client("lambda")
        first, second, other = (
            json.load(lam.invoke(FunctionName=name)["Payload"]) for name in ("orders", "orders", "audit")
        )
    assert first == other == [Path.cwd().name, 0, sys.getrecursionlimit()]
    assert second == [tmp_path.name, logging.INFO, 5000]


def test_a_function_that_another_invokes_finds_none_of_its_changes(tmp_path):
    def outer(event, context):
        os.chdir(tmp_path)
        inner = json.load(boto3.client("lambda").invoke(FunctionName="inner")["Payload"])
        return [inner, str(Path.cwd())]

    with mock_destinations({"outer": outer, "inner": lambda event, context: str(Path.cwd())}):
        found = json.load(boto3.client("lambda").invoke(FunctionName="outer")["Payload"])
    assert found == [str(Path.cwd()), str(tmp_path)]


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


# Between the tries of an event: what the first one found may stay for the next


class Failing:
    """A handler that fails, and notes what it finds in the process."""

    def __init__(self, change=None):
        self.found = []
        self.change = change

    def __call__(self, event, context):
        self.found.append(
            {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        )
        print(f"try {len(self.found)} of {context.function_name}")
        if self.change is not None:
            self.change(len(self.found))
        raise ValueError("no stock")


def test_each_try_finds_the_same_and_writes_to_its_own_log(unchanged):
    failing = Failing()
    with mock_destinations({"orders": failing}) as destmock:
        send()
        [invocation] = destmock.invocations
    assert failing.found[0]["AWS_LAMBDA_FUNCTION_NAME"] == "orders"
    assert failing.found == [failing.found[0]] * 3
    for number, attempt in enumerate(invocation.attempts, 1):
        assert [e for e in attempt.log_events if e.startswith("try")] == [f"try {number} of orders\n"]


@pytest.mark.parametrize(
    "change",
    [
        lambda number: os.environ.update(AWS_REGION="changed", LEFT="1"),
        lambda number: os.environ.pop("PATH"),
        lambda number: os.environ.clear(),
        lambda number: setattr(sys, "stdout", sys.__stdout__),
        lambda number: sys.stdout.detach(),
        lambda number: logging.root.setLevel(5),
        lambda number: logging.root.handlers.clear(),
        lambda number: boto3.client("lambda").invoke(FunctionName="audit"),
        lambda number: boto3.client("lambda").invoke(FunctionName="audit", InvocationType="Event"),
    ],
)
def test_a_try_changes_nothing_for_the_next(change, unchanged):
    failing = Failing(change)
    with mock_destinations({"orders": failing, "audit": ok}) as destmock:
        send()
        assert len(destmock.invocations[0].attempts) == 3
    assert failing.found == [failing.found[0]] * 3


def test_the_test_finds_the_process_as_before_after_each_try():
    with mock_destinations({"orders": Failing()}, autorun=False) as destmock:
        send()
        before = process()
        for drive in (destmock.step, lambda: destmock.advance(61), destmock.run_until_idle):
            drive()
            assert process() == before
        assert len(destmock.invocations[0].attempts) == 3


def test_functions_whose_tries_alternate_find_their_own():
    failing = {name: Failing() for name in ("orders", "audit")}
    with mock_destinations(failing, autorun=False) as destmock:
        for name in ("orders", "audit", "orders"):
            send(name)
        destmock.run_until_idle()
    for name, handler in failing.items():
        assert {found["AWS_LAMBDA_FUNCTION_NAME"] for found in handler.found} == {name}
    roots = [found["_X_AMZN_TRACE_ID"] for found in failing["orders"].found]
    assert sorted(roots) == sorted([*dict.fromkeys(roots)] * 3)  # two events, three tries each


def test_a_try_finds_what_the_one_before_has_configured():
    def change(number):
        variables = {"Variables": {"STOCK": str(number)}}
        boto3.client("lambda").update_function_configuration(FunctionName="orders", Environment=variables)

    failing = Failing(change)
    with mock_destinations({"orders": failing}):
        send()
    assert [found.get("STOCK") for found in failing.found] == [None, "1", "2"]


def test_a_duration_that_is_asked_for_between_the_tries_is_none_of_the_function_s():
    found = []

    def duration(event):
        found.append("AWS_LAMBDA_FUNCTION_NAME" in os.environ)
        return 0

    with mock_destinations() as destmock:
        destmock.handler("orders", Failing(), duration=duration)
        send()
    assert found == [False] * 3


def test_an_interrupt_in_a_later_try_restores_everything(unchanged):
    def change(number):
        if number == 2:
            raise KeyboardInterrupt

    with mock_destinations({"orders": Failing(change)}, strict=False):
        lam = boto3.client("lambda")
        before = process()
        with pytest.raises(KeyboardInterrupt):
            lam.invoke(FunctionName="orders", InvocationType="Event")
        assert process() == before


def test_a_mock_that_ends_between_the_tries_restores_everything(unchanged):
    """As another thread's `with` may."""
    with mock_destinations(strict=False) as destmock:
        turns = destmock._simulation.turns
        destmock.handler("orders", Failing(lambda _: turns.end()))
        lam = boto3.client("lambda")
        before = process()
        with pytest.raises(InactiveError):
            lam.invoke(FunctionName="orders", InvocationType="Event")
        assert process() == before
        turns._ended = False  # that `with` may end it
