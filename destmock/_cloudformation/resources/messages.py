"""The resources of SQS, SNS, EventBridge and CloudWatch Logs that carry events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._aws.arn import parse_arn
from destmock._cloudformation.resources.api import check_known, tags, texts, without
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

_FIFO = ".fifo"
#: The value that a queue's attribute goes back to when an update leaves it out.
_QUEUE_DEFAULTS = {
    "DelaySeconds": "0",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedrivePolicy": "",
    "VisibilityTimeout": "30",
}
_QUEUE_PROPERTIES = {
    *_QUEUE_DEFAULTS,
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "QueueName",
    "RedriveAllowPolicy",
    "SqsManagedSseEnabled",
    "Tags",
}
#: The same of a subscription; the other attributes go back to nothing.
_SUBSCRIPTION_DEFAULTS = {"RawMessageDelivery": "false", "FilterPolicyScope": "MessageAttributes"}
_TOPIC_PROPERTIES = {
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DataProtectionPolicy",
    "DeliveryStatusLogging",
    "DisplayName",
    "FifoThroughputScope",
    "FifoTopic",
    "KmsMasterKeyId",
    "SignatureVersion",
    "Subscription",
    "Tags",
    "TopicName",
    "TracingConfig",
}
_LOG_GROUP_PROPERTIES = {
    "BearerTokenAuthenticationEnabled",
    "DataProtectionPolicy",
    "DeletionProtectionEnabled",
    "FieldIndexPolicies",
    "KmsKeyId",
    "LogGroupClass",
    "LogGroupName",
    "ResourcePolicyDocument",
    "RetentionInDays",
    "Tags",
}


def _fifo(name: str, flag: object) -> str:
    """A generated name, ending in `.fifo` if it is for a FIFO queue or topic."""
    return name + _FIFO if str(flag).lower() == "true" and not name.endswith(_FIFO) else name


class Queue:
    type = "AWS::SQS::Queue"
    attributes = ("Arn", "QueueName", "QueueUrl")
    identity = ("QueueName", "FifoQueue")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, _QUEUE_PROPERTIES)
        name = str(properties.get("QueueName") or _fifo(name, properties.get("FifoQueue")))
        answer = api.call(
            "sqs",
            "create_queue",
            QueueName=name,
            Attributes=self._attributes(properties),
            tags=tags(properties) or None,
        )
        url = answer["QueueUrl"]
        asked = api.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
        return Made(url, {"Arn": asked["Attributes"]["QueueArn"], "QueueName": name, "QueueUrl": url})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        check_known(properties, _QUEUE_PROPERTIES)
        attributes = {name: value for name, value in _QUEUE_DEFAULTS.items() if name in before}
        attributes |= without(self._attributes(properties), "FifoQueue")
        if attributes:
            api.call("sqs", "set_queue_attributes", QueueUrl=made.id, Attributes=attributes)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("sqs", "delete_queue", QueueUrl=made.id)

    @staticmethod
    def _attributes(properties: Properties) -> dict[str, str]:
        attributes = texts(without(properties, "QueueName", "Tags"))
        if attributes.get("FifoQueue") == "false":  # SQS's API doesn't take this value
            del attributes["FifoQueue"]
        return attributes


class Topic:
    """An SNS topic. Deliveries aren't logged, so `DeliveryStatusLogging` has no effect."""

    type = "AWS::SNS::Topic"
    attributes = ("TopicArn", "TopicName")
    identity = ("TopicName", "FifoTopic")
    apart = ("TopicName", "Subscription", "Tags", "DeliveryStatusLogging", "DataProtectionPolicy")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, _TOPIC_PROPERTIES)
        name = str(properties.get("TopicName") or _fifo(name, properties.get("FifoTopic")))
        arn = api.call(
            "sns",
            "create_topic",
            Name=name,
            Attributes=texts(without(properties, *self.apart)),
            Tags=properties.get("Tags"),
        )["TopicArn"]
        self._subscribe(api, arn, properties)
        return Made(arn, {"TopicArn": arn, "TopicName": name})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        check_known(properties, _TOPIC_PROPERTIES)
        for name, value in texts(without(properties, *self.apart, "FifoTopic")).items():
            api.call(
                "sns", "set_topic_attributes", TopicArn=made.id, AttributeName=name, AttributeValue=value
            )
        wanted = properties.get("Subscription", [])
        gone = [one for one in before.get("Subscription", []) if one not in wanted]
        for subscription in api.call("sns", "list_subscriptions_by_topic", TopicArn=made.id)["Subscriptions"]:
            if {name: subscription[name] for name in ("Endpoint", "Protocol")} in gone:
                api.call("sns", "unsubscribe", SubscriptionArn=subscription["SubscriptionArn"])
        self._subscribe(api, made.id, properties)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("sns", "delete_topic", TopicArn=made.id)

    @staticmethod
    def _subscribe(api: Api, arn: str, properties: Properties) -> None:
        for subscription in properties.get("Subscription", []):
            api.call("sns", "subscribe", TopicArn=arn, **subscription)


