"""Invoke and InvokeAsync: which function they reach, in whose account, and what they refuse."""

import json
import os
import re
from datetime import datetime, timezone

import boto3
import pytest
from botocore.exceptions import ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destmock import NoHandlerError, mock_destinations, outcomes
from tests.api.invocations import (
    ACCOUNT,
    ARN,
    KINDS,
    UUID,
    describe,
    echo,
    fail,
    headers,
    publish,
    refusal,
    refused,
    text_of,
)

NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
    r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
QUALIFIER_PATTERN = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"


def create(lam, name="orders"):
    """A function of the program's own."""
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    lam.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="app.handle",
        Code={"ZipFile": b"the handler is registered"},
        MemorySize=512,
    )


@pytest.fixture
def raw(lam):
    """The bodies that the calls of `lam` answer, as they go over the wire."""
    bodies = []
    lam.meta.events.register(
        "after-call.lambda", lambda http_response, **_: bodies.append(http_response.text)
    )
    return bodies


# Which function

SPELLINGS = [
    "orders",
    "function:orders",
    f"{ACCOUNT}:orders",
    f"{ACCOUNT}:function:orders",
    f"us-east-1:{ACCOUNT}:function:orders",
    ARN,
]


def spelt(name, qualifier):
    """The arguments that name a function: the qualifier is in the name, or apart from it."""
    if qualifier is None:
        return [{"FunctionName": name}]
    return [{"FunctionName": f"{name}:{qualifier}"}, {"FunctionName": name, "Qualifier": qualifier}]


@pytest.mark.destmock(handlers={"orders": describe})
@pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
def test_B13_I3_every_spelling_reaches_the_function(destmock, lam, qualifier):
    """The handler is told the full ARN with the qualifier that was asked for, and the version it runs as."""
    publish(lam)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    version = "$LATEST" if qualifier in (None, "$LATEST") else "1"
    for arguments in [arguments for name in SPELLINGS for arguments in spelt(name, qualifier)]:
        answer = lam.invoke(**arguments)
        assert answer["ExecutedVersion"] == version
        lam.invoke(**arguments, InvocationType="Event")
        invocation = destmock.invocations[-1]
        assert invocation.function_arn == f"{ARN}:{qualifier or '$LATEST'}"
        assert invocation.record["requestContext"]["functionArn"] == invocation.function_arn
        assert invocation.record["responseContext"]["executedVersion"] == version
        for told in (json.loads(answer["Payload"].read()), invocation.attempts[0].response):
            assert told["arn"] == (ARN if qualifier is None else f"{ARN}:{qualifier}")
            assert told["version"] == version


@pytest.mark.destmock(handlers={"orders": describe})
def test_B13_what_a_handler_is_told_of_itself(destmock, lam):
    destmock.handler("orders", describe, memory_size=256)
    told = json.loads(lam.invoke(FunctionName="orders")["Payload"].read())
    assert told["name"] == "orders"
    assert told["memory"] == "256"
    assert told["log_group"] == "/aws/lambda/orders"
    assert told["client_context"] is None


@pytest.mark.destmock(handlers={"orders": describe})
def test_I3_an_alias_may_point_to_latest(lam):
    lam.create_alias(FunctionName="orders", Name="newest", FunctionVersion="$LATEST")
    answer = lam.invoke(FunctionName="orders", Qualifier="newest")
    told = json.loads(answer["Payload"].read())
    assert (told["arn"], told["version"], answer["ExecutedVersion"]) == (
        f"{ARN}:newest",
        "$LATEST",
        "$LATEST",
    )


@pytest.mark.destmock(handlers={"orders": describe})
def test_a_qualifier_may_be_given_twice_if_it_is_the_same(lam):
    publish(lam)
    answer = lam.invoke(FunctionName="orders:1", Qualifier="1")
    assert answer["ExecutedVersion"] == "1"


@pytest.mark.destmock(handlers={"orders": describe})
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1", "ap-southeast-2"])
def test_a_bare_name_is_a_function_of_the_client_s_region(destmock, region):
    """Partitions have ARNs of their own."""
    partition = {"us": "aws-us-gov", "cn": "aws-cn"}.get(region[:2], "aws")
    arn = f"arn:{partition}:lambda:{region}:{ACCOUNT}:function:orders"
    lam = boto3.client("lambda", region_name=region)
    told = json.loads(lam.invoke(FunctionName="orders")["Payload"].read())
    assert told["arn"] == arn
    assert json.loads(lam.invoke(FunctionName=arn)["Payload"].read())["arn"] == arn
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert destmock.invocations[0].function_arn == f"{arn}:$LATEST"
    assert [function["FunctionArn"] for function in lam.list_functions()["Functions"]] == [arn]


