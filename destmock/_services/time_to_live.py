"""DynamoDB's TTL: an item is deleted at the instant that its attribute names, when time comes to it.

AWS deletes within a few days, in the background, and so nobody waits for it here: time has to be advanced to
the instant, or pass over it. An item that is past it when it is written, or when TTL is turned on, stays for
48 hours, as AWS may leave it: code has to cope with such items. AWS never deletes one that is more than five
years past, nor by an attribute that is no number.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table

from destmock._aws.times import from_datetime, to_milliseconds
from destmock._engine.active import active
from destmock._functions.backends import existing
from destmock._isolation.patching import Patch
from destmock._services.schedule_runs import ScheduleRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.dynamodb.models.dynamo_type import DynamoType, Item

    from destmock._engine.simulation import Simulation
    from destmock._time.clock import Due
    from destmock._time.jobs import Job

_OVERDUE = to_milliseconds(timedelta(hours=48))
_TOO_OLD = to_milliseconds(timedelta(days=5 * 365))
_END_OF_TIME = from_datetime(datetime.max.replace(tzinfo=timezone.utc))
_DELETED_BY = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}


class _Place(NamedTuple):
    """A table, which may be made anew."""

    account: str
    region: str
    name: str
    arn: str

    @property
    def table(self) -> Table | None:
        backend = existing(dynamodb_backends, self.account, self.region)
        return None if backend is None else backend.tables.get(self.name)


class _Expiry(NamedTuple):
    """When an item is to be deleted, unless it says something else by then."""

    at: int
    number: int
    hash_key: DynamoType
    range_key: DynamoType | None
    #: What its attribute says, in milliseconds.
    named: int


class _Expiries:
    """The items of one simulation's tables that will expire, soonest first."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._coming: dict[_Place, list[_Expiry]] = {}
        self._due: dict[_Place, tuple[int, Due[Job]]] = {}
        self._numbers = count()

    def changed(self, table: Table) -> None:
        """TTL was turned on or off, or goes by another attribute."""
        place = _place_of(table)
        self._coming.pop(place, None)
        self._plan(place)
        if _attribute(table) is not None:
            for item in table.all_items():
                self.written(table, item)

    def written(self, table: Table, item: Item) -> None:
        """Plan when an item is deleted, if it will be."""
        attribute, now = _attribute(table), self._simulation.now
        named = None if attribute is None else _instant(item, attribute)
        if named is None or not now - _TOO_OLD <= named <= _END_OF_TIME:
            return
        at, place = named if named > now else now + _OVERDUE, _place_of(table)
        expiry = _Expiry(at, next(self._numbers), item.hash_key, item.range_key, named)
        heapq.heappush(self._coming.setdefault(place, []), expiry)
        self._plan(place)

    def _plan(self, place: _Place) -> None:
        """Have the job run at the next expiry of a table, and at no other time."""
        coming, planned = self._coming.get(place), self._due.get(place)
        at = coming[0].at if coming else None
        if planned is not None:
            if planned[0] == at:
                return
            planned[1].cancel()
            del self._due[place]
        if at is not None:
            job = ScheduleRun(place.name, place.arn, 1, partial(self._run, place))
            self._due[place] = at, self._simulation.schedule(at, job, background=True)

    def _run(self, place: _Place) -> None:
        """Delete what has expired."""
        del self._due[place]
        coming, now = self._coming[place], self._simulation.now
        while coming and coming[0].at <= now:
            _delete(place.table, heapq.heappop(coming))
        self._plan(place)


def _delete(table: Table | None, expiry: _Expiry) -> None:
    """Delete the item, unless it has been written again, or TTL is off by now."""
    attribute = None if table is None else _attribute(table)
    if table is None or attribute is None:
        return
    item = table.get_item(expiry.hash_key, expiry.range_key)
    if item is None or _instant(item, attribute) != expiry.named:
        return
    table.delete_item(expiry.hash_key, expiry.range_key)
    if table.stream_shard is not None:
        table.stream_shard.items[-1].record["userIdentity"] = _DELETED_BY


def _place_of(table: Table) -> _Place:
    return _Place(table.account_id, table.region_name, table.name, table.table_arn)


def _attribute(table: Table) -> str | None:
    """The attribute that TTL goes by; `None` if it is off."""
    return table.ttl["AttributeName"] if table.ttl["TimeToLiveStatus"] == "ENABLED" else None


def _instant(item: Item, attribute: str) -> int | None:
    """What an item's attribute says, in milliseconds; `None` if it is no number of seconds."""
    value = item.attrs.get(attribute)
    return None if value is None or value.type != "N" else int(Decimal(str(value.value)) * 1000)


def _update_time_to_live(update: Callable[..., None]) -> Callable[..., None]:
    def updated(self: DynamoDBBackend, table_name: str, ttl_spec: dict[str, Any]) -> None:
        update(self, table_name, ttl_spec)
        active[-1].part(_Expiries).changed(self.get_table(table_name))

    return updated


def _put_item(put: Callable[..., Item]) -> Callable[..., Item]:
    def put_item(self: Table, *args: Any, **kwargs: Any) -> Item:
        item = put(self, *args, **kwargs)
        if _attribute(self) is not None:
            active[-1].part(_Expiries).written(self, item)
        return item

    return put_item


def _update_item(update: Callable[..., Item]) -> Callable[..., Item]:
    def update_item(self: DynamoDBBackend, table_name: str, *args: Any, **kwargs: Any) -> Item:
        item, table = update(self, table_name, *args, **kwargs), self.get_table(table_name)
        if _attribute(table) is not None:
            active[-1].part(_Expiries).written(table, item)
        return item

    return update_item


PATCHES = (
    Patch(DynamoDBBackend, "update_time_to_live", _update_time_to_live),
    Patch(DynamoDBBackend, "update_item", _update_item),
    Patch(Table, "put_item", _put_item),
)
