"""`destmock serve`: what it prints, how it ends, and what it refuses."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest
from botocore.exceptions import BotoCoreError

import destmock._cli.serve  # noqa: F401 - what a test with pytester is first to import is forgotten after it
from destmock._cli.main import main
from tests.cli.served import LAST, ROOT

pytestmark = pytest.mark.slow  # a process for each

APP = "examples/served_app.py"
START = "2026-01-01T00:00:00Z"
#: What the README shows between the command and Ctrl-C.
README = (ROOT / "destmock" / "_cli" / "README.md").read_text()
README_START = re.search(
    rf"^\$ destmock serve {APP} --port 5000\n(.*?)\n{LAST}$", README, re.MULTILINE | re.DOTALL
)[1].splitlines()
#: What it shows after that.
README_LINES = re.search(
    r"^And the server prints what happens.*?^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL
)[1].splitlines()


def test_the_start_is_as_the_readme_shows_it_and_the_trial_is_told_line_by_line(served):
    """As it happens: the lines are read while the server runs."""
    with served(APP, "--start", START) as server:
        assert [line.replace(server.url, "http://127.0.0.1:5000") for line in server.start] == README_START
        lam = server.client("lambda")
        queue = server.client("sqs").create_queue(QueueName="failed")["QueueUrl"]
        lam.put_function_event_invoke_config(
            FunctionName="destination-sample",
            DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failed"}},
        )
        answer = lam.invoke(
            FunctionName="destination-sample",
            InvocationType="Event",
            Payload=b'{"Success":\n false, "\\u001b[31m": 1}',
        )
        assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
        lines = [server.line() for _ in range(6)]
        request_id = answer["ResponseMetadata"]["RequestId"]
        event = r'{"Success":  false, "\u001b[31m": 1}'
        error = "Error Exception: ('Success is False', {'Success': False, '\\x1b[31m': 1}) (served_app.py:12)"
        day = "2026-01-01T00:0"
        assert lines[:5] == [
            f"{day}0:00.000Z destination-sample accepted {event} (Invoke, {request_id})",
            f"{day}0:00.000Z destination-sample attempt 1: {error} ({request_id})",
            f"{day}1:00.000Z destination-sample attempt 2: {error}, 60 s after the last ({request_id})",
            f"{day}3:00.000Z destination-sample attempt 3: {error}, 120 s after the last ({request_id})",
            f"{day}3:00.000Z destination-sample RetriesExhausted ({request_id})",
        ]
        assert re.fullmatch(
            rf"{day}3:00.000Z destination-sample -> arn:aws:sqs:us-east-1:123456789012:failed "
            rf"\(\d+ bytes\) \({request_id}\)",
            lines[5],
        )
        [message] = server.client("sqs").receive_message(QueueUrl=queue)["Messages"]
        assert json.loads(message["Body"])["requestContext"]["condition"] == "RetriesExhausted"
        assert server.end(signal.SIGINT) == (0, ["ended; no events were still queued"], "")


def test_what_the_readme_shows_of_an_invocation_is_all_that_is_printed(served):
    """But for the time and the ids."""
    with served(APP) as server:
        server.client("lambda").invoke(
            FunctionName="destination-sample", InvocationType="Event", Payload=b'{"Success": false}'
        )
        status, lines, err = server.end(signal.SIGINT)
    # A record is as long as the paths in its stack trace.
    changing = re.compile(r"\b20\d\d-\S+?Z|[0-9a-f]{8}-[0-9a-f-]{4,27}|\b[0-9]+ bytes")
    shown = [changing.sub("-", line) for line in (*README_LINES, "ended; no events were still queued")]
    assert [changing.sub("-", line) for line in lines] == shown
    assert (status, err) == (0, "")


@pytest.mark.parametrize(
    ("files", "tried"),
    [
        ({"app.py": "HANDLERS = {'b': print, 'a': print}"}, "b"),
        (
            {
                "app.py": """
