"""`Destmock`, the object that a test holds: registers handlers, drives time, tells what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from destmock._aws.times import to_datetime, to_milliseconds
from destmock._mock.faults import Faults
from destmock._mock.questions import Questions
from destmock._mock.story import Story
from destmock._observed.facts import Invocation, Pending
from destmock._observed.sequences import History
from destmock._services.apigateway.websockets import WebSocket, WebSockets
from destmock._time.driver import LIMIT
from destmock.errors import InactiveError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta
    from typing import Any

    from destmock._cloudformation.deployed import Stack
    from destmock._engine.simulation import Simulation
    from destmock._functions.handlers import Duration, Handler, Outcomes
    from destmock._observed.facts import Deliveries, Drop, Run


class Destmock(Story, Questions):
    """One mock, made by `mock_destinations`. After it has ended it can still be asked what happened."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._injection = simulation.faults
        self._faults = Faults(self._injection, simulation.ids, self._check_active)
        self._ended = False

    @overload
    def handler(
        self,
        name: str,
        handler: Handler | str | Outcomes,
        *,
        timeout: int = ...,
        memory_size: int = ...,
        environment: Mapping[str, str] | None = ...,
        duration: Duration = ...,
        durable_config: Mapping[str, Any] | None = ...,
        tenancy_config: Mapping[str, Any] | None = ...,
    ) -> None: ...
    @overload
    def handler(
        self,
        name: str,
        handler: None = None,
        *,
        timeout: int = ...,
        memory_size: int = ...,
        environment: Mapping[str, str] | None = ...,
        duration: Duration = ...,
        durable_config: Mapping[str, Any] | None = ...,
        tenancy_config: Mapping[str, Any] | None = ...,
    ) -> Callable[[Handler], Handler]: ...
    def handler(
        self,
        name: str,
        handler: Handler | str | Outcomes | None = None,
        *,
        timeout: int = 3,
        memory_size: int = 128,
        environment: Mapping[str, str] | None = None,
        duration: Duration = 0.0,
        durable_config: Mapping[str, Any] | None = None,
        tenancy_config: Mapping[str, Any] | None = None,
    ) -> Callable[[Handler], Handler] | None:
        """Registers the handler of a function; without `handler`, a decorator that does.

        `name`: a bare name is a function of whichever region and account a client asks in; a full ARN pins
        it to one. `handler`: a callable that takes the event and the context, `"package.module:function"`
        or `"package.module.function"` (imported at the first attempt), or `outcomes(...)`. A handler serves
        every version and alias of its function. A second registration replaces the first.

        The function exists for every other Lambda call too. It has the given `timeout` (seconds),
        `memory_size` (MB) and `environment` (its environment variables); a function that the program itself
        makes with `create_function` takes the handler under its name, and keeps its own settings.

        `duration` is how long an attempt waits before it returns, in virtual seconds, or a callable that
        answers it for each event. So long, and for as long as the handler itself sleeps, the attempt has its
        slot, of the function's reserved concurrency or of the account's. One that takes longer than the
        timeout, in virtual time or in real time, times out as on AWS. A synchronous invocation takes its time
        as well, and moves the clock. `context.get_remaining_time_in_millis()` is the timeout less the
        duration, less the time since the handler began in whole 100 ms; never below 0. When the callable
        raises, or its answer can't be a duration (`ValueError`), whatever drives time or
        invokes raises that, and the event stays in the queue.

        `durable_config`: makes the function durable: `{"ExecutionTimeout": 3600}`, in seconds, and if need
        be `"RetentionPeriodInDays"`, as `create_function` takes them. It is invoked as `orders:$LATEST`.
        `tenancy_config={"TenantIsolationMode": "PER_TENANT"}` has it invoked with a `TenantId`.

        Raises `ValueError` or `TypeError` for a name, a handler or a config that can't be one.
        """
        self._check_active()

        def register(source: Handler | str | Outcomes) -> None:
            self._simulation.handlers.register(
                name,
                source,
                timeout=timeout,
                memory_size=memory_size,
                environment=environment,
                duration=duration,
                durable_config=durable_config,
                tenancy_config=tenancy_config,
            )

        if handler is not None:
            register(handler)
            return None

        def decorate(function: Handler) -> Handler:
            register(function)
            return function

        return decorate

    def deploy(
        self,
        template: str | os.PathLike[str],
        *,
        stack_name: str | None = None,
        parameters: Mapping[str, object] | None = None,
        handlers: Mapping[str, Handler | str | Outcomes] | None = None,
        region: str | None = None,
        ignore_unsupported: bool = False,
        invent_parameters: bool = False,
    ) -> Stack:
        """Creates the stack of a template file, CloudFormation's or SAM's, or the stacks of CDK's output. ::

            stack = destmock.deploy("template.yaml", parameters={"Stage": "test"}, handlers={"Pay": pay})
            boto3.client("lambda").invoke(FunctionName=stack.resources["Orders"], InvocationType="Event")

        Code that the template names by a local path (`CodeUri`, `Code`, layers, CDK's assets) is found
        beside it and taken as it is, without installing requirements: the process's own packages serve.
        Deploying invokes only the functions of custom resources.

        `template`: a template's file, or the directory that CDK has synthesised into, such as "cdk.out". Its
        stacks are made in their order; the result has what is in any of them, and each in `stacks`. Or
        ".serverless", which the Serverless Framework has packaged.
        `stack_name`: default: the file's name, or its directory's for a file called `template`.
        `parameters`: name -> value, where the template's default won't do.
        `handlers`: a function's logical id, its name, or its place in CDK's tree ("Shop/Orders") -> what
        `handler` takes. It runs instead of the function's code, which then needn't be there; a handler
        registered under the name does so, too.
        `region`: default: that of boto3's default session.
        `ignore_unsupported`: resources of types that are not simulated only get a name, instead of an
        `UnsupportedError` that lists them; their attributes are made up, and a warning names them.
        `invent_parameters`: parameters without a value get one that their rules allow; the result's
        `invented` tells which.

        Raises `OSError` for a file that isn't there, `ValueError` for a template, parameters or handlers
        that don't fit, `UnsupportedError` also for a template that needs an extra (`destmock[templates]`,
        `destmock[sam]`), and botocore's `ClientError` when the stack can't be created. Nothing is left of a
        deployment that fails. A stack of that name must not be there; `update_stack` and `delete_stack`
        work through boto3, on a template with nothing local in it.
        """
        from destmock._cloudformation import deploy  # noqa: PLC0415 - few tests use it

        self._check_active()
        return deploy.deploy(
            self._simulation,
            template,
            stack_name=stack_name,
            parameters=parameters or {},
            handlers=handlers or {},
            region=region,
            ignore_unsupported=ignore_unsupported,
            invent_parameters=invent_parameters,
        )

    @property
    def now(self) -> datetime:
        """The virtual time, in UTC.

        It jumps ahead to whatever runs, and by `advance`. Without `start` it also goes on as real time does,
        but never past something that is due: that is not late until it has been run.
        """
        return to_datetime(self._simulation.now)

    def advance(self, duration: float | timedelta) -> None:
        """Lets time pass: runs every due thing at its own time, and leaves the clock exactly that much later.

        `duration` is in seconds, or a `timedelta`. Raises `ValueError` for a negative one, `OverflowError`
        for one past the year 9999, and `InvocationLoopError` when functions keep invoking each other without
        any time passing.
        """
        self._check_active()
        milliseconds = to_milliseconds(duration)
        if milliseconds < 0:
            message = f"time never goes backwards: advance({duration!r})"
            raise ValueError(message)
        until = self._simulation.now + milliseconds
        to_datetime(until)  # an OverflowError for a time past the year 9999, before anything has run
        self._simulation.driver.run(LIMIT, until=until)

    def run_until_idle(self, limit: int = LIMIT) -> int:
        """Run until nothing is queued; returns how many attempts that took, throttles not counted.

        Raises `InvocationLoopError`, naming the functions, when more than `limit` attempts would run.
        """
        self._check_active()
        if not isinstance(limit, int) or limit < 0:
            message = f"limit is a number of attempts, not {limit!r}"
            raise ValueError(message)
        return self._simulation.driver.run(limit)

    def step(self) -> Invocation | Pending | None:
        """Run the next thing in the queue; returns the invocation that it belongs to, `None` when idle.

        For an event source mapping that reads its queue or stream, the answer is a `Pending`, for such a
        reading has no invocation of its own.
        """
        self._check_active()
        fact = self._simulation.driver.step()
        assert fact is None or isinstance(fact, (Invocation, Pending))  # the facts that jobs have
        return fact

    @property
    def pending(self) -> History[Pending]:
        """The events that are queued, and the next run of each schedule, soonest first."""
        with self._simulation.turns:
            return History(self._simulation.pending)

    @property
    def invocations(self) -> History[Invocation]:
        """Every accepted event (asynchronous invocation), oldest first; `.for_function(name)` selects.

        With `history=`, it has the newest; `.total` counts all.
        """
        with self._simulation.turns:
            return self._simulation.ledger.invocations

    @property
    def runs(self) -> History[Run]:
        """Every run of a handler, in the order in which they began; `.for_function(name)` selects.

        Attempts of events, synchronous invocations, and batches of queues and streams are runs. Of two that
        began at one moment, the one that ended first comes first. With `history=`, it has the newest.
        """
        with self._simulation.turns:
            return self._simulation.ledger.runs

    @property
    def deliveries(self) -> Deliveries:
        """Every record and dead letter sent, arrived or not, oldest first.

        `.to(arn)` and `.for_function(name)` select.
        """
        with self._simulation.turns:
            return self._simulation.ledger.deliveries

    @property
    def drops(self) -> History[Drop]:
        """Every event that failed without a destination for its failure, oldest first."""
        with self._simulation.turns:
            return self._simulation.ledger.drops

    @property
    def faults(self) -> Faults:
        """Faults that AWS makes now and then, on demand: throttles, 5xx, duplicates, delays, lost records."""
        return self._faults

    def websocket(self, url: str, *, headers: Mapping[str, str] | None = None) -> WebSocket:
        """Connects a client to a WebSocket API: `with destmock.websocket(url) as client: client.send("{}")`.

        `url`: that of the API's stage, such as `wss://a1b2.execute-api.us-east-1.amazonaws.com/prod?who=me`.
        Raises `ConnectionRefusedError`, with the status in its text, if the handshake fails.
        """
        self._check_active()
        return self._simulation.part(WebSockets).connected(url, headers or {})

    def __repr__(self) -> str:
        state, ledger = "ended" if self._ended else "active", self._simulation.ledger
        return (
            f"<Destmock {state} at {self.now:%Y-%m-%dT%H:%M:%S}Z: {ledger.invocations.total} invocations, "
            f"{ledger.deliveries.total} deliveries, {len(self._simulation.awaited)} pending>"
        )

    def _end(self) -> None:
        self._keep()
        self._ended = True

    def _check_active(self) -> None:
        if self._ended:
            message = "this mock has ended; use its Destmock inside the test or the with block"
            raise InactiveError(message)
