"""Pure: the rules of the asynchronous queue, and nothing else. No other file decides when an event is
tried again or how it ends.

    what the try came to       retries left?   in time for the age?   what follows
    ------------------------   -------------   --------------------   ---------------------------------
    success                    -               -                      Settled(Success, 1)
    function error, 404        no              -                      Settled(RetriesExhausted, n)
    function error, 404        yes             no                     Settled(EventAgeExceeded, n)
    function error, 404        yes             yes                    Retry(now + n minutes)
    throttled                  -               no                     Settled(EventAgeExceeded, n)
    throttled                  -               yes                    Retry(now + 1 s, 2 s, 4 s ... 5 min)
    reserved concurrency 0     -               -                      Settled(ZeroReservedConcurrency, 0)
    system error               -               no                     Settled(EventAgeExceeded, n)
    system error               -               yes                    Retry(as if it was throttled)
    delayed                    -               no                     Settled(EventAgeExceeded, n)
    delayed                    -               yes                    Retry(now + the delay)
    recursion                  -               -                      Settled(RecursiveInvocation, n)
    vanished                   -               -                      Settled(RetriesExhausted, n), untold
    astray                     no              -                      Settled(RetriesExhausted, n)
    astray                     yes             -                      Retry(when its age is over)
    astray, its age over       -               -                      Settled(EventAgeExceeded, 0), untold

n is the number of tries so far; throttles are not among them (D10), nor are system errors (D18). Retries
are checked before the age (D8). An event whose next try would come too late ends at once, it does not wait
for its age to pass (D7, D10). The age limits the time in the queue only: a handler that overruns it and
succeeds is a success (D9), so the age of a success is never looked at. The count is 1 on every success,
also on one that a retry brought about (E11). Vanished: the whole function was deleted after an attempt (L5).
Astray: the alias was deleted before the first attempt (L6). An untold end goes to no destination and no
dead-letter queue. System errors and delays come from injected faults only; how AWS ends an event that gets
too old after one was not recorded, so it ends here as a throttled event does.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

#: How an event ended, in AWS's words. What AWS calls the end of a recursive loop was not recorded.
Condition = Literal[
    "Success",
    "RetriesExhausted",
    "EventAgeExceeded",
    "ZeroReservedConcurrency",
    "RecursiveInvocation",
]
#: What came of one try. `NotFound`: the function, version or alias had gone (E15). `ZeroConcurrency`: its
#: reserved concurrency was 0, nothing ran (D12).
Result = Literal[
    "Success",
    "Error",
    "Timeout",
    "NotFound",
    "Throttled",
    "ZeroConcurrency",
    "Recursion",
    "Vanished",
    "Astray",
    "SystemError",
    "Delayed",
]

#: The delay before a retry is this times the number of tries made: one minute, then two (D1, D2).
RETRY_DELAY = 60_000
#: The delay after the first throttle; it doubles with each, up to the longest (D10).
THROTTLE_DELAY = 1_000
LONGEST_THROTTLE_DELAY = 300_000
DEFAULT_RETRY_ATTEMPTS = 2
DEFAULT_EVENT_AGE = 21_600


class Policy(NamedTuple):
    """The two numbers of an EventInvokeConfig, or AWS's defaults."""

    maximum_retry_attempts: int = DEFAULT_RETRY_ATTEMPTS
    maximum_event_age_in_seconds: int = DEFAULT_EVENT_AGE


DEFAULT_POLICY = Policy()


class Retry(NamedTuple):
    """The event goes back to the queue until `at`, in milliseconds."""

    at: int


class Settled(NamedTuple):
    """The event has ended. `told` is false where AWS tells nobody, whatever is configured."""

    condition: Condition
    approximate_invoke_count: int
    told: bool = True


def after(
    result: Result,
    *,
    tries: int,
    throttles: int = 0,
    delay: int = 0,
    accepted_at: int,
    now: int,
    policy: Policy,
) -> Retry | Settled:
    """What follows a try that came to `result` at `now`.

    Times are in milliseconds. `tries` includes this try, unless the result is in `UNTRIED`; `throttles`
    counts throttles and system errors in a row, this one included; `delay` is the wait of a "Delayed" event.
    """
    settled = _AT_ONCE.get(result)
    if settled is not None:
        counted = settled.approximate_invoke_count
        return settled._replace(approximate_invoke_count=tries) if counted < 0 else settled
    deadline = accepted_at + policy.maximum_event_age_in_seconds * 1000
    if result == "Astray" and now >= deadline:
        return Settled("EventAgeExceeded", 0, told=False)
    if result not in UNTRIED and tries > policy.maximum_retry_attempts:
        return Settled("RetriesExhausted", tries)
    if result == "Astray":
        return Retry(deadline)
    if result == "Delayed":
        at = now + delay
    else:
        at = now + (_throttle_delay(throttles) if result in UNTRIED else RETRY_DELAY * tries)
    return Settled("EventAgeExceeded", tries) if at >= deadline else Retry(at)


#: The results that put an event back into the queue without a try.
UNTRIED: frozenset[Result] = frozenset({"Throttled", "SystemError", "Delayed"})
#: The results that end an event whatever its policy; a count of -1 stands for the tries.
_AT_ONCE: dict[Result, Settled] = {
    "Success": Settled("Success", 1),
    "ZeroConcurrency": Settled("ZeroReservedConcurrency", 0),
    "Recursion": Settled("RecursiveInvocation", -1),
    "Vanished": Settled("RetriesExhausted", -1, told=False),
}


def _throttle_delay(throttles: int) -> int:
    return min(THROTTLE_DELAY << (throttles - 1), LONGEST_THROTTLE_DELAY)
