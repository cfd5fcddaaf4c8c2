"""aiobotocore's clients: the same answers as boto3's, with what is theirs to await still to be awaited."""

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta, timezone

import boto3
import pytest
import pytest_asyncio
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from destmock import NetworkError, mock_destinations, outcomes
from destmock._engine.active import active

pytest.importorskip("aiobotocore")

from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioRefreshableCredentials
from aiobotocore.endpoint import AioEndpoint
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.httpxsession import HttpxSession
from aiobotocore.response import AioHttpxStreamingBody, AioStreamingBody
from aiobotocore.session import AioSession, get_session

asynchronous = pytest.mark.asyncio
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def ok(event, context):
    return {"ok": event}


def fail(event, context):
    raise ValueError("out of stock")


HANDLERS = {"orders": ok, "failing": fail}
orders = pytest.mark.destmock(handlers=HANDLERS)


@pytest.fixture(params=[AIOHTTPSession, HttpxSession])
def http_session(request):
    """What aiobotocore sends with."""
    return request.param


@pytest_asyncio.fixture
async def client(destmock, http_session):
    """Makes aiobotocore clients, which are closed at the end."""
    session = get_session()
    async with contextlib.AsyncExitStack() as stack:

        async def make(service, **options):
            config = AioConfig(http_session_cls=http_session)
            return await stack.enter_async_context(session.create_client(service, config=config, **options))

        yield make


async def queue_arn(sqs, name):
    url = (await sqs.create_queue(QueueName=name))["QueueUrl"]
    wanted = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, wanted["Attributes"]["QueueArn"]


# What destmock answers


@orders
@asynchronous
async def test_a_failed_event_reaches_the_queue(destmock, client):
    """The README's first example, awaited."""
    lam, sqs = await client("lambda"), await client("sqs")
    url, arn = await queue_arn(sqs, "failed")
    await lam.put_function_event_invoke_config(
        FunctionName="failing", DestinationConfig={"OnFailure": {"Destination": arn}}
    )

    answer = await lam.invoke(FunctionName="failing", InvocationType="Event", Payload=b'{"id": 7}')

    assert (answer["StatusCode"], await answer["Payload"].read()) == (202, b"")
    [message] = (await sqs.receive_message(QueueUrl=url))["Messages"]
    assert json.loads(message["Body"])["requestContext"]["condition"] == "RetriesExhausted"
    [invocation] = destmock.invocations
    assert [attempt.elapsed for attempt in invocation.attempts] == [0, 60, 180]


CALLS = [
    ("invoke", {"FunctionName": "orders", "Payload": b'{"id": 7}', "LogType": "Tail"}),
    ("invoke", {"FunctionName": "failing", "Payload": '{"id": 7}'}),
    ("invoke", {"FunctionName": "orders", "InvocationType": "Event"}),
    ("invoke", {"FunctionName": "orders", "InvocationType": "DryRun"}),
    ("invoke", {"FunctionName": "orders", "Payload": b"no JSON"}),
    ("invoke", {"FunctionName": "nothing"}),
    ("invoke_async", {"FunctionName": "orders", "InvokeArgs": b"{}"}),
    ("put_function_event_invoke_config", {"FunctionName": "orders", "MaximumRetryAttempts": 1}),
    ("put_function_event_invoke_config", {"FunctionName": "orders"}),
    ("update_function_event_invoke_config", {"FunctionName": "orders", "MaximumEventAgeInSeconds": 60}),
    ("get_function_event_invoke_config", {"FunctionName": "orders"}),
    ("get_function_event_invoke_config", {"FunctionName": "failing"}),
    ("list_function_event_invoke_configs", {"FunctionName": "orders"}),
    ("delete_function_event_invoke_config", {"FunctionName": "orders"}),
    ("put_function_recursion_config", {"FunctionName": "orders", "RecursiveLoop": "Allow"}),
    ("get_function_recursion_config", {"FunctionName": "orders"}),
]


def boto3_answer(lam, name, arguments):
    try:
        answer = getattr(lam, name)(**arguments)
    except ClientError as error:
        return type(error).__name__, str(error), error.response
    if "Payload" in answer:
        answer["Payload"] = answer["Payload"].read()
    return answer


