"""S3's resources, and the custom resources by which CDK configures buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destmock._cloudformation.resources.api import check_known, without
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

#: CloudFormation's list -> S3's list; the key of the ARN in the entries of CloudFormation's, and of S3's.
_NOTIFICATIONS = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}
_LISTS = tuple(name for name, _, _ in _NOTIFICATIONS.values())

#: The regions whose websites have a dash before the region in their address. Later ones have a dot.
_DASHED = {
    *("ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-west-1", "sa-east-1"),
    *("us-east-1", "us-gov-west-1", "us-west-1", "us-west-2"),
}

#: Properties that `Bucket` doesn't name have no effect.
_PROPERTIES = {
    "AbacStatus",
    "AccelerateConfiguration",
    "AccessControl",
    "AnalyticsConfigurations",
    "BucketEncryption",
    "BucketName",
    "BucketNamePrefix",
    "BucketNamespace",
    "CorsConfiguration",
    "IntelligentTieringConfigurations",
    "InventoryConfigurations",
    "LifecycleConfiguration",
    "LoggingConfiguration",
    "MetadataConfiguration",
    "MetadataTableConfiguration",
    "MetricsConfigurations",
    "NotificationConfiguration",
    "ObjectLockConfiguration",
    "ObjectLockEnabled",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "ReplicationConfiguration",
    "Tags",
    "VersioningConfiguration",
    "WebsiteConfiguration",
}


class Bucket:
    """A bucket, with the settings that matter here: events, versioning, encryption, tags and access."""

    type = "AWS::S3::Bucket"
    attributes = ("Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL")
    identity = ("BucketName",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, _PROPERTIES)
        name = str(properties.get("BucketName", name))
        place = None if api.region == "us-east-1" else {"LocationConstraint": api.region}
        api.call("s3", "create_bucket", Bucket=name, CreateBucketConfiguration=place)
        try:
            self._configure(api, name, properties)
        except Exception:
            api.call("s3", "delete_bucket", Bucket=name)
            raise
        dash = "-" if api.region in _DASHED else "."
        return Made(
            name,
            {
                "Arn": f"arn:aws:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "DualStackDomainName": f"{name}.s3.dualstack.{api.region}.amazonaws.com",
                "RegionalDomainName": f"{name}.s3.{api.region}.amazonaws.com",
                "WebsiteURL": f"http://{name}.s3-website{dash}{api.region}.amazonaws.com",
            },
        )

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        check_known(properties, _PROPERTIES)
        if "Tags" in before and "Tags" not in properties:
            api.call("s3", "delete_bucket_tagging", Bucket=made.id)
        if "BucketEncryption" in before and "BucketEncryption" not in properties:
            api.call("s3", "delete_bucket_encryption", Bucket=made.id)
        suspended = {"VersioningConfiguration": {"Status": "Suspended"}}
        removed = suspended if "VersioningConfiguration" in before else {}
        emptied: Properties = (
            {"NotificationConfiguration": {}} if "NotificationConfiguration" in before else {}
        )
        self._configure(api, made.id, {**removed, **emptied, **properties})
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("s3", "delete_bucket", Bucket=made.id)

    @staticmethod
    def _configure(api: Api, name: str, properties: Properties) -> None:
        for key, operation, parameter in (
            ("VersioningConfiguration", "put_bucket_versioning", "VersioningConfiguration"),
            ("PublicAccessBlockConfiguration", "put_public_access_block", "PublicAccessBlockConfiguration"),
        ):
            if key in properties:
                api.call("s3", operation, Bucket=name, **{parameter: properties[key]})
        if "BucketEncryption" in properties:
            rules = [
                _encryption(r) for r in properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            ]
            config = {"Rules": rules}
            api.call("s3", "put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration=config)
        if "Tags" in properties:
            api.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": properties["Tags"]})
        if "NotificationConfiguration" in properties:
            _notify(api, name, _notifications(properties["NotificationConfiguration"]))


def _encryption(rule: Properties) -> Properties:
    default = rule.get("ServerSideEncryptionByDefault")
    renamed = {} if default is None else {"ApplyServerSideEncryptionByDefault": default}
    return {**without(rule, "ServerSideEncryptionByDefault"), **renamed}


def _notifications(config: Properties) -> Properties:
    """CloudFormation's NotificationConfiguration as S3 has it."""
    given: dict[str, Any] = {}
    for ours, (theirs, target, arn) in _NOTIFICATIONS.items():
        given[theirs] = [
            {"Events": [entry["Event"]], arn: entry[target], **_filter(entry.get("Filter"))}
            for entry in config.get(ours, [])
        ]
    bridge = config.get("EventBridgeConfiguration")
    if bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() == "true":
        given["EventBridgeConfiguration"] = {}
    return given


