"""Data Firehose: a stream's function transforms the records before moto delivers them.

AWS has taken a record before it invokes the function, and so have we: the function runs after the call that
puts, or the handler that calls. AWS collects records up to `BufferSizeInMBs` or for
`BufferIntervalInSeconds`. moto delivers at once, and so each call is a batch of its own, that nothing keeps
waiting. A failed invocation is repeated at once, up to `NumberOfRetries`.

moto moves nothing from a Kinesis stream to Firehose: there is a warning for a function behind one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.firehose.exceptions import InvalidArgumentException
from moto.firehose.models import FirehoseBackend
from moto.moto_api._internal import mock_random

from destmock._aws.api_errors import AWSError
from destmock._aws.arn import parse_arn, parse_function_arn
from destmock._aws.json_text import to_bytes
from destmock._aws.times import to_datetime
from destmock._aws.transformation import (
    FUNCTION_ERROR,
    TIMED_OUT,
    Failure,
    delivery_prefix,
    error_line,
    error_prefix,
    event,
    has_expressions,
    has_partition_keys,
    refused,
    results,
)
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._observed.facts import Pending
from destmock._services.s3.delivery import owner_of, store
from destmock._services.warned import Warned
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.firehose.models import DeliveryStream

    from destmock._aws.ids import Trace
    from destmock._engine.simulation import Simulation

    Records = list[dict[str, bytes]]

_RETRIES = 3
_RANDOM = 11
_NOT_READ = (
    "destmock keeps the Firehose stream {}, but nothing invokes {}: moto moves no records from Kinesis to it"
)
_NO_KEYS = (
    "destmock writes the Prefix {!r} of the Firehose stream {} without the values of its partition keys"
)
_NO_ERROR_PREFIX = "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"
_NOT_APPLIED = "destmock keeps the processor {} of the Firehose stream {}, but does not apply it"


class _Processor(NamedTuple):
    """A stream's function, how often it is invoked again, and the processors beside it."""

    arn: str
    retries: int
    others: tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Batch:
    """A job of the clock: the function is run with the records of one call, and what it answers is delivered.

    Each record has its id. `arrived` is in milliseconds. What fails is written below the prefix `errors`.
    """

    simulation: Simulation
    stream: DeliveryStream
    config: dict[str, Any]
    processor: _Processor
    records: list[tuple[str, bytes]]
    arrived: int
    trace: Trace | None
    errors: str
    deliver: Callable[[Records], object]
    done: bool = False

    @property
    def name(self) -> str:
        ref = parse_function_arn(self.processor.arn)
        return self.processor.arn if ref is None else ref.name

    @property
    def background(self) -> bool:
        return False

    @property
    def source(self) -> str:
        return f"Firehose stream {self.stream.delivery_stream_name}"

    def run(self) -> bool:
        self.simulation.leave()
        attempts, made = _invoke(self)
        failed = [
            error_line(data, found, attempts, self.arrived, self.simulation.now, self.processor.arn)
            for (_, data), found in zip(self.records, made, strict=True)
            if isinstance(found, Failure)
        ]
        if failed:
            _write_errors(self, failed)
        self.done = True
        kept: Records = [{"Data": found} for found in made if isinstance(found, bytes)]
        if kept:
            self.deliver(kept)
        return True

    def put_back(self) -> None:
        if not self.done:
            self.simulation.schedule(self.simulation.now, self)

    def pending(self, at: int) -> Pending | None:
        return self.fact(at)

    def fact(self, at: int) -> Pending:
        ref = parse_function_arn(self.processor.arn)
        arn = self.processor.arn if ref is None else ref.qualified_arn
        return Pending("", arn, 1, to_datetime(at))


def _create_delivery_stream(create: Callable[..., str]) -> Callable[..., str]:
    """Refuse a wrong prefix; say that nothing comes of a function whose stream is fed by Kinesis."""

    def wrapper(self: FirehoseBackend, region: str, delivery_stream_name: str, *args: Any) -> str:
        for given in args:
            if isinstance(given, dict):
                _check_prefix(given.get("S3Configuration") or given)
        arn = create(self, region, delivery_stream_name, *args)
        stream = self.delivery_streams[delivery_stream_name]
        is_read = stream.delivery_stream_type == "KinesisStreamAsSource"
        processor = _processor(_config(stream)) if is_read else None
        if processor is not None:
            active[-1].part(Warned).once(_NOT_READ.format(delivery_stream_name, processor.arn))
        return arn

    return wrapper


