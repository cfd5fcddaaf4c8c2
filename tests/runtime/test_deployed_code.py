"""Functions that run the code they were created with: where it comes from, and what may not run."""

import contextlib
import linecache
import os
import re
import sys
import tempfile
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from destmock import NoHandlerError, mock_destinations, outcomes
from tests.runtime.deployed import COUNTS, deploy, invoke, returns, send, zipped

ARN = "arn:aws:lambda:us-east-1:123456789012:function"


@pytest.fixture
def bucket(destmock):
    """Puts an object into a bucket, and answers where it is as `create_function` wants to be told."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})

    def put(content, key="orders.zip"):
        version = s3.put_object(Bucket="code", Key=key, Body=content)["VersionId"]
        return {"S3Bucket": "code", "S3Key": key}, version

    return put


# Where the code comes from


def test_an_inline_zip(lam, create):
    create(returns("{'got': event}"))
    assert invoke(lam, payload=b"[1]") == {"got": [1]}


def test_a_zip_in_s3(lam, create, bucket):
    where, _ = bucket(zipped(returns("'from S3'")))
    create({}, Code=where)
    assert invoke(lam) == "from S3"


def test_a_zip_in_s3_is_read_when_the_function_is_created(lam, create, bucket):
    where, _ = bucket(zipped(returns("'old'")))
    create({}, Code=where)
    bucket(zipped(returns("'new'")))
    assert invoke(lam) == "old"
    lam.update_function_code(FunctionName="orders", **where)
    assert invoke(lam) == "new"


def test_a_certain_version_of_an_object_in_s3(lam, create, bucket):
    where, first = bucket(zipped(returns("'first'")))
    _, second = bucket(zipped(returns("'second'")))
    bucket(zipped(returns("'third'")))
    create({}, Code={**where, "S3ObjectVersion": first})
    assert invoke(lam) == "first"
    lam.update_function_code(FunctionName="orders", **where, S3ObjectVersion=second)
    assert invoke(lam) == "second"


def test_a_layer_of_a_certain_version_of_an_object_in_s3(lam, create, bucket):
    where, first = bucket(zipped({"python/tool.py": "NAME = 'first'"}))
    bucket(zipped({"python/tool.py": "NAME = 'second'"}))
    content = {**where, "S3ObjectVersion": first}
    arn = lam.publish_layer_version(LayerName="tools", Content=content)["LayerVersionArn"]
    create("import tool\n" + returns("tool.NAME"), Layers=[arn])
    assert invoke(lam) == "first"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"S3Bucket": "nowhere", "S3Key": "orders.zip"}, "NoSuchBucket"),
        ({"S3Bucket": "code", "S3Key": "orders.zip", "S3ObjectVersion": "none"}, "NoSuchVersion"),
    ],
)
def test_code_that_is_not_in_s3_is_refused_as_by_aws(lam, create, bucket, place, code):
    bucket(zipped(returns("1")))
    with pytest.raises(lam.exceptions.InvalidParameterValueException, match=code):
        create({}, Code=place)
    create(returns("1"))
    with pytest.raises(lam.exceptions.InvalidParameterValueException, match=code):
        lam.update_function_code(FunctionName="orders", **place)
    assert invoke(lam) == 1


TEMPLATE = """
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  Orders:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: orders
      Runtime: python3.13
      Handler: index.handle
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          import cfnresponse
          def handle(event, context):
              return ["ONE", cfnresponse.SUCCESS]
