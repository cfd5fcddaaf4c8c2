"""Whatever an attempt waits by takes virtual time: sleeping, event loops, conditions, and its own clocks.

Everybody else waits and reads as ever: each function first asks whether it is called in an attempt.
"""

from __future__ import annotations

import _thread
import contextlib
import inspect
import threading
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from botocore import endpoint, waiter
from botocore.retries import bucket
from botocore.retries.standard import RetryHandler

from destmock._isolation.attempts import starts_others
from destmock._isolation.condition_waits import condition_waits
from destmock._isolation.functions_replaced import replaced
from destmock._isolation.loop_waits import loop_waits
from destmock._isolation.patching import Patch, Shared
from destmock._isolation.pool_waits import leaving, pool_waits
from destmock._isolation.process_waits import process_waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._isolation.attempts import Attempt, Current, IsReal

_NS = 1_000_000_000
#: The clocks of attempts, and how many nanoseconds their unit has; 0 for those that answer nanoseconds.
_CLOCKS = {"monotonic": _NS, "perf_counter": _NS, "monotonic_ns": 0, "perf_counter_ns": 0}
#: How long it takes to look whether there is something, without waiting for it, once this was done so often.
_LOOK_NS, _LOOKS = 1_000, 100
#: And in seconds, where threads that it has started wait meanwhile.
_LOOK_S = 0.001
#: How many arguments of a retry handler's there are with the one for the sleep.
_WITH_SLEEP = 4
#: Whether a retry handler keeps the function by which it sleeps; it takes long to find out.
_RETRIES_KEEP_SLEEP = "sleep" in inspect.signature(RetryHandler.__init__).parameters


@contextlib.contextmanager
def virtual(current: Current, client: Callable[[float], bool], is_real: IsReal) -> Iterator[None]:
    """While entered, the attempt that `current` answers waits in virtual time.

    So do boto3's waiters, and retries of botocore's, in a test's own code: `client` is called with the
    seconds that they wait, and returns whether they have waited. `is_real` answers whether a thread, by its
    identity, waits in real time.
    """
    looks, changes = _changes(current, client, is_real)
    looks.begin()
    functions: dict[str, Any] = {name: partial(_clock, looks, unit) for name, unit in _CLOCKS.items()}
    with replaced(time, {**functions, "sleep": partial(_sleep, looks)}), changes.made():
        yield


@lru_cache(maxsize=1)
def _changes(current: Current, client: Callable[[float], bool], is_real: IsReal) -> tuple[_Looks, Shared]:
    """What mocks change for it: the same in each of them."""
    looks = _Looks(current)
    return looks, Shared(
        (
            Patch(threading.Thread, "start", partial(_start, current)),
            Patch(_thread, "start_new_thread", partial(_start_bare, current)),
            Patch(threading.Thread, "join", partial(_join, current)),
            *condition_waits(current, looks.waits),
            *loop_waits(current, looks.waits, is_real),
            *pool_waits(current, is_real),
            *process_waits(current),
            *(Patch(module, "time", partial(_Time, client)) for module in (waiter, endpoint, bucket)),
            Patch(RetryHandler, "__init__", partial(_init_retries, client)),
        )
    )


class _Looks:
    """How long attempts have looked for something, again and again, without waiting for it.

    Time that stands would never get past the end that a program waits for, as it does when one really waits.
    """

    def __init__(self, current: Current) -> None:
        self.current = current
        self.begin()

    def begin(self) -> None:
        """Note that a mock begins."""
        self.ns = self._at = self._count = self._in_a_row = 0

    def waits(self, seconds: float | None) -> Attempt | None:
        """The attempt that is going to wait for so long; `None` for others, and if it only looks."""
        attempt = self.current()
        if attempt is None:
            return None
        if seconds is None or seconds > 0:
            self._in_a_row = 0
            return attempt
        self._in_a_row += 1
        now = attempt.elapsed_ns
        self._count = self._count + 1 if now == self._at else 0
        self._at = now
        if self._count > _LOOKS:
            self.ns += _LOOK_NS
        return None

    def let_others_go_on(self) -> bool:
        """Sleep, if an attempt has looked so often for what its own threads may bring, which all wait."""
        attempt = self.current()
        if attempt is None or self._in_a_row <= _LOOKS or not attempt.crew.all_wait:
            return False
        attempt.sleep(_LOOK_S)
        return True


