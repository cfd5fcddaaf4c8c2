"""An alarm's change of state runs its actions: functions are invoked asynchronously, and topics notified.

A change is what `set_alarm_state` brings. No metric is looked at, so an alarm changes by nothing else. Rules
of the default bus hear of each change, whether or not the alarm's actions are enabled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from destmock._aws.arn import parse_arn
from destmock._aws.json_text import to_bytes
from destmock._engine.active import active
from destmock._engine.delivery import Message, UndeliverableError
from destmock._isolation.patching import Patch
from destmock._services.alarms import messages
from destmock._services.eventbridge import status_changes
from destmock._services.warned import Warned

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import Arn
    from destmock._engine.simulation import Simulation
    from destmock._services.alarms.messages import State

_NOT_RUN = (
    "destmock keeps the action {} of the alarm {}, but does not run it: an alarm invokes functions and "
    "notifies topics"
)
_FIRST_STATE = "INSUFFICIENT_DATA"


def _set_alarm_state(set_state: Callable[..., None]) -> Callable[..., None]:
    """Nothing happens where the state is the same as before."""

    def changed(
        self: CloudWatchBackend, alarm_name: str, reason: str, reason_data: str, state_value: str
    ) -> None:
        alarm = self.alarms.get(alarm_name)
        before = None if alarm is None else messages.state_of(alarm)
        set_state(self, alarm_name, reason, reason_data, state_value)
        if alarm is not None and before is not None and before.value != state_value:
            _changed(alarm, before, active[-1])

    return changed


def _changed(alarm: Alarm, before: State, simulation: Simulation) -> None:
    arn = parse_arn(alarm.alarm_arn)
    assert arn is not None  # moto makes it
    actions = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    if alarm.actions_enabled:
        for action in actions[alarm.state_value]:
            _run(action, alarm, arn, before, simulation)
    status_changes.tell(
        simulation,
        arn,
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        str(arn),
        messages.detail(alarm, before),
    )


def _run(action: str, alarm: Alarm, arn: Arn, before: State, simulation: Simulation) -> None:
    """Run one action; the others don't hear of its failure."""
    to, subject, source = parse_arn(action), None, f"CloudWatch alarm {alarm.name}"
    if to is not None and to.service == "lambda":
        body = messages.event(alarm, arn, before)
    elif to is not None and to.service == "sns":
        body, subject = messages.notification(alarm, arn, before), messages.subject(alarm, arn)
    else:
        simulation.part(Warned).once(_NOT_RUN.format(action, alarm.name))
        return
    target, unique = simulation.target_of(action), simulation.ids.uuid()
    assert target is not None  # functions and topics are among them
    message = Message(
        to_bytes(body), None, None, simulation.now, unique_id=unique, source=source, subject=subject
    )
    try:
        taken, why = target.prepare(message)(), ""
    except UndeliverableError as error:
        taken, why = False, str(error)
    if not taken:
        simulation.miss(action, source, why)


def _put_metric_alarm(put_alarm: Callable[..., Alarm]) -> Callable[..., Alarm]:
    """A new alarm has no data yet; one that is changed stays in its state. moto's are OK both times."""

    def put(self: CloudWatchBackend, name: str, *args: Any, **kwargs: Any) -> Alarm:
        before = self.alarms.get(name)
        alarm = put_alarm(self, name, *args, **kwargs)
        if before is None:
            alarm.state_value = _FIRST_STATE
        else:
            alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
            alarm.state_reason_data = before.state_reason_data
            alarm.state_updated_timestamp = before.state_updated_timestamp
            alarm.history = before.history
        return alarm

    return put


PATCHES = (
    Patch(CloudWatchBackend, "set_alarm_state", _set_alarm_state),
    Patch(CloudWatchBackend, "put_metric_alarm", _put_metric_alarm),
)
