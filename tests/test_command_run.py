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
from textwrap import dedent

import pytest

import destmock._cli.run  # noqa: F401 - what a test with pytester is first to import is forgotten after it
from destmock._cli.main import main

ROOT = Path(__file__).parent.parent
START = "2026-01-01T00:00:00Z"
ARN = "arn:aws:lambda:us-east-1:123456789012:function"


@pytest.fixture
def command(capsys, monkeypatch, tmp_path):
    """Runs a command in a directory of its own; answers status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        try:
            status = main([str(each) for each in arguments])
        except SystemExit as end:  # argparse's way
            status = end.code
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def refused(command):
    """Runs a command that can't run, and answers the one line that it ends with."""

    def run(*arguments):
        status, out, err = command(*arguments)
        assert (status, out, err.count("\n")) == (2, "", 1), err
        return err.removeprefix("destmock: ").rstrip("\n")

    return run


@pytest.fixture
def write(tmp_path):
    """Writes a file and answers its name."""

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
        return name

    return write


@pytest.fixture
def app(write):
    """An app with two functions, of which one fails."""
    return write(
        "app.py",
        """
        def place(event, context):
            print("placing", event["id"])
            return {"placed": event["id"]}

        def audit(event, context):
            raise ValueError("no such account")

        HANDLERS = {"orders": place, "audit": audit}
        """,
    )


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


def test_python_m_destmock_is_the_command_and_reads_standard_input():
    command = [sys.executable, "-W", "error", "-m", "destmock", "run", "examples/served_app.py"]
    command += ["--invoke", "destination-sample", "--event", "-", "--start", START]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, input='{"Success": true}'
    )
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
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "\n"


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


#: Its function deletes the queue that it is told of, and fails; `Stage` has to be given.
SHOP = """
    Parameters:
      Stage: {Type: String, Default: dev}
    Resources:
      Orders:
        Type: AWS::Lambda::Function
        Properties:
          FunctionName: !If [Production, production-orders, shop-orders]
          Role: arn:aws:iam::123456789012:role/any
          Handler: index.handler
          Runtime: python3.12
          Code:
            ZipFile: |
              import boto3
              def handler(event, context):
                  sqs = boto3.client("sqs")
                  if "queue" in event:
                      sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=event["queue"])["QueueUrl"])
                      raise ValueError("gone")
                  return "done"
      Failed:
        Type: AWS::SQS::Queue
        Properties: {QueueName: failed-orders}
      Config:
        Type: AWS::Lambda::EventInvokeConfig
        Properties:
          FunctionName: !Ref Orders
          Qualifier: $LATEST
          MaximumRetryAttempts: 0
          DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}
      Live:
        Type: AWS::Lambda::Alias
        Properties: {FunctionName: !Ref Orders, FunctionVersion: $LATEST, Name: live}
    Conditions:
      Production: !Equals [!Ref Stage, production]
"""


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


# What can't run


def test_an_app_that_raises_what_is_no_exception(refused, write):
    app = write("app.py", "class Own(BaseException): ...\nraise Own('no')\n")
    assert refused("run", app) == f"{app}, line 2: {Path(app).stem}.Own: no"


def test_a_template_without_a_bottom(refused, write):
    template = write("deep.yaml", "a: " + "[" * 3_000)
    assert refused("run", template) == f"{template}: it is nested too deeply"


