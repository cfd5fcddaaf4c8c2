"""The simulation as a graph: functions, what invokes them, and each way a record may go, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from destmock._aws.arn import LATEST, parse_arn, parse_function_arn
from destmock._services.front_doors.door_names import leads
from destmock._services.mapping import source_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from destmock._observed.entries import Entry
    from destmock._observed.facts import Delivery
    from destmock._observed.ledger import Ledger
    from destmock._pictures.topology import Known, Topology

NodeKind = Literal["source", "lambda", "sqs", "sns", "events", "s3", "other"]
#: How an edge came about: a service or program invokes, a record goes to a destination, an event to a queue.
Way = Literal["source", "OnSuccess", "OnFailure", "dead-letter"]
KINDS: dict[str, str] = {
    "source": "Source",
    "lambda": "Function",
    "sqs": "SQS queue",
    "sns": "SNS topic",
    "events": "Event bus",
    "s3": "S3 bucket",
    "other": "Resource",
}
WAYS: dict[str, str] = {"OnSuccess": "On success", "OnFailure": "On failure", "dead-letter": "Dead letter"}
#: How sources begin that are another function's way to a destination, which has an edge already.
_ROUTED = ("OnSuccess of ", "OnFailure of ", "dead-letter queue of ")
_SERVICES = {"sqs": "sqs", "sns": "sns", "s3": "s3", "events": "events", "lambda": "lambda"}


@dataclass(frozen=True, slots=True)
class Node:
    """A node. `key` is an ARN, or the words for a source without one; `where` tells namesakes apart."""

    key: str
    kind: NodeKind
    name: str
    where: str = ""
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """One way, with how often it was taken by condition, and how often what was sent didn't arrive."""

    start: str
    end: str
    way: Way
    qualifier: str | None
    conditions: tuple[tuple[str, int], ...] = ()
    failed: int = 0

    @property
    def taken(self) -> int:
        return sum(number for _, number in self.conditions)

    @property
    def label(self) -> str:
        """The words at the edge: the qualifier, each condition with its count, and how many failed."""
        if self.way == "source":
            words = str(self.taken) if parse_function_arn(self.end) else ""  # what else gets isn't counted
        elif self.way == "OnFailure" and self.conditions:
            words = ", ".join(f"{condition} {number}" for condition, number in self.conditions)
        else:
            words = f"{WAYS[self.way]} {self.taken}"
        named = words if self.qualifier is None else f"{self.qualifier}: {words}"
        return f"{named} ({self.failed} FAILED)" if self.failed else named


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges in an order that does not depend on what happened first."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph(topology: Topology, ledger: Ledger, sources: Iterable[tuple[str, str]] = ()) -> Graph:
    """The graph of the ways that are set up, and of those that were taken but aren't set up (any more).

    `sources` are who would send events, and the ARN of where: drawn if they have sent none yet.
    """
    drawn = _Drawn()
    for known in topology.functions:
        drawn.known(known)
    read = {}
    for source, ref in topology.mappings:
        drawn.edge(str(source), ref.unqualified_arn, "source", _told(ref.qualifier))
        read[source_text(source), ref.unqualified_arn] = str(source)
    for delivery in ledger.deliveries:
        drawn.delivered(delivery)
    for item in ledger.story:
        if item.invoked and not item.source.startswith(_ROUTED):
            drawn.invoked(item, read)
    for sender, arn in sources:
        drawn.standing(sender, arn)
    for drop in ledger.drops:
        drawn.dropped[_split(drop.invocation.function_arn)[0]] += 1
    return drawn.graph()


#: Start, end, way and qualifier of an edge.
_Key: TypeAlias = "tuple[str, str, Way, str | None]"


