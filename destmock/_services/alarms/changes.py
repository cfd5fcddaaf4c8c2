"""An alarm's change of state runs its actions: functions are invoked asynchronously, and topics notified.

A change is what `set_alarm_state` brings. No metric is looked at, so an alarm changes by nothing else. Rules
of the default bus hear of each change, whether or not the alarm's actions are enabled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destmock._aws.arn import parse_arn
from destmock._aws.json_text import to_bytes
from destmock._engine.active import active
from destmock._engine.delivery import Message, UndeliverableError
from destmock._services.alarms import messages
from destmock._services.eventbridge import status_changes
from destmock._services.warned import Warned

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.cloudwatch.models import Alarm

    from destmock._aws.arn import Arn
    from destmock._engine.simulation import Simulation
    from destmock._services.alarms.messages import State

_NOT_RUN = (
    "destmock keeps the action {} of the alarm {}, but does not run it: an alarm invokes functions and "
    "notifies topics"
)
#: The state of an alarm that nobody has changed, and moto's reason for it.
_FIRST_STATE, _FIRST_REASON = "INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"
#: Where moto keeps an alarm's state.
_OF_STATE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history")


def followed(response: Any, action: str, call: Callable[[Any], Any]) -> Any:
    """Answer a request to CloudWatch, and follow its alarm through it."""
    follow = _FOLLOWED.get(action)
    return call(response) if follow is None else follow(response, call)


def _set_alarm_state(response: Any, call: Callable[[Any], Any]) -> Any:
    """Nothing happens where the state is the same as before."""
    alarm = _alarm(response)
    before = None if alarm is None else _state_of(alarm)
    answer = call(response)
    if alarm is not None and before is not None and before.value != alarm.state_value:
        _changed(alarm, before, active[-1])
    return answer


def _put_metric_alarm(response: Any, call: Callable[[Any], Any]) -> Any:
    """An alarm that is changed stays in its state; moto's are OK again."""
    before = _alarm(response)
    answer = call(response)
    alarm = _alarm(response)
    if before is not None and alarm is not None:
        for name in _OF_STATE:
            setattr(alarm, name, getattr(before, name))
    return answer


def _alarm(response: Any) -> Alarm | None:
    """The alarm that a request is about."""
    found: Alarm | None = response.cloudwatch_backend.alarms.get(response._get_param("AlarmName"))  # noqa: SLF001
    return found


def _state_of(alarm: Alarm) -> State:
    """The state, which has no data at first; moto shows it as OK."""
    state = messages.state_of(alarm)
    return state._replace(value=_FIRST_STATE) if state.reason == _FIRST_REASON else state


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


#: What follows the alarms, by the action of a request.
_FOLLOWED = {"SetAlarmState": _set_alarm_state, "PutMetricAlarm": _put_metric_alarm}
