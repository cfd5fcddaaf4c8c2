"""The five calls of an EventInvokeConfig: put, update, get, delete, list."""

import json
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destmock import mock_destinations, outcomes

START = datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=timezone.utc)
ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"
AUDIT = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:audit"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
DESTINATION_PATTERN = (
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)
NOTHING_TO_SET = "You must specify at least one of error handling or destination setting."
NO_FUNCTION = ("ResourceNotFoundException", 404, "The function doesn't exist.")
ORDERS = pytest.mark.destmock(handlers={"orders": outcomes(1), "audit": outcomes(1)}, start=START)


def no_config(arn):
    return ("ResourceNotFoundException", 404, f"The function {arn} doesn't have an EventInvokeConfig")


def invalid(message):
    return ("InvalidParameterValueException", 400, message)


def violated(*findings):
    noun = "error" if len(findings) == 1 else "errors"
    return ("ValidationException", 400, f"{len(findings)} validation {noun} detected: {'; '.join(findings)}")


def refused(call, **kwargs):
    """The whole response of a call that AWS refuses."""
    with pytest.raises(ClientError) as caught:
        call(**kwargs)
    return caught.value.response


def refusal(call, **kwargs):
    """The code, HTTP status and message of a call that AWS refuses."""
    response = refused(call, **kwargs)
    error = response["Error"]
    return error["Code"], response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]


def put(lam, name="orders", **arguments):
    return shown(lam.put_function_event_invoke_config(FunctionName=name, **arguments))


def update(lam, name="orders", **arguments):
    return shown(lam.update_function_event_invoke_config(FunctionName=name, **arguments))


def get(lam, name="orders", **arguments):
    return shown(lam.get_function_event_invoke_config(FunctionName=name, **arguments))


def shown(answer):
    """A configuration as boto3 answers it, without what surrounds it."""
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def settings_of(answer):
    """What a configuration sets."""
    return {key: value for key, value in answer.items() if key not in ("LastModified", "FunctionArn")}


def listed(lam, name="orders"):
    """The ARNs that a list has, which AWS gives no order to."""
    configs = lam.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    return sorted(config["FunctionArn"] for config in configs)


def to(**destinations):
    return {key: {"Destination": arn} for key, arn in destinations.items()}


def publish(lam, name="orders"):
    """Publishes a version that differs from the one before, as AWS asks of it."""
    memory = lam.get_function_configuration(FunctionName=name)["MemorySize"]
    lam.update_function_configuration(FunctionName=name, MemorySize=memory + 1)
    return lam.publish_version(FunctionName=name)["Version"]


@pytest.fixture
def versions(lam):
    """Versions 1 and 2 of `orders`, and the alias `live` of version 1."""
    publish(lam)
    publish(lam)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


@pytest.fixture
def wire(lam):
    """The answers to the calls of `lam` as they go over the wire."""
    answers = []
    lam.meta.events.register("after-call.lambda", lambda http_response, **_: answers.append(http_response))
    return answers


# What is answered


@ORDERS
def test_C1_a_full_configuration(lam, make_queue, wire):
    """On the wire it is compact and alphabetical, with the time in scientific notation."""
    failed, done = make_queue("failed"), make_queue("done")
    answer = put(
        lam,
        MaximumRetryAttempts=0,
        MaximumEventAgeInSeconds=60,
        DestinationConfig=to(OnSuccess=done, OnFailure=failed),
    )
    assert answer == {
        "LastModified": START,
        "FunctionArn": f"{ARN}:$LATEST",
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnSuccess": {"Destination": done}, "OnFailure": {"Destination": failed}},
    }
    assert get(lam) == answer
    body = (
        f'{{"DestinationConfig":{{"OnFailure":{{"Destination":"{failed}"}},'
        f'"OnSuccess":{{"Destination":"{done}"}}}},"FunctionArn":"{ARN}:$LATEST",'
        '"LastModified":1.789399125502E9,"MaximumEventAgeInSeconds":60,"MaximumRetryAttempts":0}'
    )
    assert [response.text for response in wire] == [body, body]


@ORDERS
def test_C1_what_is_not_set_is_null_on_the_wire(lam, wire):
    """And missing from what boto3 answers, but for the two destinations."""
    answer = put(lam, DestinationConfig={"OnFailure": {}})
    assert answer == {
        "LastModified": START,
        "FunctionArn": f"{ARN}:$LATEST",
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }
    assert wire[0].text == (
        '{"DestinationConfig":{"OnFailure":{"Destination":null},"OnSuccess":{"Destination":null}},'
        f'"FunctionArn":"{ARN}:$LATEST","LastModified":1.789399125502E9,'
        '"MaximumEventAgeInSeconds":null,"MaximumRetryAttempts":null}'
    )


@settings(deadline=None, max_examples=25)
@given(st.datetimes(datetime(1900, 1, 1), datetime(9999, 1, 1)))  # noqa: DTZ001 - made aware below
def test_C1_any_time_is_written_to_the_millisecond(moment):
    moment = moment.replace(tzinfo=timezone.utc)
    with mock_destinations(handlers={"orders": outcomes(1)}, start=moment) as destmock:
        lam = boto3.client("lambda")
        bodies = []
        lam.meta.events.register(
            "after-call.lambda", lambda http_response, **_: bodies.append(http_response.text)
        )
        lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)
        text = re.search(r'"LastModified":(-?\d\.\d+E-?\d+),', bodies[0])[1]
        since_epoch = destmock.now - datetime(1970, 1, 1, tzinfo=timezone.utc)
        assert Decimal(text) * 1000 == since_epoch // timedelta(milliseconds=1)


@ORDERS
def test_C2_the_status_of_each_call(lam):
    def status(operation, **arguments):
        answer = getattr(lam, operation)(FunctionName="orders", **arguments)
        return answer["ResponseMetadata"]["HTTPStatusCode"]

    assert status("put_function_event_invoke_config", MaximumRetryAttempts=1) == 200
    assert status("update_function_event_invoke_config", MaximumRetryAttempts=0) == 200
    assert status("get_function_event_invoke_config") == 200
    assert status("list_function_event_invoke_configs") == 200
    assert status("delete_function_event_invoke_config") == 204


