"""Which event source mappings Lambda takes, and what it says of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError

from destmock._aws import pattern_check
from destmock._aws.api_errors import validation, violation
from destmock._aws.arn import parse_arn
from destmock._aws.pattern_tokens import PatternError
from destmock._services import other_sources
from destmock._services.sqs.delivery import find_queue
from destmock._services.streams.shards import open_stream
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.awslambda.models import EventSourceMapping, LambdaBackend

    from destmock._aws.arn import Arn

_SERVICES = {"sqs", "kinesis", "dynamodb"}
#: The least and the most that each number may be, by its place in the request.
_RANGES = {
    ("BatchSize",): (1, 10_000),
    ("ScalingConfig", "MaximumConcurrency"): (2, 1_000),
    ("MaximumBatchingWindowInSeconds",): (0, 300),
    ("ParallelizationFactor",): (1, 10),
    ("MaximumRecordAgeInSeconds",): (-1, 604_800),
    ("MaximumRetryAttempts",): (-1, 10_000),
    ("TumblingWindowInSeconds",): (0, 900),
}
_POSITIONS = ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"]
_RESPONSE_TYPES = ["ReportBatchItemFailures"]
_LONGEST_PATTERN = 4_096
_KAFKA_AND_BROKERS = (
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
)
_STREAMS_ONLY = (
    "ParallelizationFactor",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
    "StartingPositionTimestamp",
)
_QUEUES_ONLY = ("ScalingConfig", "ProvisionedPollerConfig")
_LARGEST_WITHOUT_WINDOW = 10

_UNRECOGNIZED = "Unrecognized event source."
_NO_FUNCTION = "Function does not exist"
_NO_DESTINATION_CONFIG = "Unsupported DestinationConfig parameter for given event source mapping type."
_NO_MEMBER = "Unsupported '{}' parameter for given event source mapping type."
_NO_DESTINATION = "The Destination field is required for an OnFailure configuration."
_NO_POSITION = (
    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
    "Member must not be null."
)
_POSITION_OF_QUEUE = "StartingPosition is not valid for SQS event sources."
_POSITION_OF_TABLE = "Unsupported starting position for arn type: {}"
_WINDOW_OF_FIFO = "Batching window is not supported for FIFO queues"
_NO_WINDOW = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
_BAD_FILTER = "Invalid filter pattern definition."
_NO_QUEUE = (
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
    "SQS Error Message: The specified queue does not exist."
)
_NO_STREAM = "Stream not found: {}"


def check(backend: LambdaBackend, spec: dict[str, Any], updated: EventSourceMapping | None = None) -> None:
    """Refuse what AWS refuses of a new mapping, or of a change of one."""
    _check_constraints(spec)
    text = spec.get("EventSourceArn") if updated is None else updated.event_source_arn
    source = parse_arn(text or "")
    if isinstance(updated, other_sources.KeptMapping) or other_sources.is_other(source, spec):
        if updated is None or "FunctionName" in spec:
            _check_function(backend, spec.get("FunctionName", ""))
        _check_destinations(spec.get("DestinationConfig") or {}, kept=True)
        _check_filters(spec.get("FilterCriteria") or {})
        other_sources.check(source, spec, existing_mapping=updated is not None)
        return
    if source is None or source.service not in _SERVICES:
        raise InvalidParameterValueException(_UNRECOGNIZED)
    if source.service == "sqs" and spec.get("DestinationConfig"):
        raise InvalidParameterValueException(_NO_DESTINATION_CONFIG)
    if updated is None or "FunctionName" in spec:
        _check_function(backend, spec.get("FunctionName", ""))
    _check_members(source, spec)
    if updated is None:
        _check_position(source, spec.get("StartingPosition"))
    _check_batching(source, spec, updated)
    if source.service != "sqs":
        _check_destinations(spec.get("DestinationConfig") or {})
    _check_filters(spec.get("FilterCriteria") or {})
    _check_source(source, existing=updated is not None)
    if source.service == "sqs" and (updated is None or "FunctionName" in spec):
        _check_visibility(backend, source, spec.get("FunctionName", ""))


def _check_constraints(spec: dict[str, Any]) -> None:
    """The limits of Lambda's model, which are checked before anything else."""
    found = [*_out_of_range(spec), *other_sources.constraints(spec)]
    position = spec.get("StartingPosition")
    if position is not None and position not in _POSITIONS:
        allowed = f"satisfy enum value set: [{', '.join(_POSITIONS)}]"
        found.append(violation(position, "startingPosition", allowed))
    types = spec.get("FunctionResponseTypes") or []
    if any(one not in _RESPONSE_TYPES for one in types):
        allowed = f"[Member must satisfy enum value set: [{', '.join(_RESPONSE_TYPES)}]]"
        found.append(
            violation(f"[{', '.join(types)}]", "functionResponseTypes", f"satisfy constraint: {allowed}")
        )
    for number, pattern in enumerate(_patterns(spec.get("FilterCriteria") or {}), 1):
        if len(pattern) > _LONGEST_PATTERN:
            member = f"filterCriteria.filters.{number}.member.pattern"
            found.append(violation(pattern, member, f"have length less than or equal to {_LONGEST_PATTERN}"))
    if found:
        error = validation(found)
        raise LambdaClientError(error.code, str(error))


