"""AWS's SDK for durable functions, run on the handler's own thread.

By itself the SDK has a thread that collects checkpoints, which looks ten times a second whether the handler
has come to an end, and a thread for each branch of a map: each wait costs a quarter of a second, and the
order of things is another one each time. Here whoever waits for a checkpoint runs one turn of the SDK's own
loop, and branches go on in turn. What is sent is the SDK's own: its batches, its tokens, its errors.

A checkpoint that nobody waits for leaves 100 virtual milliseconds later, as the SDK's thread would send it.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from destmock._runtime.event_loop import OutOfSight
from destmock._time.branches import Branch, branch
from destmock._time.stacks import Attempt, current

if TYPE_CHECKING:
    from collections.abc import Callable

#: How long the SDK's thread waits for more before it sends what nobody waits for, in milliseconds.
_COLLECTS_FOR = 100
_STUCK = "a durable function waits for a checkpoint that was never asked for"


class Surroundings(Protocol):
    """The clock that a handler's SDK goes by."""

    @property
    def now(self) -> int:
        """The virtual time, in milliseconds."""

    def in_a_while(self, milliseconds: int, work: Callable[[], object]) -> Callable[[], object]:
        """Have something done a little later, unless what is answered is called."""


class _Stop(threading.Event):
    """Ends the SDK's loop: for good, or after one turn."""

    turn_is_over = False

    def is_set(self) -> bool:
        return self.turn_is_over or super().is_set()


class _Queue(queue.Queue[Any]):
    """The SDK's queue of checkpoints, which nobody waits at; `state` is told of what comes in."""

    def __init__(self, state: Any) -> None:
        super().__init__()
        self._state = state

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002
        super().put(item, block, timeout)
        self._state.was_asked(getattr(item, "completion_event", None))

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: ARG002, FBT001, FBT002
        try:
            return super().get(block=False)
        except queue.Empty:
            self._state.turn_ends()
            raise


class _Client:
    """The SDK's client of Lambda, whose tokens `keep` gets."""

    def __init__(self, client: Any, keep: Callable[[str], object]) -> None:
        self._client = client
        self._keep = keep

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def checkpoint(self, *args: Any, **kwargs: Any) -> Any:
        output = self._client.checkpoint(*args, **kwargs)
        if output.checkpoint_token:
            self._keep(output.checkpoint_token)
        return output


#: Stands for the SDK's own classes, which come after these.
_SDK: Any = object


class InlineEvent(_SDK):  # type: ignore[misc]
    """The SDK's `CompletionEvent`; whoever waits for it has it come about."""

    #: The state whose checkpoint it is about.
    state: Any = None

    def wait(self, timeout: float | None = None) -> bool:
        if self.state is not None and not self.is_set():
            self.state.bring_about(self)
        return bool(super().wait(timeout))


