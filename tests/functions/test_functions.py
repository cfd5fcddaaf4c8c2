"""What a handler is registered under, and the function that it makes."""

import datetime as dt
import json
import os

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import NoHandlerError, mock_destinations, outcomes
from tests.functions.calls import ACCOUNT, ARN, invoke, names, ok, send


def echo(event, context):
    return event


def client(region, account=ACCOUNT):
    """A Lambda client of a region and, by way of an assumed role, of an account."""
    role = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/tester", RoleSessionName="test"
    )
    credentials = role["Credentials"]
    return boto3.client(
        "lambda",
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


@pytest.fixture
def role(destmock):
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam = boto3.client("iam")
    return iam.create_role(RoleName="orders", AssumeRolePolicyDocument=document)["Role"]["Arn"]


@pytest.fixture
def create(lam, role):
    """Makes a function as a program does, with `create_function`."""

    def create(name="orders", **others):
        settings = {"Runtime": "python3.12", "Handler": "app.handle", "Role": role, **others}
        return lam.create_function(FunctionName=name, Code={"ZipFile": b"code"}, **settings)

    return create


# Names, regions and accounts


def test_a_bare_name_is_a_function_of_every_region(destmock):
    destmock.handler("orders", lambda event, context: context.invoked_function_arn)
    for region in ("us-east-1", "eu-central-1"):
        lam = boto3.client("lambda", region_name=region)
        assert names(lam) == ["orders"]
        assert invoke(lam) == f"arn:aws:lambda:{region}:{ACCOUNT}:function:orders"


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_a_bare_name_is_a_function_of_every_partition(destmock, region, partition):
    destmock.handler("orders", lambda event, context: context.invoked_function_arn)
    lam = boto3.client("lambda", region_name=region)
    arn = f"arn:{partition}:lambda:{region}:{ACCOUNT}:function:orders"
    assert lam.list_functions()["Functions"][0]["FunctionArn"] == arn
    assert invoke(lam) == arn


def test_a_bare_name_is_a_function_of_every_account(destmock):
    destmock.handler("orders", lambda event, context: context.invoked_function_arn)
    lam = client("us-east-1", "210987654321")
    assert names(lam) == ["orders"]
    assert invoke(lam) == "arn:aws:lambda:us-east-1:210987654321:function:orders"


def test_a_full_arn_pins_a_function_to_its_region_and_account(destmock):
    pinned = "arn:aws:lambda:eu-central-1:210987654321:function:orders"
    destmock.handler(pinned, lambda event, context: context.invoked_function_arn)
    lam = client("eu-central-1", "210987654321")
    assert names(lam) == ["orders"]
    assert invoke(lam) == invoke(lam, pinned) == pinned
    for other in (client("us-east-1", "210987654321"), client("eu-central-1")):
        assert names(other) == []
        with pytest.raises(other.exceptions.ResourceNotFoundException):
            invoke(other)


def test_a_full_arn_comes_before_a_bare_name(destmock):
    destmock.handler(f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:orders", outcomes("pinned"), timeout=9)
    destmock.handler("orders", outcomes("anywhere"))
    pinned, other = (boto3.client("lambda", region_name=region) for region in ("eu-central-1", "us-east-1"))
    assert [invoke(pinned), invoke(other)] == ["pinned", "anywhere"]
    assert pinned.get_function_configuration(FunctionName="orders")["Timeout"] == 9
    assert other.get_function_configuration(FunctionName="orders")["Timeout"] == 3


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize(
    "spelling",
    ["orders", ARN, f"{ACCOUNT}:function:orders", f"{ACCOUNT}:orders", "function:orders", f"{ARN}:$LATEST"],
)
def test_a_function_is_found_by_every_spelling_of_its_name(destmock, lam, spelling):
    assert invoke(lam, spelling, b"7") == 7


@mock_destinations()
@settings(deadline=None, max_examples=30)
@given(st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True))
def test_every_name_that_aws_takes_can_be_registered(destmock, name):
    destmock.handler(name, outcomes(name))
    assert invoke(boto3.client("lambda"), name) == name


# The function that a handler makes


def test_a_handler_makes_a_function_for_every_other_call(destmock, lam):
    destmock.handler("orders", ok, timeout=9, memory_size=512, environment={"TABLE": "orders"})
    found = lam.get_function(FunctionName="orders")["Configuration"]
    assert found["FunctionArn"] == ARN
    assert (found["Runtime"], found["Handler"]) == ("python3.13", f"{ok.__module__}.ok")
    assert (found["Timeout"], found["MemorySize"], found["State"]) == (9, 512, "Active")
    assert found["Environment"] == {"Variables": {"TABLE": "orders"}}
    assert [f["FunctionArn"] for f in lam.list_functions()["Functions"]] == [ARN]


@pytest.mark.parametrize(
    ("handler", "handler_string"),
    [
        ("app.orders:handle", "app.orders.handle"),
        ("app/orders.handle", "app/orders.handle"),
        (ok, f"{ok.__module__}.ok"),
    ],
)
def test_the_handler_setting_names_the_handler(destmock, lam, handler, handler_string):
    destmock.handler("orders", handler)
    assert lam.get_function_configuration(FunctionName="orders")["Handler"] == handler_string


def test_a_function_registered_later_is_listed_too(destmock, lam):
    assert names(lam) == []
    destmock.handler("orders", ok)
    assert names(lam) == ["orders"]
    destmock.handler("audit", ok)
    assert sorted(names(lam)) == ["audit", "orders"]


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_function_can_be_tagged(destmock, lam):
    lam.tag_resource(Resource=ARN, Tags={"team": "shop", "stage": "test"})
    lam.untag_resource(Resource=ARN, TagKeys=["stage"])
    assert lam.list_tags(Resource=ARN)["Tags"] == {"team": "shop"}
    assert lam.get_function(FunctionName="orders")["Tags"] == {"team": "shop"}


def test_a_function_can_be_published_and_given_an_alias(destmock, lam):
    destmock.handler(
        "orders", lambda event, context: [context.function_version, context.invoked_function_arn]
    )
    assert lam.publish_version(FunctionName="orders")["Version"] == "1"
    alias = lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    assert alias["AliasArn"] == f"{ARN}:live"
    found = [invoke(lam, Qualifier=q) for q in ("1", "live", "$LATEST")]
    assert found == [["1", f"{ARN}:1"], ["1", f"{ARN}:live"], ["$LATEST", f"{ARN}:$LATEST"]]
    versions = lam.list_versions_by_function(FunctionName="orders")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1"]


@pytest.mark.destmock(handlers={"orders": ok})
def test_A13_a_version_that_was_never_published_does_not_exist(destmock, lam):
    with pytest.raises(lam.exceptions.ResourceNotFoundException) as missing:
        invoke(lam, Qualifier="7")
    assert missing.value.response["Error"]["Message"] == f"Function not found: {ARN}:7"


@pytest.mark.destmock(handlers={"orders": ok})
def test_A26_a_function_without_concurrency_refuses_synchronous_calls(destmock, lam):
    """And takes them again once the reservation is gone."""
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    with pytest.raises(lam.exceptions.TooManyRequestsException) as throttled:
        invoke(lam)
    assert throttled.value.response["Error"]["Message"] == "Rate Exceeded."
    assert throttled.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert throttled.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert send(lam)["StatusCode"] == 202
    lam.delete_function_concurrency(FunctionName="orders")
    assert invoke(lam, payload=b"1") == {"ok": 1}
    assert [i.condition for i in destmock.invocations] == ["ZeroReservedConcurrency"]


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_reservation_above_0_lets_everything_pass(destmock, lam):
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=5)
    assert lam.get_function_concurrency(FunctionName="orders")["ReservedConcurrentExecutions"] == 5
    assert invoke(lam, payload=b"1") == {"ok": 1}


