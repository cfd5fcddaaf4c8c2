"""Where a function's logs are: groups, streams, times, the platform's lines, `attempt.logs`, `LogResult`."""

import base64
import datetime as dt
import json
import logging
import re

import boto3
import pytest

from destmock import mock_destinations, outcomes
from tests.observed.reading_logs import START, events, invoke, messages, output, send, streams

MS = 1_789_399_125_502
HASH = "0" * 64


def ok(event, context):
    return {"ok": True}


# Lines of the platform


@pytest.mark.destmock(handlers={"orders": ok})
def test_K1_the_lines_around_a_cold_and_a_warm_attempt(destmock, lam, logs):
    first, second = send(lam), send(lam)
    assert messages(logs) == [
        (
            "INIT_START Runtime Version: python:3.13.v20\t"
            f"Runtime Version ARN: arn:aws:lambda:us-east-1::runtime:{HASH}\n"
        ),
        f"START RequestId: {first} Version: $LATEST\n",
        f"END RequestId: {first}\n",
        (
            f"REPORT RequestId: {first}\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 36 MB\tInit Duration: 100.00 ms\t\n"
        ),
        f"START RequestId: {second} Version: $LATEST\n",
        f"END RequestId: {second}\n",
        (
            f"REPORT RequestId: {second}\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 36 MB\t\n"
        ),
    ]


def test_K1_the_report_tells_the_declared_duration_and_the_memory_size(destmock, lam, logs):
    destmock.handler("orders", ok, memory_size=512, duration=1.25)
    send(lam)
    assert "\tDuration: 1250.00 ms\tBilled Duration: 1250 ms\tMemory Size: 512 MB\t" in messages(logs)[-1]


def test_a_published_version_writes_its_number(destmock, lam, logs):
    destmock.handler("orders", ok)
    lam.publish_version(FunctionName="orders")
    request_id = send(lam, Qualifier="1")
    [stream] = streams(logs)
    assert "/[1]" in stream
    assert f"START RequestId: {request_id} Version: 1\n" in messages(logs)


def test_a_timeout_ends_with_a_line_of_its_own(destmock, lam, logs):
    @destmock.handler("orders", timeout=2, duration=5)
    def orders(event, context):
        print("begun")

    request_id, tail = invoke(lam)
    began, line = output(messages(logs))
    assert began == "begun\n"
    assert re.fullmatch(
        rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {request_id} Task timed out after 2\.00 seconds\n\n",
        line,
    )
    assert line in tail
    assert "\tDuration: 2000.00 ms\t" in tail


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("no stock"))})
def test_K3_each_retry_has_its_lines_under_the_same_request_id(destmock, lam, logs):
    request_id = send(lam)
    found = messages(logs)
    assert [m for m in found if m.startswith("START")] == [
        f"START RequestId: {request_id} Version: $LATEST\n"
    ] * 3
    assert [m for m in found if m.startswith("END")] == [f"END RequestId: {request_id}\n"] * 3
    reports = [m for m in found if m.startswith(f"REPORT RequestId: {request_id}\t")]
    assert ["Init Duration" in report for report in reports] == [True, False, False]
    assert len([m for m in found if m.startswith("[ERROR] ValueError: no stock\n")]) == 3


# Groups, streams and times


@pytest.mark.destmock(handlers={"orders": ok, "audit": ok}, start=START)
def test_K4_the_group_and_the_streams_of_a_function(destmock, lam, logs):
    send(lam)
    send(lam, "audit")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    assert sorted(groups) == ["/aws/lambda/audit", "/aws/lambda/orders"]
    for name in ("orders", "audit"):
        [stream] = streams(logs, name)
        assert re.fullmatch(r"2026/09/14/\[\$LATEST\][0-9a-f]{32}", stream)


def test_the_stream_is_the_one_that_the_context_names(destmock, lam, logs):
    destmock.handler("orders", lambda event, context: print(context.log_group_name, context.log_stream_name))
    send(lam)
    [stream] = streams(logs)
    assert output(messages(logs)) == [f"/aws/lambda/orders {stream}\n"]


