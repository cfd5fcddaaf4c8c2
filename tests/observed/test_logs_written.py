"""What a function writes to its log: text, the logging module's records, errors."""

import logging
import re
import sys

import boto3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destmock import mock_destinations, outcomes
from tests.observed.reading_logs import START, invoke, messages, output, send

NBSP = "\N{NO-BREAK SPACE}"


def stack_of(attempt):
    """The stack trace as the log shows it: the leading spaces of each line are NO-BREAK SPACES."""
    lines = [line for frame in attempt.response["stackTrace"] for line in frame.splitlines()]
    return [NBSP * (len(line) - len(line.lstrip(" "))) + line.lstrip(" ") for line in lines]


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
