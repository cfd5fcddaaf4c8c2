"""What the tests of time share."""

from datetime import datetime, timedelta, timezone

import pytest

START = datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=timezone.utc)
#: The mark of a test whose virtual time starts there, and stands but for jumps.
started = pytest.mark.destmock(start=START)


def ok(event, context):
    return event


def send(lam, name="orders", payload=b"{}"):
    return lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def later(seconds):
    return START + timedelta(seconds=seconds)


def seconds():
    """The virtual time since the start."""
    return round((datetime.now(timezone.utc) - START).total_seconds(), 3)
