"""What a schedule sends to its target (P5, R38), and to its dead-letter queue (R40).

Lambda, SQS, SNS and EventBridge are sent to as each of them writes it. Kinesis, Firehose and Step Functions
are called through boto3, and so is every operation that a universal target names.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from destmock._aws.arn import parse_arn, parse_function_arn
from destmock._aws.times import to_datetime
from destmock._engine.delivery import ROLE_ID, UndeliverableError
from destmock._engine.invoke_options import refusal_of
from destmock._engine.unanswered import Unsent, tell
from destmock._services.clients import Clients, in_account
from destmock._services.eventbridge import rules
from destmock._services.warned import Warned

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import Arn
    from destmock._engine.simulation import Simulation

#: The codes of errors that AWS's services answer.
_INVALID, _MISSING = "ValidationException", "ResourceNotFoundException"
_REFUSED, _MALFORMED = "InvalidParameterValue", "MalformedDetail"
_NO_QUEUE, _NO_TOPIC = "AWS.SimpleQueueService.NonExistentQueue", "NotFound"
_NOT_THERE = {_MISSING, _NO_QUEUE, _NO_TOPIC}
_UNIVERSAL = "aws-sdk:"
#: Services whose name in the ARN of a universal target isn't boto3's.
_SERVICES = {
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sfn": "stepfunctions",
}


class NotInvokedError(Exception):
    """The target did not take what the schedule sent."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a schedule is due, with what the schedule was when that was planned.

    `scheduled` is the instant that the expression names, in milliseconds; a flexible window and retries come
    after it. `attempt` counts from 1.
    """

    arn: Arn
    name: str
    target: dict[str, Any]
    scheduled: int
    execution_id: str
    attempt: int = 1

    @property
    def scheduled_time(self) -> str:
        return f"{to_datetime(self.scheduled):%Y-%m-%dT%H:%M:%SZ}"

    def again(self) -> Occurrence:
        """The same, at the next attempt."""
        return replace(self, attempt=self.attempt + 1)

    def input(self, event_id: Callable[[], str]) -> str:
        """What the target gets: its Input with the context attributes filled in, or a Scheduled Event."""
        given = self.target.get("Input")
        if given is None:
            return json.dumps(self._event(event_id()), separators=(",", ":"))
        context = {
            "schedule-arn": str(self.arn),
            "scheduled-time": self.scheduled_time,
            "execution-id": self.execution_id,
            "attempt-number": str(self.attempt),
        }
        return re.sub(r"<aws\.scheduler\.([a-z-]+)>", lambda match: context.get(match[1], match[0]), given)

    def _event(self, event_id: str) -> dict[str, Any]:
        """The detail is a string, unlike a rule's (R38)."""
        return {
            "version": "0",
            "id": event_id,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": self.arn.account,
            "time": self.scheduled_time,
            "region": self.arn.region,
            "resources": [str(self.arn)],
            "detail": "{}",
        }