class Subscription:
    type = "AWS::SNS::Subscription"
    attributes = ("Arn",)
    identity = ("TopicArn", "Protocol", "Endpoint", "Region")
    apart = (*identity, "ReplayPolicy")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        arn = self._topic_s(api, properties).call(
            "sns",
            "subscribe",
            TopicArn=properties["TopicArn"],
            Protocol=properties["Protocol"],
            Endpoint=properties.get("Endpoint"),
            Attributes=texts(without(properties, *self.apart)),
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return Made(arn, {"Arn": arn})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        gone = dict.fromkeys(texts(without(before, *self.apart)), "")
        gone |= {name: value for name, value in _SUBSCRIPTION_DEFAULTS.items() if name in gone}
        wanted = {**gone, **texts(without(properties, *self.apart))}
        for name in sorted(wanted, key="FilterPolicyScope".__ne__):  # a policy has to suit its scope
            self._topic_s(api, properties).call(
                "sns",
                "set_subscription_attributes",
                SubscriptionArn=made.id,
                AttributeName=name,
                AttributeValue=wanted[name],
            )
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        self._topic_s(api, properties).call("sns", "unsubscribe", SubscriptionArn=made.id)

    @staticmethod
    def _topic_s(api: Api, properties: Properties) -> Api:
        """The services in the topic's own region, which may differ from the stack's."""
        arn = parse_arn(str(properties["TopicArn"]))
        return api if arn is None else api.inside(arn.region)


class Rule:
    type = "AWS::Events::Rule"
    attributes = ("Arn",)
    identity = ("Name", "EventBusName")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        name = str(properties.get("Name", name))
        return Made(name, {"Arn": self._put(api, name, properties)})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        wanted = [target["Id"] for target in properties.get("Targets", [])]
        gone = [target["Id"] for target in before.get("Targets", []) if target["Id"] not in wanted]
        if gone:
            self._remove(api, made, properties, gone)
        self._put(api, made.id, properties)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        targets = [target["Id"] for target in properties.get("Targets", [])]
        if targets:
            self._remove(api, made, properties, targets)
        api.call("events", "delete_rule", Name=made.id, EventBusName=properties.get("EventBusName"))

    @staticmethod
    def _put(api: Api, name: str, properties: Properties) -> str:
        settings = without(properties, "Name", "Targets")  # `Api.call` turns the pattern into JSON
        arn: str = api.call("events", "put_rule", Name=name, **settings)["RuleArn"]
        if properties.get("Targets"):
            bus = properties.get("EventBusName")
            api.call("events", "put_targets", Rule=name, EventBusName=bus, Targets=properties["Targets"])
        return arn

    @staticmethod
    def _remove(api: Api, made: Made, properties: Properties, targets: list[str]) -> None:
        bus = properties.get("EventBusName")
        api.call("events", "remove_targets", Rule=made.id, EventBusName=bus, Ids=targets)


class LogGroup:
    type = "AWS::Logs::LogGroup"
    attributes = ("Arn",)
    identity = ("LogGroupName",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, _LOG_GROUP_PROPERTIES)
        name = str(properties.get("LogGroupName", name))
        api.call("logs", "create_log_group", logGroupName=name, tags=tags(properties) or None)
        self._retain(api, name, properties)
        return Made(name, {"Arn": f"arn:aws:logs:{api.region}:{api.account}:log-group:{name}:*"})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        check_known(properties, _LOG_GROUP_PROPERTIES)
        if "RetentionInDays" in before and "RetentionInDays" not in properties:
            api.call("logs", "delete_retention_policy", logGroupName=made.id)
        self._retain(api, made.id, properties)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("logs", "delete_log_group", logGroupName=made.id)

    @staticmethod
    def _retain(api: Api, name: str, properties: Properties) -> None:
        days = properties.get("RetentionInDays")
        if days is not None:
            api.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=days)


class SubscriptionFilter:
    type = "AWS::Logs::SubscriptionFilter"
    attributes = ()
    identity = ("FilterName", "LogGroupName")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        name = str(properties.get("FilterName", name))
        settings = {key[0].lower() + key[1:]: value for key, value in properties.items()}
        api.call("logs", "put_subscription_filter", **{**settings, "filterName": name})
        return Made(name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        group = properties["LogGroupName"]
        api.call("logs", "delete_subscription_filter", logGroupName=group, filterName=made.id)


KINDS: tuple[Kind, ...] = (Queue(), Topic(), Subscription(), Rule(), LogGroup(), SubscriptionFilter())