@ORDERS
def test_C28_the_headers_of_a_success(lam, wire):
    answer = lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=1)
    metadata = answer["ResponseMetadata"]
    assert re.fullmatch(UUID, metadata["RequestId"])
    assert metadata["HTTPHeaders"] == {
        "date": "Mon, 14 Sep 2026 15:18:45 GMT",
        "content-type": "application/json",
        "content-length": str(len(wire[0].content)),
        "connection": "keep-alive",
        "x-amzn-requestid": metadata["RequestId"],
    }


@ORDERS
def test_C2_C28_a_deletion_has_a_type_but_no_length(lam, wire):
    put(lam, MaximumRetryAttempts=1)
    answer = lam.delete_function_event_invoke_config(FunctionName="orders")
    assert set(answer) == {"ResponseMetadata"}
    assert wire[-1].content == b""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/json"
    assert "content-length" not in headers


@ORDERS
def test_C28_the_raw_bodies_of_errors(lam, wire):
    refused(lam.get_function_event_invoke_config, FunctionName="orders")
    refused(lam.put_function_event_invoke_config, FunctionName="orders", DestinationConfig=to(OnSuccess=ARN))
    refused(lam.put_function_event_invoke_config, FunctionName="orders", MaximumRetryAttempts=3)
    assert [(response.headers["x-amzn-errortype"], response.text) for response in wire] == [
        (
            "ResourceNotFoundException",
            '{"Type":"User","Message":"The function ' + ARN + ":$LATEST doesn't have an EventInvokeConfig\"}",
        ),
        (
            "InvalidParameterValueException",
            '{"Type":"User","message":"You can\'t specify the function as a destination for itself."}',
        ),
        (
            "ValidationException",
            '{"message":"1 validation error detected: ' + above(3, "maximumRetryAttempts", 2) + '"}',
        ),
    ]
    for response in wire:
        assert response.headers["content-type"] == "application/json"
        assert response.headers["content-length"] == str(len(response.content))


@ORDERS
def test_C24_the_members_of_an_invalid_parameter(lam):
    with pytest.raises(lam.exceptions.InvalidParameterValueException) as caught:
        put(lam, DestinationConfig=to(OnSuccess=ARN))
    response = caught.value.response
    text = "You can't specify the function as a destination for itself."
    assert response["Error"] == {"Code": "InvalidParameterValueException", "Message": text}
    assert (response["Type"], response["message"]) == ("User", text)
    assert set(response) == {"Error", "ResponseMetadata", "Type", "message"}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


@ORDERS
def test_A14_the_members_of_a_404(lam):
    with pytest.raises(lam.exceptions.ResourceNotFoundException) as caught:
        get(lam)
    response = caught.value.response
    assert (response["Type"], response["Message"]) == ("User", response["Error"]["Message"])
    assert set(response) == {"Error", "ResponseMetadata", "Type", "Message"}


@ORDERS
def test_C21_the_time_changes_with_every_put_and_update(destmock, lam):
    """Even when virtual time stands still; it is aware, to the millisecond."""
    times = [
        put(lam, MaximumRetryAttempts=1)["LastModified"],
        update(lam, MaximumRetryAttempts=1)["LastModified"],
        put(lam, MaximumRetryAttempts=1)["LastModified"],
    ]
    assert times[0] == START
    assert times[0].tzinfo is not None
    assert times == sorted(set(times))
    destmock.advance(90.25)
    assert put(lam, MaximumRetryAttempts=1)["LastModified"] == destmock.now
    assert get(lam)["LastModified"] == destmock.now


# Put replaces, update merges


@ORDERS
def test_C3_put_replaces_everything(lam, make_queue):
    put(
        lam,
        MaximumRetryAttempts=2,
        MaximumEventAgeInSeconds=60,
        DestinationConfig=to(OnSuccess=make_queue("done"), OnFailure=make_queue("failed")),
    )
    answer = put(lam, MaximumRetryAttempts=0)
    assert settings_of(answer) == {
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }
    assert get(lam) == answer


@ORDERS
def test_C4_update_merges(lam):
    put(lam, MaximumRetryAttempts=2, MaximumEventAgeInSeconds=60)
    answer = update(lam, MaximumRetryAttempts=0)
    assert (answer["MaximumRetryAttempts"], answer["MaximumEventAgeInSeconds"]) == (0, 60)
    assert get(lam) == answer


@ORDERS
def test_C5_an_update_may_change_nothing(lam):
    before = put(lam, MaximumEventAgeInSeconds=60)
    assert settings_of(update(lam, MaximumEventAgeInSeconds=60)) == settings_of(before)


@ORDERS
@pytest.mark.parametrize("name", ["orders", "doesnotexist"])
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize("arguments", [{}, {"DestinationConfig": {}}], ids=["none", "empty"])
def test_C6_nothing_to_set(lam, name, operation, arguments):
    """Checked before existence."""
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    assert refusal(call, FunctionName=name, **arguments) == invalid(NOTHING_TO_SET)