def _check_prefix(s3: dict[str, Any]) -> None:
    if has_expressions(s3.get("Prefix") or "") and not s3.get("ErrorOutputPrefix"):
        raise InvalidArgumentException(_NO_ERROR_PREFIX)


def _format_s3_object_path(format_path: Callable[[str, str, str], str]) -> Any:
    """A prefix with expressions is evaluated, and no hour comes after it."""

    def object_path(delivery_stream_name: str, version_id: str, prefix: str) -> str:
        if not has_expressions(prefix):
            return format_path(delivery_stream_name, version_id, prefix)
        simulation, name = active[-1], delivery_stream_name
        if has_partition_keys(prefix):
            simulation.part(Warned).once(_NO_KEYS.format(prefix, name))
        at = to_datetime(simulation.now)
        try:
            evaluated = delivery_prefix(prefix, at, lambda: simulation.ids.hex(_RANDOM))
        except ValueError as error:
            raise _unknown(error, name) from error
        return f"{evaluated}{name}-{version_id}-{at:%Y-%m-%d-%H-%M-%S}-{mock_random.uuid4()}"

    return staticmethod(object_path)


def _unknown(error: ValueError, stream: str) -> UnsupportedError:
    return UnsupportedError(f"destmock does not know {error}, in a prefix of the Firehose stream {stream}")


def _put_s3_records(put: Callable[..., list[dict[str, str]]]) -> Callable[..., list[dict[str, str]]]:
    """Into a bucket: records that were put, and what CloudWatch Logs sends to a stream."""

    def wrapper(
        self: FirehoseBackend,
        delivery_stream_name: str,
        version_id: str,
        s3_destination: dict[str, Any],
        records: Records,
    ) -> list[dict[str, str]]:
        stream, processor = self.delivery_streams[delivery_stream_name], _processor(s3_destination)
        if processor is None:
            return put(self, delivery_stream_name, version_id, s3_destination, records)

        def deliver(kept: Records) -> None:
            bucket = s3_destination["BucketARN"]
            if owner_of(_name_of(bucket)) is None:
                active[-1].miss(bucket, f"Firehose stream {delivery_stream_name}")
            else:
                put(self, delivery_stream_name, version_id, s3_destination, kept)

        return _queue(stream, s3_destination, processor, records, deliver)

    return wrapper


