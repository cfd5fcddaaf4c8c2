"""The way of one event: accepted, attempted, tried again or settled."""

from __future__ import annotations

from functools import partial
from sys import intern
from typing import TYPE_CHECKING

from destmock._aws import api_errors as errors
from destmock._aws import lifecycle
from destmock._aws.record import Response
from destmock._engine.attempts import entered, tried
from destmock._engine.event import Dispatch, Event, traced
from destmock._functions.handlers import Registration
from destmock._observed.entries import Entry, Note, Tried
from destmock._observed.xray import Run
from destmock._runtime.outcome import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Ids, Trace
    from destmock._aws.lifecycle import Result
    from destmock._engine.admission import Admission
    from destmock._engine.attempts import Attempts
    from destmock._engine.calls import FunctionRun
    from destmock._engine.concurrency import Slots
    from destmock._engine.destinations import Destinations
    from destmock._engine.event_invoke_config import EventInvokeConfigs
    from destmock._functions.code import Code
    from destmock._functions.deployed_code import Package
    from destmock._functions.functions import Function, Functions
    from destmock._observed.ledger import Ledger
    from destmock._observed.metrics import Metrics
    from destmock._observed.xray import Segments
    from destmock._time.clock import Clock
    from destmock._time.jobs import Job


class EventQueue:
    """The events of one simulation on their way. All times are virtual, in milliseconds.

    `nobody_looks` says whether no code of the user's can run between two attempts of one event. `leave` puts
    back what an attempt has left in the process for the event's next one.
    """

    def __init__(
        self,
        *,
        clock: Clock[Job],
        functions: Functions,
        code: Code,
        configs: EventInvokeConfigs,
        admission: Admission,
        attempts: Attempts,
        slots: Slots,
        destinations: Destinations,
        ids: Ids,
        ledger: Ledger,
        metrics: Metrics,
        segments: Segments,
        nobody_looks: Callable[[], bool],
        leave: Callable[[], object],
    ) -> None:
        self._clock = clock
        self._functions = functions
        self._code = code
        self._configs = configs
        self._admission = admission
        self._attempts = attempts
        self._slots = slots
        self._destinations = destinations
        self._ids = ids
        self._ledger = ledger
        self._metrics = metrics
        self._segments = segments
        self._nobody_looks = nobody_looks
        self._leave = leave

    def add(self, event: Event) -> None:
        """Have an event dispatched as soon as those before it have been."""
        self._clock.schedule(self._clock.now, Dispatch(self, event), background=event.background)

    def accept(
        self,
        ref: FunctionRef,
        function: Function | None,
        payload: bytes,
        source: str,
        trace: Trace | None,
        now: int,
        tenant_id: str | None,
    ) -> Event:
        """Queue an event, at `now`, for a function, version or alias that exists.

        `function` is what is behind it, if anything is. Raises AWS's error when it does not exist,
        `NoHandlerError` when nothing could run it.
        """
        if function is not None:
            self._code.of(function)
        elif self._functions.identify(ref) is None:
            raise errors.function_not_found(ref.unqualified_arn, ref.qualifier)
        entry = Entry(self._ids.uuid(), intern(ref.qualified_arn), source, payload, now)
        caller = None if trace is None else trace.segment
        traced = function is not None and function.traced
        event = Event(
            ref,
            entered(self._ids, ref, trace, now, traced=traced),
            entry,
            None if function is None else function.dead_letter,
            caller,
            background=self._clock.in_background,
            tenant_id=tenant_id,
        )
        try:
            self._ledger.accepted(entry)
            self._configs.accepted(ref, None if function is None else function.identity)
            self._metrics.received(ref, now)
            self.add(event)
        except BaseException:
            self.put_back(event)
            raise
        return event

    def dispatch(self, event: Event, unfinished: Callable[[], object] | None = None) -> bool:
        """Make the event's next attempt, or finish the last one; returns whether it came to one.

        Whatever interrupts this leaves the event in the queue, or over.
        """
        before = event.counts
        event.unfinished = unfinished
        try:
            if unfinished is None:
                return self._attempt(event)
            unfinished()
        except BaseException:
            if event.unfinished is None:
                event.counts = before
            self.put_back(event)
            raise
        return True

    def put_back(self, event: Event) -> None:
        """Have an event that was interrupted go on from there, unless it is over or queued already."""
        if not self._ledger.is_queued(event.entry):
            return
        jobs = [job for _, job in self._clock.queued]
        if any(isinstance(job, Dispatch) and job.event is event for job in jobs):
            return
        event.entry.reopen()
        event.running = event.unfinished is not None
        job = Dispatch(self, event, event.unfinished)
        self._clock.schedule(self._clock.now, job, first=True, background=event.background)

    def _attempt(self, event: Event) -> bool:
        function = self._functions.find(event.ref)
        if function is None:
            event.tries, event.delayed = event.tries + 1, False
            now, accepted_at = self._clock.now, event.entry.accepted_at
            self._ledger.attempted(event.entry, Tried(event.tries, now, accepted_at, "NotFound"))
            result = self._functions.missing(event.ref, ran=event.ran)
            event.unfinished = partial(self._complete, event, result, Response(404))
            event.unfinished()
            return True
        event.dead_letter = function.dead_letter
        refusal = self._admission.refusal(event, function, self._clock.now, self.add)
        if refusal is None:
            self._run(event, function)
            return True
        event.unfinished = partial(self._complete, event, *refusal)
        event.unfinished()
        return refusal.result not in lifecycle.UNTRIED  # their age puts an end to those

    def _run(self, event: Event, function: Function) -> None:
        now, entry = self._clock.now, event.entry
        code = self._code.of(function)
        duration = code.duration_ms(entry.payload)
        event.tries, event.throttles, event.ran, event.delayed = event.tries + 1, 0, True, False
        self._metrics.aged(event.ref, now, entry.accepted_at)
        call = Call(entry.request_id, entry.payload, now, event.trace_header, None, duration, event.tenant_id)
        # More retries than by default can't be configured: after the last try, nothing stays.
        stay = event.tries <= lifecycle.DEFAULT_RETRY_ATTEMPTS and self._may_stay(code)
        event.running = True
        ran = self._attempts.run(function, code, call, event.trace, asynchronous=True, stay=stay)
        event.run = ran.number
        for at, text in ran.notes:
            self._ledger.noted(entry, Note(at, text))
        event.unfinished = partial(self._finish, event, function, now, ran)
        event.unfinished()

    def _finish(self, event: Event, function: Function, now: int, ran: FunctionRun) -> None:
        """Enter an attempt that was made, unless it is entered, and have follow what follows from it."""
        event.running, outcome, entry = False, ran.outcome, event.entry
        if len(entry.tried) < event.tries:
            if event.trace.sampled:
                event.runs.append(Run(now, now + outcome.duration, outcome.result != "Success"))
            self._ledger.attempted(entry, tried(event.tries, now, entry.accepted_at, ran))
        response = Response(200, function.version, outcome.function_error, outcome.payload)
        self._complete(event, outcome.result, response)
        if outcome.interrupt is not None:
            raise outcome.interrupt

    def _may_stay(self, code: Registration | Package) -> bool:
        """Whether no code of the user's, such as a callable duration, runs between two attempts."""
        return isinstance(code, Registration) and not callable(code.duration) and self._nobody_looks()

    def _complete(self, event: Event, result: Result, response: Response | None, delay: int = 0) -> None:
        config = self._configs.at_dispatch(event.ref)
        step = lifecycle.after(
            result,
            tries=event.tries,
            throttles=event.throttles,
            delay=delay,
            accepted_at=event.entry.accepted_at,
            now=self._clock.now,
            policy=lifecycle.DEFAULT_POLICY if config is None else config.policy,
        )
        if isinstance(step, lifecycle.Retry):
            self._clock.schedule(step.at, Dispatch(self, event), background=event.background)
        else:
            self._leave()
            interrupt = self._destinations.settle(event, step, response, config, self._clock.now)
            if event.trace.sampled:
                self._segments.write(traced(event, self._clock.now))
            self._ledger.settled(event.entry)
            event.unfinished = None  # which would keep it until the next collection
            if interrupt is not None:
                raise interrupt