import boto3
def setup():
    lam = boto3.client("lambda")
    arn = lam.get_function(FunctionName="a")["Configuration"]["FunctionArn"]
    version = lam.publish_version(FunctionName="c")["Version"]
    lam.create_alias(FunctionName="c", Name="live", FunctionVersion=version)
    destination = {"OnFailure": {"Destination": arn}}
    lam.put_function_event_invoke_config(FunctionName="a", MaximumRetryAttempts=0)
    lam.put_function_event_invoke_config(FunctionName="c", Qualifier="live", DestinationConfig=destination)
HANDLERS = {"b": print, "a": print, "c": print}
"""
            },
            "c:live",
        ),
        (
            {
                "app.py": "HANDLERS = {'Z': print}",
                "t.yaml": """
Transform: AWS::Serverless-2016-10-31
Resources:
  A:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: a, Handler: i.h, Runtime: python3.12, InlineCode: "h = print"}
  Z:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: z, Handler: i.h, Runtime: python3.12, InlineCode: "h = print"}
""",
            },
            "z",
        ),
    ],
)
def test_the_function_to_try(served, tmp_path, files, tried):
    """That with an event-invoke-config, also an alias; else the first of `HANDLERS`; and no destination."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with served(*(str(tmp_path / name) for name in files)) as server:
        [line] = [line for line in server.start if "aws lambda invoke" in line]
    assert f" --function-name {tried} " in line


def test_the_real_clock_waits_and_the_end_tells_what_was_queued(served):
    """Also when it is ended by SIGTERM; a template's outputs are printed at the start."""
    with served("examples/sam_app/template.yaml", "--clock", "real") as server:
        assert "clock:     real (retries wait for AWS's minutes)" in server.start
        assert "stack:     sam-app" in server.start
        [queue] = [line for line in server.start if line.startswith("  Failed: ")]
        assert queue.startswith("  Failed: https://sqs.us-east-1.amazonaws.com/123456789012/sam-app-")
        [function] = [line.removeprefix("functions: ") for line in server.start if "functions: " in line]
        event = b'{"id": 2, "sku": "lamp", "quantity": 20}'
        server.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=event)
        assert " accepted " in server.line()
        assert "attempt 1: Error ValueError: only 3 left of lamp" in server.line()
        status, lines, err = server.end(signal.SIGTERM)
        assert (status, err) == (0, "")
        assert lines[0] == "ended; 1 event was still queued:"
        assert re.fullmatch(rf"  {function} [0-9a-f-]{{36}}: attempt 2 is due at \S+Z", lines[1])


def test_the_first_signal_tells_what_it_waits_for_and_a_second_one_waits_for_nothing(served, tmp_path):
    (tmp_path / "app.py").write_text(STUCK)
    os.mkfifo(tmp_path / "begun")
    with served(str(tmp_path / "app.py"), "--clock", "real") as server:
        lam = server.client("lambda")
        requests = []
        for _ in range(2):
            answer = lam.invoke(FunctionName="stuck", InvocationType="Event")
            requests.append(answer["ResponseMetadata"]["RequestId"])
            assert " accepted " in server.line()
        assert (tmp_path / "begun").read_text() == "begun"
        server.process.send_signal(signal.SIGINT)
        assert server.line() == (
            "ending: waits for the handler of stuck, which is still running; "
            "a second Ctrl-C or SIGTERM ends it at once"
        )
        status, lines, err = server.end(signal.SIGINT)
        assert (status, err) == (128 + signal.SIGINT, "")
        assert lines[:2] == [
            "ended at once; 2 events were still queued or running:",
            f"  stuck {requests[0]}: attempt 1 is running",
        ]
        assert re.fullmatch(rf"  stuck {requests[1]}: attempt 1 is due at \S+Z", lines[2])


