"""The pools of threads and processes that handlers give work to."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.thread import _threads_queues, _worker
from functools import partial
from multiprocessing import pool as pools
from queue import _PySimpleQueue  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any
from weakref import ref

from destmock._isolation.attempts import others_start
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from destmock._isolation.attempts import Attempt, Current, IsReal


#: The attribute of a pool that an attempt has begun to use, with the threads of its execution environment.
_OWNER = "_destmock_owner"
_UNDONE = "PENDING", "RUNNING"


def pool_waits(current: Current, is_real: IsReal) -> list[Patch]:
    """What has the attempts that `current` answers wait for pools.

    The threads of their own pools wait for work in a way that can be seen. Those of others' pools work in
    real time, as `is_real` answers, and so are waited for.
    """
    patches = [
        Patch(ThreadPoolExecutor, "submit", partial(_submit, current)),
        Patch(ProcessPoolExecutor, "submit", partial(_submit_to_processes, current, is_real)),
        Patch(pools.ThreadPool, "__init__", partial(_init, current)),
        Patch(pools.ThreadPool, "_check_running", partial(_check_running, current)),
        Patch(pools.Pool, "_wait_for_updates", _wait_for_updates),
    ]
    results = pools.ApplyResult, pools.IMapIterator
    return patches + [Patch(kind, "__init__", partial(_init_result, current, is_real)) for kind in results]


# Those of concurrent.futures


def _is_seen(pool: Any, crew: Any) -> bool:
    """Whether the threads of a pool are of a crew; those of another environment's pool are left behind.

    A pool whose threads the test has started is the test's.
    """
    owner = getattr(pool, _OWNER, None)
    owner = None if owner is None else owner()
    if owner is crew:
        return True
    if pool._threads and getattr(pool, _OWNER, None) is None:  # noqa: SLF001
        return False
    before = pool._work_queue  # noqa: SLF001
    pool._work_queue, pool._threads = _PySimpleQueue(), set()  # noqa: SLF001
    pool._idle_semaphore = threading.Semaphore(0)  # noqa: SLF001
    setattr(pool, _OWNER, ref(crew))
    before.put(None)  # where the mock is over, its threads leave when they have done what they had to
    return True


def leaving(thread: Any) -> None:
    """Have a thread of a pool leave once the pool has begun anew: it asks for the pool when it is woken."""
    if getattr(thread, "_target", None) is _worker:
        pool_of, *others = thread._args  # noqa: SLF001
        work = next(each for each in others if isinstance(each, _PySimpleQueue))
        thread._args = (partial(_pool_with, work, pool_of), *others)  # noqa: SLF001


def _pool_with(work: Any, pool_of: Callable[[], Any]) -> Any:
    """The pool, if it has this work."""
    pool = pool_of()
    return pool if pool is not None and pool._work_queue is work else None  # noqa: SLF001


def _submit(current: Current, real: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, /, *arguments: Any, **named: Any) -> Any:
        attempt = current()
        if attempt is None:
            return real(self, *arguments, **named)
        if not _is_seen(self, attempt.crew):
            with others_start(attempt):
                future = real(self, *arguments, **named)
            return _waited_for(attempt, future)
        before = {*self._threads}
        try:
            return real(self, *arguments, **named)
        finally:
            for thread in self._threads - before:  # it keeps nobody from ending the process
                _threads_queues.pop(thread, None)  # type: ignore[attr-defined]

    return submit


def _submit_to_processes(current: Current, is_real: IsReal, real: Callable[..., Any]) -> Callable[..., Any]:
    """The thread that minds the processes, which work in real time, is nobody's: or all would wait for it."""

    def submit(self: Any, /, *arguments: Any, **named: Any) -> Any:
        attempt = current()
        if attempt is None:
            return real(self, *arguments, **named)
        with others_start(attempt):
            future = real(self, *arguments, **named)
        return _waited_for(attempt, future) if is_real(self._executor_manager_thread.ident) else future

    return submit


def _waited_for(attempt: Attempt, future: Future[Any]) -> Future[Any]:
    """Note that others' threads work at it. Its lock isn't taken: whoever asks may hold one of theirs."""
    attempt.helped(lambda: future._state not in _UNDONE)  # noqa: SLF001
    return future


# Those of multiprocessing


class _Changes(_PySimpleQueue):  # type: ignore[misc]
    """What tells a pool's threads of changes: otherwise only a pipe, and nobody sees who waits for that.

    It has the pipe as well, for when the mock is over.
    """

    def __init__(self) -> None:
        super().__init__()
        self._reader, self._writer = multiprocessing.Pipe(duplex=False)

    def put(self, item: object) -> None:
        super().put(item)
        self._writer.send_bytes(b"1")

    def get(self) -> object:
        item: object = super().get()
        self._reader.recv_bytes()
        return item


class _Context:
    """What a pool of threads makes its pipe with."""

    SimpleQueue = _Changes


def _wait_for_updates(real: Callable[..., None]) -> Callable[..., None]:
    def wait(sentinels: Any, change_notifier: Any, timeout: float | None = None) -> None:
        if not isinstance(change_notifier, _Changes):
            real(sentinels, change_notifier, timeout)
            return
        change_notifier.get()
        while not change_notifier.empty():
            change_notifier.get()

    return wait


def _init(current: Current, real: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, processes: Any = None, initializer: Any = None, initargs: Any = ()) -> None:
        attempt = current()
        if attempt is None:
            real(self, processes, initializer, initargs)
            return
        owner = ref(attempt.crew)
        pools.Pool.__init__(self, processes, initializer, initargs, context=_Context())
        setattr(self, _OWNER, owner)
        self._terminate._callback = partial(_terminate, current, owner, self._terminate._callback)  # noqa: SLF001

    return init


def _terminate(
    current: Current, owner: Callable[[], Any], real: Callable[..., None], *arguments: Any
) -> None:
    """End a pool, unless its threads are frozen, or never go on: to wait for them would take for ever."""
    crew, attempt = owner(), current()
    if crew is None or crew.is_released or (attempt is not None and attempt.crew is crew):
        real(*arguments)


def _check_running(current: Current, real: Callable[..., None]) -> Callable[..., None]:
    """A pool whose threads are of another environment, or an earlier mock, begins anew when it gets work."""

    def check(self: Any) -> None:
        real(self)
        attempt, owner = current(), getattr(self, _OWNER, None)
        crew = None if owner is None else owner()
        if attempt is None or crew in (None, attempt.crew):
            return
        if not crew.is_released:
            self._terminate.cancel()  # they never go on
        elif self._cache:
            return  # they still work
        else:
            self._terminate()
        pools.ThreadPool.__init__(self, self._processes, self._initializer, self._initargs)

    return check


def _init_result(current: Current, is_real: IsReal, real: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, pool: Any, *arguments: Any, **named: Any) -> None:
        real(self, pool, *arguments, **named)
        attempt = current()
        if attempt is not None and is_real(pool._result_handler.ident):  # noqa: SLF001
            attempt.helped(partial(_is_done, self))

    return init


def _is_done(result: Any) -> bool:
    event = getattr(result, "_event", None)
    return bool(result._index == result._length if event is None else event.is_set())  # noqa: SLF001
