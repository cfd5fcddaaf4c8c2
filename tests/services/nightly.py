"""When the tests of schedules happen, and the function that their schedules invoke."""

from datetime import datetime, timezone

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:nightly"
ROLE = "arn:aws:iam::123456789012:role/scheduler"