def test_with_retries_that_run_at_once_an_end_waits_for_these_too(served, tmp_path):
    (tmp_path / "app.py").write_text(STUCK)
    os.mkfifo(tmp_path / "begun")
    with served(str(tmp_path / "app.py")) as server:
        asking = threading.Thread(target=_unanswered, args=(server,))
        asking.start()
        assert (tmp_path / "begun").read_text() == "begun"
        assert " accepted " in server.line()
        server.process.send_signal(signal.SIGINT)
        assert "stuck, which is still running, and for its retries;" in server.line()
        assert server.end(signal.SIGTERM)[0] == 128 + signal.SIGTERM
        asking.join()


def test_an_app_that_has_no_end_can_be_ended_too(tmp_path):
    (tmp_path / "app.py").write_text("print('begun', flush=True)\nimport threading\nthreading.Event().wait()")
    command = [sys.executable, "-m", "destmock", "serve", "--port", "0", tmp_path / "app.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == (
            "ending: waits for the files to be loaded; a second Ctrl-C or SIGTERM ends it at once\n"
        )
        process.send_signal(signal.SIGINT)
        assert process.communicate() == ("ended at once; no events were still queued\n", "")
    assert process.returncode == 128 + signal.SIGINT


def _unanswered(server):
    with contextlib.suppress(BotoCoreError):
        server.client("lambda").invoke(FunctionName="stuck", InvocationType="Event")


#: A handler that never ends.
STUCK = """
import pathlib, threading
def stuck(event, context):
    pathlib.Path(__file__).with_name("begun").write_text("begun")
    lock = threading.Lock()
    with lock, lock:
        pass
HANDLERS = {"stuck": stuck}
"""


# What can't be served


@pytest.fixture
def refused(capsys, monkeypatch, tmp_path):
    """Runs a command that can't run, and answers the one line that it ends with."""

    def run(*arguments):
        status = main(["serve", *arguments])
        out, err = capsys.readouterr()
        assert (status, out, err.count("\n")) == (2, "", 1), err
        return err.removeprefix("destmock: ").rstrip("\n")

    return run


def test_a_port_in_use(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refused(APP, "--port", port)
    assert line == f"can't listen on port {port} of 127.0.0.1: Address already in use"


def test_a_missing_file(refused):
    assert refused("nowhere.py", "--port", "0") == "there is no file nowhere.py"


def test_a_bad_handler_takes_the_server_down_again(refused, tmp_path):
    app = tmp_path / "app.py"
    app.write_text("HANDLERS = {'orders': 7}")
    before = {*threading.enumerate()}
    assert "the handler of 'orders' is 7" in refused(str(app), "--port", "0")
    assert {*threading.enumerate()} <= before


def test_without_the_extra_it_says_what_to_install(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "flask", None)
    assert refused("--port", "0") == (
        "serve needs moto's server: pip install 'moto[server]', or destmock with its extra server"
    )


def test_a_host_beyond_the_loopback_is_warned_of(served):
    """Without an app or a template there is nothing yet; functions can be created through the API."""
    with served("--host", "0.0.0.0") as server:
        port = server.url.rpartition(":")[2]
        assert server.url == f"http://127.0.0.1:{port}"
        assert server.start[1:3] == [
            f"listens:   on all IPv4 addresses of this machine, port {port}",
            f"page:      http://127.0.0.1:{port}/_destmock",
        ]
        assert "functions: none yet" in server.start
        assert not [line for line in server.start if "0.0.0.0" in line]
        status, _, err = server.end(signal.SIGINT)
    warning = "destmock listens on '0.0.0.0': whoever reaches it can run your handlers and read everything"
    assert (status, err) == (0, f"destmock: warning: {warning}\n")


@pytest.mark.parametrize("port", ["http", "65536", "-1"])
def test_a_port_that_is_none(capsys, port):
    with pytest.raises(SystemExit) as end:
        main(["serve", "--port", port])
    assert end.value.code == 2
    assert "port" in capsys.readouterr().err
