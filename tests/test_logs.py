"""What a function writes: in CloudWatch Logs, in `attempt.logs` and in `LogResult`."""

import base64
import datetime as dt
import json
import logging
import re
import sys

import boto3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destmock import mock_destinations, outcomes

START = dt.datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=dt.timezone.utc)
MS = 1_789_399_125_502
NBSP = "\N{NO-BREAK SPACE}"
HASH = "0" * 64


def ok(event, context):
    return {"ok": True}


def invoke(lam, name="orders", payload=b"{}", **kwargs):
    """A synchronous invocation, and the last 4 KB of its log."""
    answer = lam.invoke(FunctionName=name, Payload=payload, LogType="Tail", **kwargs)
    return answer["ResponseMetadata"]["RequestId"], base64.b64decode(answer["LogResult"]).decode()


def send(lam, name="orders", payload=b"{}", **kwargs):
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)
    return answer["ResponseMetadata"]["RequestId"]


def streams(logs, name="orders"):
    found = logs.describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    return [stream["logStreamName"] for stream in found]


def events(logs, stream, name="orders"):
    group = f"/aws/lambda/{name}"
    found = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    return found["events"]


def messages(logs, name="orders"):
    """Every log event's text, stream by stream."""
    return [event["message"] for stream in streams(logs, name) for event in events(logs, stream, name)]


def output(messages):
    """What is between START and END: the function's own."""
    [start] = [i for i, message in enumerate(messages) if message.startswith("START ")]
    [end] = [i for i, message in enumerate(messages) if message.startswith("END ")]
    return messages[start + 1 : end]


def stack_of(attempt):
    """The stack trace as the log shows it: the leading spaces of each line are NO-BREAK SPACES."""
    lines = [line for frame in attempt.response["stackTrace"] for line in frame.splitlines()]
    return [NBSP * (len(line) - len(line.lstrip(" "))) + line.lstrip(" ") for line in lines]


# Lines of the platform


@pytest.mark.destmock(handlers={"orders": ok})
def test_K1_the_lines_around_a_cold_and_a_warm_attempt(destmock, lam, logs):
    first, second = send(lam), send(lam)
    assert messages(logs) == [
        (
            "INIT_START Runtime Version: python:3.13.v1\t"
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


# What the function writes


def written(destmock, logs, handler):
    """What a handler writes, as log events, in an invocation of its own."""
    destmock.handler("orders", handler)
    request_id, _ = invoke(boto3.client("lambda"))
    return request_id, output(messages(logs))


def test_each_printed_line_is_a_log_event(destmock, logs):
    def orders(event, context):
        print("one")
        print("two\nthree")
        print()
        print("no newline", end="")

    assert written(destmock, logs, orders)[1] == ["one\n", "two\n", "three\n", "\n", "no newline"]


def test_both_streams_and_their_buffers_are_one_log(destmock, logs):
    def orders(event, context):
        print("out")
        print("err", file=sys.stderr)
        sys.stdout.buffer.write(b"raw\n")
        sys.stderr.write("err again\n")
        sys.stdout.writelines(["a\n", "b\n"])
        sys.stdout.buffer.write("雪\n".encode())
        sys.stdout.flush()

    expected = ["out\n", "err\n", "raw\n", "err again\n", "a\n", "b\n", "雪\n"]
    assert written(destmock, logs, orders)[1] == expected


def test_what_is_no_utf_8_is_kept_as_well_as_can_be(destmock, logs):
    def orders(event, context):
        sys.stdout.buffer.write(b"\xff raw\n")
        print("\ud800 text")

    assert written(destmock, logs, orders)[1] == ["\N{REPLACEMENT CHARACTER} raw\n", "\\ud800 text\n"]


def test_nothing_that_is_printed_reaches_the_test_s_own_output(destmock, lam, capfd):
    destmock.handler("orders", lambda event, context: print("quiet"))
    _, tail = invoke(lam)
    assert "quiet\n" in tail
    assert capfd.readouterr() == ("", "")


def test_a_carriage_return_ends_no_log_event(destmock, logs):
    """The way to print several lines as one log event."""

    def orders(event, context):
        print("one\rtwo\rthree")
        print("end\r")

    assert written(destmock, logs, orders)[1] == ["one\rtwo\rthree\n", "end\r\n"]


@mock_destinations()
@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=10), max_size=5))
@example(["a\r", "\nb\r\n", "\x0b\x0c\x1c\u2028"])
def test_no_printed_text_is_lost(destmock, texts):
    """However it is cut into log events, together they are what was written."""

    def orders(event, context):
        for text in texts:
            sys.stdout.write(text)

    destmock.handler("orders", orders)
    request_id = send(boto3.client("lambda"))
    [attempt] = destmock.invocations[-1].attempts
    head = f"START RequestId: {request_id} Version: $LATEST\n"
    _, _, after = attempt.logs.partition(head)
    own, _, _ = after.rpartition(f"END RequestId: {request_id}\n")
    assert own.removesuffix("\n") == "".join(texts).removesuffix("\n")


