"""Driving time by hand: with autorun=False nothing runs until the test says how much time has passed."""

from datetime import datetime, timedelta, timezone

import boto3

from destmock import mock_destinations, outcomes


@mock_destinations(
    handlers={"flaky": outcomes(TimeoutError("no answer"), TimeoutError("no answer"), {"ok": True})},
    autorun=False,
    start=datetime(2026, 1, 1, tzinfo=timezone.utc),
)
def main(destmock):
    lam = boto3.client("lambda")
    lam.invoke(FunctionName="flaky", InvocationType="Event", Payload=b"{}")
    print(f"{destmock.now:%H:%M:%S} accepted, {len(destmock.pending)} pending")

    destmock.step()
    print(f"{destmock.now:%H:%M:%S} {destmock.invocations[0].attempts[-1]!r}")

    destmock.advance(59)
    print(f"{destmock.now:%H:%M:%S} {len(destmock.invocations[0].attempts)} attempt so far")

    destmock.advance(timedelta(seconds=1))
    print(f"{destmock.now:%H:%M:%S} {len(destmock.invocations[0].attempts)} attempts so far")
    [waiting] = destmock.pending
    print(f"{destmock.now:%H:%M:%S} attempt {waiting.attempt} is due at {waiting.due_at:%H:%M:%S}")

    destmock.run_until_idle()
    print(f"{destmock.now:%H:%M:%S} {destmock.invocations[0].condition}")
    print(destmock.timeline())


if __name__ == "__main__":
    main()