def _out_of_range(spec: dict[str, Any]) -> Iterator[str]:
    for path, (least, most) in _RANGES.items():
        value: Any = spec
        for name in path:
            value = (value or {}).get(name)
        member = ".".join(name[0].lower() + name[1:] for name in path)
        if value is not None and value > most:
            yield violation(value, member, f"have value less than or equal to {most}")
        if value is not None and value < least:
            yield violation(value, member, f"have value greater than or equal to {least}")


def _check_function(backend: LambdaBackend, name: str) -> None:
    try:
        backend.get_function(name)
    except LambdaClientError as error:
        raise InvalidParameterValueException(_NO_FUNCTION) from error


def _check_members(source: Arn, spec: dict[str, Any]) -> None:
    """Refuse members of other kinds of sources."""
    others = _STREAMS_ONLY if source.service == "sqs" else _QUEUES_ONLY
    for member in (*_KAFKA_AND_BROKERS, *others):
        if spec.get(member) is not None:
            raise InvalidParameterValueException(_NO_MEMBER.format(member[0].lower() + member[1:]))


def _check_position(source: Arn, position: str | None) -> None:
    if source.service == "sqs" and position is not None:
        raise InvalidParameterValueException(_POSITION_OF_QUEUE)
    if source.service in ("kinesis", "dynamodb") and position is None:
        raise InvalidParameterValueException(_NO_POSITION)
    if source.service == "dynamodb" and position == "AT_TIMESTAMP":
        raise InvalidParameterValueException(_POSITION_OF_TABLE.format(source))


def _check_batching(source: Arn, spec: dict[str, Any], updated: EventSourceMapping | None) -> None:
    """A queue gives ten messages at once; for more, Lambda has to wait. For FIFO queues, it doesn't."""
    if source.service != "sqs":
        return
    size, window = spec.get("BatchSize"), spec.get("MaximumBatchingWindowInSeconds")
    if updated is not None:
        size = updated.batch_size if size is None else size
        window = updated.max_batch_window if window is None else window
    if window and source.resource.endswith(".fifo"):
        raise InvalidParameterValueException(_WINDOW_OF_FIFO)
    if not window and size is not None and size > _LARGEST_WITHOUT_WINDOW:
        raise InvalidParameterValueException(_NO_WINDOW)


def _check_destinations(config: dict[str, Any], *, kept: bool = False) -> None:
    """Refuse destinations that AWS refuses, or that nothing would be sent to; to `kept` ones nothing is."""
    if config.get("OnSuccess"):
        raise InvalidParameterValueException(_NO_DESTINATION_CONFIG)
    on_failure = config.get("OnFailure")
    if on_failure is None:
        return
    destination = on_failure.get("Destination")
    if destination is None:
        raise InvalidParameterValueException(_NO_DESTINATION)
    target = parse_arn(destination)
    if destination and not kept and (target is None or target.service not in ("sqs", "sns", "s3")):
        message = (
            f"destmock does not send the failed batches of a stream's mapping to {destination!r}; "
            "use an SQS queue, an SNS topic or an S3 bucket"
        )
        raise UnsupportedError(message)


def _check_filters(criteria: dict[str, Any]) -> None:
    try:
        for text in _patterns(criteria):
            pattern_check.check(text)
    except PatternError as error:
        raise InvalidParameterValueException(_BAD_FILTER) from error


def _patterns(criteria: dict[str, Any]) -> list[str]:
    return [one["Pattern"] for one in criteria.get("Filters") or [] if one.get("Pattern") is not None]


def _check_source(source: Arn, *, existing: bool) -> None:
    if existing:  # a mapping outlives its source
        return
    if source.service == "sqs" and find_queue(source) is None:
        raise InvalidParameterValueException(_NO_QUEUE)
    if source.service in ("kinesis", "dynamodb") and open_stream(source, "") is None:
        raise InvalidParameterValueException(_NO_STREAM.format(source))


def _check_visibility(backend: LambdaBackend, source: Arn, function_name: str) -> None:
    """A message that becomes visible while the function still runs would be read twice."""
    queue = find_queue(source)
    if queue is None:
        return
    timeout = int(backend.get_function(function_name).timeout)
    visibility = int(queue.visibility_timeout)  # type: ignore[attr-defined]
    if visibility < timeout:
        text = (
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
        )
        raise InvalidParameterValueException(text)
