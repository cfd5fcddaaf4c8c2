"""`mock_destinations`: decorator, context manager, start and stop of everything."""

from __future__ import annotations

import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar, overload

from destmock._api import durable, hook
from destmock._engine.active import active, enter_once
from destmock._engine.concurrency import ACCOUNT_CONCURRENCY, check_limit
from destmock._engine.simulation import Simulation
from destmock._functions.lambda_gaps import gaps_filled
from destmock._isolation import travel as process_clock
from destmock._isolation import waits
from destmock._isolation.moto_start import isolated, seeded
from destmock._isolation.network import Hosts
from destmock._mock.decorators import decorate
from destmock._mock.destmock import Destmock
from destmock._mock.errors_told import attach, told
from destmock._mock.options import beginning, count, handlers_given
from destmock._mock.uses import USES, Use
from destmock._runtime.patches import handlers_contained
from destmock._services.eventbridge.status_changes import announce
from destmock._services.patches import services_patched
from destmock._services.targets import find
from destmock._time import stacks
from destmock._time.members import is_real
from destmock._time.wall import NS_PER_MS, Wall
from destmock.errors import DestmockError, LeftoverError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from types import TracebackType
    from typing import Any

    from moto.core.config import DefaultConfig

    from destmock._functions.handlers import Handler, Outcomes

    Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class MockDestinations:
    """What `mock_destinations(...)` makes: a decorator, a context manager, an object to start and stop.

    It can be used any number of times, also nested in itself; each use begins with fresh state.
    """

    #: What it makes.
    _made: Callable[[Simulation], Destmock] = Destmock

    def __init__(
        self,
        handlers: Mapping[str, Handler | str | Outcomes] | None = None,
        *,
        autorun: bool = True,
        strict: bool = True,
        start: datetime | None = None,
        adopt: bool = True,
        allow_hosts: Iterable[str] = (),
        account_concurrency: int = ACCOUNT_CONCURRENCY,
        seed: int | None = None,
        history: int | None = None,
        travel: bool = True,
        loopback: bool = True,
        config: DefaultConfig | None = None,
    ) -> None:
        check_limit(account_concurrency)
        self._account_concurrency = account_concurrency
        self._handlers = handlers_given(handlers)
        self._autorun = autorun
        self._strict = strict
        self._start = beginning(start)
        self._adopt = adopt
        self._seed = count("seed", seed)
        self._history = count("history", history)
        self._hosts = Hosts(allow_hosts, loopback=loopback)
        self._travel = travel
        self._config = config
        self._used = False

    def __call__(self, target: Decorated) -> Decorated:
        return decorate(self, target)

    def __repr__(self) -> str:
        names = ", ".join(map(repr, self._handlers)) or "none"
        state = "" if USES.of(self) is None else ", active"
        return f"<mock_destinations: handlers {names}; autorun={self._autorun}, strict={self._strict}{state}>"

    def start(self) -> Destmock:
        """Begin the mock, until `stop()`. Nothing is changed when a handler is refused."""
        wall = self._wall()
        within = active[-1].turns.mine if active else None
        seed = self._start if self._seed is None else self._seed
        simulation = Simulation(
            wall=wall,
            travels=self._travel,
            seed=seed,
            autorun=self._autorun,
            account_concurrency=self._account_concurrency,
            history=self._history,
            hosts=self._hosts,
            target_of=find,
            durable=durable.executions,
            announce=announce,
        )
        destmock = type(self)._made(simulation)  # noqa: SLF001 - its own
        for name, handler in self._handlers.items():
            destmock.handler(name, handler)
        with USES.changing(), contextlib.ExitStack() as stack:
            self._change_process(stack, simulation, seed)
            use = Use(self, destmock, stack.pop_all())
            USES.add(use)
        self._used = True
        if within is not None:
            within.on_end(partial(self._abandon, use))
        return destmock

    def _change_process(self, stack: contextlib.ExitStack, simulation: Simulation, seed: int | None) -> None:
        if self._travel:
            stack.enter_context(process_clock.travelling(simulation.clock.wall))
            if not any(outer.travels for outer in active):  # it serves all mocks
                stack.enter_context(waits.virtual(stacks.virtual, _client_waits, is_real))
        simulation.hosts.hide(stack.enter_context(isolated(hook.after_call, self._config)))
        stack.enter_context(seeded(seed))
        stack.enter_context(simulation.turns.followed())
        if self._adopt:
            hook.adopt()
        stack.enter_context(hook.network_refused())
        stack.callback(simulation.close)
        active.append(simulation)
        stack.callback(active.remove, simulation)
        for change in (services_patched, gaps_filled, handlers_contained):
            enter_once(change)
        simulation.adopt_configs()
        hook.follow_imports()

    def stop(self, *, failed: bool = False) -> None:
        """End the mock that was started last and put everything back; raises `LeftoverError` if it is strict.

        As with moto, `mock_destinations().stop()` ends what `mock_destinations().start()` began: an object
        that was never started ends the latest mock that `start()` began.

        `failed` says that the test has failed already: a `LeftoverError` would only hide why.
        """
        __tracebackhide__ = True
        use = USES.of(self) or (None if self._used else USES.latest_open())
        if use is None:
            message = "stop() without a start(): this mock isn't active"
            raise DestmockError(message)
        assert isinstance(use.mock, MockDestinations)
        use.mock._stop(use, failed=failed)  # noqa: SLF001 - of the same class

    def _stop(self, use: Use, *, failed: bool) -> None:
        __tracebackhide__ = True
        destmock = use.destmock
        simulation = destmock._simulation  # noqa: SLF001 - the two are one thing to a user
        if simulation.turns.mine is not None:
            message = "a handler can't end the mock that runs it; end it in the test"
            raise DestmockError(message)
        try:
            self._ending(destmock)
            simulation.turns.end()
            problem = self._problem(destmock, failed=failed)
            destmock._end()  # noqa: SLF001 - the two are one thing to a user
        finally:
            USES.end(use)
        if problem is not None:
            raise problem

    def _wall(self) -> Wall:
        """The clock that a use of this mock begins with."""
        if self._start is None:
            return Wall(time.time_ns(), flows=process_clock.flows())
        return Wall(self._start * NS_PER_MS, flows=False)

    def _ending(self, destmock: Destmock) -> None:
        """Hook for subclasses: the mock is about to end, and still runs."""

    def _abandon(self, use: Use) -> None:
        """End a mock that a handler has started and not stopped, once the handler has ended."""
        if not use.over:
            self._stop(use, failed=True)

    def _current(self) -> Use:
        """The use that a block of this thread's has begun."""
        use = USES.of(self)
        if use is None:
            message = "this mock was stopped inside of its own block or test"
            raise DestmockError(message)
        return use

    @contextlib.contextmanager
    def _joined(self) -> Iterator[Destmock]:
        """The mock that is running already, checked at the end like one of its own."""
        __tracebackhide__ = True
        destmock = self._current().destmock
        try:
            yield destmock
        except BaseException as error:
            told(error, destmock)
            raise
        problem = self._problem(destmock, failed=False)
        if problem is not None:
            raise problem

    def __enter__(self) -> Destmock:
        destmock = self.start()
        self._current().open = False
        return destmock

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        use = self._current()
        if error is not None:
            told(error, use.destmock)
        self._stop(use, failed=error is not None)

    async def __aenter__(self) -> Destmock:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def _problem(self, destmock: Destmock, *, failed: bool) -> LeftoverError | None:
        if failed or not self._strict:
            return None
        text = destmock._leftovers()  # noqa: SLF001 - the two are one thing to a user
        if not text:
            return None
        problem = LeftoverError(text)
        attach(problem, destmock)
        return problem


