"""The pools of threads that handlers give work to."""

from __future__ import annotations

import threading
from concurrent.futures.thread import _threads_queues
from queue import _PySimpleQueue  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable

    class Attempt(Protocol):
        """An attempt that can wait."""

        @property
        def crew(self) -> Any:
            """The threads that it has started."""

        def helped(self, *, begins: bool) -> None:
            """Note that a thread that others have started begins to work for it, or has worked."""


#: The attribute of a pool that an attempt has begun to use, with the threads of its execution environment.
_OWNER = "_destmock_owner"


def _is_seen(pool: Any, crew: Any) -> bool:
    """Whether the threads of a pool are of a crew; one whose threads are of a lost environment begins anew.

    Those that are left of a mock that is over work as if the test had started them.
    """
    owner = getattr(pool, _OWNER, None)
    owner = None if owner is None else owner()
    if owner is not crew:
        if pool._threads and (owner is None or owner.is_released):  # noqa: SLF001
            return False
        pool._work_queue, pool._threads = _PySimpleQueue(), set()  # noqa: SLF001
        pool._idle_semaphore = threading.Semaphore(0)  # noqa: SLF001
        setattr(pool, _OWNER, ref(crew))
    return True


def submit(current: Callable[[], Attempt | None], real: Callable[..., Any]) -> Callable[..., Any]:
    """The threads of a pool wait for work in a way that can be seen; those of others' pools can't be."""

    def submit_to_crew(self: Any, /, *arguments: Any, **named: Any) -> Any:
        attempt = current()
        if attempt is None:
            return real(self, *arguments, **named)
        if _is_seen(self, attempt.crew):
            before = {*self._threads}
            try:
                return real(self, *arguments, **named)
            finally:
                for thread in self._threads - before:  # it keeps nobody from ending the process
                    _threads_queues.pop(thread, None)  # type: ignore[attr-defined]
        attempt.helped(begins=True)
        try:
            future = real(self, *arguments, **named)
        except BaseException:
            attempt.helped(begins=False)
            raise
        future.add_done_callback(lambda _: attempt.helped(begins=False))
        return future

    return submit_to_crew
