"""An application as boto3 reads it: functions, who invokes them, queues, and who reads them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from destmock._aws.arn import LATEST, parse_arn, parse_function_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Client = Callable[[str], Any]


Kind = Literal["rule", "schedule", "topic", "bucket", "log group"]
#: What the timeline calls a sender, where that is more than its kind.
_IN_FULL: Mapping[Kind, str] = {
    "rule": "EventBridge rule",
    "topic": "SNS topic",
    "bucket": "S3 bucket",
    "log group": "CloudWatch Logs group",
}


@dataclass(frozen=True, slots=True)
class Function:
    """One function; `destinations` are those of its configurations, by qualifier, and then by condition."""

    name: str
    timeout: int
    dead_letter: str | None
    destinations: Mapping[str, Mapping[str, str]]
    #: The statements of its policies, by qualifier.
    statements: Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    arn: str
    visibility: int
    retention: int
    #: The dead-letter queue, and after how many receives a message goes there.
    dead_letter: str | None
    max_receive_count: int
    statements: list[dict[str, Any]]

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")


@dataclass(frozen=True, slots=True)
class Sender:
    """Something that sends events to a target: a rule, a schedule, a topic, a bucket, a log group."""

    kind: Kind
    name: str
    #: The service, as a policy names it; `None` for what sends with a role.
    principal: str | None
    arn: str
    target: str
    dead_letter: str | None = None

    @property
    def what(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def source(self) -> str:
        """What the timeline calls it."""
        return f"{_IN_FULL.get(self.kind, self.kind)} {self.name}"


@dataclass(frozen=True, slots=True)
class Mapping_:  # noqa: N801 - `Mapping` is Python's
    source: str
    function: str
    batch_size: int
    window: int
    partial: bool
    on_failure: str | None


@dataclass(frozen=True, slots=True)
class Landscape:
    """All of it. Functions and queues are found by their ARNs, functions without a qualifier."""

    functions: dict[str, Function] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    senders: list[Sender] = field(default_factory=list)
    mappings: list[Mapping_] = field(default_factory=list)
    #: The names of the queues that an alarm looks at.
    watched: set[str] = field(default_factory=set)

    def function(self, arn: str) -> tuple[Function, str] | None:
        """The function behind an ARN, and the qualifier by which it is invoked."""
        ref = parse_function_arn(arn)
        found = None if ref is None else self.functions.get(ref.unqualified_arn)
        return None if ref is None or found is None else (found, ref.qualifier or LATEST)

    def readers(self, queue: str) -> list[Mapping_]:
        return [each for each in self.mappings if each.source == queue]


def landscape(client: Client) -> Landscape:
    """Read the application of one account and region; `client` makes boto3's clients by a service's name."""
    return Landscape(
        dict(_functions(client("lambda"))),
        dict(_queues(client("sqs"))),
        [
            *_rules(client("events")),
            *_schedules(client("scheduler")),
            *_topics(client("sns")),
            *_buckets(client("s3")),
            *_log_groups(client("logs")),
        ],
        list(_mappings(client("lambda"))),
        set(_watched(client("cloudwatch"))),
    )


def name_of(arn: str) -> str:
    """The last part of an ARN, without a function's qualifier."""
    ref = parse_function_arn(arn)
    if ref is not None:
        return ref.name
    parsed = parse_arn(arn)
    return arn if parsed is None else parsed.resource.split("/")[-1].split(":")[-1]