def _put_record_batch(put: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """To an HTTP endpoint; to the other destinations moto delivers nothing, but their functions run."""

    def wrapper(self: FirehoseBackend, delivery_stream_name: str, records: Records) -> dict[str, Any]:
        stream = self.delivery_streams.get(delivery_stream_name)
        config = {} if stream is None or "S3" in stream.destinations[0] else _config(stream)
        processor = _processor(config)
        if stream is None or processor is None:
            return put(self, delivery_stream_name, records)
        queued = _queue(
            stream, config, processor, records, lambda kept: put(self, delivery_stream_name, kept)
        )
        return {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": queued}

    return wrapper


def _config(stream: DeliveryStream) -> dict[str, Any]:
    """The settings of a stream's destination; moto has an S3 after each ExtendedS3."""
    [_, kind, *_] = stream.destinations[0]
    config: dict[str, Any] = stream.destinations[0][kind]
    return config


def _processor(config: dict[str, Any]) -> _Processor | None:
    processing = config.get("ProcessingConfiguration") or {}
    if not processing.get("Enabled"):
        return None
    processors = processing.get("Processors") or []
    others = tuple(each["Type"] for each in processors if each["Type"] != "Lambda")
    for each in processors:
        settings = {one["ParameterName"]: one["ParameterValue"] for one in each.get("Parameters") or []}
        if each["Type"] == "Lambda" and "LambdaArn" in settings:
            retries = _retries(str(settings.get("NumberOfRetries", _RETRIES)))
            return _Processor(settings["LambdaArn"], retries, others)
    return None


def _retries(text: str) -> int:
    if not text.isdecimal():
        message = f"destmock does not know how often NumberOfRetries {text!r} of a Firehose stream is"
        raise UnsupportedError(message)
    return int(text)


def _queue(
    stream: DeliveryStream,
    config: dict[str, Any],
    processor: _Processor,
    records: Records,
    deliver: Callable[[Records], object],
) -> list[dict[str, str]]:
    """Have the function run after this call; returns the records' ids."""
    simulation, ref = active[-1], parse_function_arn(processor.arn)
    if ref is not None:
        simulation.check_code(ref)
    for other in processor.others:
        simulation.part(Warned).once(_NOT_APPLIED.format(other, stream.delivery_stream_name))
    given = [(simulation.ids.uuid(), record["Data"]) for record in records]
    now, trace = simulation.now, simulation.trace
    errors = _error_prefix(simulation, stream, _bucket_of(config), now)
    batch = _Batch(simulation, stream, config, processor, given, now, trace, errors, deliver)
    simulation.schedule(now, batch)
    return [{"RecordId": simulation.ids.uuid()} for _ in records]


def _invoke(batch: _Batch) -> tuple[int, list[bytes | Failure | None]]:
    """How often the function was invoked, and what came of each record."""
    simulation, stream, retries = batch.simulation, batch.stream, batch.processor.retries
    place, ref = parse_arn(stream.delivery_stream_arn), parse_function_arn(batch.processor.arn)
    assert place is not None  # moto makes it
    failure = refused("ResourceNotFoundException", "")
    if ref is None or simulation.identify(ref) is None:
        simulation.miss(batch.processor.arn, batch.source)
    for attempt in range(1, retries + 2):
        if ref is None:
            continue  # moto has taken an ARN that names no function
        made = event(simulation.ids.uuid(), str(place), place.region, batch.arrived, batch.records)
        try:
            answered = simulation.run_synchronously(
                ref, to_bytes(made), trace=batch.trace, source=batch.source
            )
        except AWSError as error:
            failure = refused(error.code, str(error))
            continue
        outcome = answered.outcome
        if outcome.function_error is None:
            return attempt, results(outcome.payload, [number for number, _ in batch.records])
        failure = TIMED_OUT if outcome.result == "Timeout" else FUNCTION_ERROR
    return retries + 1, [failure] * len(batch.records)


def _bucket_of(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of the stream's bucket, or of the one beside its destination."""
    settings: dict[str, Any] = config.get("S3DestinationDescription") or config
    return settings


def _error_prefix(simulation: Simulation, stream: DeliveryStream, s3: dict[str, Any], at: int) -> str:
    try:
        return error_prefix(
            s3.get("Prefix") or "",
            s3.get("ErrorOutputPrefix"),
            to_datetime(at),
            lambda: simulation.ids.hex(_RANDOM),
        )
    except ValueError as error:
        raise _unknown(error, stream.delivery_stream_name) from error


def _name_of(bucket_arn: str) -> str:
    return bucket_arn.rpartition(":")[2]


def _write_errors(batch: _Batch, lines: list[dict[str, Any]]) -> None:
    arn, stream, at = _bucket_of(batch.config)["BucketARN"], batch.stream, to_datetime(batch.arrived)
    bucket = _name_of(arn)
    backend = owner_of(bucket)
    if backend is None:
        batch.simulation.miss(arn, batch.source)
        return
    name = f"{stream.delivery_stream_name}-{stream.version_id}-{at:%Y-%m-%d-%H-%M-%S}"
    body = b"".join(to_bytes(line) + b"\n" for line in lines)
    key = f"{batch.errors}{name}-{batch.simulation.ids.uuid()}"
    store(backend, bucket, key, body)


PATCHES = (
    Patch(FirehoseBackend, "create_delivery_stream", _create_delivery_stream),
    Patch(FirehoseBackend, "_format_s3_object_path", _format_s3_object_path),
    Patch(FirehoseBackend, "put_s3_records", _put_s3_records),
    Patch(FirehoseBackend, "put_record_batch", _put_record_batch),
)
