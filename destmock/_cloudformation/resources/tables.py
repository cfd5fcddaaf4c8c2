"""DynamoDB's global tables, which CDK's TableV2 makes: here, the replica of the stack's own region."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random

from destmock._cloudformation.resources.api import PropertyError, without
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

_KEPT = ("AttributeDefinitions", "BillingMode", "KeySchema", "LocalSecondaryIndexes")
_INDEXES, _STREAM, _ENCRYPTION, _TTL = (
    "GlobalSecondaryIndexes",
    "StreamSpecification",
    "SSESpecification",
    "TimeToLiveSpecification",
)
_WRITE, _READ = "WriteProvisionedThroughputSettings", "ReadProvisionedThroughputSettings"
_REPLICAS, _BACKUPS = "Replicas", "PointInTimeRecoverySpecification"
#: What an update can change here.
_CHANGING = (_TTL, _REPLICAS)


class GlobalTable:
    type = "AWS::DynamoDB::GlobalTable"
    attributes = ("Arn", "StreamArn", "TableId")
    identity = ("KeySchema", "LocalSecondaryIndexes", "TableName")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        replica = self._replica(api, properties)
        name = str(properties.get("TableName", name))
        settings = {key: properties[key] for key in _KEPT if key in properties}
        indexes = [self._index(each, replica) for each in properties.get(_INDEXES, [])]
        if settings.get("BillingMode") == "PROVISIONED":
            settings["ProvisionedThroughput"] = _throughput(properties, replica)
        if _STREAM in properties:
            settings[_STREAM] = {"StreamEnabled": True, **properties[_STREAM]}
        if _ENCRYPTION in properties:
            settings[_ENCRYPTION] = {"Enabled": properties[_ENCRYPTION].get("SSEEnabled")}
        tags = replica.get("Tags")
        made = api.call(
            "dynamodb",
            "create_table",
            TableName=name,
            **settings,
            GlobalSecondaryIndexes=indexes or None,
            Tags=tags or None,
            DeletionProtectionEnabled=replica.get("DeletionProtectionEnabled"),
        )["TableDescription"]
        self._settle(api, name, properties)
        attributes = {"Arn": made["TableArn"], "TableId": str(mock_random.uuid4())}  # moto has none
        if "LatestStreamArn" in made:
            attributes["StreamArn"] = made["LatestStreamArn"]
        return Made(name, attributes)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        changed = sorted(
            key
            for key in {*before, *properties}
            if before.get(key) != properties.get(key) and key not in _CHANGING
        )
        if changed:
            message = (
                f"destmock changes {' and '.join(_CHANGING)} of a global table, not {', '.join(changed)}"
            )
            raise PropertyError(message)
        self._settle(api, made.id, properties)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("dynamodb", "delete_table", TableName=made.id)

    def _settle(self, api: Api, name: str, properties: Properties) -> None:
        """Set what a table gets only once it is there."""
        if _TTL in properties:
            specification = properties[_TTL]
            api.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=specification)
        replica = self._replica(api, properties)
        if _BACKUPS in replica:
            settings = without(replica[_BACKUPS], "RecoveryPeriodInDays")
            api.call(
                "dynamodb",
                "update_continuous_backups",
                TableName=name,
                PointInTimeRecoverySpecification=settings,
            )

    def _replica(self, api: Api, properties: Properties) -> dict[str, Any]:
        """The replica in the stack's region."""
        replicas: list[dict[str, Any]] = properties[_REPLICAS]
        own = [each for each in replicas if each.get("Region") == api.region]
        if not own:
            message = f"a global table needs a replica in the stack's region, {api.region}"
            raise PropertyError(message)
        others = ", ".join(str(each.get("Region")) for each in replicas if each not in own)
        if others:
            warnings.warn(f"{self.type}: the replicas in {others} are left out", stacklevel=2)
        return own[0]

    @staticmethod
    def _index(index: dict[str, Any], replica: dict[str, Any]) -> dict[str, Any]:
        made = without(index, _WRITE)
        if _WRITE in index:
            own = [
                each for each in replica.get(_INDEXES, []) if each.get("IndexName") == index.get("IndexName")
            ]
            made["ProvisionedThroughput"] = _throughput(index, own[0] if own else {})
        return made


def _throughput(writes: dict[str, Any], reads: dict[str, Any]) -> dict[str, Any]:
    """The least capacity of a scaled setting, as the table begins with it."""
    read = reads.get(_READ, {})
    return {
        "ReadCapacityUnits": read.get("ReadCapacityUnits")
        or read.get("ReadCapacityAutoScalingSettings", {}).get("MinCapacity", 1),
        "WriteCapacityUnits": writes.get(_WRITE, {})
        .get("WriteCapacityAutoScalingSettings", {})
        .get("MinCapacity", 1),
    }


KINDS: tuple[Kind, ...] = (GlobalTable(),)