@pytest.mark.destmock(handlers={"orders": describe})
def test_a_function_knows_its_region(destmock):
    @destmock.handler("where")
    def where(event, context):
        return os.environ["AWS_REGION"]

    session = boto3.Session(region_name="eu-central-1")
    assert session.client("lambda").invoke(FunctionName="where")["Payload"].read() == b'"eu-central-1"'


@pytest.mark.destmock(handlers={"orders": describe})
def test_the_account_is_moto_s(monkeypatch):
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "111122223333")
    lam = boto3.client("lambda")
    arn = "arn:aws:lambda:us-east-1:111122223333:function:orders"
    assert json.loads(lam.invoke(FunctionName="orders")["Payload"].read())["arn"] == arn
    assert lam.get_function(FunctionName="orders")["Configuration"]["FunctionArn"] == arn


def assume(account):
    """A session in another account, as moto tells accounts apart."""
    role = f"arn:aws:iam::{account}:role/deployer"
    found = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.Session(
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )


@pytest.mark.destmock(handlers={"orders": describe})
def test_a_client_with_an_assumed_role_is_in_the_role_s_account(destmock):
    lam = assume("444455556666").client("lambda")
    arn = "arn:aws:lambda:us-east-1:444455556666:function:orders"
    assert json.loads(lam.invoke(FunctionName="orders")["Payload"].read())["arn"] == arn
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert destmock.invocations[0].function_arn == f"{arn}:$LATEST"
    assert lam.get_function(FunctionName="orders")["Configuration"]["FunctionArn"] == arn


@pytest.mark.destmock(handlers={"orders": fail})
def test_accounts_do_not_share_configurations(lam):
    lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)
    other = assume("444455556666").client("lambda")
    code, _, message = refusal(other.get_function_event_invoke_config, FunctionName="orders")
    assert code == "ResourceNotFoundException"
    assert "444455556666" in message


@pytest.mark.destmock(handlers={"orders": describe})
def test_an_arn_reaches_into_another_account(lam):
    arn = "arn:aws:lambda:us-east-1:444455556666:function:orders"
    assert json.loads(lam.invoke(FunctionName=arn)["Payload"].read())["arn"] == arn
    assert json.loads(lam.invoke(FunctionName="444455556666:function:orders")["Payload"].read())["arn"] == arn


@pytest.mark.destmock(handlers={"arn:aws:lambda:eu-west-1:444455556666:function:orders": describe})
def test_a_handler_for_an_arn_is_of_that_region_and_account_only():
    there = assume("444455556666").client("lambda", region_name="eu-west-1")
    assert there.invoke(FunctionName="orders")["StatusCode"] == 200
    elsewhere = (
        boto3.client("lambda", region_name="eu-west-1"),
        assume("444455556666").client("lambda", region_name="us-east-1"),
    )
    for lam in elsewhere:
        assert refusal(lam.invoke, FunctionName="orders")[0] == "ResourceNotFoundException"
        assert lam.list_functions()["Functions"] == []


@pytest.mark.destmock(handlers={"orders": outcomes("anywhere"), ARN: outcomes("here")})
def test_a_handler_for_an_arn_comes_before_one_for_a_name():
    answers = [
        boto3.client("lambda", region_name=region).invoke(FunctionName="orders")["Payload"].read()
        for region in ("us-east-1", "eu-west-1")
    ]
    assert answers == [b'"here"', b'"anywhere"']


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_a_registered_function_exists_for_every_other_call(lam):
    assert [function["FunctionName"] for function in lam.list_functions()["Functions"]] == ["orders"]
    settings = lam.get_function_configuration(FunctionName="orders")
    assert (settings["FunctionArn"], settings["Timeout"], settings["MemorySize"]) == (ARN, 3, 128)
    lam.tag_resource(Resource=ARN, Tags={"team": "shop"})
    assert lam.list_tags(Resource=ARN)["Tags"] == {"team": "shop"}
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=5)
    reserved = lam.get_function_concurrency(FunctionName="orders")
    assert reserved["ReservedConcurrentExecutions"] == 5
    assert publish(lam) == "1"
    lam.delete_function(FunctionName="orders")
    assert lam.list_functions()["Functions"] == []
    assert refusal(lam.invoke, FunctionName="orders")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("first", ["handler", "function"])