class _Time:
    """The module `time` as botocore's own modules see it: a client's sleep takes virtual time."""

    def __init__(self, client: Callable[[float], bool], module: Any) -> None:
        self._client = client
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def sleep(self, seconds: float) -> None:
        """Wait in virtual time; outside of mocks, as ever."""
        if not self._client(seconds):
            self._module.sleep(seconds)


def _init_retries(client: Callable[[float], bool], real: Callable[..., None]) -> Callable[..., None]:
    """botocore's standard retries keep the function by which they sleep; older ones have it from `time`."""
    if not _RETRIES_KEEP_SLEEP:
        return real
    sleep = _Time(client, time).sleep

    def init(self: Any, *arguments: Any, **named: Any) -> None:
        if len(arguments) < _WITH_SLEEP:
            named.setdefault("sleep", sleep)
        real(self, *arguments, **named)

    return init


def _sleep(looks: _Looks, real: Callable[..., None]) -> Callable[..., None]:
    def sleep(*arguments: Any, **named: Any) -> None:
        is_length = not named and len(arguments) == 1 and _is_length(arguments[0])
        attempt = looks.waits(arguments[0]) if is_length else None
        if attempt is not None:
            attempt.sleep(arguments[0])
        elif not (is_length and looks.let_others_go_on()):
            real(*arguments, **named)

    return sleep


def _is_length(seconds: object) -> bool:
    """Whether it is a time that one can sleep for; for all others, the real function raises."""
    return isinstance(seconds, (int, float)) and 0 <= seconds < threading.TIMEOUT_MAX


def _clock(looks: _Looks, unit: int, real: Callable[[], Any]) -> Callable[[], Any]:
    """A clock that goes on in real time for all but attempts. `unit` is 0 for one of nanoseconds."""
    begun = real()

    def read() -> Any:
        attempt = looks.current()
        if attempt is None:
            return real()
        elapsed = attempt.elapsed_ns + looks.ns
        return begun + (elapsed / unit if unit else elapsed)

    return read


def _start(current: Current, real: Callable[..., None]) -> Callable[..., None]:
    """The threads that an attempt starts wait in virtual time, too.

    They keep nobody from ending the process, as on AWS.
    """

    def start(self: Any) -> None:
        attempt = None if starts_others() else current()
        if attempt is None:
            real(self)
        else:
            leaving(self)
            daemon, self.daemon = self.daemon, True
            try:
                attempt.crew.start(self, real)
            finally:
                self._daemonic = daemon  # it can't be set any more

    return start


def _start_bare(current: Current, real: Callable[..., int]) -> Callable[..., int]:
    """The same, without `threading`, which keeps the real function for its own threads."""

    def start_new_thread(function: Any, arguments: Any, *named: Any) -> int:
        attempt = current()
        if attempt is None or not callable(function) or not isinstance(arguments, tuple):
            return real(function, arguments, *named)
        work = partial(function, *arguments, **(named[0] if named else {}))
        identity: int = attempt.crew.start_bare(work, lambda run: real(run, ()))
        return identity

    return start_new_thread


def _join(current: Current, real: Callable[..., None]) -> Callable[..., None]:
    def join(self: Any, timeout: float | None = None) -> None:
        attempt = current()
        if attempt is not None and self is not threading.current_thread():
            ends = attempt.crew.end_of(self)
            if ends is not None:
                if (timeout is not None and timeout <= 0) or not attempt.wait(ends, timeout):
                    return
                timeout = None
        real(self, timeout)

    return join
