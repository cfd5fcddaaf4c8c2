"""Threads take turns: one at a time works on the state of a simulation, and handlers run one at a time.

The state is held for moments, never while a handler runs: a call that only queues waits for no handler. A
handler begins on a thread that belongs to the innermost one that is running - its own thread, one that it
has started, or one of a pool that works for it - or, while none is running, on any thread.
"""

from __future__ import annotations

import _thread
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Thread, current_thread, get_ident
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from destmock._time.watchdog import watchdog
from destmock.errors import DestmockError, InactiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._time.running import Running

_LOOKS = 0.25  # seconds after which whoever waits to run looks whether the handler that runs hangs
_wait_really = threading.Condition.wait  # not what handlers wait by, in virtual time


class _Taking:
    __slots__ = ("_turns",)

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def __enter__(self) -> None:
        self._turns._acquire(to_run=True)  # noqa: SLF001 - a part of it

    def __exit__(self, *_: object) -> None:
        self._turns.__exit__()


class Handling:
    """While entered, a handler runs on this thread, whose turn it is; others may hold the state."""

    __slots__ = ("_depth", "_running", "_turns")

    def __init__(self, turns: Turns, running: Running) -> None:
        self._turns = turns
        self._running = running

    def __exit__(self, *_: object) -> None:
        try:
            self._running.end()
        finally:
            turns, running = self._turns, self._running
            if running in turns._running:  # noqa: SLF001 - an interrupt may have come while it was put aside
                turns._resume(running, self._depth)  # noqa: SLF001 - a part of it

    @property
    def is_up(self) -> bool:
        """Whether it runs, and was not put aside."""
        return self._running in self._turns._running  # noqa: SLF001 - a part of it

    def started(self) -> None:
        """Note that the cold start is over."""
        self._running.ready = True

    def take_up(self) -> None:
        """Begin, or go on after `put_aside`, as the innermost handler."""
        self._depth = self._turns._begin(self._running)  # noqa: SLF001 - a part of it

    __enter__ = take_up

    def put_aside(self) -> None:
        """Let this thread go on as if the handler did not run, holding what it held before."""
        self._turns._resume(self._running, self._depth)  # noqa: SLF001 - a part of it


class _Driving:
    __slots__ = ("_turns",)

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def __enter__(self) -> None:
        self._turns._drive()  # noqa: SLF001 - a part of it

    def __exit__(self, *_: object) -> None:
        self._turns._stop_driving()  # noqa: SLF001 - a part of it