def test_the_program_s_own_settings_stay_until_the_next_registration(destmock, lam):
    destmock.handler("orders", lambda event, context: context.memory_limit_in_mb)
    lam.update_function_configuration(FunctionName="orders", Timeout=20, MemorySize=1024)
    destmock.handler("audit", ok)
    assert invoke(lam) == "1024"
    assert lam.get_function_configuration(FunctionName="orders")["Timeout"] == 20


@pytest.mark.destmock(handlers={"orders": ok, "audit": ok})
def test_a_deleted_function_stays_deleted(destmock, lam):
    lam.delete_function(FunctionName="orders")
    destmock.handler("returns", ok)
    assert sorted(names(lam)) == ["audit", "returns"]
    for call in (send, invoke):
        with pytest.raises(lam.exceptions.ResourceNotFoundException) as missing:
            call(lam)
        assert missing.value.response["Error"]["Message"] == f"Function not found: {ARN}:$LATEST"
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        lam.get_function(FunctionName="orders")


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_function_deleted_in_one_region_is_there_in_the_other(destmock, lam):
    lam.delete_function(FunctionName="orders")
    assert names(boto3.client("lambda", region_name="eu-central-1")) == ["orders"]


def test_functions_do_not_outlive_the_mock():
    with mock_destinations(handlers={"orders": ok}):
        assert names(boto3.client("lambda")) == ["orders"]
    with mock_destinations():
        assert names(boto3.client("lambda")) == []