# The logging module


@pytest.mark.destmock(start=START)
def test_K2_a_line_of_the_logging_module(destmock, logs):
    """AWS's own format, in virtual time; below WARNING nothing, as everywhere in Python."""

    def orders(event, context):
        logging.getLogger("app").warning("stock is %d", 1)
        logging.getLogger("app").info("not shown")
        logging.getLogger().error("two\nlines")

    request_id, found = written(destmock, logs, orders)
    assert found == [
        f"[WARNING]\t2026-09-14T15:18:45.502Z\t{request_id}\tstock is 1\n",
        f"[ERROR]\t2026-09-14T15:18:45.502Z\t{request_id}\ttwo\nlines\n",
    ]


def test_the_level_that_a_function_sets_counts(destmock, logs):
    def orders(event, context):
        logging.getLogger().setLevel(logging.INFO)
        logging.getLogger("app").info("shown")
        logging.getLogger("app").debug("not shown")

    _, [line] = written(destmock, logs, orders)
    assert re.fullmatch(r"\[INFO\]\t\S+Z\t[0-9a-f-]{36}\tshown\n", line)


@pytest.mark.destmock(start=START)
def test_an_exception_that_is_logged_is_one_log_event(destmock, logs):
    def orders(event, context):
        try:
            raise ValueError("no stock")
        except ValueError:
            logging.getLogger("app").exception("failed")

    request_id, [event] = written(destmock, logs, orders)
    lines = event.split("\n")
    assert lines[:2] == [
        f"[ERROR]\t2026-09-14T15:18:45.502Z\t{request_id}\tfailed",
        "Traceback (most recent call last):",
    ]
    assert lines[2].startswith(f'  File "{__file__}", line ')
    assert lines[-1] == "ValueError: no stock"


def test_logged_and_printed_lines_keep_their_order(destmock, logs):
    def orders(event, context):
        print("first")
        logging.getLogger("app").warning("second")
        print("third", end="")
        logging.getLogger("app").warning("fourth")
        print("fifth", file=sys.stderr)

    _, found = written(destmock, logs, orders)
    assert [re.sub(r"\[.*\t", "", event) for event in found] == [
        "first\n",
        "second\n",
        "third",
        "fourth\n",
        "fifth\n",
    ]


def test_a_record_that_can_not_be_formatted_is_reported_and_no_error(destmock, lam):
    destmock.handler("orders", lambda event, context: logging.getLogger("app").warning("%d", "x"))
    level, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        answer = lam.invoke(FunctionName="orders", Payload=b"{}")
    finally:
        logging.raiseExceptions = level
    assert "FunctionError" not in answer


def test_context_log_writes_too(destmock, logs):
    def orders(event, context):
        context.log("one\n")
        context.log({"two": 2})

    assert written(destmock, logs, orders)[1] == ["one\n", "{'two': 2}"]


def test_a_log_handler_with_a_stream_of_its_own_writes_in_every_attempt(destmock, lam):
    """A logger that was set up once, when its module was imported, as logging libraries do."""
    loggers = []

    def orders(event, context):
        if not loggers:
            logger = logging.getLogger("with a stream of its own")
            logger.propagate = False
            logger.addHandler(logging.StreamHandler(sys.stdout))
            loggers.append(logger)
        loggers[0].warning("from %s", context.aws_request_id)
        raise ValueError

    destmock.handler("orders", orders)
    request_id = send(lam)
    loggers[0].handlers.clear()
    attempts = destmock.invocations[0].attempts
    assert [f"from {request_id}\n" in attempt.logs for attempt in attempts] == [True] * 3


def test_a_log_handler_s_stream_still_works_after_the_mock():
    """Whoever keeps the stream of a function that has ended may write to it; it goes nowhere."""
    kept = []
    with mock_destinations(handlers={"orders": lambda event, context: kept.append(sys.stdout)}):
        invoke(boto3.client("lambda"))
    print("late", file=kept[0], flush=True)


