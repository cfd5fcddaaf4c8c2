"""The threads that a handler starts, its *crew*: they wait in virtual time, too.

Time moves on only when none of them runs. Then whoever of them has the earliest end of a wait goes on,
alone; at one moment, they do so in the order in which they were started, and the handler is last. A thread
may also wait for something real, such as a lock or a connection. Then the waits of the others take real time
as well, as long as they would without a mock (but a second at least), and the clock follows.

Between two attempts the threads of an execution environment are frozen, as on AWS.
"""

from __future__ import annotations

import time
from _thread import allocate_lock
from functools import partial
from itertools import count
from threading import TIMEOUT_MAX, current_thread, get_ident
from typing import TYPE_CHECKING, TypeVar

from destmock._time.branches import branch
from destmock._time.members import LAST, Bare, Member, Wait, alone, become, mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from threading import Thread

    from destmock._time.members import Asked, Main

Result = TypeVar("Result")
_MS_PER_SECOND = 1000
#: Seconds until it counts that a thread does nothing, though it doesn't wait here; and what is nothing.
_PATIENCE, _NOTHING = 1.0, 0.001


class Crew:
    """The threads of one execution environment."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._places = count()
        self._main: Main | None = None
        #: The handler's own thread while it runs, and its wait, while it waits.
        self.thread: int | None = None
        self._of_main: Wait | None = None
        #: The threads that have not come to an end, and who waits for that.
        self._alive: dict[Thread | Bare, list[Wait]] = {}
        #: Those that have, and may not quite have gone.
        self._over: list[Thread | Bare] = []
        #: How many threads don't wait.
        self._running = 0
        self._parked: list[Wait] = []
        #: The waits of event loops, which end when anything is put on a loop.
        self._polls: list[Wait] = []
        self._asked: list[Asked] = []
        #: Whether none of them goes on any more.
        self.is_ended = False
        #: Whether the threads wait in real time from now on.
        self.is_released = False

    @property
    def main(self) -> Main:
        """The attempt that runs now, or the last one."""
        assert self._main is not None  # an attempt has started the thread
        return self._main

    @property
    def has_company(self) -> bool:
        """Whether the process has other threads than the first one, and those of handlers."""
        return not alone()

    @property
    def is_there(self) -> bool:
        """Whether there are threads, running or waiting."""
        return bool(self._alive)

    @property
    def all_wait(self) -> bool:
        """Whether none of them goes on until time does."""
        return self._running == 0 and bool(self._parked)

    # The handler's own thread

    def begin(self, main: Main) -> None:
        """Have an attempt move time on for the threads."""
        self._main, self.thread = main, get_ident()

    def freeze(self) -> None:
        """Leave the threads that wait alone until the next attempt."""
        with self._lock:
            self.thread = None

    def lead(self, wait: Wait, seconds: float | None, *, flowing: bool = True) -> bool:
        """Wait as the handler's own thread; returns whether `wait` was released.

        It never comes back when the attempt's time is up.
        """
        main = self.main
        self._date(wait, seconds, flowing=flowing)
        self._of_main = wait
        try:
            while not wait.told:
                self._bury()
                self._serve(main)
                with self._lock:
                    if wait.told or self._asked:
                        continue
                    ends = [
                        (each.at, each.place, each) for each in (wait, *self._parked) if each.at is not None
                    ]
                    runs = self._running > 0
                at, _, first = min(ends, default=(main.end, LAST, wait))
                if runs and self._outlasts(wait, (at - main.now) / _MS_PER_SECOND, self._threads):
                    continue
                part = branch()
                main.take_until(at if part is None else main.now)
                if part is not None:  # others go on, which may end its wait
                    part.wait(lambda: wait.told or self._running > 0 or bool(self._asked), at)
                if main.now < at:
                    continue
                if first is wait:
                    break
                with self._lock:
                    self._go_on(first)
            return wait.told
        finally:
            self._of_main = None

    def _serve(self, main: Main) -> None:
        """Have what the crew asks for run on this thread, when it waits next."""
        with self._lock:
            asked, self._asked = self._asked, []
        for each in asked:
            if not main.serve(each):
                each.wait.release()

    def _bury(self) -> None:
        """Wait for the real end of threads that have come to theirs."""
        while self._over:
            self._over.pop().join()

    # The threads

    def start(self, thread: Thread, start: Callable[[Thread], None]) -> None:
        """Start a thread as one of the crew."""
        run = self._as_member(thread, thread.run)

        def run_as_member() -> None:
            del thread.run  # it refers to the thread
            run()

        mark(thread, self)
        thread.run = run_as_member  # type: ignore[method-assign]
        self._begin(thread, partial(start, thread))

    def start_bare(self, work: Callable[[], object], start: Callable[[Callable[[], object]], int]) -> int:
        """Start a thread without `threading` as one of the crew; returns what `start` does, its identity."""
        thread = Bare()

        def run() -> None:
            thread.ident = get_ident()
            mark(current_thread(), self)  # `threading` counts it as soon as it asks for itself
            work()

        return self._begin(thread, partial(start, self._as_member(thread, run)))

    def _as_member(self, thread: Thread | Bare, run: Callable[[], object]) -> Callable[[], None]:
        place = next(self._places)

        def run_as_member() -> None:
            become(Member(self, place))
            try:
                run()
            finally:
                self._end(thread)

        return run_as_member

    def _begin(self, thread: Thread | Bare, start: Callable[[], Result]) -> Result:
        with self._lock:
            self._alive[thread] = []
            self._running += 1
        try:
            return start()
        except BaseException:
            self._end(thread)
            raise

    def _end(self, thread: Thread | Bare) -> None:
        with self._lock:
            for wait in self._alive.pop(thread):
                self._end_wait(wait)
            self._over.append(thread)
            self._stops()

    def end_of(self, thread: Thread) -> Wait | None:
        """A wait that the end of a thread ends; `None` if it has ended, or is not of this crew."""
        wait = Wait(self)
        with self._lock:
            waits = self._alive.get(thread)
            if waits is None:
                return None
            waits.append(wait)
        return wait

    def park(self, wait: Wait, seconds: float | None) -> bool:
        """Wait as a thread of the crew; returns whether `wait` was released."""
        self._date(wait, seconds)
        return self._park(wait, seconds)

    def _park(self, wait: Wait, seconds: float | None) -> bool:
        with self._lock:
            if wait.told:
                return True
            self._parked.append(wait)
            self._stops()
        while not self._outlasts(wait, seconds, self._handler_s):
            with self._lock:
                stuck = wait in self._parked and not self.is_ended
                if stuck:
                    self._parked.remove(wait)
                    self._running += 1
            if stuck:
                self.main.jump(wait.at or 0)
                return False
        if self.is_released and not wait.told:
            _acquire(wait, None if wait.at is None else (wait.at - self.main.now) / _MS_PER_SECOND)
        return wait.told

    def ask(self, asked: Asked) -> None:
        """Wait until the handler's own thread has run something, or can't.

        It can't while it waits for something that isn't seen here, which may be the thread that asks.
        """
        with self._lock:
            self._asked.append(asked)
        while not self._park(asked.wait, 0):
            with self._lock:
                if asked in self._asked:  # nobody has begun with it
                    self._asked.remove(asked)
                    return

    def _date(self, wait: Wait, seconds: float | None, *, flowing: bool = True) -> None:
        if seconds is not None:
            wait.at = self.main.moment(seconds, flowing=flowing)

    def _stops(self) -> None:
        """One thread less runs."""
        self._running -= 1
        if not self._running and self._of_main is not None:
            self._of_main.go_on()

    def _go_on(self, wait: Wait) -> None:
        if wait in self._parked and not self.is_ended:
            self._parked.remove(wait)
            self._running += 1
            wait.go_on()

    # Real time

    def _outlasts(self, wait: Wait, seconds: float | None, others: Callable[[], Iterable[int]]) -> bool:
        """Wait in real time until `wait` goes on; returns `False` if the others do nothing for that long."""
        patience = None if seconds is None else max(seconds, _PATIENCE)
        before = self._work(others)
        while not _acquire(wait, patience):
            now = self._work(others)
            if now is not None and before is not None and now - before < _NOTHING:
                return False
            before = now
        return True

    def _work(self, threads: Callable[[], Iterable[int]]) -> float | None:
        """The seconds of a processor's time that threads have had; `None` if there are none."""
        with self._lock:  # none comes to its end meanwhile
            found = list(threads())
            if not hasattr(time, "pthread_getcpuclockid"):
                return 0 if found else None
            times = [time.clock_gettime(time.pthread_getcpuclockid(each)) for each in found]
        return sum(times) if times else None

    def _threads(self) -> Iterable[int]:
        return [thread.ident for thread in self._alive if thread.ident is not None]

    def _handler_s(self) -> Iterable[int]:
        """The handler's own thread, if it runs."""
        return [] if self.thread is None or self._of_main is not None else [self.thread]

    # Whoever ends a wait

    def tell(self, wait: Wait) -> None:
        """End a wait, from any thread."""
        with self._lock:
            self._end_wait(wait)

    def _end_wait(self, wait: Wait) -> None:
        wait.told = True
        if wait in self._parked:
            self._go_on(wait)
        else:
            wait.go_on()

    def wait(self) -> Wait:
        """A wait that is going to begin."""
        return Wait(self)

    def poll(self) -> Wait:
        """The same of an event loop: it ends with whatever is put on one."""
        wait = Wait(self)
        with self._lock:
            self._polls.append(wait)
        return wait

    def has_polled(self, wait: Wait) -> None:
        """Forget the wait of an event loop."""
        with self._lock:
            if wait in self._polls:
                self._polls.remove(wait)

    def polled(self) -> None:
        """End the waits of event loops, for something was put on one."""
        with self._lock:
            polls, self._polls = self._polls, []
        for wait in polls:
            wait.release()

    def end(self) -> None:
        """Let none of the threads go on once it waits: their execution environment has ended."""
        self.is_ended = True

    def release(self) -> None:
        """Have the threads wait in real time, now that the mock ends."""
        with self._lock:
            if self.is_ended:
                return
            self.is_released = True
            parked, self._parked = self._parked, []
            for wait in self._polls:  # only the loop itself can see what wakes it in real time
                wait.told = True
            for wait in parked:
                wait.go_on()


def _acquire(wait: Wait, seconds: float | None) -> bool:
    if seconds is None:
        return wait.lock.acquire()
    return wait.lock.acquire(timeout=min(max(seconds, 0), TIMEOUT_MAX))
