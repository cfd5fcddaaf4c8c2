"""LogFormat=JSON: errors and log records as JSON objects; printed text stays as it is."""

import json
import logging
from datetime import datetime, timezone

import pytest

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
pytestmark = pytest.mark.destmock(start=START)


@pytest.fixture
def written(destmock, lam, logs):
    """Runs a handler once under a LoggingConfig and answers the messages of its log group."""

    def run(handler, group="/aws/lambda/orders", **config):
        destmock.handler("orders", handler)
        lam.update_function_configuration(
            FunctionName="orders", LoggingConfig={"LogFormat": "JSON", **config}
        )
        lam.invoke(FunctionName="orders")
        events = logs.filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in events]

    return run


def test_K14_an_error_is_one_object_with_ordinary_spaces(written):
    def fail(event, context):
        raise ValueError("no stock")

    [error] = [m for m in written(fail) if '"errorType"' in m]
    found = json.loads(error)
    assert list(found) == ["timestamp", "level", "errorMessage", "errorType", "requestId", "stackTrace"]
    assert (found["timestamp"], found["level"]) == ("2026-01-01T00:00:00Z", "ERROR")
    assert (found["errorMessage"], found["errorType"]) == ("no stock", "ValueError")
    assert found["stackTrace"][0].startswith("  File ")


def test_a_log_record_is_an_object_and_printed_text_is_not(written):
    def handler(event, context):
        logging.getLogger("shop").warning("low on %s", "lamps", extra={"left": 3})
        print("plain text")

    messages = written(handler)
    [record] = [json.loads(m) for m in messages if '"logger"' in m]
    request_id = record.pop("requestId")
    assert record == {
        "timestamp": "2026-01-01T00:00:00Z",
        "level": "WARNING",
        "message": "low on lamps",
        "logger": "shop",
        "left": 3,
    }
    assert "plain text\n" in messages
    assert request_id in messages[1]


def test_the_platform_s_lines_are_objects_too(written):
    platform = [json.loads(m) for m in written(lambda event, context: None)]
    assert [line["type"] for line in platform] == [
        "platform.initStart",
        "platform.start",
        "platform.report",
    ]
    assert {line["time"] for line in platform} == {"2026-01-01T00:00:00.000Z"}
    assert platform[1]["record"]["version"] == "$LATEST"
    assert platform[2]["record"]["status"] == "success"
    assert platform[2]["record"]["metrics"]["memorySizeMB"] == 128


@pytest.mark.parametrize(("level", "count"), [("INFO", 2), ("ERROR", 1), ("DEBUG", 3)])
def test_the_application_s_log_level_is_that_of_the_root_logger(written, level, count):
    before = logging.getLogger().level

    def handler(event, context):
        for severity in ("debug", "info", "error"):
            getattr(logging.getLogger("shop"), severity)("said")

    found = written(handler, ApplicationLogLevel=level, SystemLogLevel="WARN")
    assert len(found) == count
    assert logging.getLogger().level == before


def test_K4_another_log_group_gets_the_lines_in_a_stream_with_the_function_s_name(written, logs):
    assert written(lambda event, context: None, group="shop", LogGroup="shop")
    [stream] = logs.describe_log_streams(logGroupName="shop")["logStreams"]
    assert stream["logStreamName"].startswith("2026/01/01/orders[$LATEST]")


def test_the_setting_is_shown_and_reaches_the_handler(destmock, lam, written):
    import os

    seen = []
    written(lambda event, context: seen.append(os.environ["AWS_LAMBDA_LOG_FORMAT"]))
    assert seen == ["JSON"]
    destmock.handler("other", lambda event, context: None)
    get = lam.get_function_configuration
    assert get(FunctionName="orders")["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": "/aws/lambda/orders",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
    }
    assert get(FunctionName="other")["LoggingConfig"] == {
        "LogFormat": "Text",
        "LogGroup": "/aws/lambda/other",
    }
