"""`destmock run`: what can't run, and what it says of that."""

import re
import sys
from pathlib import Path

import pytest

import destmock._cli.run  # noqa: F401 - what a test with pytester is first to import is forgotten after it
from tests.cli.commands import ARN, SHOP


@pytest.fixture
def refused(command):
    """Runs a command that can't run, and answers the one line that it ends with."""

    def run(*arguments):
        status, out, err = command(*arguments)
        assert (status, out, err.count("\n")) == (2, "", 1), err
        return err.removeprefix("destmock: ").rstrip("\n")

    return run


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
            (
                r"shop.yaml: Parameters: \[Stage\] must have values; "
                "pass --parameter NAME=VALUE, or --invent-parameters"
            ),
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
    assert line == (
        "deploy() needs yaml: pip install airspeed-ext aws-sam-translator openapi-spec-validator PyYAML, "
        "or destmock with its extra sam"
    )


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


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--event", "--event : it is empty; give a file, - for standard input, or JSON"),
        ("--record", "--record : it is empty; give a file, or - for standard input"),
    ],
)
def test_a_variable_of_the_shell_s_that_is_empty(refused, app, option, told):
    assert refused("run", app, option, "") == told


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
                "name an app with {} that says what should run instead, "
                "or --ignore-unsupported to deploy functions that can't be invoked"
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
