"""How the tests read logs."""

import base64
import datetime as dt

START = dt.datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=dt.timezone.utc)


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
