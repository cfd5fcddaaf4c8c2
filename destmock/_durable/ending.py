"""What is told of an execution that has ended: to whom it was for, and to those that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._aws import lifecycle
from destmock._aws.record import Response, timestamp
from destmock._durable.output import as_function_error
from destmock._engine.event import traced
from destmock._observed.xray import Traced

if TYPE_CHECKING:
    from destmock._durable.execution import Execution
    from destmock._durable.operations import ErrorObject, OperationStatus
    from destmock._engine.simulation import Simulation

_STATUS_CHANGE = "Durable Execution Status Change"


def count(simulation: Simulation, execution: Execution) -> None:
    """Count an execution that has ended, for CloudWatch."""
    ended = execution.ended_at
    assert ended is not None
    simulation.metrics.execution_ended(
        execution.event.ref,
        ended,
        execution.ending,
        duration=ended - execution.started_at,
        operations=len(execution.operations) - 1,
        written=execution.written,
    )


def announce(simulation: Simulation, execution: Execution) -> None:
    """Tell the default bus that the execution has begun, or how it has ended."""
    detail = {
        "version": "0",
        "durableExecutionArn": execution.arn,
        "durableExecutionName": execution.name,
        "functionArn": execution.function_arn,
        "status": execution.status,
        "startTimestamp": timestamp(execution.started_at),
    }
    if execution.ended_at is not None:
        detail["endTimestamp"] = timestamp(execution.ended_at)
    simulation.announce(execution.ref, _STATUS_CHANGE, execution.arn, detail)


def settle(simulation: Simulation, execution: Execution) -> None:
    """Send the record and the dead-letter message, as for any event that has ended (N4).

    Only the dead-letter queue of a durable function is documented. That its destinations get a record,
    too, at the end of the execution, was not recorded (R36).
    """
    event = execution.event
    now, entry = simulation.clock.now, event.entry
    succeeded = execution.status == "SUCCEEDED"
    if execution.synchronous:
        simulation.ledger.over_at_once(entry)
        if event.trace.sampled:
            found = Traced(
                event.ref,
                entry.request_id,
                event.trace,
                event.caller,
                entry.accepted_at,
                now,
                tuple(event.runs),
                asynchronous=False,
            )
            simulation.segments.write(found)
        return
    payload = payload_of(execution)
    response = Response(200, execution.version, None if succeeded else "Unhandled", payload)
    settled = lifecycle.Settled("Success" if succeeded else "RetriesExhausted", 1)
    config = simulation.configs.at_dispatch(event.ref)
    interrupt = simulation.destinations.settle(event, settled, response, config, now)
    if event.trace.sampled:
        simulation.segments.write(traced(event, now))
    simulation.ledger.settled(entry)
    if interrupt is not None:
        raise interrupt


def payload_of(execution: Execution) -> bytes:
    """What a caller gets of an execution that has ended."""
    if execution.status == "SUCCEEDED":
        return (execution.result or "null").encode()
    return as_function_error(execution.error)


def as_chained(execution: Execution) -> tuple[OperationStatus, ErrorObject | None]:
    """How an execution that has ended looks to the one that has invoked it."""
    if execution.status == "TIMED_OUT":
        return "TIMED_OUT", timed_out(execution.config.execution_timeout)
    statuses: dict[str, OperationStatus] = {"SUCCEEDED": "SUCCEEDED", "STOPPED": "STOPPED"}
    return statuses.get(execution.status, "FAILED"), execution.error


def timed_out(seconds: int) -> ErrorObject:
    """The error of a chained invocation that took too long."""
    text = f"CHAINED_INVOKE timed out after {seconds} seconds."
    return {"ErrorMessage": text, "ErrorType": "ChainedInvoke.Timeout"}