# Functions that the program makes


@pytest.mark.parametrize("registered", ["before", "after"])
def test_a_created_function_runs_the_handler_registered_under_its_name(destmock, lam, create, registered):
    """It keeps its own settings, whenever the handler is registered."""

    def orders(event, context):
        return [event, context.memory_limit_in_mb, os.environ["TABLE"], os.environ["AWS_EXECUTION_ENV"]]

    if registered == "before":
        destmock.handler("orders", orders, memory_size=512, environment={"TABLE": "the handler's"})
    made = create(MemorySize=256, Timeout=7, Environment={"Variables": {"TABLE": "orders"}})
    if registered == "after":
        destmock.handler("orders", orders, memory_size=512, environment={"TABLE": "the handler's"})
    assert made["FunctionArn"] == ARN
    assert invoke(lam, payload=b"7") == [7, "256", "orders", "AWS_Lambda_python3.12"]
    found = lam.get_function_configuration(FunctionName="orders")
    assert (found["Timeout"], found["Handler"], found["Runtime"]) == (7, "app.handle", "python3.12")
    assert names(lam) == ["orders"]


def test_a_function_may_be_created_after_it_was_invoked(destmock, lam, create):
    destmock.handler("orders", lambda event, context: context.memory_limit_in_mb)
    assert invoke(lam) == "128"
    create(MemorySize=256)
    assert invoke(lam) == "256"


def test_a_function_is_created_once(destmock, lam, create):
    destmock.handler("orders", ok)
    create()
    with pytest.raises(lam.exceptions.ResourceConflictException):
        create()


def test_a_created_function_with_a_full_arn_for_its_handler(destmock, lam, create):
    destmock.handler(ARN, outcomes("pinned"))
    create(MemorySize=256)
    assert invoke(lam) == "pinned"
    assert lam.get_function_configuration(FunctionName="orders")["MemorySize"] == 256


@pytest.mark.parametrize("call", [send, invoke])
def test_a_created_function_without_a_handler_says_what_to_do(destmock, lam, create, call):
    create()
    with pytest.raises(NoHandlerError) as refused:
        call(lam)
    assert str(refused.value) == (
        f"the function {ARN} exists, but has no handler that destmock could run (its code is not "
        "a zip file that can be unpacked: File is not a zip file); register one with "
        "mock_destinations(handlers={'orders': handler}) or destmock.handler('orders', handler)"
    )
    assert destmock.invocations == []
    destmock.handler("orders", ok)
    assert send(lam)["StatusCode"] == 202
    assert [i.condition for i in destmock.invocations] == ["Success"]