def test_an_event_without_a_standard_input(refused, app, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert (
        refused("run", app, "--invoke", "orders", "--event", "-") == "--event -: there is no standard input"
    )


def test_a_missing_file(refused):
    assert refused("run", "nowhere/app.py") == "there is no file nowhere/app.py"


def test_a_directory(refused, tmp_path):
    (tmp_path / "app.py").mkdir()
    assert refused("run", "app.py") == "app.py is a directory"


def test_a_file_that_is_neither_app_nor_template(refused, write):
    assert refused("run", write("event.txt", "{}")) == (
        "event.txt is neither an app (.py) nor a template (.yaml, .yml, .json, .template)"
    )


def test_no_file_at_all(refused):
    assert refused("run") == "name an app (.py) or a template; see destmock run --help"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1", "app.py has no HANDLERS: it is a mapping such as HANDLERS = {'orders': place_order}"),
        (
            "HANDLERS = ['orders']",
            "app.py has HANDLERS = ['orders']: it is a mapping such as HANDLERS = {'orders': place_order}",
        ),
        (
            "HANDLERS = {'orders': 7}",
            "app.py: the handler of 'orders' is 7; pass a callable .*",
        ),
        (
            "async def f(event, context): ...\nHANDLERS = {'orders': f}",
            "app.py: the handler of 'orders' is an async function, which Lambda's Python runtime can't run",
        ),
        (
            "HANDLERS = {'orders': 'handle'}",
            "app.py: the handler of 'orders' is 'handle'; write 'package.module:function'",
        ),
        (
            "HANDLERS = {'orders': 'nowhere.at:all'}",
            "app.py: the handler of 'orders' is 'nowhere.at:all', and there is no module nowhere.at",
        ),
        (
            "HANDLERS = {'orders': 'app:handle'}",
            "app.py: the handler of 'orders' is 'app:handle', and app.py has no function handle",
        ),
        (
            "HANDLERS = {'orders:live': print}",
            "app.py: 'orders:live' is not a function name; register a bare name .*",
        ),
        ("import nowhere", "app.py, line 1: ModuleNotFoundError: No module named 'nowhere'"),
        ("HANDLERS = {\n  'a' 1\n}", r"app.py, line 2: SyntaxError: .*"),
        ("import sys\n\nsys.exit('no')", "app.py, line 3: SystemExit: no"),
        (
            "import boto3\nboto3.client('sqs').get_queue_url(QueueName='x')",
            "app.py, line 2: .*QueueDoesNotExist: An error occurred .* The specified queue does not exist.*",
        ),
        (
            "import socket\nsocket.create_connection(('example.com', 80))",
            "app.py, line 2: .*example.com:80 would have been reached .*--allow-host example.com.*",
        ),
        (
            "def setup():\n    fail()\ndef fail():\n    raise ValueError('two\\nlines')\nHANDLERS = {}",
            "app.py, line 4: ValueError: two lines",
        ),
        (
            "import boto3\ndef setup():\n    boto3.client('sqs').get_queue_url(QueueName='x')\nHANDLERS = {}",
            "app.py, line 3: .*QueueDoesNotExist: .*",
        ),
        (
            "def setup(mock): ...\nHANDLERS = {}",
            "app.py: TypeError: setup\\(\\) missing 1 required positional argument: 'mock'",
        ),
        (
            "setup = 7\nHANDLERS = {}",
            "app.py has setup = 7: setup is a function that is called without arguments",
        ),
        (
            "async def setup(): ...\nHANDLERS = {}",
            "app.py has async def setup: setup is a function that is called without arguments",
        ),
        (
            "def deep():\n    raise ValueError('two\\nlines')\ndeep()",
            "app.py, line 2: ValueError: two lines",
        ),
    ],
)
def test_an_app_that_can_t_be_loaded(refused, write, text, line):
    found = refused("run", write("app.py", text))
    assert found == line or re.fullmatch(line, found), found


def test_an_error_in_a_module_beside_the_app_is_told_with_its_place(refused, write):
    write("prices.py", "import os\n\nPRICES = {}['lamp']")
    line = refused("run", write("app.py", "import prices"))
    assert line == "prices.py, line 3: KeyError: 'lamp'"


def test_a_handler_s_module_that_lacks_it(refused, write):
    write("prices.py", "def off(event, context): ...")
    app = write("app.py", "HANDLERS = {'price': 'prices:of'}")
    assert refused("run", app) == (
        "app.py: the handler of 'price' is 'prices:of', and prices.py has no function of"
    )