@ORDERS
@pytest.mark.parametrize(
    "destinations",
    [
        {"OnSuccess": {}},
        {"OnFailure": {}},
        {"OnSuccess": {}, "OnFailure": {}},
        {"OnFailure": {"Destination": ""}},
        {"OnSuccess": {"Destination": ""}},
    ],
    ids=str,
)
def test_C7_empty_destinations_are_enough_for_a_configuration(lam, destinations):
    answer = put(lam, DestinationConfig=destinations)
    assert settings_of(answer) == {"DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}}
    assert get(lam) == answer
    deleted = lam.delete_function_event_invoke_config(FunctionName="orders")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204


@ORDERS
def test_C22_what_an_update_does_to_the_destinations(destmock, lam, sns, make_queue):
    done, failed = make_queue("done"), sns.create_topic(Name="failed")["TopicArn"]
    both = {"OnSuccess": {"Destination": done}, "OnFailure": {"Destination": failed}}
    put(lam, MaximumRetryAttempts=0, DestinationConfig=both)

    destmock.advance(1)
    answer = update(lam, MaximumEventAgeInSeconds=70)
    assert answer["DestinationConfig"] == both
    assert (answer["MaximumRetryAttempts"], answer["MaximumEventAgeInSeconds"]) == (0, 70)

    destmock.advance(1)
    call = lam.update_function_event_invoke_config
    assert refusal(call, FunctionName="orders", DestinationConfig={}) == invalid(NOTHING_TO_SET)
    assert get(lam) == answer

    kept = update(lam, DestinationConfig={"OnSuccess": {}})
    assert settings_of(kept) == settings_of(answer)
    assert kept["LastModified"] > answer["LastModified"]

    cleared = update(lam, DestinationConfig={"OnSuccess": {"Destination": ""}})
    assert cleared["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": failed}}

    emptied = put(lam, DestinationConfig={"OnSuccess": {"Destination": ""}})
    assert settings_of(emptied) == {"DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}}


@ORDERS
def test_C22_an_update_of_one_destination_keeps_the_other(lam, make_queue):
    done, failed, other = make_queue("done"), make_queue("failed"), make_queue("other")
    put(lam, DestinationConfig=to(OnSuccess=done, OnFailure=failed))
    answer = update(lam, DestinationConfig=to(OnFailure=other))
    assert answer["DestinationConfig"] == to(OnSuccess=done, OnFailure=other)


NUMBERS = {
    "MaximumRetryAttempts": st.integers(0, 2),
    "MaximumEventAgeInSeconds": st.integers(60, 21_600),
}
ONE_DESTINATION = st.sampled_from(["queue", "topic", "function", "", None])
REQUEST = st.fixed_dictionaries(
    {},
    optional={
        **NUMBERS,
        "DestinationConfig": st.fixed_dictionaries(
            {}, optional={"OnSuccess": ONE_DESTINATION, "OnFailure": ONE_DESTINATION}
        ),
    },
)


class Model:
    """What put and update do to one configuration: a dictionary of four keys."""

    def __init__(self):
        self.config = None

    def apply(self, operation, request):
        """Whether the request is accepted."""
        destinations = request.get("DestinationConfig") or {}
        numbers = {key: value for key, value in request.items() if key in NUMBERS}
        if not (numbers or destinations) or (operation == "update" and self.config is None):
            return False
        before = {} if operation == "put" else self.config
        named = {key: value for key, value in destinations.items() if value is not None}
        merged = {**before, **numbers, **named}
        self.config = {key: value for key, value in merged.items() if value != ""}
        return True


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["put", "update"]), REQUEST), max_size=6))
@ORDERS
def test_C3_C4_C22_any_sequence_of_puts_and_updates(lam, sqs, sns, program):
    """Put starts from nothing, update from what is there; an empty ARN clears, a missing one keeps."""
    url = sqs.create_queue(QueueName="done")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    topic = sns.create_topic(Name="done")["TopicArn"]
    arns = {"queue": attributes["QueueArn"], "topic": topic, "function": AUDIT, "": ""}
    model, last = Model(), None
    for operation, request in program:
        arguments = {key: value for key, value in request.items() if key in NUMBERS}
        if "DestinationConfig" in request:
            arguments["DestinationConfig"] = {
                key: {} if kind is None else {"Destination": arns[kind]}
                for key, kind in request["DestinationConfig"].items()
            }
        call = getattr(lam, f"{operation}_function_event_invoke_config")
        if not model.apply(operation, request):
            assert refusal(call, FunctionName="orders", **arguments)[0] in (
                "InvalidParameterValueException",
                "ResourceNotFoundException",
            )
            continue
        answer = shown(call(FunctionName="orders", **arguments))
        config = model.config
        expected = {key: value for key, value in config.items() if key in NUMBERS}
        expected["DestinationConfig"] = {
            key: {"Destination": arns[config[key]]} if key in config else {}
            for key in ("OnSuccess", "OnFailure")
        }
        assert settings_of(answer) == expected
        assert get(lam) == answer
        assert last is None or answer["LastModified"] > last
        last = answer["LastModified"]
    if model.config is not None:
        lam.delete_function_event_invoke_config(FunctionName="orders")


# What doesn't exist


@ORDERS
@pytest.mark.parametrize(
    "name", ["doesnotexist", ARN.replace("orders", "doesnotexist"), "orders:live", "orders:1"]
)
def test_C8_put_and_update_of_what_does_not_exist(lam, name):
    assert (
        refusal(lam.put_function_event_invoke_config, FunctionName=name, MaximumRetryAttempts=0)
        == NO_FUNCTION
    )
    found = refusal(lam.update_function_event_invoke_config, FunctionName=name, MaximumRetryAttempts=0)
    assert found == NO_FUNCTION


@ORDERS
@pytest.mark.parametrize("name", ["doesnotexist", ARN.replace("orders", "doesnotexist")])
def test_C8_a_list_of_an_unknown_function(lam, name):
    assert refusal(lam.list_function_event_invoke_configs, FunctionName=name) == NO_FUNCTION


@ORDERS
@pytest.mark.parametrize("operation", ["get", "delete"])
@pytest.mark.parametrize("name", ["orders", "doesnotexist"])
@pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
def test_C9_get_and_delete_do_not_tell_what_is_missing(lam, operation, name, qualifier):
    """Function, qualifier or configuration: it is one text for all."""
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    arguments = {} if qualifier is None else {"Qualifier": qualifier}
    expected = no_config(f"{ARN.replace('orders', name)}:{qualifier or '$LATEST'}")
    assert refusal(call, FunctionName=name, **arguments) == expected


@ORDERS
def test_C10_an_alias_or_version_that_does_not_exist(lam, versions):
    put(lam, MaximumRetryAttempts=0)
    both = (lam.put_function_event_invoke_config, lam.update_function_event_invoke_config)
    for call in both:
        for qualifier in ("nosuch", "999999"):
            found = refusal(call, FunctionName="orders", Qualifier=qualifier, MaximumRetryAttempts=0)
            assert found == NO_FUNCTION
    for call in (lam.get_function_event_invoke_config, lam.delete_function_event_invoke_config):
        assert refusal(call, FunctionName="orders", Qualifier="nosuch") == no_config(f"{ARN}:nosuch")