def _pages(client: Any, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page.get(key, [])


def _functions(client: Any) -> Iterator[tuple[str, Function]]:
    for each in _pages(client, "list_functions", "Functions"):
        name = each["FunctionName"]
        configs = client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
        destinations = {
            config["FunctionArn"].split(":")[-1]: {
                condition: to["Destination"]
                for condition, to in config.get("DestinationConfig", {}).items()
                if to.get("Destination")
            }
            for config in configs
        }
        aliases = [alias["Name"] for alias in client.list_aliases(FunctionName=name)["Aliases"]]
        statements = {qualifier: _policy_of(client, name, qualifier) for qualifier in (LATEST, *aliases)}
        dead_letter = each.get("DeadLetterConfig", {}).get("TargetArn") or None
        yield each["FunctionArn"], Function(name, each["Timeout"], dead_letter, destinations, statements)


def _policy_of(client: Any, name: str, qualifier: str) -> list[dict[str, Any]]:
    place = {} if qualifier == LATEST else {"Qualifier": qualifier}
    with contextlib.suppress(ClientError):
        return _statements(client.get_policy(FunctionName=name, **place)["Policy"])
    return []


def _queues(client: Any) -> Iterator[tuple[str, Queue]]:
    for url in _pages(client, "list_queues", "QueueUrls"):
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        redrive = json.loads(found.get("RedrivePolicy") or "{}")
        arn = found["QueueArn"]
        yield (
            arn,
            Queue(
                name_of(arn),
                arn,
                int(found["VisibilityTimeout"]),
                int(found["MessageRetentionPeriod"]),
                redrive.get("deadLetterTargetArn"),
                int(redrive.get("maxReceiveCount", 0)),
                _statements(found.get("Policy") or "{}"),
            ),
        )


def _statements(policy: str) -> list[dict[str, Any]]:
    found = json.loads(policy).get("Statement", [])
    return found if isinstance(found, list) else [found]


def _rules(client: Any) -> Iterator[Sender]:
    for bus in client.list_event_buses()["EventBuses"]:
        for rule in _pages(client, "list_rules", "Rules", EventBusName=bus["Name"]):
            listed = client.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus["Name"])["Targets"]
            for target in listed:
                yield Sender(
                    "rule",
                    rule["Name"],
                    "events.amazonaws.com",
                    rule["Arn"],
                    target["Arn"],
                    target.get("DeadLetterConfig", {}).get("Arn"),
                )


def _schedules(client: Any) -> Iterator[Sender]:
    for each in _pages(client, "list_schedules", "Schedules"):
        found = client.get_schedule(Name=each["Name"], GroupName=each["GroupName"])
        target = found["Target"]
        yield Sender(
            "schedule",
            each["Name"],
            None,
            found["Arn"],
            target["Arn"],
            target.get("DeadLetterConfig", {}).get("Arn"),
        )


def _topics(client: Any) -> Iterator[Sender]:
    for each in _pages(client, "list_subscriptions", "Subscriptions"):
        arn = each["SubscriptionArn"]
        if each["Protocol"] not in ("lambda", "sqs") or not arn.startswith("arn:"):
            continue
        found = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        redrive = json.loads(found.get("RedrivePolicy") or "{}")
        topic = each["TopicArn"]
        yield Sender(
            "topic",
            name_of(topic),
            "sns.amazonaws.com",
            topic,
            each["Endpoint"],
            redrive.get("deadLetterTargetArn"),
        )


def _buckets(client: Any) -> Iterator[Sender]:
    keys = {"LambdaFunctionArn": "LambdaFunctionConfigurations", "QueueArn": "QueueConfigurations"}
    for bucket in client.list_buckets()["Buckets"]:
        name = bucket["Name"]
        found = client.get_bucket_notification_configuration(Bucket=name)
        for key, listed in keys.items():
            for each in found.get(listed, []):
                yield Sender("bucket", name, "s3.amazonaws.com", f"arn:aws:s3:::{name}", each[key])


def _log_groups(client: Any) -> Iterator[Sender]:
    for group in _pages(client, "describe_log_groups", "logGroups"):
        name = group["logGroupName"]
        listed = client.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
        for each in listed:
            if ":function:" in each["destinationArn"]:
                yield Sender("log group", name, "logs.amazonaws.com", group["arn"], each["destinationArn"])


def _mappings(client: Any) -> Iterator[Mapping_]:
    for each in _pages(client, "list_event_source_mappings", "EventSourceMappings"):
        if "EventSourceArn" in each and each.get("State") != "Deleting":
            yield Mapping_(
                each["EventSourceArn"],
                each["FunctionArn"],
                int(each.get("BatchSize") or 10),
                int(each.get("MaximumBatchingWindowInSeconds") or 0),
                "ReportBatchItemFailures" in (each.get("FunctionResponseTypes") or ()),
                ((each.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"),
            )


def _watched(client: Any) -> Iterator[str]:
    for alarm in _pages(client, "describe_alarms", "MetricAlarms"):
        metrics = [
            alarm,
            *(each.get("MetricStat", {}).get("Metric", {}) for each in alarm.get("Metrics", [])),
        ]
        for metric in metrics:
            for dimension in metric.get("Dimensions", []):
                if dimension["Name"] == "QueueName":
                    yield dimension["Value"]
