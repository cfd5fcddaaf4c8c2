"""An update's changes to a DynamoDB table, whose model in moto knows none, and its TTL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._cloudformation.resources.api import Api

_INDEXES = "GlobalSecondaryIndexes"
_NO_STREAM = {"StreamEnabled": False}


def change_table(api: Api, table: Any, properties: dict[str, Any]) -> bool:
    """Change the table; `False` if another one has to be made in its place."""
    local = [index.name for index in table.indexes]
    if (
        properties.get("TableName", table.name) != table.name
        or properties.get("KeySchema") != table.schema
        or [each.get("IndexName") for each in properties.get("LocalSecondaryIndexes", [])] != local
    ):
        return False
    for change in _changes(table, properties):
        api.call("dynamodb", "update_table", TableName=table.name, **change)
    set_time_to_live(api, table, properties)
    return True


def set_time_to_live(api: Api, table: Any, properties: dict[str, Any]) -> None:
    """Turn TTL on or off, or have it go by another attribute, which moto's model leaves out."""
    wanted = properties.get("TimeToLiveSpecification") or {}
    before = table.ttl.get("AttributeName") if table.ttl["TimeToLiveStatus"] == "ENABLED" else None
    attribute = wanted.get("AttributeName") if str(wanted.get("Enabled")).lower() == "true" else None
    if attribute == before:
        return
    for name, on in ((before, False), (attribute, True)):
        if name is not None:
            specification = {"Enabled": on, "AttributeName": name}
            api.call(
                "dynamodb",
                "update_time_to_live",
                TableName=table.name,
                TimeToLiveSpecification=specification,
            )


def _changes(table: Any, properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The calls of `UpdateTable`, in their order."""
    attributes = properties.get("AttributeDefinitions", table.attr)
    if changed := _settings_changed(table, properties):
        yield changed
    wanted = {each["IndexName"]: each for each in properties.get(_INDEXES, [])}
    there = {index.name: index for index in table.global_indexes}
    for name, index in there.items():
        if name not in wanted or _form(wanted[name]) != (index.schema, index.projection):
            yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
    left = {index.name for index in table.global_indexes}
    for name, index in wanted.items():
        if name not in left:
            create = [{"Create": index}]
            yield {"AttributeDefinitions": attributes, "GlobalSecondaryIndexUpdates": create}
    yield from _stream_changes(table, properties.get("StreamSpecification") or {})


def _settings_changed(table: Any, properties: dict[str, Any]) -> dict[str, Any]:
    """The settings that are others than the table's."""
    changed: dict[str, Any] = {}
    mode = properties.get("BillingMode", "PROVISIONED")
    if mode != table.billing_mode:
        changed["BillingMode"] = mode
    capacity = properties.get("ProvisionedThroughput", {}) if mode == "PROVISIONED" else {}
    if any(int(units) != (table.throughput or {}).get(name) for name, units in capacity.items()):
        changed["ProvisionedThroughput"] = capacity
    protected = str(properties.get("DeletionProtectionEnabled", False)).lower() == "true"
    if protected != bool(table.deletion_protection_enabled):
        changed["DeletionProtectionEnabled"] = protected
    return changed


def _form(index: dict[str, Any]) -> tuple[Any, Any]:
    return index.get("KeySchema"), index.get("Projection")


def _stream_changes(table: Any, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    view = wanted.get("StreamViewType")
    before = (table.stream_specification or {}).get("StreamViewType")
    if view == before:
        return
    if before is not None:
        yield {"StreamSpecification": _NO_STREAM}
    if view is not None:
        table.latest_stream_label = None  # otherwise moto makes no other stream
        yield {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}}