@ORDERS
def test_C10_deleting_twice(lam):
    put(lam, MaximumRetryAttempts=0)
    lam.delete_function_event_invoke_config(FunctionName="orders")
    for call in (lam.delete_function_event_invoke_config, lam.get_function_event_invoke_config):
        assert refusal(call, FunctionName="orders") == no_config(f"{ARN}:$LATEST")


@ORDERS
@pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
def test_C11_an_update_of_a_configuration_that_does_not_exist(lam, versions, qualifier):
    arguments = {} if qualifier is None else {"Qualifier": qualifier}
    call = lam.update_function_event_invoke_config
    found = refusal(call, FunctionName="orders", MaximumRetryAttempts=0, **arguments)
    assert found == no_config(f"{ARN}:{qualifier or '$LATEST'}")
    assert listed(lam) == []


# Names and qualifiers


def spelt(qualifier):
    """Every way to name `orders`, with the qualifier in the name and apart from it."""
    names = ("orders", "function:orders", f"{ACCOUNT}:function:orders", ARN)
    if qualifier is None:
        return [{"FunctionName": name} for name in names]
    return [{"FunctionName": f"{name}:{qualifier}"} for name in names] + [
        {"FunctionName": name, "Qualifier": qualifier} for name in names
    ]


@ORDERS
@pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
def test_C12_every_spelling_names_the_same_configuration(lam, versions, qualifier):
    arn = f"{ARN}:{qualifier or '$LATEST'}"
    for arguments in spelt(qualifier):
        assert lam.put_function_event_invoke_config(**arguments, MaximumRetryAttempts=1)["FunctionArn"] == arn
        for other in spelt(qualifier):
            lam.update_function_event_invoke_config(**other, MaximumEventAgeInSeconds=60)
            found = lam.get_function_event_invoke_config(**other)
            assert (found["FunctionArn"], found["MaximumRetryAttempts"]) == (arn, 1)
        assert listed(lam) == [arn]
        lam.delete_function_event_invoke_config(**arguments)
        assert listed(lam) == []


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update", "get", "delete"])
@pytest.mark.parametrize("name", ["orders:1", "orders:$LATEST", f"{ARN}:live", "doesnotexist:1"])
def test_C12_two_qualifiers_that_differ(lam, operation, name):
    arguments = {"MaximumRetryAttempts": 0} if operation in ("put", "update") else {}
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    assert refusal(call, FunctionName=name, Qualifier="2", **arguments) == invalid(
        "The derived qualifier from the function name does not match the specified qualifier."
    )


@ORDERS
def test_C12_the_same_qualifier_twice(lam, versions):
    assert put(lam, "orders:live", Qualifier="live", MaximumRetryAttempts=0)["FunctionArn"] == f"{ARN}:live"


@ORDERS
def test_C13_every_qualifier_has_a_configuration_of_its_own(lam, versions):
    for age, qualifier in enumerate(("$LATEST", "1", "2", "live"), start=60):
        put(lam, Qualifier=qualifier, MaximumEventAgeInSeconds=age)
    found = [get(lam, Qualifier=qualifier) for qualifier in ("$LATEST", "1", "2", "live")]
    assert [config["MaximumEventAgeInSeconds"] for config in found] == [60, 61, 62, 63]
    lam.delete_function_event_invoke_config(FunctionName="orders", Qualifier="1")
    assert listed(lam) == [f"{ARN}:$LATEST", f"{ARN}:2", f"{ARN}:live"]
    assert get(lam, Qualifier="live") == found[3]


@ORDERS
def test_C13_a_published_version_has_no_configuration(lam):
    put(lam, MaximumRetryAttempts=0)
    version = publish(lam)
    found = refusal(lam.get_function_event_invoke_config, FunctionName="orders", Qualifier=version)
    assert found == no_config(f"{ARN}:1")
    assert get(lam)["MaximumRetryAttempts"] == 0


@ORDERS
def test_C20_latest_is_the_unqualified_record(lam):
    answer = put(lam, MaximumRetryAttempts=0)
    assert get(lam, Qualifier="$LATEST") == get(lam) == answer
    lam.delete_function_event_invoke_config(FunctionName="orders", Qualifier="$LATEST")
    assert refusal(lam.get_function_event_invoke_config, FunctionName="orders") == no_config(f"{ARN}:$LATEST")


@ORDERS
def test_regions_do_not_share_configurations(lam):
    put(lam, MaximumRetryAttempts=0)
    other = boto3.client("lambda", region_name="eu-west-1")
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders:$LATEST"
    assert refusal(other.get_function_event_invoke_config, FunctionName="orders") == no_config(arn)
    assert put(other, MaximumRetryAttempts=1)["FunctionArn"] == arn
    assert get(lam)["MaximumRetryAttempts"] == 0


# Functions, versions and aliases that come and go


def create(lam):
    iam = boto3.client("iam")
    role = iam.create_role(RoleName="orders", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    lam.create_function(
        FunctionName="orders",
        Runtime="python3.13",
        Role=role,
        Handler="app.handle",
        Code={"ZipFile": b"the handler is registered"},
    )


@ORDERS
def test_a_deleted_function_has_no_configuration(lam):
    put(lam, MaximumRetryAttempts=0)
    lam.delete_function(FunctionName="orders")
    assert refusal(lam.get_function_event_invoke_config, FunctionName="orders") == no_config(f"{ARN}:$LATEST")
    assert refusal(lam.list_function_event_invoke_configs, FunctionName="orders") == NO_FUNCTION


@ORDERS
def test_a_function_made_anew_has_no_configuration_of_the_one_before(lam, versions):
    for qualifier in ("$LATEST", "1", "live"):
        put(lam, Qualifier=qualifier, MaximumRetryAttempts=0)
    lam.delete_function(FunctionName="orders")
    create(lam)
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="$LATEST")
    assert listed(lam) == []
    for qualifier in ("$LATEST", "1", "live"):
        found = refusal(lam.get_function_event_invoke_config, FunctionName="orders", Qualifier=qualifier)
        assert found == no_config(f"{ARN}:{qualifier}")
    assert settings_of(put(lam, MaximumEventAgeInSeconds=60)) == {
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }
    assert listed(lam) == [f"{ARN}:$LATEST"]


