"""Threads take turns: one at a time works on the state of a simulation, and handlers run one at a time.

The state is held for moments, never while a handler runs: a call that only queues waits for no handler. A
handler begins on a thread that belongs to the innermost one that is running - its own thread, one that it
has started, or one of a pool that works for it - or, while none is running, on any thread.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Thread, current_thread, get_ident
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from destmock.errors import InactiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._ids import Trace


@dataclass(frozen=True, slots=True)
class Running:
    """A handler that is running: whose, and its trace with the header that the handler finds."""

    function: str
    trace: Trace
    header: str
    thread: int = field(default_factory=get_ident)
    #: What is done once it has ended.
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)


class Turns:
    """Whose turn it is in one simulation."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._holder: int | None = None
        self._depth = 0
        self._running: tuple[Running, ...] = ()
        #: The threads that work for a handler: by function, for a warm function's threads live on.
        self._workers: WeakKeyDictionary[Thread, str] = WeakKeyDictionary()
        #: The thread that drives time.
        self.driver: int | None = None
        self._ended = False

    @property
    def mine(self) -> Running | None:
        """The innermost handler that this thread belongs to; `None` outside of handlers."""
        if not self._running:
            return None
        me, function = get_ident(), self._workers.get(current_thread())
        for running in reversed(self._running):
            if running.thread == me or running.function == function:
                return running
        return None

    @property
    def holds(self) -> bool:
        """Whether this thread holds the state."""
        return self._holder == get_ident()

    def function_of(self, root: str) -> str | None:
        """The function of the innermost handler that runs as part of a trace, by the trace's root."""
        found = (running.function for running in reversed(self._running) if running.trace.root == root)
        return next(found, None)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While entered, no other thread works on the state. Can be nested."""
        self._acquire(to_run=False)
        try:
            yield
        finally:
            self._release()

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """The same, and a handler may begin on this thread."""
        self._acquire(to_run=True)
        try:
            yield
        finally:
            self._release()

    @contextlib.contextmanager
    def handler(self, running: Running) -> Iterator[None]:
        """While entered, a handler runs on this thread, whose turn it is; others may hold the state."""
        with self._changed:
            outer, depth, self._running = self._running, self._depth, (*self._running, running)
            self._let_go()
        try:
            yield
        finally:
            running.closing.close()
            with self._changed:  # a thread of the handler's may have begun another one
                self._changed.wait_for(lambda: self._holder is None and self._running[-1] is running)
                self._holder, self._depth, self._running = get_ident(), depth, outer

    @contextlib.contextmanager
    def released(self) -> Iterator[None]:
        """While entered, others may hold what this thread holds."""
        with self._changed:
            depth = self._depth if self.holds else 0
            if depth:
                self._let_go()
        try:
            yield
        finally:
            if depth:
                with self._changed:
                    self._changed.wait_for(lambda: self._holder is None)
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
    def driven(self) -> Iterator[None]:
        """While entered, this thread drives, and no other does."""
        with self._changed:
            self._changed.wait_for(lambda: self.driver is None)
            self.driver = get_ident()
        try:
            yield
        finally:
            with self._changed:
                self.driver = None
                self._changed.notify_all()

    @contextlib.contextmanager
    def followed(self) -> Iterator[None]:
        """While entered, a thread that a handler starts, or gives work to through a pool, belongs to it."""
        start, submit = Thread.start, ThreadPoolExecutor.submit

        def starting(thread: Thread) -> None:
            mine = self.mine
            if mine is not None:
                self._workers[thread] = mine.function
            start(thread)

        def submitting(pool: Any, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            mine = self.mine
            if mine is not None:
                work = partial(self._work, mine.function, work)
            return submit(pool, work, *args, **kwargs)

        Thread.start, ThreadPoolExecutor.submit = starting, submitting  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            Thread.start, ThreadPoolExecutor.submit = start, submit  # type: ignore[method-assign]

    def end(self) -> None:
        """Once the handler that is running has ended, no other one begins."""
        with self.taken():
            self._ended = True

    def _work(self, function: str, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self.working_for(function):
            return work(*args, **kwargs)

    def _acquire(self, *, to_run: bool) -> None:
        me = get_ident()
        with self._changed:
            depth = self._depth if self._holder == me else 0
            if depth and to_run and not self._may_run():
                self._let_go()
            while self._holder not in {None, me} or (to_run and not self._may_run()):
                self._changed.wait()
            self._holder, self._depth = me, depth + 1
            if self._ended and to_run:
                self._release_held(depth)
                message = "this mock has ended; nothing runs in it any more"
                raise InactiveError(message)

    def _release(self) -> None:
        with self._changed:
            self._release_held(self._depth - 1)

    def _release_held(self, depth: int) -> None:
        self._depth = depth
        if not depth:
            self._let_go()

    def _let_go(self) -> None:
        self._holder, self._depth = None, 0
        self._changed.notify_all()

    def _may_run(self) -> bool:
        return not self._running or self.mine is self._running[-1]
