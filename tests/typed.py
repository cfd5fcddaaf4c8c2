"""Only type-checked, never run: the public API as a typed program uses it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

from destmock import (
    Attempt,
    Deliveries,
    Delivery,
    Destmock,
    DestmockError,
    Drop,
    Exploration,
    Failure,
    Fault,
    Faults,
    Finding,
    Handler,
    Happening,
    History,
    Invocation,
    InvocationRecord,
    LeftoverError,
    MockDestinations,
    Pending,
    PendingFault,
    Server,
    Serving,
    Stack,
    WebSocket,
    explore,
    mock_destinations,
    outcomes,
    serve,
)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"id": event["id"]}


@explore
def explored_bare(destmock: Destmock) -> None: ...


@explore(handlers={"orders": handler}, faults=2, kinds={"crash"}, functions=["orders"], limit=100, seed=7)
async def explored(destmock: Destmock) -> None: ...


def reported() -> list[Failure]:
    found = explore.report(
        explored_bare, {"orders": handler}, journal=Path("kept"), only="orders#1/crash-end"
    )
    assert_type(found, Exploration)
    assert_type(found.failures[0].name, str)
    return list(found.failures)


@mock_destinations
def bare(destmock: Destmock) -> int:
    return len(destmock.invocations)


@mock_destinations(handlers={"orders": handler, "audit": "app.audit:handle", "canned": outcomes(1)})
def called(destmock: Destmock, order: int) -> str:
    return destmock.timeline() * order


@mock_destinations(autorun=False, strict=False, start=datetime(2026, 1, 1, tzinfo=timezone.utc), adopt=False)
async def asynchronous(destmock: Destmock) -> None: ...


@mock_destinations(seed=7, history=100)
class Tests:
    def test(self, destmock: Destmock) -> None: ...


assert_type(mock_destinations(), MockDestinations)

with mock_destinations(handlers={"orders": handler}) as active:
    assert_type(active, Destmock)
    active.handler("audit", outcomes(ValueError("x"), {"ok": 1}), timeout=10, memory_size=256)
    active.handler("later", "app.later:handle", environment={"STAGE": "test"}, duration=2.5)

    active.handler("lasting", "app.lasting:handle", durable_config={"ExecutionTimeout": 3600})
    active.handler("ours", "app.ours:handle", tenancy_config={"TenantIsolationMode": "PER_TENANT"})
    active.handler("bigger", handler, duration=lambda event: 0.5 * len(event["items"]))

    @active.handler("decorated")
    def decorated(event: Any, context: Any) -> None: ...

    assert_type(decorated, Handler)
    stack = active.deploy(
        Path("template.yaml"),
        stack_name="shop",
        parameters={"Stage": "test", "Retries": 1},
        handlers={"Orders": handler, "Audit": "app.audit:handle", "Canned": outcomes(1)},
        region="eu-west-1",
        ignore_unsupported=True,
        invent_parameters=True,
    )
    assert_type(stack, Stack)
    assert_type(active.deploy("template.yaml").name, str)
    assert_type(stack.invented, Mapping[str, str])
    assert_type(stack.outputs, Mapping[str, str])
    assert_type(stack.resources["Orders"], str)
    assert_type(active.replay({"requestContext": {}}, function="orders"), Invocation)
    assert_type(active.replay("{}"), Invocation)
    assert_type(active.check(strict=True), list[Finding])
    with active.websocket("wss://a.execute-api.us-east-1.amazonaws.com/prod", headers={"X-A": "1"}) as client:
        assert_type(client, WebSocket)
        client.send("{}")
        assert_type(client.receive(), str)
    assert_type(active.now, datetime)
    active.advance(1.5)
    active.advance(timedelta(minutes=1))
    assert_type(active.run_until_idle(limit=10), int)
    assert_type(active.step(), Invocation | Pending | None)
    assert_type(active.pending, History[Pending])
    assert_type(active.invocations, History[Invocation])
    assert_type(active.invocations.for_function("orders")[0].attempts, tuple[Attempt, ...])
    assert_type(active.deliveries, Deliveries)
    assert_type(active.deliveries.to("arn")[0], Delivery)
    assert_type(active.deliveries[0].record, InvocationRecord | None)
    assert_type(active.drops, History[Drop])
    assert_type(active.invocations.for_function("orders").total, int)
    assert_type(active.timeline(), str)
    assert_type(active.faults, Faults)
    active.faults.throttle()
    active.faults.system_error("orders:live", times=None)
    active.faults.duplicate("orders", times=3)
    active.faults.crash("orders", after="dynamodb.PutItem", nth=2, times=None)
    active.faults.delay(timedelta(minutes=1), "orders")
    active.faults.fail_delivery("arn", function="orders", dead_letter=True)
    active.faults.chaos(seed=7, throttle=0.2, fail_delivery=0.1, function="orders", times=10)
    active.faults.clear()
    assert_type(active.faults.injected, History[Fault])
    assert_type(active.faults.injected.for_function("orders")[0].request_id, str | None)
    assert_type(active.faults.pending, tuple[PendingFault, ...])
    assert_type(active.invocations[0].duplicate, bool)
    assert_type(active.deliveries[0].injected, bool)

mock = mock_destinations(handlers={}, account_concurrency=10)
started: Destmock = mock.start()
try:
    mock.stop()
except LeftoverError as error:
    problem: DestmockError = error


def conditions(record: InvocationRecord) -> tuple[str, int]:
    context = record["requestContext"]
    return context["condition"], context["approximateInvokeCount"]


assert_type(serve(), Serving)


def told(happening: Happening) -> None:
    assert_type(happening.at, datetime)
    assert_type(happening.lines, tuple[str, ...])


with serve({"orders": handler}, clock="real", strict=False) as server:
    assert_type(server, Server)
    assert_type(server.url, str)
    assert_type(server.page, str)
    server.subscribe(told)
    server.advance(60)


@serve(handlers={"orders": handler}, host="127.0.0.1", port=5000)
def served(destmock: Server) -> None: ...
