"""What the tests of faults share."""

from datetime import datetime, timezone

import pytest

from destmock import outcomes

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
at_start = pytest.mark.destmock(start=START, handlers={"orders": outcomes({"ok": 1})})


def send(lam, payload=b"{}", name="orders", **kwargs):
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)
    return answer["ResponseMetadata"]["RequestId"]


def configure(lam, to=None, **options):
    if to is not None:
        options["DestinationConfig"] = {key: {"Destination": to} for key in ("OnSuccess", "OnFailure")}
    lam.put_function_event_invoke_config(FunctionName="orders", **options)


def begun(destmock):
    """When the attempts of each event began, in seconds since it was accepted."""
    return [[attempt.elapsed for attempt in invocation.attempts] for invocation in destmock.invocations]


def kinds(destmock):
    return [fault.kind for fault in destmock.faults.injected]