async def aiobotocore_answer(lam, name, arguments):
    try:
        answer = await getattr(lam, name)(**arguments)
    except ClientError as error:
        return type(error).__name__, str(error), error.response
    if "Payload" in answer:
        answer["Payload"] = await answer["Payload"].read()
    return answer


@asynchronous
async def test_each_answer_and_error_is_what_boto3_has(http_session):
    """Down to the headers: with `start`, two runs are the same."""
    with mock_destinations(HANDLERS, start=START):
        lam = boto3.client("lambda")
        expected = [boto3_answer(lam, *call) for call in CALLS]
    with mock_destinations(HANDLERS, start=START):
        config = AioConfig(http_session_cls=http_session)
        async with get_session().create_client("lambda", config=config) as lam:
            found = [await aiobotocore_answer(lam, *call) for call in CALLS]
    assert found == expected


@orders
@asynchronous
async def test_errors_are_the_client_s_own_exceptions(client):
    lam = await client("lambda")
    with pytest.raises(lam.exceptions.ResourceNotFoundException, match="Function not found"):
        await lam.invoke(FunctionName="nothing")
    with pytest.raises(lam.exceptions.InvalidRequestContentException):
        await lam.invoke(FunctionName="orders", Payload=b"{")


@orders
@asynchronous
async def test_a_payload_is_aiobotocore_s_stream(client, http_session):
    lam = await client("lambda")

    async def payload():
        return (await lam.invoke(FunctionName="orders", Payload=b'"two\\nlines"'))["Payload"]

    text = b'{"ok": "two\\nlines"}'
    kind = AioStreamingBody if http_session is AIOHTTPSession else AioHttpxStreamingBody
    assert isinstance(await payload(), kind)
    async with await payload() as stream:
        assert (await stream.read(6), await stream.read(), await stream.read()) == (text[:6], text[6:], b"")
    assert [chunk async for chunk in (await payload()).iter_chunks(15)] == [text[:15], text[15:]]
    assert [line async for line in (await payload()).iter_lines()] == [text]
    assert [chunk async for chunk in await payload()] == [text]
    assert await (await payload()).readlines() == [text]


@orders
@asynchronous
async def test_a_payload_that_is_closed_unread_closes_as_aiobotocore_s_own(client, http_session):
    """aiohttp closes at once; httpx has to be awaited."""
    lam = await client("lambda")
    payload = (await lam.invoke(FunctionName="orders"))["Payload"]
    closing = payload.close()
    assert asyncio.iscoroutine(closing) is (http_session is HttpxSession)
    if closing is not None:
        await closing


@orders
@asynchronous
async def test_paginators_page(client):
    setting, lam = {"MaximumRetryAttempts": 1}, await client("lambda")
    for number in range(3):
        await lam.publish_version(FunctionName="orders", Description=str(number))
        await lam.update_function_configuration(FunctionName="orders", Description=f"next {number}")
        await lam.put_function_event_invoke_config(
            FunctionName="orders", Qualifier=str(number + 1), **setting
        )
    paginator = lam.get_paginator("list_function_event_invoke_configs")
    pages = paginator.paginate(FunctionName="orders", PaginationConfig={"PageSize": 2})
    sizes = [len(page["FunctionEventInvokeConfigs"]) async for page in pages]
    assert sizes == [2, 1]


@pytest.mark.destmock(handlers={"orders": ok}, autorun=False)
@asynchronous
async def test_time_driven_by_hand(destmock, client):
    lam = await client("lambda")
    await lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"1")
    assert [invocation.attempts for invocation in destmock.invocations] == [()]
    destmock.run_until_idle()
    assert destmock.invocations[0].condition == "Success"


@orders
@asynchronous
async def test_invocations_that_are_gathered_are_kept_apart(destmock, client):
    lam = await client("lambda")

    async def invoke(number):
        answer = await lam.invoke(FunctionName="orders", Payload=str(number).encode())
        return json.loads(await answer["Payload"].read())

    assert await asyncio.gather(*map(invoke, range(10))) == [{"ok": number} for number in range(10)]


# Handlers inside an asynchronous test