@ORDERS
def test_a_handler_registered_again_after_the_deletion_begins_without_a_configuration(destmock, lam):
    put(lam, MaximumRetryAttempts=0)
    lam.delete_function(FunctionName="orders")
    destmock.handler("orders", outcomes(2))
    assert listed(lam) == []


@ORDERS
def test_a_handler_registered_again_keeps_the_configuration(destmock, lam):
    answer = put(lam, MaximumRetryAttempts=0)
    destmock.handler("orders", outcomes(2))
    assert get(lam) == answer


@ORDERS
def test_I1_new_code_and_settings_keep_the_configuration(lam):
    answer = put(lam, MaximumRetryAttempts=0)
    lam.update_function_code(FunctionName="orders", ZipFile=b"other code")
    lam.update_function_configuration(FunctionName="orders", Timeout=10)
    assert get(lam) == answer


@ORDERS
def test_a_deleted_alias_loses_its_configuration(lam, versions):
    put(lam, Qualifier="live", MaximumRetryAttempts=0)
    lam.delete_alias(FunctionName="orders", Name="live")
    assert listed(lam) == []
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="2")
    found = refusal(lam.get_function_event_invoke_config, FunctionName="orders", Qualifier="live")
    assert found == no_config(f"{ARN}:live")


@ORDERS
def test_an_alias_that_moves_keeps_its_configuration(lam, versions):
    answer = put(lam, Qualifier="live", MaximumRetryAttempts=0)
    lam.update_alias(FunctionName="orders", Name="live", FunctionVersion="2")
    assert get(lam, Qualifier="live") == answer


@ORDERS
def test_a_deleted_version_loses_its_configuration_and_no_other(lam, versions):
    for qualifier in ("$LATEST", "2"):
        put(lam, Qualifier=qualifier, MaximumRetryAttempts=0)
    lam.delete_function(FunctionName="orders", Qualifier="2")
    assert listed(lam) == [f"{ARN}:$LATEST"]
    found = refusal(lam.get_function_event_invoke_config, FunctionName="orders", Qualifier="2")
    assert found == no_config(f"{ARN}:2")


# Destinations


@ORDERS
@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:doesnotexist",
        f"{AUDIT}:1",
        f"{AUDIT}:live",
        f"arn:aws:sqs:us-east-1:{ACCOUNT}:doesnotexist",
        f"arn:aws:sns:us-east-1:{ACCOUNT}:doesnotexist",
        f"arn:aws:sqs:eu-west-1:{ACCOUNT}:done",
        "arn:aws:sqs:us-east-1:444455556666:done",
        f"arn:aws:sns:us-nowhere-9:{ACCOUNT}:done",
    ],
)
@pytest.mark.parametrize("route", ["OnSuccess", "OnFailure"])
def test_C14_G8_a_destination_that_does_not_exist(lam, make_queue, route, arn):
    make_queue("done")
    call = lam.put_function_event_invoke_config
    found = refusal(call, FunctionName="orders", DestinationConfig=to(**{route: arn}))
    assert found == invalid(f"The destination ARN {arn} is invalid.")


@ORDERS
@pytest.mark.parametrize("kind", ["queue", "topic", "function", "version", "alias"])
def test_a_destination_that_exists(lam, sns, make_queue, kind):
    publish(lam, "audit")
    lam.create_alias(FunctionName="audit", Name="live", FunctionVersion="1")
    arn = {
        "queue": lambda: make_queue("done"),
        "topic": lambda: sns.create_topic(Name="done")["TopicArn"],
        "function": lambda: AUDIT,
        "version": lambda: f"{AUDIT}:1",
        "alias": lambda: f"{AUDIT}:live",
    }[kind]()
    both = to(OnSuccess=arn, OnFailure=arn)
    assert put(lam, DestinationConfig=both)["DestinationConfig"] == both


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize("route", ["OnSuccess", "OnFailure"])
@pytest.mark.parametrize("arn", [ARN, f"{ARN}:$LATEST"])
def test_C15_a_function_is_no_destination_of_its_own(lam, operation, route, arn):
    put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    assert refusal(call, FunctionName="orders", DestinationConfig=to(**{route: arn})) == invalid(
        "You can't specify the function as a destination for itself."
    )


@ORDERS
def test_a_function_of_the_same_name_in_another_account_is_another(lam):
    arn = "arn:aws:lambda:us-east-1:444455556666:function:orders"
    assert put(lam, DestinationConfig=to(OnSuccess=arn))["DestinationConfig"]["OnSuccess"] == {
        "Destination": arn
    }


ROLE = f"arn:aws:iam::{ACCOUNT}:role/orders"
FAILURE_TO_ROLE = f"onFailure=OnFailure(destination={ROLE})"


@ORDERS
@pytest.mark.parametrize(
    ("config", "text"),
    [
        (
            {"OnSuccess": {"Destination": ROLE}},
            f"DestinationConfig(onSuccess=OnSuccess(destination={ROLE}), onFailure=null)",
        ),
        (
            {"OnFailure": {"Destination": ROLE}},
            f"DestinationConfig(onSuccess=null, {FAILURE_TO_ROLE})",
        ),
        (
            {"OnSuccess": {"Destination": AUDIT}, "OnFailure": {"Destination": ROLE}},
            f"DestinationConfig(onSuccess=OnSuccess(destination={AUDIT}), {FAILURE_TO_ROLE})",
        ),
    ],
    ids=["success", "failure", "both"],
)
def test_C16_a_service_that_is_no_destination(lam, config, text):
    """The message has the whole request, as Java prints it."""
    call = lam.put_function_event_invoke_config
    found = refusal(call, FunctionName="orders", DestinationConfig=config)
    assert found == invalid(f"The provided destination config {text} is invalid.")


