"""AWS IoT: what is published to a topic invokes the functions of the rules that select all of it.

That is `SELECT * FROM 'a topic filter'`. There is a warning for a rule that a message has matched and that
selects less, or asks for more. The function gets the message as it is, asynchronously. Actions that are not
of Lambda do nothing, as in moto, and neither does a rule's error action.
https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-from.html,
https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html and
https://docs.aws.amazon.com/iot/latest/developerguide/binary-payloads.html.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from moto.iotdata.models import IoTDataPlaneBackend

from destmock._aws.arn import parse_function_arn
from destmock._aws.topic_filter import matches
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.warned import Warned

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.iot.models import FakeRule

_FROM = re.compile(r"\bFROM\s+(['\"])(?P<filter>.*?)\1", re.IGNORECASE)
_ALL = re.compile(rf"\s*SELECT\s+\*\s+{_FROM.pattern}\s*;?\s*", re.IGNORECASE)
#: A message to a topic below it goes to one rule, whatever that selects from.
_BASIC_INGEST = "$aws/rules/"
_NOT_RUN = (
    "destmock keeps the IoT rule {}, but does not run its SQL, {!r}, and so it invokes no function: "
    "only SELECT * FROM 'a topic filter' is run"
)


def _publish(publish: Callable[..., None]) -> Callable[..., None]:
    def wrapper(self: IoTDataPlaneBackend, topic: str, payload: bytes) -> None:
        publish(self, topic, payload)
        for rule in list(self.iot_backend.rules.values()):
            arns = [action["lambda"]["functionArn"] for action in rule.actions if "lambda" in action]
            if not arns or rule.rule_disabled or not _wants(rule, topic):
                continue
            if _ALL.fullmatch(rule.sql) is None:
                active[-1].part(Warned).once(_NOT_RUN.format(rule.rule_name, rule.sql))
                continue
            for arn in arns:
                _invoke(rule, arn, payload)

    return wrapper


def _wants(rule: FakeRule, topic: str) -> bool:
    if topic.startswith(_BASIC_INGEST):
        return topic.removeprefix(_BASIC_INGEST).split("/")[0] == rule.rule_name
    found = _FROM.search(rule.sql)
    return found is not None and matches(found["filter"], topic)


def _invoke(rule: FakeRule, arn: str, payload: bytes) -> None:
    """A function takes JSON only: a rule's action fails with anything else. Nothing at all is an object."""
    simulation, ref = active[-1], parse_function_arn(arn)
    source = f"IoT rule {rule.rule_name}"
    try:
        json.loads(payload or b"{}")
    except ValueError:
        simulation.miss(arn, source, "takes JSON only")
        return
    if ref is None:
        simulation.miss(arn, source)
        return
    simulation.notify(ref, payload or b"{}", source=source, trace=None)


PATCHES = (Patch(IoTDataPlaneBackend, "publish", _publish),)