class InlineState(_SDK):  # type: ignore[misc]
    """The SDK's `ExecutionState`, whose loop runs a turn at a time."""

    #: Finds the clock to go by.
    surroundings: Callable[[], Surroundings]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._around = self.surroundings()
        self._checkpoint_queue = _Queue(self)
        self._checkpointing_stopped = _Stop()
        client: Any = vars(self)["_service_client"]
        self._service_client = _Client(client, self._keep_token)
        #: Whether a turn goes on, and has collected its batch, and whether there is anything in that.
        self._turning = self._has_collected = self._sends = False
        self._not_sent: Callable[[], object] | None = None

    def _keep_token(self, token: str) -> None:
        self._current_checkpoint_token = token

    def checkpoint_batches_forever(self) -> None:
        """What the SDK's thread would do."""

    def was_asked(self, event: Any) -> None:
        """Note that there is something to send, which somebody waits for if there is an event."""
        if event is not None:
            event.state = self
        elif self._not_sent is None:
            self._not_sent = self._around.in_a_while(_COLLECTS_FOR, self.turn)

    @property
    def has_work(self) -> bool:
        """Whether a turn would send something."""
        waiting = self._seconds_until_next_refresh(self._around.now / 1000)
        due = waiting is not None and waiting <= 0
        return due or not (self._checkpoint_queue.empty() and self._overflow_queue.empty())

    def turn(self) -> None:
        """Send what there is to send, and take over what comes back."""
        if self._turning or self._checkpointing_stopped.is_set() or not self.has_work:
            return
        self._forget_timer()
        self._turning, self._has_collected = True, False
        try:
            super().checkpoint_batches_forever()
        finally:
            self._turning = self._checkpointing_stopped.turn_is_over = False
        attempt = current()
        if not self._sends and self.has_work and isinstance(attempt, Attempt):
            attempt.take_until(attempt.end)  # an update that fits into no batch: the SDK waits for ever

    def turn_ends(self) -> None:
        self._checkpointing_stopped.turn_is_over = self._turning

    def _collect_checkpoint_batch(self) -> Any:
        if self._has_collected:
            self.turn_ends()
            return []
        self._has_collected = True
        batch = super()._collect_checkpoint_batch()
        self._sends = bool(batch)
        self._checkpointing_stopped.turn_is_over = False
        return batch

    def _drain_pending_refreshes(self) -> Any:
        """At the end of the loop, but not of a turn: what is due later is for a later one."""
        return [] if self._checkpointing_stopped.turn_is_over else super()._drain_pending_refreshes()

    def schedule_refresh(self, earliest_check_time: float) -> Any:
        refresh = super().schedule_refresh(earliest_check_time)
        refresh.completion_event.state = self
        return refresh

    def bring_about(self, event: Any) -> None:
        """Send checkpoints until the event is set; a branch lets others do it."""
        part = branch()
        if part is not None:
            while not event.is_set():
                part.wait(event.is_set, self.next_refresh)
                if not event.is_set() and self._is_due:
                    self.turn()
            return
        while not event.is_set():
            if self.has_work:
                self.turn()
            else:
                self.sleep_until(self.next_refresh)

    @property
    def _is_due(self) -> bool:
        at = self.next_refresh
        return at is not None and at <= self._around.now

    @property
    def next_refresh(self) -> int | None:
        """When the next refresh is to be sent, in milliseconds."""
        now = self._around.now
        seconds = self._seconds_until_next_refresh(now / 1000)
        return None if seconds is None else now + max(round(seconds * 1000), 0)

    def sleep_until(self, at: int | None) -> None:
        """Wait in virtual time, as the handler."""
        attempt = current()
        if at is None or not isinstance(attempt, Attempt):
            raise RuntimeError(_STUCK)
        attempt.take_until(at)

    def stop_checkpointing(self) -> None:
        self._forget_timer()
        super().stop_checkpointing()

    def _forget_timer(self) -> None:
        if self._not_sent is not None:
            self._not_sent()
            self._not_sent = None


class Pool:
    """Stands for the SDK's pools of threads: work is done at once, or in turn if `Events` are told of it."""

    def __init__(self, *_: object, **__: object) -> None:
        self._branches: list[tuple[Events, Branch]] = []

    def __enter__(self) -> Pool:  # noqa: PYI034 - there is no Self in Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def submit(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        events = next((each for each in args if isinstance(each, Events)), None)
        if events is not None:
            state = next((each for each in args if hasattr(each, "bring_about")), None)
            part = Branch(partial(work, *args, **kwargs), OutOfSight())
            events.add(part, state)
            self._branches.append((events, part))
            return future
        try:
            future.set_result(work(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - raised by whoever asks for the result
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002
        """Let go of branches that have not begun, and let the others come to an end if somebody waits."""
        if cancel_futures:
            for events, part in self._branches:
                if not part.begun:
                    events.drop(part)
        if wait:
            for events, part in self._branches:
                while events.has(part):
                    events.go_on(None)


class Events:
    """Stands for the queue by which branches tell what has become of them: reading it has them go on."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque()
        self._branches: list[Branch] = []
        self._state: Any = None

    def add(self, part: Branch, state: Any) -> None:
        self._branches.append(part)
        self._state = state

    def drop(self, part: Branch) -> None:
        if part in self._branches:
            self._branches.remove(part)

    def has(self, part: Branch) -> bool:
        return part in self._branches

    def put(self, item: Any) -> None:
        self._items.append(item)

    def get_nowait(self) -> Any:
        if not self._items:
            raise queue.Empty
        return self._items.popleft()

    def get(self, timeout: float | None = None) -> Any:
        """The next event, once a branch has brought it about; raises `queue.Empty` when it is too late."""
        deadline = None if timeout is None else self._now + round(timeout * 1000)
        while not self._items:
            if deadline is not None and deadline <= self._now:
                raise queue.Empty
            self.go_on(deadline)
        return self._items.popleft()

    @property
    def _now(self) -> int:
        return int(self._state._around.now)  # noqa: SLF001 - its state is one of ours

    def go_on(self, deadline: int | None) -> None:
        """Have the first branch go on that can, or wait until one can."""
        now = self._now
        part = next((each for each in self._branches if each.can_go_on(now)), None)
        if part is not None:
            part.go_on()
            if part.over:
                self._branches.remove(part)
            return
        moments = [at for each in self._branches if (at := each.wakes_at) is not None]
        at = min((*moments, *(() if deadline is None else (deadline,))), default=None)
        outer = branch()
        if outer is not None:
            outer.wait(lambda: any(each.can_go_on(self._now) for each in self._branches), at)
        elif self._state.has_work:
            self._state.turn()
        else:
            self._state.sleep_until(at)
