"""Event source mappings: when each of them reads, and which are allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import EventSourceMapping, LambdaBackend, lambda_backends

from destmock._aws.api_errors import NOT_FOR_TENANTS, UNQUALIFIED
from destmock._aws.arn import FunctionRef, parse_arn, parse_function_name
from destmock._aws.times import to_datetime
from destmock._engine.active import active
from destmock._functions.backends import existing_lambda_backend, lambda_backend
from destmock._functions.functions import partition_of
from destmock._isolation.patching import Patch
from destmock._observed.facts import Pending
from destmock._services import pipes
from destmock._services.mapping import ref_of, source_of
from destmock._services.mapping_rules import check
from destmock._services.other_sources import KeptMapping, is_other, warn
from destmock._services.sqs.mapping import QueueReader
from destmock._services.streams.mapping import StreamReader
from destmock._services.streams.shards import CONSUMER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from destmock._aws.arn import Arn
    from destmock._engine.simulation import Simulation
    from destmock._services.mapping import Reading
    from destmock._time.clock import Due
    from destmock._time.jobs import Job


_SECOND_MAPPING_OF_QUEUE = (
    'An event source mapping with SQS arn (" {arn} ") and function (" {name} ") already exists. '
    "Please update or delete the existing mapping with UUID {uuid}"
)
_SECOND_MAPPING_OF_STREAM = (
    'The event source arn (" {arn} ") and function (" {name} ") provided mapping already exists. '
    "Please update or delete the existing mapping with UUID {uuid}"
)


class Poll(NamedTuple):
    """A job of the clock: an event source mapping looks for records, and has the function run with them.

    `attempt` is the number of the next try with the same records. In the background, nobody waits for it.
    """

    mappings: Mappings
    mapping: str
    ref: FunctionRef
    attempt: int
    background: bool

    @property
    def name(self) -> str:
        return self.ref.name

    def run(self) -> bool:
        self.mappings.poll(self)
        return True

    def pending(self, at: int) -> Pending | None:
        return self.fact(at) if self.mappings.has_work(self) else None

    def fact(self, at: int) -> Pending:
        due_at = to_datetime(at)
        return Pending(self.mapping, self.ref.qualified_arn, self.attempt, due_at, background=self.background)


class Mappings:
    """The readers of one simulation's event source mappings; moto keeps the mappings themselves."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._readers: dict[str, QueueReader | StreamReader] = {}
        #: By mapping, and whether it is in the background: when it will read next, and that job.
        self._due: dict[tuple[str, bool], tuple[int, Due[Job]]] = {}

    def arrived(self, account: str, region: str, source_arn: str) -> None:
        """Plan a reading: something is new in a queue or stream, or can be read again."""
        for mapping in mappings_of(account, region, source_arn):
            due = self._due.get((mapping.uuid, False))
            if due is None or due[0] > self._simulation.now:
                self._plan(mapping)
        pipes.arrived(self._simulation, account, region, source_arn)

    def created(self, mapping: EventSourceMapping) -> None:
        """Have a new mapping read what its starting position includes."""
        ref = ref_of(mapping)
        if ref.qualifier is not None:
            mapping.function_arn = ref.arn
        reader = self._reader(mapping)
        if isinstance(reader, StreamReader):
            reader.begin(mapping)
        self._plan(mapping)

    def updated(self, mapping: EventSourceMapping) -> None:
        """Plan again: the mapping may have been enabled, or given another function."""
        mapping.function_arn = ref_of(mapping).arn
        self._plan(mapping)

    def look_again(self, backend: LambdaBackend) -> None:
        """Plan for each mapping of an account: a function may be there that wasn't."""
        for mapping in [*backend._event_source_mappings.values()]:  # noqa: SLF001
            if not isinstance(mapping, KeptMapping):
                self._plan(mapping)

    def all_read(self, account: str, region: str, source_arn: str) -> list[EventSourceMapping]:
        """The mappings that have read all there is in a stream."""
        found = [(self._reader(mapping), mapping) for mapping in mappings_of(account, region, source_arn)]
        return [
            mapping
            for reader, mapping in found
            if isinstance(reader, StreamReader) and not reader.is_behind(mapping)
        ]

    def skip(self, mappings: Iterable[EventSourceMapping]) -> None:
        """Have mappings of a stream go on after the last record that it has now."""
        for mapping in mappings:
            reader = self._reader(mapping)
            if isinstance(reader, StreamReader):
                reader.skip(mapping)

    def has_work(self, job: Poll) -> bool:
        """Whether the job would find anything to read."""
        mapping = self._mapping(job)
        if mapping is None or not mapping.enabled:
            return False
        return bool(self._reader(mapping).plan(mapping, at_once=True))

    def poll(self, job: Poll) -> None:
        """Read one batch, and plan the next reading."""
        self._simulation.leave()
        del self._due[job.mapping, job.background]
        mapping, found = self._mapping(job), False
        if mapping is None:
            self._readers.pop(job.mapping, None)
            return
        try:
            found = mapping.enabled and self._reader(mapping).read(mapping)
        finally:
            self._plan(mapping, at_once=found)

    def _mapping(self, job: Poll) -> EventSourceMapping | None:
        return lambda_backend(job.ref.account, job.ref.region).get_event_source_mapping(job.mapping)

    def _reader(self, mapping: EventSourceMapping) -> QueueReader | StreamReader:
        reader = self._readers.get(mapping.uuid)
        if reader is None:
            of_queue = source_of(mapping).service == "sqs"
            reader = QueueReader(self._simulation) if of_queue else StreamReader(self._simulation, self._plan)
            self._readers[mapping.uuid] = reader
        return reader

    def _plan(self, mapping: EventSourceMapping, *, at_once: bool = True) -> None:
        """Queue the next reading, in the background and not; an earlier reading replaces a later one."""
        if not mapping.enabled:
            return
        plans = self._reader(mapping).plan(mapping, at_once=at_once)
        for background in (False, True):
            soonest = min((p for p in plans if p.background is background), key=_at, default=None)
            key = mapping.uuid, background
            due = self._due.get(key)
            if soonest is None or (due is not None and due[0] <= soonest.at):
                continue
            if due is not None:
                due[1].cancel()
            job = Poll(self, mapping.uuid, ref_of(mapping), soonest.attempt, background)
            handle = self._simulation.schedule(soonest.at, job, background=background)
            self._due[key] = soonest.at, handle