@asynchronous
async def test_a_handler_may_run_an_event_loop_of_its_own():
    """As it may on AWS; the test's own loop goes on afterwards."""

    async def work(event):
        await asyncio.sleep(0)
        async with get_session().create_client("lambda") as lam:
            answer = await lam.invoke(FunctionName="inner", Payload=json.dumps(event))
            return json.loads(await answer["Payload"].read())

    def outer(event, context):
        return asyncio.run(work(event))

    def inner(event, context):
        return asyncio.run(asyncio.sleep(0, {"inner": event}))

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    with mock_destinations({"outer": outer, "inner": inner}):
        async with get_session().create_client("lambda") as lam:
            answer = await lam.invoke(FunctionName="outer", Payload=b"5")
            assert (asyncio.get_running_loop(), asyncio.current_task()) == (loop, task)
            assert json.loads(await answer["Payload"].read()) == {"inner": 5}
    await asyncio.sleep(0)
    assert (asyncio.get_running_loop(), asyncio.current_task()) == (loop, task)


@asynchronous
async def test_the_test_s_loop_goes_on_after_a_handler_that_interrupts():
    task = asyncio.current_task()
    with mock_destinations({"orders": outcomes(KeyboardInterrupt)}, strict=False):
        async with get_session().create_client("lambda") as lam:
            with pytest.raises(KeyboardInterrupt):
                await lam.invoke(FunctionName="orders", InvocationType="Event")
            assert asyncio.current_task() is task
    await asyncio.sleep(0)


@asynchronous
async def test_a_handler_uses_boto3_as_ever(client):
    def handler(event, context):
        return boto3.client("sqs").create_queue(QueueName="made")["QueueUrl"]

    with mock_destinations({"orders": handler}):
        lam, sqs = await client("lambda"), await client("sqs")
        answer = await lam.invoke(FunctionName="orders")
        url = json.loads(await answer["Payload"].read())
        assert (await sqs.list_queues())["QueueUrls"] == [url]


# What moto answers


@orders
@asynchronous
async def test_s3_stores_and_streams_an_object(client):
    """From bytes, a file and a stream that is read asynchronously."""

    class Stream:
        def __init__(self, body):
            self._body = io.BytesIO(body)

        async def read(self, size=-1):
            await asyncio.sleep(0)
            return self._body.read(size)

    s3 = await client("s3")
    await s3.create_bucket(Bucket="bucket")
    text = b"x" * 3000 + b"\nend"
    for body in (text, io.BytesIO(text), Stream(text)):
        await s3.put_object(Bucket="bucket", Key="key", Body=body, ContentLength=len(text))
        found = await s3.get_object(Bucket="bucket", Key="key")
        async with found["Body"] as stream:
            assert await stream.read(1000) + await stream.read() == text
        found = await s3.get_object(Bucket="bucket", Key="key")
        assert [len(line) async for line in found["Body"].iter_lines()] == [3000, 3]
    listed = await s3.list_objects_v2(Bucket="bucket")
    assert [(item["Key"], item["Size"]) for item in listed["Contents"]] == [("key", len(text))]
    with pytest.raises(s3.exceptions.NoSuchKey):
        await s3.get_object(Bucket="bucket", Key="another")


@orders
@asynchronous
async def test_each_call_is_answered_once(client):
    sqs, sns = await client("sqs"), await client("sns")
    url, arn = await queue_arn(sqs, "copies")
    topic = (await sns.create_topic(Name="news"))["TopicArn"]
    await sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    await sns.publish(TopicArn=topic, Message="hello")
    [message] = (await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10))["Messages"]
    assert json.loads(message["Body"])["Message"] == "hello"


@orders
@asynchronous
async def test_a_function_that_is_created_takes_its_handler(client):
    iam, lam = await client("iam"), await client("lambda")
    role = await iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "")
    created = await lam.create_function(
        FunctionName="orders",
        Runtime="python3.12",
        Handler="app.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": packed.getvalue()},
        MemorySize=256,
    )
    assert created["MemorySize"] == 256
    answer = await lam.invoke(FunctionName="orders", Payload=b"1")
    assert json.loads(await answer["Payload"].read()) == {"ok": 1}
    waiter = lam.get_waiter("function_exists")
    await waiter.wait(FunctionName="orders")


@pytest.mark.destmock(handlers={"orders": lambda event, context: print("seen")})
@asynchronous
async def test_what_a_handler_printed_is_there_to_be_read(client):
    lam, logs = await client("lambda"), await client("logs")
    await lam.invoke(FunctionName="orders")
    events = (await logs.filter_log_events(logGroupName="/aws/lambda/orders"))["events"]
    assert "seen" in [event["message"].strip() for event in events]