def test_a_created_function_that_was_deleted_stays_deleted(destmock, lam, create):
    destmock.handler("orders", ok)
    create()
    lam.delete_function(FunctionName="orders")
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        send(lam)
    create(MemorySize=256)
    assert invoke(lam, payload=b"7") == {"ok": 7}


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_create_function_that_moto_refuses_leaves_the_function(destmock, lam):
    with pytest.raises(ClientError):
        lam.create_function(
            FunctionName="orders",
            Runtime="python3.13",
            Role="arn:aws:iam::123456789012:role/no-such-role",
            Handler="app.handle",
            Code={"ZipFile": b"code"},
        )
    assert invoke(lam, payload=b"7") == {"ok": 7}
    assert names(lam) == ["orders"]


# Settings


def test_the_timeout_of_the_program_counts(destmock, lam):
    destmock.handler("orders", ok, timeout=3, duration=5)
    assert invoke(lam)["errorType"] == "Sandbox.Timedout"
    lam.update_function_configuration(FunctionName="orders", Timeout=6)
    assert invoke(lam, payload=b"7") == {"ok": 7}


@pytest.mark.destmock(start=dt.datetime(2026, 9, 14, tzinfo=dt.timezone.utc), autorun=False)
def test_a_duration_passes_on_the_virtual_clock(destmock, lam):
    destmock.handler("orders", ok, timeout=900, duration=90)
    send(lam)
    destmock.run_until_idle()
    assert destmock.now == dt.datetime(2026, 9, 14, 0, 1, 30, tzinfo=dt.timezone.utc)


def test_the_environment_given_is_copied(destmock, lam):
    variables = {"TABLE": "orders"}
    destmock.handler("orders", lambda event, context: os.environ["TABLE"], environment=variables)
    variables["TABLE"] = "changed"
    assert invoke(lam) == "orders"


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_L9_a_version_s_number_is_never_used_again(destmock, lam):
    """Neither after the version nor after the whole function was deleted."""

    def publish():
        lam.update_function_configuration(FunctionName="orders", Description="changed")
        return lam.publish_version(FunctionName="orders")["Version"]

    assert [publish(), publish()] == ["1", "2"]
    lam.delete_function(FunctionName="orders", Qualifier="1")
    assert publish() == "3"
    lam.delete_function(FunctionName="orders")
    destmock.handler("orders", outcomes(2))
    assert publish() == "4"
    arn = lam.get_function_configuration(FunctionName="orders", Qualifier="4")["FunctionArn"]
    assert arn.endswith(":function:orders:4")


OTHER = "999988887777"


def in_account(service, account):
    """A client of another account, by a role of it that is assumed."""
    given = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/visitor", RoleSessionName="visitor"
    )["Credentials"]
    return boto3.client(
        service,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def test_what_a_function_calls_is_of_its_own_account(destmock, lam):
    """Unless it assumes a role of another one."""

    def who(event, context):
        if event.get("visit"):
            return in_account("sts", event["visit"]).get_caller_identity()["Account"]
        if event.get("ask"):
            answer = boto3.client("lambda").invoke(FunctionName=event["ask"])
            return json.loads(answer["Payload"].read())
        return boto3.client("sts").get_caller_identity()["Account"]

    destmock.handler("who", who)
    default, other = lam, in_account("lambda", OTHER)
    assert invoke(default, "who") == ACCOUNT
    assert invoke(other, "who") == OTHER
    assert invoke(default, f"arn:aws:lambda:us-east-1:{OTHER}:function:who") == OTHER
    assert invoke(other, "who", b'{"visit": "111122223333"}') == "111122223333"
    asked = json.dumps({"ask": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:who"}).encode()
    assert invoke(other, "who", asked) == ACCOUNT
    assert boto3.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_function_of_another_account_reads_its_own_queue(destmock):
    """Its messages and its records, too."""
    sqs = in_account("sqs", OTHER)
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    results = sqs.create_queue(QueueName="results")["QueueUrl"]

    @destmock.handler("work")
    def work(event, context):
        boto3.client("sqs").send_message(QueueUrl=results, MessageBody=event["Records"][0]["body"])

    in_account("lambda", OTHER).create_event_source_mapping(
        EventSourceArn=f"arn:aws:sqs:us-east-1:{OTHER}:jobs", FunctionName="work"
    )
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    [message] = sqs.receive_message(QueueUrl=results)["Messages"]
    assert message["Body"] == "hello"