def _at(reading: Reading) -> int:
    return reading.at


def mappings_of(account: str, region: str, source_arn: str) -> Iterable[EventSourceMapping]:
    """The mappings that read a source, in any account, and those that read it as a stream's consumer."""
    backends = [existing_lambda_backend(account, region)]
    for other, regions in [*lambda_backends.items()]:
        if other != account:
            backends.append(regions.get(region))
    mappings: list[EventSourceMapping] = []
    for backend in backends:
        if backend is not None:
            mappings += backend._event_source_mappings.values()  # noqa: SLF001
    if not mappings:  # asked for each message
        return mappings
    of_consumers = source_arn + CONSUMER
    return [
        mapping
        for mapping in mappings
        if mapping.event_source_arn == source_arn or str(mapping.event_source_arn).startswith(of_consumers)
    ]


def known() -> list[tuple[Arn, FunctionRef]]:
    """Every event source mapping of every account and region: what it reads, and the function."""
    return [
        (source_of(mapping), ref_of(mapping))
        for regions in [*lambda_backends.values()]
        for backend in [*regions.values()]
        for mapping in [*backend._event_source_mappings.values()]  # noqa: SLF001
        if not isinstance(mapping, KeptMapping)
    ]


def _check_duplicate(backend: LambdaBackend, spec: dict[str, Any]) -> None:
    """Refuse a second mapping of the same version or alias; two aliases of a function may have one each."""
    name, arn = str(spec.get("FunctionName", "")), spec["EventSourceArn"]
    asked = parse_function_name(name)
    for mapping in mappings_of(backend.account_id, backend.region_name, arn):
        ref = ref_of(mapping)
        if mapping.event_source_arn != arn or ref.account != backend.account_id:
            continue
        if asked is not None and (ref.name, ref.qualifier) == (asked.name, asked.qualifier):
            sqs = source_of(mapping).service == "sqs"
            text = _SECOND_MAPPING_OF_QUEUE if sqs else _SECOND_MAPPING_OF_STREAM
            conflict = "ResourceConflictException"
            error = LambdaClientError(conflict, text.format(arn=arn, name=name, uuid=mapping.uuid))
            error.code = 409
            raise error


def _create_event_source_mapping(create: Callable[..., Any]) -> Callable[..., Any]:
    """Check a mapping as AWS does, and have it read what is there already."""

    def created(self: LambdaBackend, spec: dict[str, Any]) -> EventSourceMapping:
        simulation = active[-1]
        simulation.functions.registered.create(self.account_id, self.region_name)
        check(self, spec)
        if is_other(parse_arn(spec.get("EventSourceArn") or ""), spec):
            return _keep(self, spec)
        _check_duplicate(self, spec)
        _check_qualified(self, spec, simulation)
        mapping = _made(self, _without_empty_filters(spec), create)
        simulation.part(Mappings).created(mapping)
        return mapping

    return created