"""


def test_inline_code_of_a_template(lam):
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName="app", TemplateBody=TEMPLATE)
    assert invoke(lam) == ["ONE", "SUCCESS"]
    cloudformation.update_stack(StackName="app", TemplateBody=TEMPLATE.replace("ONE", "TWO"))
    assert invoke(lam) == ["TWO", "SUCCESS"]


# Versions and aliases


def test_published_versions_keep_their_code_and_have_environments_of_their_own(lam, create):
    create(f"{COUNTS}    return ['one', calls, context.function_version]\n", Publish=True)
    code = zipped(f"{COUNTS}    return ['two', calls, context.function_version]\n")
    assert lam.update_function_code(FunctionName="orders", ZipFile=code, Publish=True)["Version"] == "2"
    for calls in 1, 2:
        assert invoke(lam, Qualifier="1") == ["one", calls, "1"]
        assert invoke(lam, Qualifier="2") == ["two", calls, "2"]
        assert invoke(lam) == ["two", calls, "$LATEST"]


def test_nothing_is_published_when_nothing_has_changed(lam, create):
    create(returns("1"))
    lam.update_function_code(FunctionName="orders", ZipFile=zipped(returns("2")), Publish=True)
    assert lam.publish_version(FunctionName="orders")["Version"] == "1"


def test_an_alias_runs_the_version_that_it_points_to(lam, create):
    create(returns("'one'"), Publish=True)
    lam.update_function_code(FunctionName="orders", ZipFile=zipped(returns("'two'")), Publish=True)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    assert invoke(lam, "orders:live") == "one"
    lam.update_alias(FunctionName="orders", Name="live", FunctionVersion="2")
    assert invoke(lam, "orders:live") == "two"
    weights = {"AdditionalVersionWeights": {"1": 0.5}}
    lam.update_alias(FunctionName="orders", Name="live", FunctionVersion="2", RoutingConfig=weights)
    assert {invoke(lam, "orders:live") for _ in range(60)} == {"one", "two"}


# The environment


def test_its_variables_are_the_function_s_and_aws_s(lam, create):
    names = "TABLE", "_HANDLER", "AWS_LAMBDA_FUNCTION_NAME", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT"
    source = f"import os\n{returns(f'[os.environ[name] for name in {names!r}]')}"
    create(source, Environment={"Variables": {"TABLE": "orders"}}, Runtime="python3.12")
    assert invoke(lam) == ["orders", "handler.handle", "orders", "AWS_Lambda_python3.12", "/var/task"]
    assert "TABLE" not in os.environ


# Errors


def test_an_exception_in_a_destination_s_record_and_a_dead_letter(lam, create, make_queue, records, messages):
    """As on AWS: it shows nothing of where the code was unpacked."""
    create(
        {
            "handler.py": "from app import fail\n" + returns("fail()"),
            "app.py": "def fail():\n    raise ValueError('no')\n",
        },
        DeadLetterConfig={"TargetArn": make_queue("dead")},
    )
    destination = {"OnFailure": {"Destination": make_queue("failed")}}
    lam.put_function_event_invoke_config(
        FunctionName="orders", MaximumRetryAttempts=0, DestinationConfig=destination
    )
    send(lam)
    [record] = records("failed")
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responsePayload"]["stackTrace"] == [
        '  File "/var/task/handler.py", line 3, in handle\n    return fail()\n',
        "  File \"/var/task/app.py\", line 2, in fail\n    raise ValueError('no')\n",
    ]
    [letter] = messages("dead")
    assert letter["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"


def test_the_log_shows_a_traceback_as_on_aws(destmock, lam, create):
    create("def handle(event, context):\n    raise ValueError('no')\n")
    send(lam)
    attempt = destmock.invocations[0].attempts[0]
    assert (
        "[ERROR] ValueError: no\nTraceback (most recent call last):\n"
        '\u00a0\u00a0File "/var/task/handler.py", line 2, in handle\n'
        "\u00a0\u00a0\u00a0\u00a0raise ValueError('no')\n"
    ) in attempt.logs
    assert Path(attempt.exception.__traceback__.tb_frame.f_code.co_filename).is_file()


@pytest.mark.parametrize(
    ("source", "handler", "error_type", "message"),
    [
        (
            "def handle(event, context)\n",
            "handler.handle",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'handler': expected ':' (handler.py, line 1)",
        ),
        (
            "x = 1\n",
            "handler.handle",
            "Runtime.HandlerNotFound",
            "Handler 'handle' missing on module 'handler'",
        ),
        (
            returns("1"),
            "main.handle",
            "Runtime.ImportModuleError",
            "Unable to import module 'main': No module named 'main'",
        ),
        (
            "import nowhere\n",
            "handler.handle",
            "Runtime.ImportModuleError",
            "Unable to import module 'handler': No module named 'nowhere'",
        ),
        (
            returns("1"),
            "handler",
            "Runtime.MalformedHandlerName",
            "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
        ),
        ("raise KeyError('TABLE')\n", "handler.handle", "KeyError", "'TABLE'"),
    ],
)
def test_B18_code_that_can_not_be_imported(lam, create, source, handler, error_type, message):
    create(source, Handler=handler)
    payload = invoke(lam)
    assert (payload["errorType"], payload["errorMessage"]) == (error_type, message)


def test_B18_where_a_syntax_error_is(lam, create):
    create({"handler.py": "import app\n", "app.py": "x = 1\ny = (\n"})
    assert invoke(lam)["stackTrace"] == ['  File "/var/task/app.py" Line 2\n    y = (\n']


# Registered handlers


def test_a_registered_handler_wins(destmock, lam, create):
    destmock.handler("orders", outcomes("registered"))
    create(returns("'deployed'"))
    assert invoke(lam) == "registered"


def test_a_handler_that_is_registered_later_runs_from_the_next_attempt_on():
    with mock_destinations(autorun=False) as destmock:
        deploy("def handle(event, context):\n    raise ValueError('deployed')\n")
        send(boto3.client("lambda"))
        destmock.step()
        destmock.handler("orders", outcomes("registered"))
        destmock.run_until_idle()
        first, second = destmock.invocations[0].attempts
    assert str(first.exception) == "deployed"
    assert second.response == "registered"


def test_with_a_registered_handler_no_code_is_needed(destmock, lam, create):
    destmock.handler("orders", outcomes("registered"))
    create(b"no zip", Runtime="nodejs22.x")
    assert invoke(lam) == "registered"


# Code that destmock can't run


@pytest.mark.parametrize("call", [invoke, send])
@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"Runtime": "nodejs22.x"}, "its runtime is nodejs22.x, and destmock runs Python only"),
        ({"Runtime": "provided.al2023"}, "its runtime is provided.al2023, and destmock runs Python only"),
        (
            {
                "PackageType": "Image",
                "Code": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/orders:1"},
            },
            "its code is a container image",
        ),
        (
            {"Code": {"ZipFile": b"no zip"}},
            "its code is not a zip file that can be unpacked: File is not a zip file",
        ),
        (
            {"Code": {"S3Bucket": "code", "S3Key": "orders.zip"}},
            "its code is empty, or was not in S3 when it was deployed",
        ),
    ],
    ids=["nodejs", "provided", "image", "no zip", "not in S3"],
)
def test_code_that_can_not_run_is_an_error_that_says_why(destmock, lam, create, settings, why, call):
    boto3.client("s3").create_bucket(Bucket="code")
    create({}, **settings)
    with pytest.raises(NoHandlerError) as refused:
        call(lam)
    assert str(refused.value) == (
        f"the function {ARN}:orders exists, but has no handler that destmock could run ({why}); register one "
        "with mock_destinations(handlers={'orders': handler}) or destmock.handler('orders', handler)"
    )
    assert destmock.invocations == []
    destmock.handler("orders", outcomes("registered"))
    assert call(lam) in ("registered", None)


def test_a_layer_that_is_no_zip_is_named(lam, create):
    content = {"ZipFile": b"no zip"}
    arn = lam.publish_layer_version(LayerName="tools", Content=content)["LayerVersionArn"]
    create(returns("1"), Layers=[arn])
    with pytest.raises(NoHandlerError, match=re.escape(f"(its layer {arn} is not a zip file")):
        invoke(lam)


def test_a_damaged_zip_is_an_error_before_anything_is_queued(destmock, lam, create):
    code = zipped(returns("1"))
    create(code.replace(b"return 1", b"return 2"))
    with pytest.raises(NoHandlerError, match="Bad CRC-32"):
        send(lam)
    assert destmock.invocations == []


def test_an_event_waits_when_what_was_deployed_meanwhile_can_not_run():
    with mock_destinations(autorun=False) as destmock:
        deploy("def handle(event, context):\n    raise ValueError\n")
        lam = boto3.client("lambda")
        send(lam)
        destmock.step()
        lam.update_function_code(FunctionName="orders", ZipFile=b"no zip")
        with pytest.raises(NoHandlerError):
            destmock.run_until_idle()
        assert len(destmock.pending) == 1
        destmock.handler("orders", outcomes("registered"))
        destmock.run_until_idle()
        assert [attempt.elapsed for attempt in destmock.invocations[0].attempts] == [0, 60]


def test_a_function_of_another_mock_s_handler_has_no_code():
    with mock_destinations({"orders": outcomes(1)}):
        lam = boto3.client("lambda")
        lam.list_functions()
        with mock_destinations(), pytest.raises(NoHandlerError, match="registered with another mock"):
            invoke(lam)


# What is left behind


@pytest.fixture
def directories(tmp_path, monkeypatch):
    """Where temporary directories are made; answers what is there now."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda: list(tmp_path.rglob("*"))


