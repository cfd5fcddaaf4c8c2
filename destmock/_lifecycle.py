"""Pure: the rules of the asynchronous queue, and nothing else. No other file decides when an event is
tried again or how it ends.

    what the attempt came to     retries left?   in time for the age?    what follows
    ------------------------     -------------   --------------------    ---------------------------
    success                      -               -                       Settled(Success, 1)
    function error, 404          no              -                       Settled(RetriesExhausted, n)
    function error, 404          yes             no                      Settled(EventAgeExceeded, n)
    function error, 404          yes             yes                     Retry(now + n minutes)
    reserved concurrency 0       -               -                       Settled(ZeroReservedConcurrency, 0)

n is the number of tries so far. Retries are checked before the age (D8); an event whose next try would come
too late ends at once, it does not wait for its age to pass (D7). The age limits the time in the queue only:
a handler that overruns it and succeeds is a success (D9), which is why a success is never asked its age.
The count is 1 on every success, also on one that a retry brought about (E11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]
#: What came of one try. `NotFound`: the function, version or alias had gone (E15). `ZeroConcurrency`: its
#: reserved concurrency was 0, nothing ran (D12).
Result = Literal["Success", "Error", "Timeout", "NotFound", "ZeroConcurrency"]

#: The delay before a retry is this times the number of tries made: one minute, then two (D1, D2).
RETRY_DELAY = 60_000
DEFAULT_RETRY_ATTEMPTS = 2
DEFAULT_EVENT_AGE = 21_600


@dataclass(frozen=True, slots=True)
class Policy:
    """The two numbers of an EventInvokeConfig; AWS's defaults where it doesn't set them."""

    maximum_retry_attempts: int = DEFAULT_RETRY_ATTEMPTS
    maximum_event_age_in_seconds: int = DEFAULT_EVENT_AGE


@dataclass(frozen=True, slots=True)
class Retry:
    """The event goes back to the queue until `at`, in milliseconds."""

    at: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The event has ended."""

    condition: Condition
    approximate_invoke_count: int


def after(result: Result, *, tries: int, accepted_at: int, now: int, policy: Policy) -> Retry | Settled:
    """What follows the event's `tries`-th try, which came to `result` at `now`."""
    if result == "Success":
        return Settled("Success", 1)
    if result == "ZeroConcurrency":
        return Settled("ZeroReservedConcurrency", 0)
    if tries > policy.maximum_retry_attempts:
        return Settled("RetriesExhausted", tries)
    at = now + RETRY_DELAY * tries
    if at >= accepted_at + policy.maximum_event_age_in_seconds * 1000:
        return Settled("EventAgeExceeded", tries)
    return Retry(at)