def test_a_created_function_takes_the_handler_under_its_name(destmock, lam, first):
    """Whichever came first; the settings are those it was created with."""
    if first == "function":
        create(lam)
    destmock.handler("orders", describe)
    if first == "handler":
        create(lam)
    told = json.loads(lam.invoke(FunctionName="orders")["Payload"].read())
    assert told["memory"] == "512"
    assert len(lam.list_functions()["Functions"]) == 1


# Who asks


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize(
    "client",
    [
        lambda: boto3.client("lambda"),
        lambda: boto3.Session().client("lambda"),
        lambda: boto3.session.Session(region_name="us-east-1").client("lambda"),
        lambda: boto3.resource("sqs").meta.client and boto3.client("lambda"),
        lambda: boto3.client("lambda", aws_access_key_id="AKIA", aws_secret_access_key="x"),
        lambda: boto3.client("lambda", endpoint_url="https://lambda.us-east-1.amazonaws.com"),
    ],
    ids=["default", "session", "named-region", "after-a-resource", "keys", "endpoint"],
)
def test_any_client_invokes(destmock, client):
    lam = client()
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"1")
    assert lam.invoke(FunctionName="orders", Payload=b"2")["Payload"].read() == b"2"
    assert [invocation.function_arn for invocation in destmock.invocations] == [f"{ARN}:$LATEST"]


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_a_resource_s_client_and_a_destination_s_resource_agree(lam):
    """The queue is made and read through boto3's resource."""
    queue = boto3.resource("sqs").create_queue(QueueName="done")
    destination = {"OnSuccess": {"Destination": queue.attributes["QueueArn"]}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)
    lam.invoke(FunctionName="orders", InvocationType="Event")
    [message] = queue.receive_messages()
    assert json.loads(message.body)["responsePayload"] == 1


# What is refused


@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_A12_A28_an_unknown_function(lam, raw, kind):
    with pytest.raises(lam.exceptions.ResourceNotFoundException) as caught:
        lam.invoke(FunctionName="orders", InvocationType=kind)
    text = f"Function not found: {ARN}:$LATEST"
    response = caught.value.response
    assert response["Error"] == {"Code": "ResourceNotFoundException", "Message": text}
    assert (response["Type"], response["Message"]) == ("User", text)
    assert set(response) == {"Error", "ResponseMetadata", "Type", "Message"}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert headers(response)["x-amzn-errortype"] == "ResourceNotFoundException"
    assert headers(response)["content-type"] == "application/json"
    assert re.fullmatch(UUID, response["ResponseMetadata"]["RequestId"])
    assert raw == [f'{{"Type":"User","Message":"{text}"}}']
    assert headers(response)["content-length"] == str(len(raw[0]))


def test_A12_another_call_s_404_has_no_qualifier(lam):
    assert refusal(lam.get_function, FunctionName="orders") == (
        "ResourceNotFoundException",
        404,
        f"Function not found: {ARN}",
    )


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize("qualifier", ["1", "live", "$latest"])
def test_A13_an_unknown_qualifier(destmock, lam, qualifier):
    expected = ("ResourceNotFoundException", 404, f"Function not found: {ARN}:{qualifier}")
    for arguments in spelt("orders", qualifier)[1 if qualifier == "$latest" else 0 :]:
        for kind in KINDS:
            assert refusal(lam.invoke, **arguments, InvocationType=kind) == expected
    assert destmock.timeline() == ""


@pytest.mark.destmock(handlers={"orders": echo})
def test_A14_a_validation_error_has_neither_type_nor_message(lam, raw):
    response = refused(lam.invoke, FunctionName="orders!")
    assert set(response) == {"Error", "ResponseMetadata"}
    assert list(json.loads(raw[0])) == ["message"]
    assert headers(response)["x-amzn-errortype"] == "ValidationException"


@pytest.mark.destmock(handlers={"orders": echo})
def test_A14_an_invalid_parameter_has_a_lower_case_message(lam, raw):
    response = refused(lam.invoke, FunctionName="orders:1", Qualifier="2")
    assert set(response) == {"Error", "ResponseMetadata", "Type", "message"}
    assert (response["Type"], response["message"]) == ("User", response["Error"]["Message"])
    assert list(json.loads(raw[0])) == ["Type", "message"]


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize("operation", ["invoke", "get_function_event_invoke_config"])
def test_A15_a_function_of_another_region_is_out_of_reach(lam, operation):
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders"
    assert refusal(getattr(lam, operation), FunctionName=arn) == (
        "ResourceNotFoundException",
        404,
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    )