@pytest.mark.parametrize("error", [None, ValueError])
def test_nothing_is_left_behind(directories, tmp_path, monkeypatch, error):
    linecache.clearcache()
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    modules, path, cwd = sys.modules.copy(), sys.path.copy(), Path.cwd()
    with contextlib.suppress(ValueError), mock_destinations():
        lam = boto3.client("lambda")
        assert directories() == []
        content = {"ZipFile": zipped({"python/tool.py": ""})}
        arn = lam.publish_layer_version(LayerName="tools", Content=content)["LayerVersionArn"]
        source = f"import tool, app.deep\n{COUNTS}    1 / len(event)\n"
        deploy({"handler.py": source, "app/deep.py": ""}, Layers=[arn])
        send(lam)
        assert {"handler.py", "tool.py", "deep.py"} <= {file.name for file in directories()}
        assert not [file for file in directories() if file.suffix == ".pyc"]
        assert any(name.endswith("handler.py") for name in linecache.cache)
        if error is not None:
            raise error
    assert directories() == []
    assert not {"handler", "tool", "app", "app.deep"} & (sys.modules.keys() - modules.keys())
    assert (sys.path, Path.cwd()) == (path, cwd)
    for cache in sys.path_importer_cache, linecache.cache:
        assert not [name for name in cache if name.startswith(str(tmp_path))]