def _filter(given: Properties | None) -> Properties:
    return {} if given is None else {"Filter": {"Key": {"FilterRules": given["S3Key"]["Rules"]}}}


def _notify(api: Api, bucket: str, config: Properties) -> None:
    filled = {name: value for name, value in config.items() if value or name not in _LISTS}
    api.call("s3", "put_bucket_notification_configuration", Bucket=bucket, NotificationConfiguration=filled)


class BucketNotifications:
    """The custom resource by which CDK sets a bucket's notifications, applied without CDK's handler.

    If `Managed` is false, notifications that were configured elsewhere stay.
    """

    type = "Custom::S3BucketNotifications"
    attributes = ()
    identity = ("BucketName",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        self.update(api, Made(name), {}, properties)
        return Made(name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        bucket, wanted = properties["BucketName"], properties.get("NotificationConfiguration", {})
        if str(properties.get("Managed", True)).lower() == "true":
            _notify(api, bucket, wanted)
            return made
        kept = without(
            api.call("s3", "get_bucket_notification_configuration", Bucket=bucket), "ResponseMetadata"
        )
        ours = before.get("NotificationConfiguration", {})
        merged = {
            name: [
                *(one for one in kept.get(name, []) if not _among(one, ours.get(name, []))),
                *wanted.get(name, []),
            ]
            for name in _LISTS
        }
        _notify(api, bucket, {**kept, **wanted, **merged})
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        self.update(api, made, properties, {**properties, "NotificationConfiguration": {}})


def _among(entry: Properties, entries: list[Properties]) -> bool:
    """Whether a notification is among others, whatever identifier and order of filters S3 gave it."""
    return any(
        all(entry.get(key) == one[key] for key in one if key not in ("Filter", "Id")) for one in entries
    )


class AutoDeletedObjects:
    """The custom resource by which CDK empties a bucket before deleting it."""

    type = "Custom::S3AutoDeleteObjects"
    attributes = ()
    identity = ("BucketName",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        return Made(name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        bucket = properties["BucketName"]
        while True:
            found = api.call("s3", "list_object_versions", Bucket=bucket)
            listed = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
            if not listed:
                return
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed]
            api.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": objects})


class LogRetention:
    """The custom resource by which CDK makes a function's log group and sets its retention."""

    type = "Custom::LogRetention"
    attributes = ("LogGroupName",)
    identity = ("LogGroupName",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        return self.update(api, Made(name), {}, properties)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        group = properties["LogGroupName"]
        found = api.call("logs", "describe_log_groups", logGroupNamePrefix=group)["logGroups"]
        if group not in [one["logGroupName"] for one in found]:
            api.call("logs", "create_log_group", logGroupName=group)
        days = properties.get("RetentionInDays")
        if days is not None:
            api.call("logs", "put_retention_policy", logGroupName=group, retentionInDays=days)
        return Made(group, {"LogGroupName": group})

    def delete(self, api: Api, made: Made, properties: Properties) -> None: ...


KINDS: tuple[Kind, ...] = (Bucket(), BucketNotifications(), AutoDeletedObjects(), LogRetention())