@ORDERS
@pytest.mark.parametrize("service", ["dynamodb", "kinesis", "states", "logs", "firehose"])
def test_C16_other_services(lam, service):
    arn = f"arn:aws:{service}:us-east-1:{ACCOUNT}:thing/one"
    call = lam.put_function_event_invoke_config
    code, status, message = refusal(call, FunctionName="orders", DestinationConfig=to(OnSuccess=arn))
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert message.startswith(
        "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination="
    )


def bad_destination(value, route):
    return (
        f"Value '{value}' at 'destinationConfig.{route}.destination' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {DESTINATION_PATTERN}"
    )


BAD_ARNS = [
    "not-an-arn",
    "arn:aws:sqs",
    "arn:aws:sqs:us-east-1:1234:done",
    f"arn:aws:sqs:nowhere:{ACCOUNT}:done",
    f"ARN:aws:sqs:us-east-1:{ACCOUNT}:done",
    f"arn:gcp:sqs:us-east-1:{ACCOUNT}:done",
    f" arn:aws:sqs:us-east-1:{ACCOUNT}:done",
    "arn:aws:sqs:us-east-1:١٢٣٤٥٦٧٨٩٠١٢:done",
    "https://queue.amazonaws.com/done",
]


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize("arn", BAD_ARNS)
def test_C17_a_destination_that_is_no_arn(lam, operation, arn):
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    for route, member in (("OnSuccess", "onSuccess"), ("OnFailure", "onFailure")):
        response = refused(call, FunctionName="orders", DestinationConfig=to(**{route: arn}))
        assert response["Error"] == {
            "Code": "ValidationException",
            "Message": f"1 validation error detected: {bad_destination(arn, member)}",
        }
        assert set(response) == {"Error", "ResponseMetadata"}


@ORDERS
def test_C17_both_destinations_are_none(lam):
    """The failure's comes first."""
    call = lam.put_function_event_invoke_config
    config = to(OnSuccess="not-an-arn", OnFailure="not-an-arn")
    assert refusal(call, FunctionName="orders", DestinationConfig=config) == violated(
        bad_destination("not-an-arn", "onFailure"), bad_destination("not-an-arn", "onSuccess")
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
        lambda text: not text.startswith(("arn:", "kafka:"))
    )
)
@ORDERS
def test_C17_any_text_gets_an_answer_of_aws(lam, text):
    call = lam.put_function_event_invoke_config
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure=text))
    assert found == violated(bad_destination(text, "onFailure"))


@ORDERS
def test_C23_a_fifo_queue(lam, make_queue):
    arn = make_queue("failed.fifo", FifoQueue="true")
    before = put(lam, MaximumRetryAttempts=0)
    call = lam.update_function_event_invoke_config
    assert refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure=arn)) == invalid(
        f"The provided destination config DestinationConfig(onSuccess=null, "
        f"onFailure=OnFailure(destination={arn})) is invalid."
    )
    assert get(lam) == before


@ORDERS
def test_G7_a_fifo_topic(lam, sns, wire):
    arn = sns.create_topic(Name="failed.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    before = put(lam, MaximumRetryAttempts=0)
    call = lam.put_function_event_invoke_config
    text = "FIFO-type Amazon SNS topics aren't supported as a destination."
    assert refusal(call, FunctionName="orders", DestinationConfig=to(OnSuccess=arn)) == invalid(text)
    assert wire[-1].text == f'{{"Type":"User","message":"{text}"}}'
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"MaximumRetryAttempts": 3},
        {"MaximumEventAgeInSeconds": 21_601},
        {"DestinationConfig": to(OnSuccess=ARN)},
        {"DestinationConfig": to(OnSuccess=ROLE)},
        {"DestinationConfig": to(OnSuccess="not-an-arn")},
        {"DestinationConfig": to(OnSuccess=AUDIT, OnFailure=f"arn:aws:sqs:us-east-1:{ACCOUNT}:doesnotexist")},
        {"MaximumRetryAttempts": 1, "DestinationConfig": to(OnFailure=f"{AUDIT}:9")},
        {"DestinationConfig": {}},
    ],
    ids=["retries", "age", "itself", "service", "pattern", "second", "with-a-number", "nothing"],
)
def test_G2_what_is_refused_changes_nothing(destmock, lam, make_queue, operation, arguments):
    """Neither a configuration that is there nor that there is none."""
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    refused(call, FunctionName="orders", **arguments)
    assert listed(lam) == []
    before = put(lam, MaximumRetryAttempts=0, DestinationConfig=to(OnFailure=make_queue("failed")))
    destmock.advance(1)
    refused(call, FunctionName="orders", **arguments)
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize("route", ["OnSuccess", "OnFailure"])
@pytest.mark.parametrize("bus", ["default", "orders"])
def test_G5_an_event_bus_is_accepted_whether_or_not_there_is_one(lam, operation, route, bus):
    put(lam, MaximumRetryAttempts=0)
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{bus}"
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    call(FunctionName="orders", DestinationConfig=to(**{route: arn}))
    assert get(lam)["DestinationConfig"][route] == {"Destination": arn}


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
def test_C27_a_rule_is_no_event_bus(destmock, lam, operation):
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/orders/all"
    before = put(lam, MaximumRetryAttempts=0)
    destmock.advance(1)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure=arn))
    assert found == invalid(f"The destination ARN {arn} is invalid.")
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize("made", [True, False], ids=["exists", "missing"])
def test_C16_a_bucket_takes_no_successes(lam, operation, made):
    """Nor does one that doesn't exist: the kind is checked first."""
    if made:
        boto3.client("s3").create_bucket(Bucket="orders")
    before = put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnSuccess="arn:aws:s3:::orders"))
    assert found == invalid(
        "The provided destination config DestinationConfig(onSuccess=OnSuccess("
        "destination=arn:aws:s3:::orders), onFailure=null) is invalid."
    )
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
def test_C16_a_bucket_without_a_name(lam, operation):
    before = put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure="arn:aws:s3:::"))
    assert found == invalid(
        "The provided destination config DestinationConfig(onSuccess=null, "
        "onFailure=OnFailure(destination=arn:aws:s3:::)) is invalid."
    )
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
def test_G9_a_bucket_that_does_not_exist(lam, operation):
    before = put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure="arn:aws:s3:::orders"))
    assert found == invalid(
        "Error occurred while ListBucket. S3 Error Code: 404 Not Found. S3 Error Message: Not Found"
    )
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
def test_a_bucket_that_exists_takes_failures(lam, operation):
    boto3.client("s3").create_bucket(Bucket="orders")
    put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    call(FunctionName="orders", DestinationConfig=to(OnFailure="arn:aws:s3:::orders"))
    assert get(lam)["DestinationConfig"]["OnFailure"] == {"Destination": "arn:aws:s3:::orders"}


