"""The five calls of an EventInvokeConfig: what put, update, get, delete and list answer."""

import json
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destmock import mock_destinations, outcomes
from tests.engine.config_calls import (
    ACCOUNT,
    ARN,
    AUDIT,
    NUMBERS,
    ORDERS,
    START,
    above,
    create,
    get,
    invalid,
    listed,
    put,
    refusal,
    refused,
    settings_of,
    shown,
    to,
    update,
    violated,
)

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
NOTHING_TO_SET = "You must specify at least one of error handling or destination setting."


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
