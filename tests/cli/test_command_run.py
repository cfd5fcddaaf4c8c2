"""`destmock run`: what it prints, and what it exits with."""

import io
import json
import re
import shlex
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

import destmock._cli.run  # noqa: F401 - what a test with pytester is first to import is forgotten after it
from tests.cli.commands import ARN, SHOP
from tests.programs import printed

ROOT = Path(__file__).parents[2]
START = "2026-01-01T00:00:00Z"


def timeline(*attempts):
    return f"2026-01-01T00:00:00.000Z {attempts[0]}\n" + "".join(f"  {each}\n" for each in attempts[1:])


# As a user runs it


def test_the_readme_s_example_prints_what_the_readme_says_and_exits_with_1():
    """But for moto's own ids, which may change with moto."""
    readme = (ROOT / "destmock" / "_cli" / "README.md").read_text()
    line, printed = re.search(
        r"^```console\n\$ (destmock run .*)\n([^`]*)^```$", readme, re.MULTILINE
    ).groups()
    program, *arguments = shlex.split(line)
    command = [Path(sysconfig.get_path("scripts")) / program, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    ids = re.compile(r"[0-9a-f-]{36}|(?<=-)[0-9A-Z]{12}\b")
    assert ids.sub("ID", done.stdout) == ids.sub("ID", printed)
    assert (done.returncode, done.stderr) == (1, "")


def test_python_m_destmock_is_the_command_and_reads_standard_input(forks):
    command = ["-m", "destmock", "run", "examples/served_app.py"]
    command += ["--invoke", "destination-sample", "--event", "-", "--start", START]
    done = forks.run(*command, cwd=ROOT, given='{"Success": true}')
    assert done.stdout == timeline(
        'destination-sample accepted {"Success": true} (Invoke, 8ce636e4-5806-4724-b8ef-c06f5448664a)',
        '+0.000 s attempt 1: Success {"statusCode": 200, "body": {"Success": true}}',
        "+0.000 s Success",
        f"+0.000 s -> {ARN}:sample-success (430 bytes)",
    ) + timeline(
        'sample-success accepted {"version":"1.0","timestamp":"2026-01-01T00:00:00.000Z","requestContext":'
        '{"requestId":"8ce636e4-5806... (430 bytes) (OnSuccess of destination-sample, '
        "e3e0ab3c-8480-4c64-8ac6-19913381fcb1)",
        "+0.000 s attempt 1: Success null",
        "+0.000 s Success",
        "+0.000 s nothing sent: no OnSuccess destination",
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_durable_function_is_invoked_by_its_latest_version(command, tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "template.yaml").write_text(
        "Resources:\n"
        "  Orders:\n"
        "    Type: AWS::Lambda::Function\n"
        "    Properties:\n"
        "      FunctionName: orders\n"
        "      Runtime: python3.13\n"
        "      Handler: index.handler\n"
        "      Role: arn:aws:iam::123456789012:role/any\n"
        "      Code: {ZipFile: \"def handler(*_): return {'Status': 'SUCCEEDED', 'Result': '1'}\"}\n"
        "      DurableConfig: {ExecutionTimeout: 600}\n"
    )
    status, out, _ = command("run", str(tmp_path / "template.yaml"), "--invoke", "Orders")
    assert (status, out.splitlines()[2]) == (0, "  +0.000 s Success")


def test_version(command):
    assert command("--version")[:2] == (0, f"destmock {metadata.version('destmock')}\n")


def test_without_a_command_there_is_the_usage(command):
    status, out, err = command()
    assert (status, out) == (2, "")
    assert err.startswith("usage: destmock ")


def test_help_names_each_command_s_exit_status(command):
    assert "1 when one did not" in command("run", "--help")[1]


def test_help_is_there_at_once():
    """Without the second that boto3 and moto take to import."""
    code = "import sys, destmock._cli; print(*{'boto3', 'botocore', 'moto'} & set(sys.modules))"
    assert printed(code) == "\n"


# What it tells


def test_json_has_all_that_happened(command, write):
    """Its keys are a contract."""
    app = write(
        "app.py",
        """
        from destmock import outcomes
        HANDLERS = {"orders": outcomes(ValueError("once"), {"ok": float("nan")})}
        """,
    )
    status, out, err = command("run", app, "--event", '{"id": 7}', "--start", START, "--json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    assert list(document) == ["invocations", "deliveries", "drops"]
    [invocation] = document["invocations"]
    first, second = invocation.pop("attempts")
    record = invocation.pop("record")
    assert invocation == {
        "requestId": "7e0f6393-fbda-4afb-a98c-5cf3b989516f",
        "functionArn": f"{ARN}:orders:$LATEST",
        "source": "Invoke",
        "event": {"id": 7},
        "acceptedAt": "2026-01-01T00:00:00.000Z",
        "duplicate": False,
        "condition": "Success",
    }
    assert record["requestPayload"] == {"id": 7}
    assert "START RequestId: 7e0f6393" in first.pop("logs")
    assert first.pop("response")["errorMessage"] == "once"
    assert first == {
        "number": 1,
        "startedAt": "2026-01-01T00:00:00.000Z",
        "elapsed": 0,
        "outcome": "Error",
    }
    assert second["startedAt"] == "2026-01-01T00:01:00.000Z"
    assert second["response"] == '{"ok": NaN}'  # text, since JSON has no NaN


def test_json_has_deliveries_and_drops(command, write):
    template = write("shop.yaml", SHOP)
    event = '{"queue": "failed-orders"}'
    status, out, _ = command("run", template, "--event", event, "--start", START, "--json")
    document = json.loads(out)
    [delivery] = document["deliveries"]
    [invocation] = document["invocations"]
    assert delivery == {
        "requestId": invocation["requestId"],
        "functionArn": f"{ARN}:shop-orders:$LATEST",
        "destination": "arn:aws:sqs:us-east-1:123456789012:failed-orders",
        "kind": "sqs",
        "deadLetter": False,
        "at": "2026-01-01T00:00:00.000Z",
        "body": invocation["record"],
        "error": delivery["error"],
    }
    assert "failed-orders" in delivery["error"]
    assert status == 1


def test_json_has_drops(command, app):
    document = json.loads(command("run", app, "--invoke", "audit", "--start", START, "--json")[1])
    assert document["drops"] == [
        {
            "requestId": "7e0f6393-fbda-4afb-a98c-5cf3b989516f",
            "functionArn": f"{ARN}:audit:$LATEST",
            "condition": "RetriesExhausted",
            "reason": "no OnFailure destination and no dead-letter queue",
            "at": "2026-01-01T00:03:00.000Z",
        }
    ]


@pytest.mark.parametrize(
    ("asked", "invoked"),
    [
        ("Orders", "shop-orders"),
        ("shop-orders", "shop-orders"),
        (f"{ARN}:shop-orders", "shop-orders"),
        ("Orders:live", "shop-orders:live"),
        ("Live", "shop-orders:live"),
        (None, "shop-orders"),
    ],
)
def test_a_function_by_its_logical_id_name_arn_or_alias(command, write, asked, invoked):
    invoke = () if asked is None else ("--invoke", asked)
    status, out, _ = command("run", write("shop.yaml", SHOP), *invoke)
    assert status == 0
    assert f"Z {invoked} accepted {{}} (Invoke" in out


def test_a_template_s_parameter(command, write):
    parameter = ("--parameter", "Stage=production")
    assert "production-orders accepted" in command("run", write("shop.yaml", SHOP), *parameter)[1]


def test_a_handler_replaces_a_template_s_function_by_its_logical_id(command, write):
    app = write("app.py", "HANDLERS = {'Orders': lambda event, context: 'replaced'}")
    status, out, _ = command("run", app, write("shop.yaml", SHOP))
    assert '"replaced"' in out
    assert status == 0


def test_an_event_from_a_file_goes_as_it_stands(command, app, write):
    event = write("event.json", '{ "id":  7 }')
    out = command("run", app, "--invoke", "orders", "--event", event)[1]
    assert 'accepted { "id":  7 } (Invoke' in out


def test_an_event_from_standard_input(command, app, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"id": 8}')))
    assert '{"placed": 8}' in command("run", app, "--invoke", "orders", "--event", "-")[1]


def test_what_a_terminal_would_obey_is_shown_instead(command, write):
    code = "def handle(event, context):\n    raise ValueError('\\x1b[2J\\u202e')\n"
    app = write("app.py", f"{code}HANDLERS = {{'orders': handle}}\n")
    status, out, _ = command("run", app, "--event", "{}")
    assert status == 1
    assert "Error ValueError: \\x1b[2J\\x202e" in out
    assert "\x1b" not in out


@pytest.mark.parametrize("error", ["SystemExit(3)", "GeneratorExit()", "type('Own', (BaseException,), {})()"])
def test_a_handler_that_would_end_the_process_is_a_failed_event(command, write, error):
    app = write(
        "app.py", f"def handle(event, context):\n    raise {error}\nHANDLERS = {{'orders': handle}}\n"
    )
    status, out, _ = command("run", app, "--event", "{}")
    assert status == 1
    assert out.count("Error Runtime.ExitError: RequestId:") == 3


def test_a_destination_function_that_fails_is_a_failure(command, write):
    """The event that was invoked has ended well, and yet."""
    template = SHOP.replace("OnFailure", "OnSuccess").replace("!GetAtt Failed.Arn", f"{ARN}:audit")
    app = write("app.py", "from destmock import outcomes\nHANDLERS = {'audit': outcomes(ValueError('no'))}")
    status, out, _ = command("run", app, write("shop.yaml", template), "--invoke", "Orders")
    assert "audit accepted" in out
    assert status == 1


def test_functions_that_invoke_each_other_without_end_are_stopped_as_on_aws(command, write):
    app = write(
        "app.py",
        """
        import boto3
        def again(event, context):
            boto3.client("lambda").invoke(FunctionName="again", InvocationType="Event", Payload=b"{}")
        HANDLERS = {"again": again}
        """,
    )
    status, out, _ = command("run", app)
    assert (status, out.count("again accepted")) == (1, 17)


# Apps


def test_an_app_is_imported_with_aws_mocked_and_prints_to_standard_error(command, write, monkeypatch):
    """What it does at its top level never reaches AWS, and its region is there."""
    monkeypatch.setenv("AWS_PROFILE", "of-the-company")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("STAGE", "test")
    app = write(
        "nested/app.py",
        """
        import os
        import boto3
        import prices
        sqs = boto3.client("sqs")
        URL = sqs.create_queue(QueueName="orders-" + os.environ["STAGE"])["QueueUrl"]
        print("made", URL)
        HANDLERS = {
            "orders": lambda event, context: sqs.send_message(QueueUrl=URL, MessageBody="x"),
            "price": "prices:of",
            "own": "app:own",
        }
        def own(event, context):
            return 1
        """,
    )
    write("nested/prices.py", "def of(event, context): return 40")
    status, out, err = command("run", app, "--invoke", "orders")
    assert '"MD5OfMessageBody": "9dd4e461268c8034f5c8564e155c67a6"' in out
    assert err == "made https://sqs.us-east-1.amazonaws.com/123456789012/orders-test\n"
    assert status == 0
    assert "attempt 1: Success 40" in command("run", app, "--invoke", "price")[1]
    assert "attempt 1: Success 1" in command("run", app, "--invoke", "own")[1]
    assert not {"app", "prices"} & set(sys.modules)
    assert not any("nested" in each for each in sys.path)


def test_setups_are_called_once_all_handlers_are_there_and_all_templates_deployed(command, write):
    """With AWS mocked; one app's may name a function of another's, or of a template."""
    orders = write(
        "orders.py",
        """
        import boto3
        def setup():
            print("setting up")
            lam, queue = boto3.client("lambda"), boto3.client("sqs").create_queue(QueueName="failed")
            audit = lam.get_function(FunctionName="audit")["Configuration"]["FunctionArn"]
            shop = lam.get_function(FunctionName="shop-orders")["Configuration"]["FunctionArn"]
            destinations = {"OnSuccess": {"Destination": audit}, "OnFailure": {"Destination": shop}}
            lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destinations)
        HANDLERS = {"orders": lambda event, context: "ordered"}
        """,
    )
    audit = write("audit.py", "setup = None\nHANDLERS = {'audit': lambda event, context: 'audited'}")
    status, out, err = command("run", orders, audit, write("shop.yaml", SHOP), "--invoke", "orders")
    assert (status, err) == (0, "setting up\n")
    assert '"audited"' in out


def test_several_apps_of_one_file_name(command, write):
    """A string that names the app's own module means this file, whichever comes first."""
    orders = write("orders/app.py", "HANDLERS = {'orders': 'app:handle'}\ndef handle(e, c): return 'order'")
    bills = write("bills/app.py", "HANDLERS = {'bills': 'app:handle'}\ndef handle(e, c): return 'bill'")
    assert '"bill"' in command("run", orders, bills, "--invoke", "bills")[1]
    assert '"order"' in command("run", orders, bills, "--invoke", "orders")[1]