# Errors


def fail(event, context):
    raise ValueError("no stock")


@pytest.mark.destmock(handlers={"orders": fail})
def test_K2_B20_an_error_is_one_log_event(destmock, lam, logs):
    """Without a newline at its end; the indentation of the stack is made of NO-BREAK SPACES."""
    lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)
    send(lam)
    [event] = output(messages(logs))
    [attempt] = destmock.invocations[0].attempts
    assert event == "\n".join(
        ["[ERROR] ValueError: no stock", "Traceback (most recent call last):", *stack_of(attempt)]
    )
    assert event.split("\n")[2].startswith(f'{NBSP * 2}File "{__file__}", line ')
    assert event.endswith(f'\n{NBSP * 4}raise ValueError("no stock")')


@pytest.mark.parametrize(
    ("outcome", "head"),
    [
        (ValueError(), "[ERROR] ValueError\nTraceback (most recent call last):\n"),
        (ValueError("a\nb"), "[ERROR] ValueError: a\nb\nTraceback (most recent call last):\n"),
        (ValueError("雪🙂"), "[ERROR] ValueError: 雪🙂\nTraceback (most recent call last):\n"),
    ],
)
def test_B20_the_head_of_an_error_s_log_event(destmock, logs, outcome, head):
    _, [event] = written(destmock, logs, outcomes(outcome))
    assert event.startswith(head + NBSP)


def test_B14_the_log_event_of_a_marshal_error_has_no_stack(destmock, logs):
    _, [event] = written(destmock, logs, outcomes({1}))
    assert event == (
        "[ERROR] Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON "
        "serializable\nTraceback (most recent call last):"
    )


def test_B20_an_error_comes_after_what_was_printed_before(destmock, logs):
    def orders(event, context):
        print("begun")
        raise ValueError("no stock")

    _, found = written(destmock, logs, orders)
    assert [event.split("\n")[0] for event in found] == ["begun", "[ERROR] ValueError: no stock"]


@pytest.mark.parametrize("outcome", [SystemExit(1), SystemExit(0)])
def test_an_exit_writes_no_error(destmock, logs, outcome):
    assert written(destmock, logs, outcomes(outcome))[1] == []


@pytest.mark.destmock(handlers={"orders": "no_such_module_at_all:handle"}, start=START)
def test_K13_a_failed_cold_start_warns_and_tells_before_the_start(destmock, lam, logs):
    """The field of the request id is empty: nothing is invoked yet."""
    request_id, _ = invoke(lam)
    init, warning, error, *rest = messages(logs)
    assert init.startswith("INIT_START ")
    assert warning.startswith(
        "[WARNING]\t2026-09-14T15:18:45.502Z\t\tLAMBDA_WARNING: Unhandled exception. The most likely cause "
        "is an issue in the function code. However, in rare cases, a Lambda runtime update can cause "
        "unexpected function behavior. "
    )
    assert error == (
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'no_such_module_at_all': No module named "
        "'no_such_module_at_all'\nTraceback (most recent call last):"
    )
    assert rest[0] == f"START RequestId: {request_id} Version: $LATEST\n"
    assert "Init Duration" in rest[-1]


@pytest.mark.destmock(handlers={"orders": fail})
def test_K13_an_exception_of_a_handler_warns_of_nothing(destmock, lam, logs):
    send(lam)
    assert [message for message in messages(logs) if "LAMBDA_WARNING" in message] == []


def test_K13_what_an_import_writes_comes_before_the_start(destmock, lam, logs, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    tmp_path.joinpath("app_writes.py").write_text(
        "import logging\nprint('importing')\nlogging.getLogger('app').warning('careful')\n"
        "def handle(event, context):\n    print('handling')\n"
    )
    destmock.handler("orders", "app_writes:handle")
    request_id, tail = invoke(lam)
    found = messages(logs)
    assert found[1] == "importing\n"
    assert re.fullmatch(r"\[WARNING\]\t\S+Z\t\tcareful\n", found[2])
    assert found[3] == f"START RequestId: {request_id} Version: $LATEST\n"
    assert output(found) == ["handling\n"]
    assert "importing\n" in tail


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
def test_K5_the_tail_of_a_short_log_is_all_of_it(destmock, lam, logs):
    _, tail = invoke(lam)
    assert tail == "".join(messages(logs))
    assert tail.startswith("INIT_START ")
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
