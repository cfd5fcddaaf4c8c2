"""What Lambda answers of a mapping: the settings that it fills in, for each kind of source (R14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.models import EventSourceMapping
from moto.awslambda.responses import LambdaResponse

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable

#: Where a mapping of moto's keeps what came of its last batch.
_RESULT = "_destmock_last_result"
_OF_ALL = {"FunctionResponseTypes": [], "MaximumBatchingWindowInSeconds": 0}
_OF_STREAMS = {
    **_OF_ALL,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "LastProcessingResult": "No records processed",
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "StateTransitionReason": "User action",
    "TumblingWindowInSeconds": 0,
}
_OF_QUEUES = {**_OF_ALL, "StateTransitionReason": "USER_INITIATED"}
_OF_OTHERS = {"StateTransitionReason": "USER_INITIATED"}
_FILLED_IN = {"sqs": _OF_QUEUES, "kinesis": _OF_STREAMS, "dynamodb": _OF_STREAMS}


def note_result(mapping: EventSourceMapping, *, failed: bool) -> None:
    """Remember what came of a batch of a stream; a queue's mapping doesn't tell (R19)."""
    setattr(mapping, _RESULT, "PROBLEM: Function call failed" if failed else "OK")


def _get_configuration(
    get: Callable[[EventSourceMapping], dict[str, Any]],
) -> Callable[[EventSourceMapping], dict[str, Any]]:
    """moto leaves out what nobody has set."""

    def filled_in(self: EventSourceMapping) -> dict[str, Any]:
        told = get(self)
        kind = (self.event_source_arn or "::").split(":")[2]
        result = getattr(self, _RESULT, None)
        if result is not None and kind != "sqs":
            told["LastProcessingResult"] = result
        told.pop("StateTransitionReason")
        if not told.get("DestinationConfig"):
            told.pop("DestinationConfig", None)
        return {**_FILLED_IN.get(kind, _OF_OTHERS), **told}

    return filled_in


def _create(create: Callable[[LambdaResponse], Any]) -> Callable[[LambdaResponse], Any]:
    """AWS says that the mapping is accepted, with 202."""

    def accepted(self: LambdaResponse) -> Any:
        _, _, body = create(self)
        return 202, {"status": 202}, body

    return accepted


PATCHES = (
    Patch(EventSourceMapping, "get_configuration", _get_configuration),
    Patch(LambdaResponse, "create_event_source_mapping", _create),
)