class _Drawn:
    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self._keys: set[str] = set()
        self._taken: dict[_Key, Counter[str]] = {}
        self._failed: Counter[_Key] = Counter()

    def node(self, key: str) -> str:
        short, _ = _split(key)
        self._keys.add(short)
        return short

    def known(self, function: Known) -> None:
        """A function, and where its configurations have its records go."""
        arn = self.node(function.ref.unqualified_arn)
        if function.dead_letter:
            self.edge(arn, function.dead_letter, "dead-letter", None)
        for config in function.configs:
            qualifier = _told(config.ref.qualifier)
            if config.on_success:
                self.edge(arn, config.on_success, "OnSuccess", qualifier)
            if config.on_failure:
                self.edge(arn, config.on_failure, "OnFailure", qualifier)

    def edge(self, start: str, end: str, way: Way, qualifier: str | None) -> _Key:
        key = self.node(start), self.node(end), way, qualifier
        self._taken.setdefault(key, Counter())
        return key

    def delivered(self, delivery: Delivery) -> None:
        invocation = delivery.invocation
        succeeded = invocation.condition == "Success"
        way: Way = "dead-letter" if delivery.dead_letter else "OnSuccess" if succeeded else "OnFailure"
        qualifier = None if delivery.dead_letter else _split(invocation.function_arn)[1]
        nobody = invocation.condition is None and delivery.dead_letter  # a service's: no function had it
        start = invocation.source if nobody else invocation.function_arn
        key = self.edge(start, delivery.destination, way, None if nobody else qualifier)
        self._taken[key][_condition(delivery)] += 1
        if delivery.error is not None:
            self._failed[key] += 1

    def invoked(self, item: Entry, read: dict[tuple[str, str], str]) -> None:
        function, qualifier = _split(item.function_arn)
        source = read.get((item.source, function), item.source)
        key = self.edge(source, function, "source", qualifier)
        self._taken[key][""] += 1

    def standing(self, source: str, arn: str) -> None:
        target, qualifier = _split(arn)
        came = (
            start
            for (start, end, way, _), taken in self._taken.items()
            if way == "source" and end == target and taken
        )
        if not any(leads(source, start) for start in came):
            self.edge(source, target, "source", qualifier)

    def graph(self) -> Graph:
        nodes = [self._node(key) for key in sorted(self._keys)]
        namesakes = Counter((node.kind, node.name) for node in nodes)
        told = [node if namesakes[node.kind, node.name] > 1 else replace(node, where="") for node in nodes]
        edges = [
            Edge(*key, tuple(sorted(taken.items())), self._failed[key])
            for key, taken in sorted(self._taken.items(), key=lambda item: _order(item[0]))
        ]
        return Graph(tuple(told), tuple(edges))

    def _node(self, key: str) -> Node:
        arn = parse_arn(key)
        if arn is None:
            return Node(key, "source", key)
        kind = _SERVICES.get(arn.service, "other")
        where = ", ".join(part for part in (arn.region, arn.account) if part)
        return Node(key, kind, name_of(key), where, self.dropped[key])  # type: ignore[arg-type]


def _condition(delivery: Delivery) -> str:
    """The condition, of a mapping's batch the one that its record tells."""
    condition: str | None = delivery.invocation.condition
    if condition is None and delivery.record is not None:
        condition = delivery.record["requestContext"]["condition"]
    return condition or ""


def name_of(arn: str) -> str:
    """A resource as people call it."""
    parsed = parse_arn(arn)
    if parsed is None:
        return arn
    if parsed.service == "lambda":
        ref = parse_function_arn(arn)
        return parsed.resource if ref is None else ref.name
    for prefix in ("event-bus/", "stream/", "table/"):
        if parsed.resource.startswith(prefix):
            return parsed.resource.removeprefix(prefix).partition("/")[0]
    return parsed.resource


def kind_of(arn: str) -> str:
    parsed = parse_arn(arn)
    return KINDS["other"] if parsed is None else KINDS[_SERVICES.get(parsed.service, "other")]


def _order(key: _Key) -> tuple[str, str, str, str]:
    start, end, way, qualifier = key
    return start, end, way, qualifier or ""


@lru_cache(maxsize=1024)
def _split(arn: str) -> tuple[str, str | None]:
    """The ARN without a qualifier, and the qualifier if it says something."""
    ref = parse_function_arn(arn)
    return (arn, None) if ref is None else (ref.unqualified_arn, _told(ref.qualifier))


def unqualified(arn: str) -> str:
    """The ARN of a function without a qualifier; any other as it is."""
    return _split(arn)[0]


def _told(qualifier: str | None) -> str | None:
    return None if qualifier in (None, LATEST) else qualifier


def outgoing(found: Graph, arn: str) -> Iterator[Edge]:
    """Where the records and dead letters of a function go."""
    return (edge for edge in found.edges if edge.start == arn and edge.way != "source")


def incoming(found: Graph, arn: str) -> Iterator[Edge]:
    """What invokes a function."""
    return (edge for edge in found.edges if edge.end == arn)