BAD_NAMES = [
    "my-function!",
    "*",
    "invalid-account:function:my-function",
    f"arn:aws:lambda:invalid-region:{ACCOUNT}:function:my-function",
    f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1234567890abcdef0",
    "my-function:1:2",
    "function:my-function:$LATEST:extra",
    f"arn:aws:lambda::{ACCOUNT}:function:my-function",
    "arn:aws:lambda:us-east-1::function:my-function",
    "my-function:$LATES",
    "my-function\n",
    "größe",
    "arn:aws:lambda:us-east-1:١٢٣٤٥٦٧٨٩٠١٢:function:my-function",
]


def bad_name(name):
    return (
        f"Value '{name}' at 'functionName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {NAME_PATTERN}"
    )


@pytest.mark.parametrize("name", BAD_NAMES)
def test_A16_a_name_that_is_none(lam, name):
    expected = ("ValidationException", 400, f"1 validation error detected: {bad_name(name)}")
    for kind in KINDS:
        assert refusal(lam.invoke, FunctionName=name, InvocationType=kind) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":"), min_size=1))
@pytest.mark.destmock
def test_A16_a_name_is_of_letters_digits_dots_hyphens_and_underscores(lam, name):
    if re.fullmatch(r"[a-zA-Z0-9._-]+", name):
        text = f"Function not found: arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}:$LATEST"
        expected = ("ResourceNotFoundException", 404, text)
    else:
        expected = ("ValidationException", 400, f"1 validation error detected: {bad_name(name)}")
    assert refusal(lam.invoke, FunctionName=name) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.sampled_from(["arn", "aws", "lambda", "us-east-1", ACCOUNT, "function", "a", "1", "$LATEST"]))
)
@pytest.mark.destmock
def test_any_attempt_at_an_arn_gets_an_answer_of_aws(lam, parts):
    """An unknown function, or no name at all; never an error of Python's."""
    found = refusal(lam.invoke, FunctionName=":".join(["a", *parts]))[:2]
    assert found in {("ResourceNotFoundException", 404), ("ValidationException", 400)}


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize("qualifier", ["invalid!", "a b", "$LATEST!", "é"])
def test_A17_a_qualifier_that_is_none(lam, qualifier):
    text = (
        f"1 validation error detected: Value '{qualifier}' at 'qualifier' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {QUALIFIER_PATTERN}"
    )
    found = refusal(lam.invoke, FunctionName="orders", Qualifier=qualifier)
    assert found == ("ValidationException", 400, text)


@pytest.mark.destmock(handlers={"orders": echo})
def test_A18_a_qualifier_that_is_too_long(lam):
    text = (
        f"Value '{'a' * 129}' at 'qualifier' failed to satisfy constraint: "
        "Member must have length less than or equal to 128"
    )
    assert refusal(lam.invoke, FunctionName="orders", Qualifier="a" * 129) == (
        "ValidationException",
        400,
        f"1 validation error detected: {text}",
    )
    assert refusal(lam.invoke, FunctionName="orders", Qualifier="a" * 128)[0] == "ResourceNotFoundException"
    name = f"arn:aws:lambda:invalid-region:{ACCOUNT}:function:orders"
    assert refusal(lam.invoke, FunctionName=name, Qualifier="a" * 129) == (
        "ValidationException",
        400,
        f"2 validation errors detected: {text}; {bad_name(name)}",
    )


def test_A19_a_long_name_is_only_unknown(lam):
    name = "a" * 65
    assert refusal(lam.invoke, FunctionName=name) == (
        "ResourceNotFoundException",
        404,
        f"Function not found: arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}:$LATEST",
    )


def test_A19_an_arn_without_a_name_is_of_a_function_called_function(lam):
    name = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function"
    assert refusal(lam.invoke, FunctionName=name) == (
        "ResourceNotFoundException",
        404,
        f"Function not found: {name}:function:$LATEST",
    )