def _client_waits(seconds: float) -> bool:
    """Have a client wait in virtual time; returns whether it has."""
    return bool(active) and active[-1].travels and active[-1].driver.wait(seconds)


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
    allow_hosts: Iterable[str] = ...,
    account_concurrency: int = ...,
    seed: int | None = ...,
    history: int | None = ...,
    travel: bool = ...,
    loopback: bool = ...,
    config: DefaultConfig | None = ...,
) -> MockDestinations: ...
def mock_destinations(
    handlers: Mapping[str, Handler | str | Outcomes] | Callable[..., Any] | None = None,
    *,
    autorun: bool = True,
    strict: bool = True,
    start: datetime | None = None,
    adopt: bool = True,
    allow_hosts: Iterable[str] = (),
    account_concurrency: int = ACCOUNT_CONCURRENCY,
    seed: int | None = None,
    history: int | None = None,
    travel: bool = True,
    loopback: bool = True,
    config: DefaultConfig | None = None,
) -> MockDestinations | Callable[..., Any]:
    """Mocks AWS (through moto) with Lambda's asynchronous invocation really working.

    A decorator, bare or called, of functions, `async def` functions, generators, methods and classes of
    tests; a context manager, also of `async with`; an object with `start()` and `stop()`. A parameter called
    `destmock` of a decorated function is filled in with the `Destmock`. ::

        @mock_destinations(handlers={"orders": place_order, "audit": "app.audit:handle"})
        def test_orders(destmock): ...

    `handlers`: function name or ARN -> what `Destmock.handler` takes.
    `autorun`: run what is due, and each retry after it, before the boto3 call that queued it returns; the
    virtual clock jumps to each due time. With `False`, nothing runs until the test drives time.
    `strict`: leaving raises `LeftoverError` when events are still queued, or a record could not be
    delivered (unless an exception is already on its way out).
    `start`: the virtual time at the beginning, an aware `datetime`; with it, all ids (moto's too), times and
    the order of things are the same on every run. Default: the real time, and random ids.
    `adopt`: also mock the boto3 clients, resources and sessions made before destmock was first imported.
    `allow_hosts`: names or addresses that may be reached over the network, `*` standing for any part of one.
    Any other connection, datagram or look-up is a `NetworkError`, but for this machine's own loopback.
    `loopback`: with `False`, the loopback is refused as well, unless `allow_hosts` has it: `localhost` stands
    for all of it.
    `config`: moto's own settings, as `mock_aws(config=...)` takes them.
    `account_concurrency`: how many attempts may be in progress at once in an account and region. Functions
    without reserved concurrency share what the reservations leave of it; who finds no slot is throttled.
    `seed`: a number from which all ids follow, and which versions a weighted alias chooses. Default: it comes
    from `start`; without that, they are random.
    `history`: how many events that have settled, and synchronous invocations, are remembered, for a test of
    very many: the newest. Older ones are left out of `invocations`, `deliveries`, `drops`, the timeline, and
    the logs and traces that nobody has read yet; metrics, the `total` of each sequence and what `strict`
    checks still count them. Default: all.
    `travel`: the whole process reads the virtual time, by `time.time()`, `datetime.now()` and whatever goes
    by them. Without `start`, that time goes on as real time does, and jumps ahead to what is due; with
    `start`, it stands but for the jumps. With `False`, the process's clock is left alone.
    """
    if callable(handlers):
        return MockDestinations()(handlers)
    return MockDestinations(
        handlers,
        autorun=autorun,
        strict=strict,
        start=start,
        adopt=adopt,
        allow_hosts=allow_hosts,
        account_concurrency=account_concurrency,
        seed=seed,
        history=history,
        travel=travel,
        loopback=loopback,
        config=config,
    )