def test_no_directory_is_made_without_deployed_code(directories):
    with mock_destinations({"orders": outcomes(1)}):
        send(boto3.client("lambda"))
        assert directories() == []


def test_equal_code_is_unpacked_once_and_its_modules_are_kept_apart(directories, lam, create):
    for name in "one", "two":
        create(f"{COUNTS}    return calls\n", name)
    assert [invoke(lam, name) for name in ("one", "two", "one", "two")] == [1, 1, 2, 2]
    assert len([file for file in directories() if file.name == "handler.py"]) == 1


def test_code_deployed_to_an_outer_mock_aws_runs(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        content = {"ZipFile": zipped({"python/tool.py": "NAME = 'tool'"})}
        lam = boto3.client("lambda")
        arn = lam.publish_layer_version(LayerName="tools", Content=content)["LayerVersionArn"]
        deploy("import tool\n" + returns("tool.NAME"), Layers=[arn])
        with mock_destinations():
            assert invoke(boto3.client("lambda")) == "tool"


FORWARD = (
    "import boto3\n"
    "sqs = boto3.client('sqs')\n"
    "def handle(event, context):\n"
    "    url = sqs.get_queue_url(QueueName='out')['QueueUrl']\n"
    "    sqs.send_message(QueueUrl=url, MessageBody=event['text'])\n"
)


@pytest.mark.parametrize("kind", ["deployed", "imported"])
def test_a_client_made_at_import_meets_the_mock_and_what_it_sends_is_queued(
    destmock, lam, create, make_queue, tmp_path, monkeypatch, kind
):
    """The queue's own function runs after the handler, not inside its call."""
    got = []
    destmock.handler("reader", lambda event, context: got.extend(r["body"] for r in event["Records"]))
    lam.create_event_source_mapping(EventSourceArn=make_queue("out"), FunctionName="reader")
    if kind == "deployed":
        create(FORWARD, name="forward")
    else:
        (tmp_path / "forwarding_module.py").write_text(FORWARD)
        monkeypatch.syspath_prepend(tmp_path)
        destmock.handler("forward", "forwarding_module:handle")
    send(lam, "forward", b'{"text": "one"}')
    send(lam, "forward", b'{"text": "two"}')
    assert got == ["one", "two"]
