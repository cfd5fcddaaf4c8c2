"""`mock_destinations`: decorator, context manager, start and stop of everything."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, TypeVar, overload

from destmock import _bridge, _hook
from destmock._clock import from_datetime
from destmock._concurrency import ACCOUNT_CONCURRENCY, check_limit
from destmock._decorators import decorate
from destmock._destmock import Destmock
from destmock._isolation import isolated
from destmock._moto_gaps import gaps_filled
from destmock._simulation import Simulation
from destmock.errors import DestmockError, LeftoverError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from types import TracebackType
    from typing import Any

    from destmock._handlers import Handler, Outcomes

    Decorated = TypeVar("Decorated", bound=Callable[..., Any])


#: Where an exception that ended a mock keeps its `Destmock`, for pytest's report.
ERROR_ATTRIBUTE = "_destmock"


class MockDestinations:
    """What `mock_destinations(...)` makes: a decorator, a context manager, an object to start and stop.

    It can be used any number of times, also nested in itself; each use begins with fresh state.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler | str | Outcomes] | None = None,
        *,
        autorun: bool = True,
        strict: bool = True,
        start: datetime | None = None,
        adopt: bool = True,
        account_concurrency: int = ACCOUNT_CONCURRENCY,
    ) -> None:
        check_limit(account_concurrency)
        self._account_concurrency = account_concurrency
        self._handlers = dict(handlers or {})
        self._autorun = autorun
        self._strict = strict
        self._start = None if start is None else from_datetime(start)
        self._adopt = adopt
        self._running: list[tuple[Destmock, contextlib.ExitStack]] = []

    def __call__(self, target: Decorated) -> Decorated:
        return decorate(self, target)

    def start(self) -> Destmock:
        """Begins; `stop()` ends. Nothing is changed when a handler is refused."""
        now = round(time.time() * 1000) if self._start is None else self._start
        simulation = Simulation(
            start=now,
            seed=self._start,
            autorun=self._autorun,
            account_concurrency=self._account_concurrency,
        )
        destmock = Destmock(simulation)
        for name, handler in self._handlers.items():
            destmock.handler(name, handler)
        with contextlib.ExitStack() as stack:
            stack.enter_context(isolated())
            if self._adopt:
                _hook.adopt()
            stack.enter_context(_hook.network_refused())
            stack.enter_context(_bridge.bridged())
            stack.enter_context(gaps_filled())
            stack.callback(simulation.close)
            _hook.active.append(simulation)
            stack.callback(_hook.active.remove, simulation)
            _hook.follow_aiobotocore()
            stack.callback(destmock._end)  # noqa: SLF001 - the two are one thing to a user
            self._running.append((destmock, stack.pop_all()))
        return destmock

    def stop(self, *, failed: bool = False) -> None:
        """Ends what was started last and puts everything back; raises `LeftoverError` if it is strict.

        `failed` says that something has gone wrong already, which an error of ours would only hide.
        """
        if not self._running:
            message = "stop() without a start(): this mock isn't active"
            raise DestmockError(message)
        destmock, stack = self._running[-1]
        if destmock._simulation is not _hook.active[-1]:  # noqa: SLF001 - the two are one thing to a user
            message = "a mock that started later is still active; end mocks in the reverse order"
            raise DestmockError(message)
        self._running.pop()
        problem = self._problem(destmock, failed=failed)
        stack.close()
        if problem is not None:
            raise problem

    @contextlib.contextmanager
    def joined(self) -> Iterator[Destmock]:
        """The mock that is running already, checked at the end like one of its own."""
        destmock, _ = self._running[-1]
        try:
            yield destmock
        except BaseException as error:
            _attach(error, destmock)
            _tell_of_chaos(error, destmock)
            raise
        problem = self._problem(destmock, failed=False)
        if problem is not None:
            raise problem

    def __enter__(self) -> Destmock:
        return self.start()

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            _attach(error, self._running[-1][0])
            _tell_of_chaos(error, self._running[-1][0])
        self.stop(failed=error is not None)

    def _problem(self, destmock: Destmock, *, failed: bool) -> LeftoverError | None:
        if failed or not self._strict:
            return None
        text = destmock._leftovers()  # noqa: SLF001 - the two are one thing to a user
        if not text:
            return None
        problem = LeftoverError(text)
        _attach(problem, destmock)
        return problem


def _attach(error: BaseException, destmock: Destmock) -> None:
    """Lets pytest's report of a failed test find the timeline."""
    with contextlib.suppress(AttributeError, TypeError):  # an exception class with slots
        setattr(error, ERROR_ATTRIBUTE, destmock)


def _tell_of_chaos(error: BaseException, destmock: Destmock) -> None:
    """Whatever prints the exception prints how to repeat its faults; Python 3.10 has no notes."""
    for note in destmock._repeating() if hasattr(error, "add_note") else ():  # noqa: SLF001 - one thing to a user
        error.add_note(note)


@overload
def mock_destinations(handlers: Decorated) -> Decorated: ...
@overload
def mock_destinations(
    handlers: Mapping[str, Handler | str | Outcomes] | None = None,
    *,
    autorun: bool = ...,
    strict: bool = ...,
    start: datetime | None = ...,
    adopt: bool = ...,
    account_concurrency: int = ...,
) -> MockDestinations: ...
def mock_destinations(
    handlers: Mapping[str, Handler | str | Outcomes] | Callable[..., Any] | None = None,
    *,
    autorun: bool = True,
    strict: bool = True,
    start: datetime | None = None,
    adopt: bool = True,
    account_concurrency: int = ACCOUNT_CONCURRENCY,
) -> MockDestinations | Callable[..., Any]:
    """Mocks AWS (through moto) with Lambda's asynchronous invocation really working.

    A decorator, bare or called, of functions, `async def` functions, generators, methods and classes of
    tests; a context manager; an object with `start()` and `stop()`. A parameter called `destmock` of a
    decorated function is filled in with the `Destmock`. ::

        @mock_destinations(handlers={"orders": place_order, "audit": "app.audit:handle"})
        def test_orders(destmock): ...

    `handlers`: function name or ARN -> what `Destmock.handler` takes.
    `autorun`: run what is due, and each retry after it, before the boto3 call that queued it returns; the
    virtual clock jumps to each due time. With `False`, nothing runs until the test drives time.
    `strict`: leaving raises `LeftoverError` when events are still queued, or a record could not be
    delivered (unless an exception is already on its way out).
    `start`: the virtual time at the beginning, an aware `datetime`; with it, all ids, times and the order
    of things are the same on every run. Default: the real time, and random ids.
    `adopt`: also mock the boto3 clients, resources and sessions made before destmock was first imported.
    `account_concurrency`: how many attempts may be in progress at once in an account and region. Functions
    without reserved concurrency share what the reservations leave of it; who finds no slot is throttled.
    """
    if callable(handlers):
        return MockDestinations()(handlers)
    return MockDestinations(
        handlers,
        autorun=autorun,
        strict=strict,
        start=start,
        adopt=adopt,
        account_concurrency=account_concurrency,
    )