# Nothing leaves the process


@orders
@asynchronous
@pytest.mark.parametrize(
    ("service", "operation", "arguments", "request_line"),
    [
        ("lambda", "invoke", {"FunctionName": "orders"}, "POST http://localstack:4566/2015-03-31/functions/"),
        ("lambda", "list_functions", {}, "GET http://localstack:4566/2015-03-31/functions"),
        ("sqs", "list_queues", {}, "POST http://localstack:4566/"),
        ("s3", "put_object", {"Bucket": "bucket", "Key": "key", "Body": b""}, "PUT http://localstack:4566/"),
    ],
)
async def test_what_nobody_answers_is_refused_with_its_url(
    destmock, client, service, operation, arguments, request_line
):
    refused = await client(service, endpoint_url="http://localstack:4566")
    with pytest.raises(EndpointConnectionError) as caught:
        await getattr(refused, operation)(**arguments)
    assert str(caught.value).startswith(request_line)
    assert destmock.invocations == ()


@orders
@asynchronous
async def test_an_http_session_of_the_user_s_own_is_refused_too(destmock):
    class OwnSession(AIOHTTPSession):
        async def send(self, request):
            raise AssertionError("sent")

    config = AioConfig(http_session_cls=OwnSession)
    async with get_session().create_client("sqs", config=config, endpoint_url="http://elasticmq:9") as sqs:
        with pytest.raises(NetworkError):
            await sqs.list_queues()


# Credentials


def invoked(session, **options):
    async def program():
        options.setdefault("region_name", "us-east-1")
        async with session.create_client("lambda", **options) as lam:
            await lam.invoke(FunctionName="orders", InvocationType="Event")
            await lam.list_functions()

    asyncio.run(program())


async def never():
    raise AssertionError("refreshed")


def with_refreshable_credentials():
    session = get_session()
    expired = datetime.now(timezone.utc) - timedelta(hours=1)
    session._credentials = AioRefreshableCredentials("AKIA", "secret", "token", expired, never, "sso")
    return session


def with_a_profile():
    return AioSession(profile="process")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """One with a profile whose credentials a program makes, and none in the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    marker = tmp_path / "the process ran"
    path = tmp_path / "config"
    process = f"credential_process = {sys.executable} -c \"open('{marker}', 'w')\""
    path.write_text(f"[default]\nregion = eu-west-1\n{process}\n[profile process]\n{process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    yield
    assert not marker.exists()


@pytest.mark.parametrize("make", [get_session, with_a_profile, with_refreshable_credentials])
def test_an_older_session_s_credentials_are_neither_fetched_nor_lost(machine, make):
    session = make()
    session.full_config  # noqa: B018 - it has read its files already
    before = session._credentials
    with mock_destinations(HANDLERS) as destmock:
        invoked(session)
        assert session.full_config["profiles"].keys() == {"default", "process"}
    assert len(destmock.invocations) == 1
    assert session._credentials is before


@asynchronous
@orders
async def test_the_environment_s_credentials_say_whose_account_it_is(destmock, client):
    sts = await client("sts")
    role = {"RoleArn": "arn:aws:iam::111111111111:role/other", "RoleSessionName": "test"}
    credentials = (await sts.assume_role(**role))["Credentials"]
    os.environ["AWS_ACCESS_KEY_ID"] = credentials["AccessKeyId"]
    async with get_session().create_client("lambda") as lam:
        await lam.invoke(FunctionName="orders", InvocationType="Event")
    assert ":111111111111:function:orders" in destmock.invocations[0].function_arn


def test_a_client_without_credentials_needs_none(machine):
    with mock_destinations(HANDLERS) as destmock:
        invoked(get_session(), config=Config(signature_version=UNSIGNED))
    assert len(destmock.invocations) == 1


def test_an_older_client_has_its_credentials_again_afterwards(machine):
    async def program():
        async with with_refreshable_credentials().create_client("sqs", region_name="us-east-1") as sqs:
            before = sqs._request_signer._credentials
            with mock_destinations(HANDLERS):
                await sqs.create_queue(QueueName="done")
                assert sqs._request_signer._credentials is not before
            assert sqs._request_signer._credentials is before

    asyncio.run(program())


# Every form of use


@asynchronous
@mock_destinations(HANDLERS)
async def test_the_decorator(destmock):
    async with get_session().create_client("lambda") as lam:
        await lam.invoke(FunctionName="orders", InvocationType="Event")
    assert len(destmock.invocations) == 1


@asynchronous
async def test_a_client_that_is_older_than_the_mock():
    async with get_session().create_client("lambda", region_name="us-east-1") as lam:
        for _ in range(2):
            with mock_destinations(HANDLERS) as destmock:
                await lam.invoke(FunctionName="orders", InvocationType="Event")
            assert len(destmock.invocations) == 1


def program(text):
    """Runs a program in a process of its own, whose machine has neither region nor credentials."""
    command = [sys.executable, "-W", "error", "-c", text]
    machine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=machine)
    assert done.returncode == 0, done.stderr
    return done.stdout


INVOKE = """
async def invoke(client):
    async with client as lam:
        await lam.invoke(FunctionName="orders", InvocationType="Event")
        return len((await lam.list_functions())["Functions"])
