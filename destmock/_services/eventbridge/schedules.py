"""EventBridge: rules with a schedule run when they are due.

Nobody waits for a schedule: its runs come when time is advanced to them, or passes over them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule, events_backends

from destmock._aws import schedule_expressions
from destmock._aws.times import from_datetime, to_datetime
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.eventbridge import limits, rules
from destmock._services.schedule_runs import ScheduleRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._engine.simulation import Simulation
    from destmock._time.clock import Due
    from destmock._time.jobs import Job

_NOT_VALID = "Parameter ScheduleExpression is not valid."


class Schedules:
    """The schedules of one simulation's rules; moto keeps the rules themselves."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._due: dict[str, Due[Job]] = {}

    def changed(self, rule: Rule) -> None:
        """Plan the first run of a rule that was made, changed or enabled; none of one that was disabled."""
        self.deleted(rule)
        self._plan(rule, self._simulation.now)

    def deleted(self, rule: Rule) -> None:
        """Let the rule's schedule run no more."""
        due = self._due.pop(rule.arn, None)
        if due is not None:
            due.cancel()

    def run(self, rule: Rule, due: int) -> None:
        """Send the event to the rule's targets, and plan the next run."""
        simulation = self._simulation
        self._due.pop(rule.arn, None)
        bus = events_backends[rule.account_id][rule.region_name].event_buses.get(rule.event_bus_name)
        if bus is None or bus.rules.get(rule.name) is not rule:
            return
        carrier = simulation.carrier()
        event = rules.event(
            carrier,
            account=rule.account_id,
            region=rule.region_name,
            source="aws.events",
            detail_type="Scheduled Event",
        )
        event |= {
            "time": f"{to_datetime(due):%Y-%m-%dT%H:%M:%SZ}",
            "resources": [rule.arn],
            "detail": {},
        }
        self._plan(rule, due)
        with simulation.in_background():
            rules.occur(rule, bus, event, carrier, simulation)

    def _plan(self, rule: Rule, since: int) -> None:
        if rule.state == "DISABLED" or not rule.scheduled_expression:
            return
        moment = schedule_expressions.parse(rule.scheduled_expression).after(to_datetime(since))
        if moment is not None:
            at = from_datetime(moment)
            job = ScheduleRun(rule.name, rule.arn, 1, partial(self.run, rule, at))
            self._due[rule.arn] = self._simulation.schedule(at, job, background=True)


def _put_rule(put_rule: Callable[..., Rule]) -> Callable[..., Rule]:
    """Refuse a name or a schedule that AWS refuses, and plan the others."""

    def put(self: EventsBackend, name: str, **named: Any) -> Rule:
        limits.check_name(name)
        expression = named.get("scheduled_expression")
        if expression:
            try:
                schedule_expressions.parse(expression)
            except ValueError as error:
                if self._normalize_event_bus_arn(named.get("event_bus_arn")) == "default":
                    raise ValidationException(_NOT_VALID) from error
        rule = put_rule(self, name, **named)
        active[-1].part(Schedules).changed(rule)
        return rule

    return put


def _delete_rule(delete_rule: Callable[..., None]) -> Callable[..., None]:
    def delete(self: EventsBackend, name: str, event_bus_arn: str | None) -> None:
        bus = self.event_buses.get(self._normalize_event_bus_arn(event_bus_arn))
        rule = None if bus is None else bus.rules.get(name)
        delete_rule(self, name, event_bus_arn)
        if rule is not None:
            active[-1].part(Schedules).deleted(rule)

    return delete


def _switched(switch: Callable[[Rule], None]) -> Callable[[Rule], None]:
    """A rule that is enabled again begins a new interval."""

    def switched(self: Rule) -> None:
        before = self.state
        switch(self)
        if self.state != before:
            active[-1].part(Schedules).changed(self)

    return switched


PATCHES = (
    Patch(EventsBackend, "put_rule", _put_rule),
    Patch(EventsBackend, "delete_rule", _delete_rule),
    Patch(Rule, "enable", _switched),
    Patch(Rule, "disable", _switched),
)