class Turns:
    """Whose turn it is in one simulation: while entered, this thread's. It can be entered within itself.

    Meanwhile no other thread works on the state.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        #: How many threads wait for a change.
        self._waiting = 0
        self._holder: int | None = None
        self._depth = 0
        self._running: tuple[Running, ...] = ()
        #: The threads that work for a handler: by function, for a warm function's threads live on.
        self._workers: WeakKeyDictionary[Thread, str] = WeakKeyDictionary()
        #: The thread that drives time.
        self.driver: int | None = None
        self._ended = False

    def __enter__(self) -> None:
        if self._holder == get_ident():  # nobody else changes either
            self._depth += 1
        else:
            self._acquire(to_run=False)

    def __exit__(self, *_: object) -> None:
        if self._depth > 1:
            self._depth -= 1
        else:
            with self._lock:
                self._let_go()

    @property
    def taken(self) -> _Taking:
        """While entered, it is this thread's turn, and a handler may begin on it."""
        return _Taking(self)

    @property
    def driven(self) -> _Driving:
        """While entered, this thread drives, and no other does."""
        return _Driving(self)

    @property
    def mine(self) -> Running | None:
        """The innermost handler that this thread belongs to; `None` outside of handlers."""
        handlers = self._running  # another thread may put others in their place
        if not handlers:
            return None
        me, innermost = get_ident(), handlers[-1]
        if innermost.thread == me:
            return innermost
        function = self._workers.get(current_thread())
        for running in reversed(handlers):
            if running.thread == me or running.function == function:
                return running
        return None

    @property
    def outer_thread(self) -> int:
        """The thread on which the outermost handler runs that this thread works for; else this thread."""
        running = self._running
        return running[0].thread if running and self.mine is not None else get_ident()

    @property
    def innermost(self) -> str | None:
        """The function of the innermost handler that is running, whichever thread it is on."""
        running = self._running
        return running[-1].function if running else None

    @property
    def idle(self) -> bool:
        """Whether nobody drives time and no handler runs."""
        return self.driver is None and not self._running

    @property
    def inside(self) -> bool:
        """Whether this thread drives time already, or belongs to a handler: it can't begin to drive."""
        return self.driver == get_ident() or self.mine is not None

    @property
    def holds(self) -> bool:
        """Whether this thread holds the state."""
        return self._holder == get_ident()

    @property
    def standing(self) -> tuple[int, bool, tuple[Running, ...]]:
        """How often this thread holds the state, whether it drives, and the handlers that run."""
        me = get_ident()
        return self._depth if self._holder == me else 0, self.driver == me, self._running

    def mend(self, before: tuple[int, bool, tuple[Running, ...]]) -> None:
        """Take back what this thread has begun since its turns were standing so."""
        depth, drives, running = before
        me = get_ident()
        with self._lock:
            self._running = tuple(one for one in self._running if one.thread != me or one in running)
            if self.driver == me and not drives:
                self.driver = None
            if self._holder == me:
                self._holder, self._depth = (me, depth) if depth else (None, 0)
            if self._waiting:
                self._changed.notify_all()

    def function_of(self, root: str) -> str | None:
        """The function of the innermost handler that runs as part of a trace, by the trace's root."""
        found = (running.function for running in reversed(self._running) if running.trace.root == root)
        return next(found, None)

    def has_header(self, header: str) -> bool:
        """Whether a handler runs that finds this trace header."""
        return any(running.header == header for running in self._running)

    @contextlib.contextmanager
    def released(self) -> Iterator[None]:
        """While entered, others may hold what this thread holds."""
        with self._lock:
            depth = self._depth if self.holds else 0
            if depth:
                self._let_go()
        try:
            yield
        finally:
            if depth:
                with self._lock:
                    while self._holder not in {None, get_ident()}:  # after an interrupt, it may hold it still
                        self._wait()
                    self._holder, self._depth = get_ident(), depth

    @contextlib.contextmanager
    def working_for(self, function: str | None) -> Iterator[None]:
        """While entered, this thread belongs to the function's handler, if there is one."""
        thread = current_thread()
        before = self._workers.get(thread)
        if function is not None:
            self._workers[thread] = function
        try:
            yield
        finally:
            if before is not None:
                self._workers[thread] = before
            elif function is not None:
                del self._workers[thread]

    @contextlib.contextmanager
    def followed(self) -> Iterator[None]:
        """While entered, a thread that a handler starts, or gives work to through a pool, belongs to it."""
        start, submit, start_bare = Thread.start, ThreadPoolExecutor.submit, _thread.start_new_thread

        def starting(thread: Thread) -> None:
            mine = self.mine
            if mine is not None:
                self._workers[thread] = mine.function
            start(thread)

        def submitting(pool: Any, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            mine = self.mine
            if mine is None:
                return submit(pool, work, *args, **kwargs)
            return submit(pool, partial(self._work, mine.function, work), *args, **kwargs)

        def starting_bare(work: Any, *given: Any) -> int:
            mine = self.mine
            if mine is not None and callable(work):
                work = partial(self._work, mine.function, work)
            return start_bare(work, *given)

        Thread.start, ThreadPoolExecutor.submit = starting, submitting  # type: ignore[method-assign, assignment]
        _thread.start_new_thread = starting_bare
        try:
            yield
        finally:
            Thread.start, ThreadPoolExecutor.submit = start, submit  # type: ignore[method-assign]
            _thread.start_new_thread = start_bare

    def end(self) -> None:
        """Let no other handler begin, once the one that is running has ended."""
        with self.taken:
            self._ended = True

    def _work(self, function: str, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self.working_for(function):
            return work(*args, **kwargs)

    def _drive(self) -> None:
        if self.inside:
            message = (
                "time can't be driven from inside a handler: what it invokes is queued, and runs after it"
            )
            raise DestmockError(message)
        with self._lock:
            while self.driver is not None:
                self._wait()
            self.driver = get_ident()

    def _stop_driving(self) -> None:
        with self._lock:
            self.driver = None
            if self._waiting:
                self._changed.notify_all()

    def _begin(self, running: Running) -> int:
        with self._lock:
            depth = self._depth
            self._running = (*self._running, running)
            self._let_go()
        return depth

    def _resume(self, running: Running, depth: int) -> None:
        me = get_ident()
        with self._lock:  # a thread of the handler's may have begun another one
            while (self._holder is not None and self._holder != me) or self._running[-1] is not running:
                self._wait()
            self._holder, self._depth, self._running = me, depth, self._running[:-1]

    def _acquire(self, *, to_run: bool) -> None:
        me = get_ident()
        with self._lock:
            depth = self._depth if self._holder == me else 0
            if depth and to_run and not self._may_run():
                self._let_go()
            refused = None
            # A set of the two would be made anew each time.
            while (self._holder is not None and self._holder != me) or (
                to_run and self._running and not (refused or self._may_run())
            ):
                self._wait(_LOOKS if to_run else None)
                if to_run and self._running:
                    refused = watchdog.hang_on(self._running[-1].thread)
            self._holder, self._depth = me, depth + 1
            if to_run and (refused or self._ended):
                self._depth = depth
                if not depth:
                    self._let_go()
                raise refused or InactiveError("this mock has ended; nothing runs in it any more")

    def _let_go(self) -> None:
        self._holder, self._depth = None, 0
        if self._waiting:
            self._changed.notify_all()

    def _wait(self, seconds: float | None = None) -> None:
        self._waiting += 1
        try:
            _wait_really(self._changed, seconds)
        finally:
            self._waiting -= 1

    def _may_run(self) -> bool:
        return not self._running or self.mine is self._running[-1]