def _made(
    backend: LambdaBackend, spec: dict[str, Any], create: Callable[..., EventSourceMapping]
) -> EventSourceMapping:
    """moto finds the sources of the function's own account, and no consumer of a stream."""
    source = parse_arn(spec.get("EventSourceArn") or "")
    if source is None or source.region != backend.region_name:
        return create(backend, spec)
    if source.account == backend.account_id and CONSUMER not in source.resource:
        return create(backend, spec)
    mapping = EventSourceMapping(_settings(backend, spec))  # type: ignore[abstract] # as moto does
    backend._event_source_mappings[mapping.uuid] = mapping  # noqa: SLF001
    return mapping


def _settings(backend: LambdaBackend, spec: dict[str, Any]) -> dict[str, Any]:
    """What moto's mappings are made of."""
    function = backend.get_function(spec["FunctionName"])
    where = {"RegionName": backend.region_name, "AccountId": backend.account_id}
    return {**spec, **where, "FunctionArn": function.function_arn}


def _keep(backend: LambdaBackend, spec: dict[str, Any]) -> EventSourceMapping:
    """Keep a mapping that nothing reads for."""
    warn(spec)
    known = backend._event_source_mappings  # noqa: SLF001
    settings = _settings(backend, _without_empty_filters(spec))
    mapping = KeptMapping(settings)  # type: ignore[abstract] # as moto does with its own
    known[mapping.uuid] = mapping
    return mapping


def _check_qualified(backend: LambdaBackend, spec: dict[str, Any], simulation: Simulation) -> None:
    """Refuse a mapping that could never invoke its function.

    A durable one is invoked by a version, and one with tenants for one of them.
    """
    named = parse_function_name(spec["FunctionName"])
    assert named is not None  # it was checked
    partition = partition_of(backend.region_name)
    ref = FunctionRef(
        partition, named.account or backend.account_id, backend.region_name, named.name, named.qualifier
    )
    function = simulation.functions.find(ref)
    if function is not None and function.per_tenant:
        raise InvalidParameterValueException(NOT_FOR_TENANTS.format("Event source mappings"))
    if function is not None and function.durable is not None and ref.qualifier is None:
        raise InvalidParameterValueException(UNQUALIFIED)


def _update_event_source_mapping(update: Callable[..., Any]) -> Callable[..., Any]:
    """Check a mapping as AWS does; it keeps the alias that moto forgets."""

    def updated(self: LambdaBackend, uuid: str, spec: dict[str, Any]) -> EventSourceMapping:
        simulation, before = active[-1], self.get_event_source_mapping(uuid)
        if before is None:
            raise _no_such_mapping()
        simulation.functions.registered.create(self.account_id, self.region_name)
        check(self, spec, before)
        documents = spec.get("DocumentDBEventSourceConfig")
        if documents is not None:
            spec = {**spec, "DocumentDBEventSourceConfig": {**(before.document_db_config or {}), **documents}}
        mapping: EventSourceMapping = update(self, uuid, _without_empty_filters(spec))
        mapping.function_name = spec.get("FunctionName") or mapping.function_name
        mapping.max_record_age = spec.get("MaximumRecordAgeInSeconds", mapping.max_record_age)
        if not isinstance(mapping, KeptMapping):
            simulation.part(Mappings).updated(mapping)
        return mapping

    return updated


def _delete_event_source_mapping(delete: Callable[..., Any]) -> Callable[..., Any]:
    """AWS's error for a mapping that isn't there; moto answers 404 without a word."""

    def deleted(self: LambdaBackend, uuid: str) -> EventSourceMapping:
        mapping: EventSourceMapping | None = delete(self, uuid)
        if mapping is None:
            raise _no_such_mapping()
        return mapping

    return deleted


def _no_such_mapping() -> LambdaClientError:
    error = LambdaClientError("ResourceNotFoundException", "The resource you requested does not exist.")
    error.code = 404
    return error


def _without_empty_filters(spec: dict[str, Any]) -> dict[str, Any]:
    """FilterCriteria without filters clear those that there were."""
    criteria = spec.get("FilterCriteria")
    return {**spec, "FilterCriteria": None} if criteria is not None and not criteria.get("Filters") else spec


PATCHES = (
    Patch(LambdaBackend, "create_event_source_mapping", _create_event_source_mapping),
    Patch(LambdaBackend, "update_event_source_mapping", _update_event_source_mapping),
    Patch(LambdaBackend, "delete_event_source_mapping", _delete_event_source_mapping),
)
