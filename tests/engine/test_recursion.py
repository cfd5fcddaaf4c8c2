"""Recursive loops: a function that comes back to itself is stopped after 16 runs, unless it may."""

import json
import os
import re

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import outcomes

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
STOPPED = (
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
    "resources and stopped your function's invocation."
)


def send(lam, name="orders", payload=b'{"n": 1}'):
    return lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def allow(lam, name="orders"):
    return lam.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")


def setting(lam, name="orders"):
    return lam.get_function_recursion_config(FunctionName=name)["RecursiveLoop"]


def to(lam, name, **routes):
    destinations = {key: {"Destination": arn} for key, arn in routes.items()}
    lam.put_function_event_invoke_config(FunctionName=name, DestinationConfig=destinations)


@pytest.fixture
def runs(destmock, lam):
    """`orders` invokes itself until its 18th step; the event and trace header of each of its runs."""
    seen = []

    @destmock.handler("orders")
    def orders(event, context):
        seen.append((event["n"], os.environ["_X_AMZN_TRACE_ID"]))
        if event["n"] < 18:
            send(lam, payload=json.dumps({"n": event["n"] + 1}).encode())

    return seen


# The loop


def test_J2_the_17th_run_of_a_loop_does_not_happen(destmock, lam, runs):
    send(lam)
    assert [number for number, _ in runs] == list(range(1, 17))
    *ran, refused = destmock.invocations
    assert [invocation.condition for invocation in ran] == ["Success"] * 16
    assert refused.event == {"n": 17}
    assert refused.attempts == ()
    assert refused.condition == "RecursiveInvocation"


def test_J2_a_function_that_may_runs_as_often_as_it_likes(destmock, lam, runs):
    allow(lam)
    send(lam)
    assert [number for number, _ in runs] == list(range(1, 19))
    assert destmock.drops == []


def test_J3_J4_the_lineage_counts_the_runs_from_1_to_16(lam, runs):
    """Hops, the function's hash and how often it was there before: it is refused once that is past 15."""
    send(lam)
    parsed = [
        re.fullmatch(r"(Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0);Lineage=(.*)", header)
        for _, header in runs
    ]
    assert len({match[1] for match in parsed}) == 1
    lineage = [match[2].split(":") for match in parsed]
    assert [(int(hops), int(count)) for hops, _, count in lineage] == [(n, n - 1) for n in range(1, 17)]
    [function] = {digest for _, digest, _ in lineage}
    assert re.fullmatch(r"[0-9a-f]{8}", function)


def test_J3_the_lineage_goes_on_where_recursion_is_allowed(lam, runs):
    allow(lam)
    send(lam)
    assert re.search(r";Lineage=18:[0-9a-f]{8}:17$", runs[-1][1])


def test_J3_a_retry_is_no_hop(destmock, lam):
    seen = []

    @destmock.handler("orders")
    def orders(event, context):
        seen.append(os.environ["_X_AMZN_TRACE_ID"])
        raise ValueError("no stock")

    send(lam)
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_a_call_from_outside_begins_a_chain_of_its_own(destmock, lam):
    destmock.handler("orders", outcomes(None))
    for _ in range(20):
        send(lam)
    assert {invocation.condition for invocation in destmock.invocations} == {"Success"}


def test_a_chain_that_fans_out_is_stopped_in_each_branch(destmock, lam):
    """Two calls at the 15th step and at each of the two 16ths: four refusals."""
    ran = []

    @destmock.handler("orders")
    def orders(event, context):
        ran.append(event["n"])
        for _ in range(2 if event["n"] >= 15 else 1):
            send(lam, payload=json.dumps({"n": event["n"] + 1}).encode())

    send(lam)
    assert ran == [*range(1, 17), 16]
    assert len(destmock.drops) == 4


def test_J2_a_loop_of_destinations_is_stopped_too(destmock, lam):
    """Each function of it has its own count (J3)."""
    traces = {"ping": [], "pong": []}

    def note(name):
        return lambda event, context: traces[name].append(os.environ["_X_AMZN_TRACE_ID"])

    for name in traces:
        destmock.handler(name, note(name))
    to(lam, "ping", OnSuccess=f"{ARN}pong")
    to(lam, "pong", OnSuccess=f"{ARN}ping")
    send(lam, "ping")
    for name, first in (("ping", 1), ("pong", 2)):
        lineage = [header.rsplit("Lineage=", 1)[1].split(":") for header in traces[name]]
        assert [(int(hops), int(count)) for hops, _, count in lineage] == [
            (2 * number + first, number) for number in range(16)
        ]
    assert destmock.invocations[-1].function_name == "ping"
    assert destmock.invocations[-1].condition == "RecursiveInvocation"


def test_a_loop_ends_where_one_of_its_functions_may_not(destmock, lam):
    ran = []

    def other(name):
        return lambda event, context: ran.append(name) or (send(lam, name) and None)

    destmock.handler("ping", other("pong"))
    destmock.handler("pong", other("ping"))
    allow(lam, "ping")
    send(lam, "ping")
    assert (ran.count("pong"), ran.count("ping")) == (17, 16)
    assert destmock.invocations[-1].function_name == "pong"