class Sender:
    """Sends to the targets of one simulation's schedules."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._clients = Clients()

    def send(self, occurrence: Occurrence) -> None:
        """Invoke the target; raises `NotInvokedError` if that fails."""
        target = occurrence.target
        arn = parse_arn(target["Arn"])
        text = occurrence.input(self._simulation.ids.uuid)
        if arn is None:
            raise NotInvokedError(_INVALID, f"{target['Arn']} is no ARN")
        if arn.service == "lambda":
            self._invoke(occurrence, text)
        elif arn.service in ("sqs", "sns"):
            self._pass(occurrence, arn, text)
        elif arn.service == "events":
            self._put(occurrence, arn, text)
        else:
            self._call(occurrence, arn, text)

    def _invoke(self, occurrence: Occurrence, text: str) -> None:
        """Asynchronously: what the function makes of it is no matter of the schedule's."""
        target, simulation = occurrence.target["Arn"], self._simulation
        ref = parse_function_arn(target)
        if ref is None or not simulation.takes(ref):
            refused = refusal_of(None if ref is None else simulation.functions.find(ref), target)
            raise NotInvokedError(refused.code, str(refused))
        simulation.accept(ref, text.encode(), source=_source(occurrence))

    def _pass(self, occurrence: Occurrence, arn: Arn, text: str) -> None:
        found = self._simulation.target_of(str(arn))
        assert found is not None  # SQS and SNS have targets
        message = self._simulation.carrier()._replace(
            body=text.encode(),
            source=_source(occurrence),
            sender_id=f"{ROLE_ID}:{occurrence.execution_id}",
            group=(occurrence.target.get("SqsParameters") or {}).get("MessageGroupId") or "",
        )
        try:
            taken = found.prepare(message)()
        except UndeliverableError as error:
            raise NotInvokedError(_REFUSED, str(error)) from error
        if not taken:
            code = _NO_QUEUE if arn.service == "sqs" else _NO_TOPIC
            raise NotInvokedError(code, f"The target {arn} does not exist.")

    def _put(self, occurrence: Occurrence, arn: Arn, text: str) -> None:
        parameters = occurrence.target.get("EventBridgeParameters") or {}
        carrier = self._simulation.carrier()
        event = rules.event(
            carrier,
            account=occurrence.arn.account,
            region=occurrence.arn.region,
            source=parameters.get("Source", "aws.scheduler"),
            detail_type=parameters.get("DetailType", "Scheduled Event"),
        )
        event["resources"] = [str(occurrence.arn)]
        try:
            event["detail"] = json.loads(text)
            if not isinstance(event["detail"], dict):
                raise ValueError  # noqa: TRY301, TRY004 - the same as no JSON
        except ValueError:
            raise NotInvokedError(_MALFORMED, "Detail is malformed.") from None
        try:
            rules.put(arn, event, carrier, self._simulation)
        except UndeliverableError as error:
            raise NotInvokedError(_MISSING, str(error)) from error

    def _call(self, occurrence: Occurrence, arn: Arn, text: str) -> None:
        called = _called(occurrence, arn, text)
        operation = None if called is None else self._operation(called[0], called[1], occurrence.arn.region)
        if called is None or operation is None:
            message = f"destmock can't send what a schedule has for {arn}"
            text = f"{message}; the schedule is {occurrence.arn}"
            self._simulation.part(Warned).once(text, about=message)
            raise NotInvokedError(_INVALID, message)
        try:
            with in_account(occurrence.arn.account):
                operation(**called[2])
        except ClientError as error:
            answer = error.response["Error"]
            raise NotInvokedError(answer["Code"], answer["Message"]) from error
        except (BotoCoreError, TypeError) as error:  # what the operation doesn't take
            raise NotInvokedError(_INVALID, str(error)) from error

    def _operation(self, service: str, operation: str, region: str) -> Callable[..., object] | None:
        """The method of boto3's client, by AWS's name of the operation; `None` if there is none."""
        name = _SERVICES.get(service.lower(), service.lower())
        known = {each.replace("-", ""): each for each in boto3.Session().get_available_services()}
        if name not in known:
            return None
        client = self._clients.of(known[name], region)
        methods = {named.lower(): method for method, named in client.meta.method_to_api_mapping.items()}
        method = methods.get(operation.lower())
        return None if method is None else getattr(client, method)

    def note(self, occurrence: Occurrence, error: NotInvokedError) -> None:
        """Have the timeline tell that the target did not take what was sent, and that it is tried again."""
        self._simulation.miss(occurrence.target["Arn"], _source(occurrence), _why(error))

    def to_dead_letter_queue(self, occurrence: Occurrence, error: NotInvokedError, exhausted: str) -> None:
        """Tell the target's dead-letter queue, if it has one, what was not sent, and why (R40)."""
        told = {
            "CONTAINS_INVALID_PAYLOAD": "false",
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": str(error),
            "EXECUTION_ID": occurrence.execution_id,
            "EXHAUSTED_RETRY_CONDITION": exhausted,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(occurrence.attempt - 1),
            "SCHEDULED_TIME": occurrence.scheduled_time,
            "SCHEDULE_ARN": str(occurrence.arn),
            "TARGET_ARN": occurrence.target["Arn"],
        }
        message = self._simulation.carrier()._replace(
            body=occurrence.input(self._simulation.ids.uuid).encode(),
            source=_source(occurrence),
            sender_id=f"{ROLE_ID}:{occurrence.execution_id}",
            attributes={name: ("String", value) for name, value in told.items()},
        )
        queue = (occurrence.target.get("DeadLetterConfig") or {}).get("Arn")
        lost = Unsent(occurrence.target["Arn"], message.source, message.body, _why(error))
        tell(self._simulation, lost, queue, message)


def _why(error: NotInvokedError) -> str:
    return "does not exist" if error.code in _NOT_THERE else f"answers {error.code}: {error}"


def _source(occurrence: Occurrence) -> str:
    return f"schedule {occurrence.name}"


def _called(occurrence: Occurrence, arn: Arn, text: str) -> tuple[str, str, dict[str, Any]] | None:
    """The service, operation and parameters that a target stands for; `None` for one not known here."""
    if arn.service == "scheduler" and arn.resource.startswith(_UNIVERSAL):
        service, _, operation = arn.resource.removeprefix(_UNIVERSAL).partition(":")
        try:
            parameters = json.loads(text) if occurrence.target.get("Input") is not None else {}
        except ValueError:
            parameters = None
        if not isinstance(parameters, dict):
            raise NotInvokedError(_INVALID, "The Input is no JSON object.")
        return service, operation, parameters
    if arn.service == "kinesis":
        key = (occurrence.target.get("KinesisParameters") or {}).get("PartitionKey")
        return "kinesis", "PutRecord", {"StreamARN": str(arn), "PartitionKey": key, "Data": text}
    if arn.service == "firehose":
        stream = arn.resource.partition("/")[2]
        return "firehose", "PutRecord", {"DeliveryStreamName": stream, "Record": {"Data": text}}
    if arn.service == "states":
        return "stepfunctions", "StartExecution", {"stateMachineArn": str(arn), "input": text}
    return None
