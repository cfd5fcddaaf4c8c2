"""When each event source mapping reads, and which mappings there can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.utils import get_backend

from destmock._arn import parse_arn
from destmock._mappings.queues import QueueReader
from destmock._mappings.source import ref_of, source_of
from destmock._mappings.streams import StreamReader
from destmock._queue import Poll
from destmock._targets.queue import find_queue
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.awslambda.models import EventSourceMapping, LambdaBackend

    from destmock._mappings.source import Simulation


_SECOND_MAPPING_OF_QUEUE = (
    'An event source mapping with SQS arn (" {arn} ") and function (" {name} ") already exists. '
    "Please update or delete the existing mapping with UUID {uuid}"
)
_SECOND_MAPPING_OF_STREAM = (
    'The event source arn (" {arn} ") and function (" {name} ") provided mapping already exists. '
    "Please update or delete the existing mapping with UUID {uuid}"
)


class Mappings:
    """The event source mappings of one simulation; moto says which there are."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._readers: dict[str, QueueReader | StreamReader] = {}
        #: The mappings that will read soon anyway, and when.
        self._due: dict[str, int] = {}

    def arrived(self, account: str, region: str, source_arn: str) -> None:
        """Something new is in a queue or stream."""
        for mapping in _mappings_of(account, region, source_arn):
            self._schedule(mapping)

    def created(self, mapping: EventSourceMapping) -> None:
        """Reads what is there already, as far as its starting position says so."""
        ref = ref_of(mapping)
        if ref.qualifier is not None:
            mapping.function_arn = ref.arn
        reader = self._reader(mapping)
        if isinstance(reader, StreamReader):
            reader.begin(mapping)
        self._schedule(mapping)

    def updated(self, mapping: EventSourceMapping) -> None:
        """It may have been enabled, or given another function."""
        mapping.function_arn = ref_of(mapping).arn
        self._schedule(mapping)

    def poll(self, job: Poll) -> None:
        """Reads one batch; whatever more there is has another job."""
        if self._due.get(job.mapping) == self._simulation.now:
            del self._due[job.mapping]
        ref = job.ref
        mapping = get_backend(ref.account, ref.region).get_event_source_mapping(job.mapping)
        if mapping is None:
            self._readers.pop(job.mapping, None)
            return
        if mapping.enabled and self._reader(mapping).read(mapping):
            self._schedule(mapping)

    def _reader(self, mapping: EventSourceMapping) -> QueueReader | StreamReader:
        reader = self._readers.get(mapping.uuid)
        if reader is None:
            kind = QueueReader if source_of(mapping).service == "sqs" else StreamReader
            reader = self._readers[mapping.uuid] = kind(self._simulation)
        return reader

    def _schedule(self, mapping: EventSourceMapping) -> None:
        """At once when a batch is full, else when the batching window is over."""
        if not mapping.enabled:
            return
        now = self._simulation.now
        ready = self._reader(mapping).ready(mapping)
        window = int(mapping.max_batch_window or 0)
        at = now if ready >= mapping.batch_size else now + window * 1000
        if not ready or self._due.get(mapping.uuid, at + 1) <= at:
            return
        self._due[mapping.uuid] = at
        self._simulation.schedule_poll(at, Poll(mapping.uuid, ref_of(mapping)))


def _mappings_of(account: str, region: str, source_arn: str) -> Iterator[EventSourceMapping]:
    for mapping in [*get_backend(account, region)._event_source_mappings.values()]:  # noqa: SLF001
        if mapping.event_source_arn == source_arn:
            yield mapping


def check(backend: LambdaBackend, spec: dict[str, Any], *, updated: EventSourceMapping | None = None) -> None:
    """Refuses a mapping that AWS would refuse, and one that destmock can't do."""
    arn = parse_arn(spec.get("EventSourceArn") or "")
    if arn is None:  # moto refuses it
        return
    if spec.get("TumblingWindowInSeconds"):
        message = (
            "destmock does not simulate tumbling windows (TumblingWindowInSeconds of an event source mapping)"
        )
        raise UnsupportedError(message)
    destination = ((spec.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    _check_destination(arn.service, destination)
    if updated is None:
        _check_visibility(backend, spec)
        _check_duplicate(backend, spec)


def _check_destination(service: str, destination: str | None) -> None:
    target = parse_arn(destination or "")
    if destination is None or (service != "sqs" and target is not None and target.service in ("sqs", "sns")):
        return
    if service == "sqs":
        text = "Unsupported DestinationConfig parameter for given event source mapping type."
        raise InvalidParameterValueException(text)
    message = (
        f"destmock does not send what a stream's mapping fails with to {destination!r}; "
        "use an SQS queue or an SNS topic"
    )
    raise UnsupportedError(message)


def _check_visibility(backend: LambdaBackend, spec: dict[str, Any]) -> None:
    """A message that becomes visible while the function still runs would be read twice."""
    arn = parse_arn(spec["EventSourceArn"])
    queue = None if arn is None or arn.service != "sqs" else find_queue(arn)
    if queue is None:
        return
    function = backend.get_function(spec.get("FunctionName", ""))
    visibility = int(queue.visibility_timeout)  # type: ignore[attr-defined]
    if visibility < int(function.timeout):
        text = (
            f"Queue visibility timeout: {visibility} seconds is less than "
            f"Function timeout: {function.timeout} seconds"
        )
        raise InvalidParameterValueException(text)


def _check_duplicate(backend: LambdaBackend, spec: dict[str, Any]) -> None:
    name, arn = spec.get("FunctionName", ""), spec["EventSourceArn"]
    function = backend.get_function(name)
    for mapping in _mappings_of(backend.account_id, backend.region_name, arn):
        if backend.get_function(mapping.function_name) is function:
            sqs = source_of(mapping).service == "sqs"
            text = _SECOND_MAPPING_OF_QUEUE if sqs else _SECOND_MAPPING_OF_STREAM
            conflict = "ResourceConflictException"
            error = LambdaClientError(conflict, text.format(arn=arn, name=name, uuid=mapping.uuid))
            error.code = 409
            raise error