@pytest.mark.parametrize("name", ["orders:1", "orders:$LATEST", f"{ARN}:live"])
def test_A20_two_qualifiers_that_differ(lam, name):
    """Whether or not the function exists."""
    assert refusal(lam.invoke, FunctionName=name, Qualifier="2") == (
        "InvalidParameterValueException",
        400,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize(
    ("argument", "member", "allowed"),
    [
        ("InvocationType", "invocationType", "[Event, RequestResponse, DryRun]"),
        ("LogType", "logType", "[None, Tail]"),
    ],
)
def test_an_unknown_invocation_or_log_type_is_refused(destmock, lam, argument, member, allowed):
    text = (
        f"1 validation error detected: Value 'Other' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: {allowed}"
    )
    found = refusal(lam.invoke, FunctionName="orders", **{argument: "Other"})
    assert found == ("ValidationException", 400, text)
    assert destmock.timeline() == ""


@pytest.mark.destmock(handlers={"orders": echo})
def test_botocore_s_own_validation_stays(lam):
    for wrong in ({}, {"FunctionName": ""}, {"FunctionName": "orders", "Qualifier": ""}):
        with pytest.raises(ParamValidationError):
            lam.invoke(**wrong)


@pytest.mark.destmock(handlers={"orders": echo})
def test_A26_a_function_with_zero_reserved_concurrency_is_throttled(destmock, lam):
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    with pytest.raises(lam.exceptions.TooManyRequestsException) as caught:
        lam.invoke(FunctionName="orders")
    response = caught.value.response
    assert response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert {key: response[key] for key in set(response) - {"Error", "ResponseMetadata"}} == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    assert destmock.timeline() == ""
    assert lam.invoke(FunctionName="orders", InvocationType="Event")["StatusCode"] == 202
    lam.delete_function_concurrency(FunctionName="orders")
    assert lam.invoke(FunctionName="orders")["StatusCode"] == 200


@pytest.mark.destmock(start=datetime(2026, 1, 1, tzinfo=timezone.utc), handlers={"orders": outcomes(1)})
def test_a_refused_call_leaves_the_mock_as_it_was(destmock, lam):
    before = destmock.now
    for wrong in (
        {"FunctionName": "unknown"},
        {"FunctionName": "orders!"},
        {"FunctionName": "orders:1", "Qualifier": "2"},
        {"FunctionName": "orders", "Payload": b"{"},
        {"FunctionName": "orders", "Payload": text_of(1_048_577)},
    ):
        refused(lam.invoke, InvocationType="Event", **wrong)
    assert (destmock.invocations, destmock.pending, destmock.drops) == ((), (), ())
    assert destmock.now == before
    assert destmock.timeline() == ""
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert [invocation.condition for invocation in destmock.invocations] == ["Success"]


# What destmock can't do


@pytest.mark.parametrize(
    "call",
    [
        lambda lam: lam.invoke(FunctionName="orders"),
        lambda lam: lam.invoke(FunctionName="orders", InvocationType="Event"),
        lambda lam: lam.invoke_async(FunctionName="orders", InvokeArgs=b"{}"),
    ],
    ids=["RequestResponse", "Event", "InvokeAsync"],
)
def test_a_function_without_a_handler_says_so(destmock, lam, call):
    create(lam)
    text = (
        rf"^the function {re.escape(ARN)} exists, but has no handler that destmock could run "
        r"\(its code is not a zip file that can be unpacked: File is not a zip file\); "
        r"register one with mock_destinations\(handlers=\{'orders': handler\}\) "
        r"or destmock\.handler\('orders', handler\)$"
    )
    with pytest.raises(NoHandlerError, match=text):
        call(lam)
    assert destmock.timeline() == ""
    destmock.handler("orders", outcomes(1))
    call(lam)
    assert destmock.timeline() != ""


def test_a_dry_run_needs_no_handler(lam):
    create(lam)
    assert lam.invoke(FunctionName="orders", InvocationType="DryRun")["StatusCode"] == 204


def test_outside_a_mock_nothing_is_answered(no_network):
    """The hooks stay in botocore; they answer only while a mock is active."""
    with mock_destinations(handlers={"orders": outcomes(1)}):
        lam = boto3.client("lambda", aws_access_key_id="k", aws_secret_access_key="s")
        lam.invoke(FunctionName="orders")
    with pytest.raises(ConnectionRefusedError, match="sent to the network"):
        lam.invoke(FunctionName="orders")


@pytest.fixture
def no_network(monkeypatch):
    def send(self, request):
        raise ConnectionRefusedError("sent to the network")

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize("header", ["Root=1-a\0;Parent=b", "Root=\ud800;Parent=b", "Root=1 2;Parent=b"])
@pytest.mark.parametrize("seen_by_others", [False, True], ids=["alone", "with a user's handler"])
def test_a_trace_header_that_can_be_none_begins_no_trace(destmock, lam, header, seen_by_others):
    def give(params, **_):
        params["headers"]["X-Amzn-Trace-Id"] = header

    if seen_by_others:
        lam.meta.events.register("request-created", lambda **_: None)
    lam.meta.events.register_first("before-call.lambda.Invoke", give)
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert destmock.invocations[0].condition == "Success"