def test_a_handler_s_module_is_not_imported_before_its_first_attempt(command, write):
    """It may read the environment variables that only a function has."""
    write(
        "prices.py",
        "import os\nof = lambda event, context: NAME\nNAME = os.environ['AWS_LAMBDA_FUNCTION_NAME']",
    )
    out = command("run", write("app.py", "HANDLERS = {'price': 'prices:of'}"))[1]
    assert 'Success "price"' in out


def test_a_handler_s_package_is_not_imported_before_its_first_attempt(command, write):
    write("shop/__init__.py", "import os\nNAME = os.environ['AWS_LAMBDA_FUNCTION_NAME']")
    write("shop/prices.py", "from shop import NAME\ndef of(event, context): return NAME")
    out = command("run", write("app.py", "HANDLERS = {'price': 'shop.prices:of'}"))[1]
    assert 'Success "price"' in out


def test_two_handlers_of_one_name(refused, write):
    text = "HANDLERS = {'orders': print}"
    line = refused("run", write("one.py", text), write("two.py", text))
    assert line == "both one.py and two.py have a handler of 'orders'"


def test_two_modules_of_one_name(refused, write):
    """The second app would silently get the first one's."""
    for name in "orders", "bills":
        write(f"{name}/prices.py", "def of(event, context): ...")
        write(f"{name}/app.py", f"import prices\nHANDLERS = {{'{name}': prices.of}}")
    line = refused("run", "orders/app.py", "bills/app.py")
    assert line == "orders and bills both have a module prices, and Python imports one of a name"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [", "shop.yaml: Template format error: YAML not well-formed. .*"),
        ("a: 1", "shop.yaml is no CloudFormation template: it has no Resources"),
        ("Resources: []", "shop.yaml: .*"),
        ("Resources: {A: {Type: AWS::Nothing::Here}}", "shop.yaml has resources .*--ignore-unsupported.*"),
        (
            "Parameters: {Stage: {Type: String}}\nResources: {A: {Type: AWS::SQS::Queue}}",
            r"shop.yaml: Parameters: \[Stage\] must have values; pass --parameter NAME=VALUE",
        ),
        ("Resources: {A: {Type: AWS::SQS::Queue, Properties: {QueueName: 'a b'}}}", "shop.yaml: .*a b.*|.*"),
    ],
)
def test_a_template_that_can_t_be_deployed(refused, write, text, line):
    assert re.fullmatch(line, refused("run", write("shop.yaml", text)))


def test_a_parameter_that_no_template_has(refused, write):
    assert refused("run", write("shop.yaml", SHOP), "--parameter", "Stag=dev") == (
        "no template has a parameter Stag; there are: Stage"
    )


def test_a_template_without_the_extra_that_reads_it(refused, write, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "destmock._cloudformation.template_text", raising=False)
    line = refused("run", write("shop.yaml", "Resources: {}\nTransform: AWS::Serverless-2016-10-31"))
    assert line == "deploy() needs yaml: pip install 'destmock[sam]'"


def test_an_unknown_function(refused, app, write):
    line = refused("run", app, write("shop.yaml", SHOP), "--invoke", "order")
    assert line == "there is no function order; there are: audit, orders, shop-orders, Orders"
    line = refused("run", app, "--invoke", f"{ARN}:order")
    assert line.endswith(f"Function not found: {ARN}:order:$LATEST")
    assert "ResourceNotFoundException" in line


def test_several_functions_and_none_named(refused, app):
    assert refused("run", app) == "name a function with --invoke; there are: audit, orders"


def test_a_template_s_functions_are_listed_by_both_names_and_its_queues_are_none(refused, app, write):
    there = "there are: audit, orders, shop-orders, Orders"
    assert refused("run", app, write("shop.yaml", SHOP)) == f"name a function with --invoke; {there}"
    line = refused("run", app, "shop.yaml", "--invoke", "Failed")
    assert line == f"there is no function Failed; {there}"


