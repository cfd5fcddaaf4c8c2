"""How the tests of retries send events, and what of."""

from datetime import datetime, timezone

START = datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=timezone.utc)
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"


def ok(event, context):
    return {"id": context.aws_request_id, "version": context.function_version}


def fail(event, context):
    raise ValueError("no stock")


def configure(lam, name, *, qualifier=None, to=None, **settings):
    """Puts a configuration; `to` is the destination of success and failure alike."""
    if qualifier is not None:
        settings["Qualifier"] = qualifier
    if to is not None:
        settings["DestinationConfig"] = {key: {"Destination": to} for key in ("OnSuccess", "OnFailure")}
    lam.put_function_event_invoke_config(FunctionName=name, **settings)


def send(lam, name="orders", payload=b"{}", **kwargs):
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)
    assert answer["StatusCode"] == 202
    return answer["ResponseMetadata"]["RequestId"]


def elapsed(invocation):
    return [attempt.elapsed for attempt in invocation.attempts]
