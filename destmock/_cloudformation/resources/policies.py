"""Resource policies: their services keep them, and can be asked for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from destmock._aws.arn import parse_function_name
from destmock._cloudformation.resources.api import check_known
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

_TOPIC_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)


class Permission:
    """A statement of a function's policy; its `Sid` is the resource's physical id (recorded)."""

    type = "AWS::Lambda::Permission"
    attributes = ("Id",)
    identity = None

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        settings = {**properties, **_function(properties), "StatementId": name}
        api.call("lambda", "add_permission", **settings)
        return Made(name, {"Id": name})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("lambda", "remove_permission", **_function(properties), StatementId=made.id)


def _function(properties: Properties) -> Properties:
    """The function's name and qualifier, which a template gives as one ARN."""
    name = str(properties["FunctionName"])
    named = parse_function_name(name)
    if named is None or named.qualifier is None:
        return {"FunctionName": name}
    return {"FunctionName": name.removesuffix(f":{named.qualifier}"), "Qualifier": named.qualifier}


class LayerVersionPermission:
    type = "AWS::Lambda::LayerVersionPermission"
    attributes = ("Id",)
    identity = None

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, {"LayerVersionArn", "Action", "Principal", "OrganizationId"})
        api.call(
            "lambda",
            "add_layer_version_permission",
            **self._version(properties),
            StatementId=name,
            Action=properties["Action"],
            Principal=properties["Principal"],
            OrganizationId=properties.get("OrganizationId"),
        )
        return Made(
            f"{properties['LayerVersionArn']}#{name}", {"Id": f"{properties['LayerVersionArn']}#{name}"}
        )

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        statement = made.id.partition("#")[2]
        api.call(
            "lambda",
            "remove_layer_version_permission",
            **self._version(properties),
            StatementId=statement,
        )

    @staticmethod
    def _version(properties: Properties) -> Properties:
        layer, _, version = str(properties["LayerVersionArn"]).rpartition(":")
        return {"LayerName": layer, "VersionNumber": version}


class LogPolicy:
    type = "AWS::Logs::ResourcePolicy"
    attributes = ()
    identity = ("PolicyName",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, {"PolicyName", "PolicyDocument"})
        name = str(properties["PolicyName"])
        document = properties["PolicyDocument"]
        api.call("logs", "put_resource_policy", policyName=name, policyDocument=document)
        return Made(name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("logs", "delete_resource_policy", policyName=made.id)


class BucketPolicy:
    type = "AWS::S3::BucketPolicy"
    attributes = ()
    identity = ("Bucket",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, {"Bucket", "PolicyDocument"})
        bucket = str(properties["Bucket"])
        api.call("s3", "put_bucket_policy", Bucket=bucket, Policy=properties["PolicyDocument"])
        return Made(bucket)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("s3", "delete_bucket_policy", Bucket=made.id)


class QueuePolicy:
    """One policy for several queues."""

    type = "AWS::SQS::QueuePolicy"
    attributes = ("Id",)
    identity = ()

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, {"Queues", "PolicyDocument"})
        self._put(api, properties["Queues"], properties["PolicyDocument"])
        return Made(name, {"Id": name})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        check_known(properties, {"Queues", "PolicyDocument"})
        self._put(api, [url for url in before["Queues"] if url not in properties["Queues"]], "")
        self._put(api, properties["Queues"], properties["PolicyDocument"])
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        self._put(api, properties["Queues"], "")

    @staticmethod
    def _put(api: Api, urls: list[str], document: Any) -> None:
        for url in urls:
            api.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": document})


class TopicPolicy:
    """One policy for several topics. A topic that loses it goes back to SNS's own."""

    type = "AWS::SNS::TopicPolicy"
    attributes = ("Id",)
    identity = ()

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, {"Topics", "PolicyDocument"})
        for arn in properties["Topics"]:
            self._put(api, arn, properties["PolicyDocument"])
        return Made(name, {"Id": name})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        self.create(api, made.id, properties)
        self._reset(api, [arn for arn in before["Topics"] if arn not in properties["Topics"]])
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        self._reset(api, properties["Topics"])

    def _reset(self, api: Api, arns: list[str]) -> None:
        for arn in arns:
            statement = {
                "Effect": "Allow",
                "Sid": "__default_statement_ID",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in _TOPIC_ACTIONS],
                "Resource": arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": api.account}},
            }
            document = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
            self._put(api, arn, document)

    @staticmethod
    def _put(api: Api, arn: str, document: Any) -> None:
        api.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=document)


class EventBusPolicy:
    """A statement of an event bus's policy, given as a whole or by its action and principal."""

    type = "AWS::Events::EventBusPolicy"
    attributes = ()
    identity = ("EventBusName", "StatementId")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        bus = properties.get("EventBusName")
        statement, sid = properties.get("Statement"), properties["StatementId"]
        if statement is None:
            api.call("events", "put_permission", **properties)
        else:
            check_known(properties, {"EventBusName", "Statement", "StatementId"})
            document = {"Version": "2012-10-17", "Statement": [{**statement, "Sid": sid}]}
            api.call("events", "put_permission", EventBusName=bus, Policy=json.dumps(document))
        return Made(f"{bus or 'default'}|{sid}")

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        bus, sid = properties.get("EventBusName"), properties["StatementId"]
        api.call("events", "remove_permission", EventBusName=bus, StatementId=sid)


class RolePolicy:
    """An inline policy of a role."""

    type = "AWS::IAM::RolePolicy"
    attributes = ()
    identity = ("PolicyName", "RoleName")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        api.call("iam", "put_role_policy", **{"PolicyDocument": {}, **properties})
        return Made(f"{properties['PolicyName']}|{properties['RoleName']}")

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        name, role = properties["PolicyName"], properties["RoleName"]
        api.call("iam", "delete_role_policy", RoleName=role, PolicyName=name)


KINDS: tuple[Kind, ...] = (
    Permission(),
    LayerVersionPermission(),
    LogPolicy(),
    BucketPolicy(),
    QueuePolicy(),
    TopicPolicy(),
    EventBusPolicy(),
    RolePolicy(),
)