def test_no_function_at_all(refused, write):
    template = write("shop.yaml", "Resources: {Failed: {Type: AWS::SQS::Queue}}")
    assert refused("run", template) == "there is no function to invoke, in HANDLERS or in a template"


def test_what_a_handler_may_not_reach_is_told_with_the_option_that_allows_it(command, write):
    app = write(
        "app.py",
        """
        import socket
        HANDLERS = {"orders": lambda event, context: socket.create_connection(("example.com", 80))}
        """,
    )
    out = command("run", app)[1]
    assert "(to allow it: --allow-host example.com)" in out
    assert "mock_destinations" not in out


def test_a_logical_id_in_two_stacks(refused, write):
    one, two = (
        write("one.yaml", SHOP),
        write("two.yaml", SHOP.replace("shop-", "b-").replace("failed-", "b-")),
    )
    assert refused("run", one, "--template", two, "--invoke", "Orders") == (
        "Orders is in several stacks; name one of the functions: shop-orders, b-orders"
    )


def test_an_event_that_isn_t_there(refused, app):
    line = refused("run", app, "--event", "event.json")
    assert line == (
        "--event event.json: No such file or directory; give a file, - for standard input, or JSON"
    )


def test_an_event_that_isn_t_json_gets_aws_s_own_error(refused, app):
    line = refused("run", app, "--invoke", "orders", "--event", '{"id": }')
    assert "InvalidRequestContentException" in line
    assert "Could not parse request body into json" in line


def test_a_queue_s_function_in_another_language_is_told_after_what_ran(command, write):
    """Standard output has the timeline so far."""
    settings = "Handler: index.handler, Runtime: nodejs22.x, Code: {ZipFile: '//'}, FunctionName: audit"
    role = "Role: arn:aws:iam::123456789012:role/any"
    source = "EventSourceArn: !GetAtt Failed.Arn, FunctionName: !Ref Audit"
    more = f"""
      Audit: {{Type: AWS::Lambda::Function, Properties: {{{settings}, {role}}}}}
      Reading: {{Type: AWS::Lambda::EventSourceMapping, Properties: {{{source}}}}}
    Conditions:
    """
    template = SHOP.replace("    Conditions:\n", more.lstrip("\n")).replace("OnFailure", "OnSuccess")
    status, out, err = command("run", write("shop.yaml", template), "--invoke", "Orders")
    assert "attempt 1: Success" in out
    assert "has no handler that destmock could run" in err
    assert (status, err.count("\n")) == (1, 1)


def test_a_function_in_another_language(refused, write):
    template = write("shop.yaml", SHOP.replace("python3.12", "nodejs22.x"))
    line = refused("run", template)
    assert "its runtime is nodejs22.x, and destmock runs Python only" in line
    assert line.endswith("; name an app with HANDLERS = {'shop-orders': handler}")


@pytest.mark.parametrize(
    ("properties", "line"),
    [
        (
            "Handler: a.b, Runtime: python3.12, CodeUri: nowhere/",
            "Orders: CodeUri is nowhere, which isn't there; a function needs no code when an app has {}",
        ),
        (
            "PackageType: Image, ImageUri: x",
            (
                "destmock can't run container images: Orders; "
                "name an app with {} that says what should run instead"
            ),
        ),
    ],
)
def test_a_function_without_code_that_runs_is_told_of_handlers_of_apps(refused, write, properties, line):
    handlers = "HANDLERS = {'Orders': ...}"
    function = f"Orders: {{Type: AWS::Serverless::Function, Properties: {{{properties}}}}}"
    template = write("shop.yaml", f"Transform: AWS::Serverless-2016-10-31\nResources:\n  {function}\n")
    assert refused("run", template) == f"shop.yaml: {line.format(handlers)}"


@pytest.mark.parametrize("option", [("--start", "yesterday"), ("--parameter", "Stage")])
def test_a_bad_option(command, app, option):
    status, _, err = command("run", app, *option)
    assert status == 2
    assert repr(option[1]) in err
