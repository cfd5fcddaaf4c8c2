"""What the tests of time share."""

from datetime import datetime, timedelta, timezone

START = datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=timezone.utc)


def ok(event, context):
    return event


def send(lam, name="orders", payload=b"{}"):
    return lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def later(seconds):
    return START + timedelta(seconds=seconds)
