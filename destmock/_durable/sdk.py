"""What of AWS's SDK for durable functions is changed while a mock runs durable functions.

`_PRIVATE` is all that is used of the SDK's insides. Where one of them is missing, the SDK is left as it is.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import time
import warnings
from importlib import import_module
from importlib.util import find_spec
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from destmock._aws.times import to_datetime
from destmock._durable.inline import Events, InlineEvent, InlineState, Pool
from destmock._engine.active import active, enter_once, is_entered
from destmock._isolation.patching import Patch, patched
from destmock._time.stacks import Attempt, current

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from destmock._observed.facts import Invocation, Pending

_SDK = "aws_durable_execution_sdk_python"
_MODULES = ("state", "execution", "exceptions", "suspend", "config", "concurrency.executor")
#: The names that are used of the SDK, beside its modules: of modules, and of a state's class and instances.
_NAMES = {
    "state": ("ExecutionState", "CompletionEvent", "time"),
    "execution": ("ExecutionState", "ThreadPoolExecutor"),
    "exceptions": ("time",),
    "suspend": ("datetime",),
    "config": ("random",),
    "concurrency.executor": ("ThreadPoolExecutor", "queue", "time"),
}
_PRIVATE = (
    "checkpoint_batches_forever",
    "_collect_checkpoint_batch",
    "_drain_pending_refreshes",
    "_seconds_until_next_refresh",
    "schedule_refresh",
    "stop_checkpointing",
)
_PRIVATE_OF_INSTANCES = (
    "_checkpoint_queue",
    "_overflow_queue",
    "_checkpointing_stopped",
    "_current_checkpoint_token",
    "_service_client",
)


class _Later:
    """A job of the clock: sends what a handler does not wait for."""

    background = True
    name = "checkpoint"

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work

    def run(self) -> bool:
        self._work()
        return False

    def pending(self, at: int) -> Pending | None:  # noqa: ARG002 - nobody looks for it
        return None

    def fact(self, at: int) -> Invocation | None:  # noqa: ARG002
        return None


class _Surroundings:
    """The clock of the mock that a handler runs in."""

    def __init__(self) -> None:
        self._simulation = active[-1]

    @property
    def now(self) -> int:
        return self._simulation.clock.now

    def in_a_while(self, milliseconds: int, work: Callable[[], object]) -> Callable[[], object]:
        attempt, waits = current(), self._simulation.waits
        at = self._simulation.clock.now + milliseconds

        def unless_it_has_ended() -> None:
            if not (isinstance(attempt, Attempt) and waits.has_ended(attempt)):
                work()

        with self._simulation.turns:
            due = self._simulation.clock.schedule(at, _Later(unless_it_has_ended), background=True)
        return due.cancel


def follow() -> None:
    """Have the SDK run on the handler's thread until the innermost mock ends, if it is installed."""
    if not is_entered(_inlined) and find_spec(_SDK) is not None:
        enter_once(_inlined)


@contextlib.contextmanager
def _inlined() -> Iterator[None]:
    with patched((Patch(os, "_exit", _exit),)):
        try:
            modules = {name: import_module(f"{_SDK}.{name}") for name in _MODULES}
            missing = [*_missing(modules)]
        except ImportError as error:
            missing = [str(error)]
        if missing:
            message = (
                f"this version of {_SDK} is unknown to destmock ({', '.join(missing)}): it keeps its own "
                "threads, so each wait of a durable function takes some tenths of a second, and the order "
                "of concurrent branches may vary"
            )
            warnings.warn(message, stacklevel=2)
            yield
            return
        with patched(_patches(modules)):
            yield


def _missing(modules: dict[str, ModuleType]) -> Iterator[str]:
    for module, names in _NAMES.items():
        yield from (f"{module}.{name}" for name in names if not hasattr(modules[module], name))
    state = getattr(modules["state"], "ExecutionState", None)
    yield from (name for name in _PRIVATE if not hasattr(state, name))
    made = getattr(getattr(state, "__init__", None), "__code__", None)
    yield from (name for name in _PRIVATE_OF_INSTANCES if made is None or name not in made.co_names)


def _patches(modules: dict[str, ModuleType]) -> list[Patch]:
    state, execution, concurrent = modules["state"], modules["execution"], modules["concurrency.executor"]
    event = type("InlineEvent", (InlineEvent, state.CompletionEvent), {})
    surroundings = {"surroundings": staticmethod(_Surroundings)}
    inline = type("InlineState", (InlineState, state.ExecutionState), surroundings)
    clock = SimpleNamespace(**{**vars(time), "time": lambda: active[-1].clock.now / 1000})
    events = SimpleNamespace(Queue=Events, Empty=queue.Empty)
    random = Random(active[-1].ids.hex(16))  # noqa: S311 - the jitter of retries, from the mock's seed
    return [
        Patch(state, "CompletionEvent", lambda _: event),
        Patch(execution, "ExecutionState", lambda _: inline),
        Patch(execution, "ThreadPoolExecutor", lambda _: Pool),
        Patch(concurrent, "ThreadPoolExecutor", lambda _: Pool),
        Patch(concurrent, "queue", lambda _: events),
        *(Patch(module, "time", lambda _: clock) for module in (state, modules["exceptions"], concurrent)),
        Patch(modules["suspend"], "datetime", _virtual_datetime),
        Patch(modules["config"], "random", lambda _: random),
    ]


def _virtual_datetime(module: Any) -> Any:
    class Now(module.datetime):  # type: ignore[misc]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return to_datetime(active[-1].clock.now).astimezone(tz)

    return SimpleNamespace(**{**vars(module), "datetime": Now})


def _exit(exit_: Callable[[int], Any]) -> Callable[[int], Any]:
    """A handler that ends its process ends its attempt."""

    def leave(status: int) -> None:
        if isinstance(current(), Attempt):
            sys.exit(status)
        exit_(status)

    return leave