@ORDERS
def test_G1_G3_G12_the_permissions_of_the_role_are_not_simulated(lam, make_queue):
    """Every role may do everything: this one has no policy at all."""
    create(lam)
    destinations = to(OnFailure=make_queue("failed"))
    assert (
        put(lam, DestinationConfig=destinations)["DestinationConfig"]["OnFailure"]
        == destinations["OnFailure"]
    )


@ORDERS
def test_a_destination_may_go_after_it_was_configured(lam, sqs, make_queue):
    destinations = to(OnFailure=make_queue("failed"))
    put(lam, DestinationConfig=destinations)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="failed")["QueueUrl"])
    assert update(lam, MaximumRetryAttempts=0)["DestinationConfig"]["OnFailure"] == destinations["OnFailure"]


# Numbers


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(retries=NUMBERS["MaximumRetryAttempts"], age=NUMBERS["MaximumEventAgeInSeconds"])
@ORDERS
def test_C18_what_is_in_range_is_taken(lam, retries, age):
    answer = put(lam, MaximumRetryAttempts=retries, MaximumEventAgeInSeconds=age)
    assert (answer["MaximumRetryAttempts"], answer["MaximumEventAgeInSeconds"]) == (retries, age)


def above(value, member, limit):
    return (
        f"Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must have value less than or equal to {limit}"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(3, 2**31), st.integers(21_601, 2**31))
@ORDERS
def test_C18_what_is_above_the_range_is_refused_by_the_service(lam, retries, age):
    call = lam.put_function_event_invoke_config
    many, old = above(retries, "maximumRetryAttempts", 2), above(age, "maximumEventAgeInSeconds", 21_600)
    assert refusal(call, FunctionName="orders", MaximumRetryAttempts=retries) == violated(many)
    assert refusal(call, FunctionName="orders", MaximumEventAgeInSeconds=age) == violated(old)
    code, status, message = refusal(
        call, FunctionName="orders", MaximumRetryAttempts=retries, MaximumEventAgeInSeconds=age
    )
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith("2 validation errors detected: ")
    assert many in message
    assert old in message


BELOW = [("MaximumRetryAttempts", -1, 0), ("MaximumEventAgeInSeconds", 59, 60)]


@ORDERS
@pytest.mark.parametrize(("argument", "value", "limit"), BELOW)
def test_C18_what_is_below_the_range_is_refused_by_botocore(lam, argument, value, limit):
    with pytest.raises(ParamValidationError):
        put(lam, **{argument: value})
    with pytest.raises(ParamValidationError):
        update(lam, **{argument: value})


@ORDERS
@pytest.mark.parametrize(("argument", "value", "limit"), BELOW)
def test_C18_without_botocore_s_validation_the_service_refuses_it(argument, value, limit):
    lam = boto3.client("lambda", config=Config(parameter_validation=False))
    member = argument[0].lower() + argument[1:]
    found = refusal(lam.put_function_event_invoke_config, FunctionName="orders", **{argument: value})
    assert found == violated(
        f"Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must have value greater than or equal to {limit}"
    )


@ORDERS
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("get_function_event_invoke_config", {"Qualifier": ""}),
        ("list_function_event_invoke_configs", {"MaxItems": 0}),
        ("put_function_event_invoke_config", {"MaximumRetryAttempts": "1"}),
        ("put_function_event_invoke_config", {"DestinationConfig": {"OnSomething": {}}}),
    ],
)
def test_C18_botocore_s_own_validation_stays(lam, operation, arguments):
    with pytest.raises(ParamValidationError):
        getattr(lam, operation)(FunctionName="orders", **arguments)


@ORDERS
def test_a_bad_name_is_refused_by_every_call(lam):
    for operation, arguments in (
        ("put_function_event_invoke_config", {"MaximumRetryAttempts": 0}),
        ("update_function_event_invoke_config", {"MaximumRetryAttempts": 0}),
        ("get_function_event_invoke_config", {}),
        ("delete_function_event_invoke_config", {}),
        ("list_function_event_invoke_configs", {}),
    ):
        code, status, message = refusal(getattr(lam, operation), FunctionName="orders!", **arguments)
        assert (code, status) == ("ValidationException", 400)
        assert message.startswith(
            "1 validation error detected: Value 'orders!' at 'functionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: "
        )


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update", "get", "delete"])
def test_A15_a_function_of_another_region_is_out_of_reach(lam, operation):
    arguments = {"MaximumRetryAttempts": 0} if operation in ("put", "update") else {}
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName=ARN.replace("us-east-1", "eu-west-1"), **arguments)
    assert found == (
        "ResourceNotFoundException",
        404,
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    )


# Lists


@ORDERS
def test_C19_a_function_without_configurations(lam, wire):
    answer = lam.list_function_event_invoke_configs(FunctionName="orders")
    assert answer["FunctionEventInvokeConfigs"] == []
    assert "NextMarker" not in answer
    assert wire[0].text == '{"FunctionEventInvokeConfigs":[],"NextMarker":null}'