def test_each_execution_environment_has_a_stream(destmock, lam, logs):
    """A new one after an exit and after a change of the code; attempts that follow a result share one."""
    destmock.handler("orders", outcomes(SystemExit(1), "two", "three"))
    for _ in range(3):
        invoke(lam)
    destmock.handler("orders", outcomes("four"))
    invoke(lam)
    counts = [
        len([event for event in events(logs, stream) if event["message"].startswith("START")])
        for stream in streams(logs)
    ]
    assert sorted(counts) == [1, 1, 2]


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError())}, start=START)
def test_log_events_have_the_virtual_time_of_their_attempt(destmock, lam, logs):
    send(lam)
    [stream] = streams(logs)
    times = {event["timestamp"] - MS for event in events(logs, stream)}
    assert times == {0, 60_000, 180_000}


@pytest.mark.parametrize("year", [1999, 2026, 2100])
def test_log_events_of_any_year_are_kept(year):
    """CloudWatch would refuse the very old and the future ones; virtual time may be either."""
    start = dt.datetime(year, 1, 1, tzinfo=dt.timezone.utc)
    with mock_destinations(handlers={"orders": ok}, start=start):
        invoke(boto3.client("lambda"))
        logs = boto3.client("logs")
        [stream] = streams(logs)
        assert stream.startswith(f"{year}/01/01/[$LATEST]")
        assert {event["timestamp"] for event in events(logs, stream)} == {int(start.timestamp()) * 1000}


@pytest.mark.destmock(handlers={"orders": ok})
def test_logs_can_be_read_between_invocations_and_grow(destmock, lam, logs):
    send(lam)
    assert len(messages(logs)) == 4
    send(lam)
    assert len(messages(logs)) == 7
    assert len(messages(logs)) == 7


def test_a_handler_may_read_the_logs_of_others(destmock, lam, logs):
    destmock.handler("orders", ok)
    destmock.handler("audit", lambda event, context: len(messages(logs, "orders")))
    invoke(lam)
    answer = lam.invoke(FunctionName="audit", Payload=b"{}")
    assert answer["Payload"].read() == b"4"


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_group_that_the_program_made_is_used(destmock, lam, logs):
    logs.create_log_group(logGroupName="/aws/lambda/orders")
    logs.put_retention_policy(logGroupName="/aws/lambda/orders", retentionInDays=7)
    send(lam)
    [group] = logs.describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 7
    assert len(messages(logs)) == 4


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_group_that_was_deleted_is_made_anew(destmock, lam, logs):
    send(lam)
    logs.delete_log_group(logGroupName="/aws/lambda/orders")
    assert logs.describe_log_groups()["logGroups"] == []
    request_id = send(lam)
    assert f"END RequestId: {request_id}\n" in messages(logs)


def test_the_logs_are_in_the_function_s_own_region(destmock):
    destmock.handler("orders", ok)
    send(boto3.client("lambda", region_name="eu-west-1"))
    assert boto3.client("logs").describe_log_groups()["logGroups"] == []
    assert len(messages(boto3.client("logs", region_name="eu-west-1"))) == 4


def test_filter_log_events_finds_a_line(destmock, lam, logs):
    destmock.handler("orders", lambda event, context: print("order", event["id"], "placed"))
    send(lam, payload=b'{"id": 7}')
    send(lam, payload=b'{"id": 8}')
    found = logs.filter_log_events(logGroupName="/aws/lambda/orders", filterPattern='"order 8"')["events"]
    assert [event["message"] for event in found] == ["order 8 placed\n"]


# `attempt.logs` and `LogResult`