"""


@pytest.mark.parametrize("first", ["aiobotocore.session", "moto"])
def test_what_was_made_before_destmock_was_imported_is_adopted(first):
    """A session and a client."""
    printed = program(f"""
import asyncio
import {first}
from aiobotocore.session import get_session
{INVOKE}
async def main():
    session = get_session()
    options = dict(region_name="us-east-1", aws_access_key_id="AKIA", aws_secret_access_key="secret")
    async with session.create_client("lambda", **options) as older:
        from destmock import mock_destinations
        with mock_destinations({{"orders": lambda event, context: event}}) as destmock:
            print(await invoke(session.create_client("lambda", region_name="us-east-1")))
            await older.invoke(FunctionName="orders", InvocationType="Event")
            print(len((await older.list_functions())["Functions"]))
            print(len(destmock.invocations))

asyncio.run(main())
""")
    assert printed.split() == ["1", "1", "2"]


def test_aiobotocore_may_be_imported_by_the_test_itself():
    """destmock doesn't import it, nor does a test with boto3; nested mocks leave it to the outermost."""
    printed = program(f"""
import asyncio
import sys
import boto3
from destmock import NetworkError, mock_destinations
{INVOKE}
mock = mock_destinations({{"orders": lambda event, context: event}})
with mock as destmock:
    boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
    assert not [name for name in sys.modules if name.startswith(("aiobotocore", "aiohttp"))]
    with mock:
        from aiobotocore.httpsession import AIOHTTPSession
        from aiobotocore.session import get_session
        send = AIOHTTPSession.send
        session = get_session()
        print(asyncio.run(invoke(session.create_client("lambda"))))
    print(asyncio.run(invoke(session.create_client("lambda"))))
    try:
        asyncio.run(invoke(session.create_client("lambda", endpoint_url="http://elasticmq:9")))
    except NetworkError:
        print("refused")
    print(len(destmock.invocations))
assert AIOHTTPSession.send is send
""")
    assert printed.split() == ["1", "1", "refused", "2"]


def patched():
    names = (
        (AIOHTTPSession, "send"),
        (AioEndpoint, "_send"),
        (AioSession, "get_credentials"),
        (BotocoreStubber, "__call__"),
        (HttpxSession, "send"),
    )
    return [vars(owner)[name] for owner, name in names]


@pytest.mark.parametrize("outer", [contextlib.nullcontext, mock_aws, mock_destinations])
def test_leaving_restores_everything(outer):
    before = patched()
    with outer(), mock_destinations(HANDLERS):
        invoked(get_session())
        assert not set(map(id, before)) & set(map(id, patched()))
    assert patched() == before
    assert active == []


@asynchronous
@orders
async def test_what_a_client_publishes_has_run_when_the_call_returns(destmock, client):
    """A call that moto answers: the topic's function is retried before the test goes on."""
    sns = await client("sns")
    topic = (await sns.create_topic(Name="news"))["TopicArn"]
    arn = "arn:aws:lambda:us-east-1:123456789012:function:failing"
    await sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    await sns.publish(TopicArn=topic, Message="hello")
    [invocation] = destmock.invocations
    assert (invocation.source, invocation.condition) == ("SNS topic news", "RetriesExhausted")