@ORDERS
def test_C19_a_list_has_the_shape_of_get(lam, versions, wire):
    for qualifier in ("$LATEST", "1", "live"):
        put(lam, Qualifier=qualifier, MaximumRetryAttempts=0)
    put(lam, "audit", MaximumRetryAttempts=0)
    answer = lam.list_function_event_invoke_configs(FunctionName="orders")
    assert "NextMarker" not in answer
    assert json.loads(wire[-1].text)["NextMarker"] is None
    found = {config["FunctionArn"]: config for config in answer["FunctionEventInvokeConfigs"]}
    assert found == {
        f"{ARN}:{qualifier}": get(lam, Qualifier=qualifier) for qualifier in ("$LATEST", "1", "live")
    }
    assert len(answer["FunctionEventInvokeConfigs"]) == 3


@pytest.fixture
def many(lam):
    """Sixty aliases of `orders`, each with a configuration; answers their ARNs."""
    for number in range(60):
        lam.create_alias(FunctionName="orders", Name=f"alias-{number}", FunctionVersion="$LATEST")
        put(lam, Qualifier=f"alias-{number}", MaximumRetryAttempts=0)
    return {f"{ARN}:alias-{number}" for number in range(60)}


def pages(lam, **arguments):
    """The ARNs of each page."""
    found = []
    while True:
        answer = lam.list_function_event_invoke_configs(FunctionName="orders", **arguments)
        found.append([config["FunctionArn"] for config in answer["FunctionEventInvokeConfigs"]])
        if "NextMarker" not in answer:
            return found
        arguments["Marker"] = answer["NextMarker"]


@ORDERS
@pytest.mark.parametrize("size", [None, 1, 7, 20, 50])
def test_C19_pages_have_every_configuration_once(lam, many, size):
    found = pages(lam, **({} if size is None else {"MaxItems": size}))
    size = size or 50
    whole, rest = divmod(60, size)
    assert [len(page) for page in found] == [size] * whole + [rest] * (rest > 0)
    arns = [arn for page in found for arn in page]
    assert len(arns) == 60
    assert set(arns) == many


@ORDERS
def test_C19_boto3_s_paginator(lam, many):
    paginator = lam.get_paginator("list_function_event_invoke_configs")
    found = paginator.paginate(FunctionName="orders", PaginationConfig={"PageSize": 25}).build_full_result()
    assert {config["FunctionArn"] for config in found["FunctionEventInvokeConfigs"]} == many
    assert len(found["FunctionEventInvokeConfigs"]) == 60


@ORDERS
def test_C19_a_page_goes_on_behind_a_configuration_that_has_gone(lam, many):
    first = lam.list_function_event_invoke_configs(FunctionName="orders", MaxItems=1)
    [gone] = first["FunctionEventInvokeConfigs"]
    lam.delete_function_event_invoke_config(FunctionName=gone["FunctionArn"])
    rest = pages(lam, Marker=first["NextMarker"], MaxItems=50)
    assert {arn for page in rest for arn in page} == many - {gone["FunctionArn"]}


@ORDERS
def test_C19_a_deleted_configuration_leaves_the_list_at_once(lam, versions):
    for qualifier in ("$LATEST", "1", "live"):
        put(lam, Qualifier=qualifier, MaximumRetryAttempts=0)
    lam.delete_function_event_invoke_config(FunctionName="orders:live")
    assert listed(lam) == [f"{ARN}:$LATEST", f"{ARN}:1"]


@ORDERS
@pytest.mark.parametrize("size", [51, 10_000])
def test_C18_a_page_is_of_50_at_most(lam, size):
    found = refusal(lam.list_function_event_invoke_configs, FunctionName="orders", MaxItems=size)
    assert found == violated(above(size, "maxItems", 50))


@ORDERS
@pytest.mark.parametrize("qualifier", ["1", "live", "$LATEST"])
def test_C26_a_list_wants_an_unqualified_name(lam, versions, qualifier):
    for name in ("orders", ARN, f"{ACCOUNT}:function:orders"):
        found = refusal(lam.list_function_event_invoke_configs, FunctionName=f"{name}:{qualifier}")
        assert found == invalid("The function name must not include a version number or alias.")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@ORDERS
def test_C26_a_marker_that_is_none(lam, marker):
    call = lam.list_function_event_invoke_configs
    assert refusal(call, FunctionName="orders", Marker=marker) == invalid("Invalid pagination key.")


@ORDERS
def test_C26_the_raw_body_of_a_bad_marker(lam, wire):
    refused(lam.list_function_event_invoke_configs, FunctionName="orders", Marker="nonsense")
    assert wire[0].text == '{"Type":"User","message":"Invalid pagination key."}'
    assert wire[0].headers["content-length"] == "51"


# What moto can't do, and the mock's own end


def test_every_mock_begins_without_configurations():
    mock = mock_destinations(handlers={"orders": outcomes(1)})
    for _ in range(2):
        with mock:
            lam = boto3.client("lambda")
            assert listed(lam) == []
            put(lam, MaximumRetryAttempts=0)


def test_a_function_without_a_handler_has_configurations_too(lam, make_queue):
    create(lam)
    answer = put(lam, DestinationConfig=to(OnFailure=make_queue("failed")))
    assert get(lam) == answer
    assert listed(lam) == [f"{ARN}:$LATEST"]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"MaximumRetryAttempts": "1"}, "STRING_VALUE can not be converted to Integer"),
        ({"MaximumRetryAttempts": 1.5}, "NUMBER_VALUE can not be converted to Integer"),
        ({"MaximumRetryAttempts": True}, "TRUE can not be converted to Integer"),
        ({"MaximumEventAgeInSeconds": [60]}, "START_ARRAY can not be converted to Integer"),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": 5}}},
            "NUMBER_VALUE can not be converted to String",
        ),
    ],
)
@pytest.mark.destmock(handlers={"orders": print})
def test_a_value_of_another_type_is_refused_where_botocore_does_not_check(settings, text):
    unchecked = boto3.client("lambda", config=Config(parameter_validation=False))
    with pytest.raises(ClientError) as caught:
        unchecked.put_function_event_invoke_config(FunctionName="orders", **settings)
    assert caught.value.response["Error"] == {"Code": "SerializationException", "Message": text}