def test_the_logs_of_an_attempt_are_its_log_events_as_one_text(destmock, lam, logs):
    def orders(event, context):
        print("one")
        print("two", end="")
        raise ValueError("no stock")

    destmock.handler("orders", orders)
    send(lam)
    texts = [message if message.endswith("\n") else f"{message}\n" for message in messages(logs)]
    attempts = destmock.invocations[0].attempts
    assert "".join(attempt.logs for attempt in attempts) == "".join(texts)
    assert all("two\n[ERROR] ValueError: no stock\n" in attempt.logs for attempt in attempts)


@pytest.mark.destmock(handlers={"orders": ok})
def test_K5_the_tail_of_a_short_log_is_all_of_it_but_for_INIT_START(destmock, lam, logs):
    _, tail = invoke(lam)
    first, *others = messages(logs)
    assert first.startswith("INIT_START ")
    assert tail == "".join(others)
    _, tail = invoke(lam)
    assert tail.startswith("START ")


@pytest.mark.parametrize("shift", range(3))
def test_K5_the_tail_is_the_last_4096_bytes(destmock, lam, shift):
    """A character that the cut goes through is replaced, byte by byte."""
    destmock.handler("orders", lambda event, context: print("雪" * 2000 + "x" * shift))
    request_id, tail = invoke(lam)
    end = f"{'x' * shift}\nEND RequestId: {request_id}\n"
    own, _, report = tail.partition(end)
    room = 4096 - len((end + report).encode())
    whole, cut = divmod(room, len("雪".encode()))
    assert own == "\N{REPLACEMENT CHARACTER}" * cut + "雪" * whole


@pytest.mark.parametrize("log_type", [{}, {"LogType": "None"}])
@pytest.mark.destmock(handlers={"orders": ok})
def test_without_a_tail_there_is_no_log_result(destmock, lam, log_type):
    answer = lam.invoke(FunctionName="orders", Payload=b"{}", **log_type)
    assert "LogResult" not in answer


@pytest.mark.destmock(handlers={"orders": ok})
def test_A8_an_event_has_no_log_result(destmock, lam):
    answer = lam.invoke(FunctionName="orders", InvocationType="Event", LogType="Tail")
    assert answer["StatusCode"] == 202
    assert "LogResult" not in answer


# Nested invocations


def test_the_logs_of_nested_invocations_do_not_mix(destmock, lam, logs):
    def outer(event, context):
        print("outer before")
        logging.getLogger("app").warning("outer warns")
        answer = lam.invoke(FunctionName="inner", Payload=b"{}", LogType="Tail")
        assert b"inner prints" in base64.b64decode(answer["LogResult"])
        print("outer after")
        logging.getLogger("app").warning("outer warns again")

    def inner(event, context):
        print("inner prints")
        logging.getLogger("app").warning("inner warns")
        raise ValueError("inner fails")

    destmock.handler("outer", outer)
    destmock.handler("inner", inner)
    outer_id, _ = invoke(lam, "outer")
    outers, inners = output(messages(logs, "outer")), output(messages(logs, "inner"))
    assert [message.split("\t")[-1] for message in outers] == [
        "outer before\n",
        "outer warns\n",
        "outer after\n",
        "outer warns again\n",
    ]
    assert [message.split("\t")[2] for message in outers if "\t" in message] == [outer_id] * 2
    assert [message.split("\t")[-1].split("\n")[0] for message in inners] == [
        "inner prints",
        "inner warns",
        "[ERROR] ValueError: inner fails",
    ]
    assert [message.split("\t")[2] for message in inners if "\t" in message] != [outer_id]


def test_a_chain_of_events_writes_to_each_function_s_own_group(destmock, lam, logs):
    def outer(event, context):
        lam.invoke(FunctionName="inner", InvocationType="Event", Payload=json.dumps({"from": "outer"}))
        print("outer sends")

    destmock.handler("outer", outer)
    destmock.handler("inner", lambda event, context: print("inner got", event["from"]))
    send(lam, "outer")
    assert output(messages(logs, "outer")) == ["outer sends\n"]
    assert output(messages(logs, "inner")) == ["inner got outer\n"]