# Who is told


def test_J5_the_destination_and_the_dead_letter_queue_hear_of_a_refused_event(
    destmock, lam, runs, make_queue, messages
):
    """It never ran: no executed version, no payload, no lineage."""
    to(lam, "orders", OnFailure=make_queue("failed"))
    lam.update_function_configuration(
        FunctionName="orders", DeadLetterConfig={"TargetArn": make_queue("dead")}
    )
    send(lam)
    refused = destmock.invocations[-1]
    [message] = messages("failed")
    assert message["Body"].endswith(
        f'"requestContext":{{"requestId":"{refused.request_id}","functionArn":"{ARN}orders:$LATEST",'
        '"condition":"RecursiveInvocation","approximateInvokeCount":0},"requestPayload":{"n": 17},'
        '"responseContext":{"statusCode":400}}'
    )
    assert "Lineage" not in message["Attributes"]["AWSTraceHeader"]
    [dead] = messages("dead")
    assert dead["Body"] == '{"n": 17}'
    attributes = {name: value["StringValue"] for name, value in dead["MessageAttributes"].items()}
    assert attributes == {"RequestID": refused.request_id, "ErrorCode": "400", "ErrorMessage": STOPPED}


def test_J5_a_refused_event_without_a_route_is_dropped(destmock, lam, runs):
    """Once a chain, and without retries."""
    send(lam)
    [drop] = destmock.drops
    assert drop.invocation == destmock.invocations[-1]
    assert drop.condition == "RecursiveInvocation"


def test_J6_a_synchronous_call_of_itself_is_refused_with_an_error(destmock, lam):
    depths, refused = [], []

    @destmock.handler("orders")
    def orders(event, context):
        depths.append(event)
        try:
            lam.invoke(FunctionName="orders", Payload=json.dumps(event + 1))
        except lam.exceptions.RecursiveInvocationException as error:
            refused.append(error.response)

    lam.invoke(FunctionName="orders", Payload=b"1")
    assert depths == list(range(1, 17))
    [response] = refused
    assert response["Error"] == {"Code": "RecursiveInvocationException", "Message": STOPPED}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["Type"] == "User"
    assert response["Message"] == STOPPED


# The setting


@pytest.fixture
def orders(destmock):
    destmock.handler("orders", outcomes(None))


def test_J1_loops_are_terminated_unless_they_are_allowed(lam, orders):
    assert setting(lam) == "Terminate"
    for value in ("Allow", "Terminate"):
        answer = lam.put_function_recursion_config(FunctionName="orders", RecursiveLoop=value)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert answer["RecursiveLoop"] == value
        assert setting(lam) == value


def test_J1_another_value_is_refused_and_changes_nothing(lam, orders):
    allow(lam)
    with pytest.raises(ClientError) as caught:
        lam.put_function_recursion_config(FunctionName="orders", RecursiveLoop="InvalidValue")
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["Error"] == {
        "Code": "ValidationException",
        "Message": (
            "1 validation error detected: Value 'InvalidValue' at 'recursiveLoop' failed to satisfy "
            "constraint: Member must satisfy enum value set: [Terminate, Allow]"
        ),
    }
    assert setting(lam) == "Allow"


@pytest.mark.parametrize("name", [f"{ARN}orders", "123456789012:function:orders"])
def test_J7_the_function_may_be_named_in_every_unqualified_way(lam, orders, name):
    allow(lam, name)
    assert setting(lam) == "Allow"
    assert setting(lam, name) == "Allow"


@pytest.mark.parametrize("name", ["orders:1", "orders:live", f"{ARN}orders:$LATEST"])
@pytest.mark.parametrize("call", [allow, setting])
def test_J7_a_qualified_name_is_refused(lam, orders, name, call):
    with pytest.raises(lam.exceptions.InvalidParameterValueException) as caught:
        call(lam, name)
    text = "The function name must not include a version number or alias."
    assert caught.value.response["Error"]["Message"] == text


@pytest.mark.parametrize("call", [allow, setting])
def test_J7_an_unknown_function_is_not_found(lam, call):
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        call(lam, "nobody")


def test_the_setting_is_of_one_function(destmock, lam, orders):
    destmock.handler("audit", outcomes(None))
    allow(lam)
    assert setting(lam, "audit") == "Terminate"


def test_the_setting_is_of_one_region(lam, orders):
    allow(lam)
    assert setting(boto3.client("lambda", region_name="eu-west-1")) == "Terminate"


def test_the_setting_goes_with_the_function(destmock, lam, orders):
    allow(lam)
    lam.delete_function(FunctionName="orders")
    destmock.handler("orders", outcomes(None))
    assert setting(lam) == "Terminate"


def test_the_setting_outlives_a_new_handler(destmock, lam, orders):
    allow(lam)
    destmock.handler("orders", outcomes("new"))
    assert setting(lam) == "Allow"
