"""Secrets Manager's secrets, whose values CloudFormation makes, and what it does with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from destmock._cloudformation.resources.api import PropertyError, check_known, without
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

_GENERATED, _VALUE = "GenerateSecretString", "SecretString"
#: The settings that make a secret of a password, beside those of GetRandomPassword.
_TEMPLATE, _KEY = "SecretStringTemplate", "GenerateStringKey"
_REPLICAS = {"ReplicaRegions": "AddReplicaRegions"}


class Secret:
    type = "AWS::SecretsManager::Secret"
    attributes = ("Id",)
    identity = ("Name",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        properties = {_REPLICAS.get(key, key): value for key, value in properties.items()}
        settings = without({"Name": name, **properties}, _GENERATED, _VALUE)
        arn = api.call("secretsmanager", "create_secret", **settings, **self._value(api, properties))["ARN"]
        return Made(arn, {"Id": arn})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        """A new value is generated only if the settings of generated ones are others."""
        check_known(properties, {"Description", "KmsKeyId", "Name", "Tags", "Type", _GENERATED, _VALUE})
        settings = {key: properties.get(key) for key in ("Description", "KmsKeyId", "Type")}
        unchanged = all(before.get(key) == properties.get(key) for key in (_GENERATED, _VALUE))
        value = {} if unchanged else self._value(api, properties)
        api.call("secretsmanager", "update_secret", SecretId=made.id, **settings, **value)
        gone = [tag["Key"] for tag in before.get("Tags", [])]
        if gone:
            api.call("secretsmanager", "untag_resource", SecretId=made.id, TagKeys=gone)
        if properties.get("Tags"):
            api.call("secretsmanager", "tag_resource", SecretId=made.id, Tags=properties["Tags"])
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        """CloudFormation deletes a secret for good, so that its name is free again."""
        api.call("secretsmanager", "delete_secret", SecretId=made.id, ForceDeleteWithoutRecovery=True)

    @staticmethod
    def _value(api: Api, properties: Properties) -> dict[str, str]:
        """The secret's value: the one given, or a password, alone or inside a template."""
        if _VALUE in properties and _GENERATED in properties:
            message = f"You can't specify both {_VALUE} and {_GENERATED}"
            raise PropertyError(message)
        if _GENERATED not in properties:
            return {_VALUE: properties[_VALUE]} if _VALUE in properties else {}
        settings = dict(properties[_GENERATED] or {})
        template, key = settings.pop(_TEMPLATE, None), settings.pop(_KEY, None)
        if (template is None) != (key is None):
            message = f"{_TEMPLATE} and {_KEY} belong together: one of them is missing"
            raise PropertyError(message)
        password = api.call("secretsmanager", "get_random_password", **settings)["RandomPassword"]
        if template is None or key is None:
            return {_VALUE: password}
        return {_VALUE: json.dumps({**_object(template, _TEMPLATE), key: password})}


class RotationSchedule:
    """Rotates its secret at once, unless the template says not to, by the function that it names."""

    type = "AWS::SecretsManager::RotationSchedule"
    attributes = ("Id",)
    identity = ("SecretId",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(
            properties, {"RotateImmediatelyOnUpdate", "RotationLambdaARN", "RotationRules", "SecretId"}
        )
        settings = without(properties, "RotateImmediatelyOnUpdate")
        at_once = properties.get("RotateImmediatelyOnUpdate", True)
        arn = api.call("secretsmanager", "rotate_secret", **settings, RotateImmediately=at_once)["ARN"]
        return Made(arn, {"Id": arn})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("secretsmanager", "cancel_rotate_secret", SecretId=made.id)


def _instance(api: Api, target: str) -> dict[str, Any]:
    [found] = api.call("rds", "describe_db_instances", DBInstanceIdentifier=target)["DBInstances"]
    where = found["Endpoint"]
    return {
        "engine": found["Engine"],
        "host": where["Address"],
        "port": where["Port"],
        "dbname": found.get("DBName"),
        "dbInstanceIdentifier": found["DBInstanceIdentifier"],
    }


def _cluster(api: Api, target: str) -> dict[str, Any]:
    [found] = api.call("rds", "describe_db_clusters", DBClusterIdentifier=target)["DBClusters"]
    return {
        "engine": found["Engine"],
        "host": found["Endpoint"],
        "port": found["Port"],
        "dbname": found.get("DatabaseName"),
        "dbClusterIdentifier": found["DBClusterIdentifier"],
    }


_TARGETS: Mapping[str, Callable[[Api, str], dict[str, Any]]] = {
    "AWS::RDS::DBCluster": _cluster,
    "AWS::RDS::DBInstance": _instance,
}


class SecretTargetAttachment:
    """Writes into a secret where its database is."""

    type = "AWS::SecretsManager::SecretTargetAttachment"
    attributes = ("Id",)
    identity = ("SecretId",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        secret, kind = properties["SecretId"], properties["TargetType"]
        if kind not in _TARGETS:
            message = f"destmock attaches secrets to {' and '.join(_TARGETS)}, not to {kind}"
            raise PropertyError(message)
        place = {key: value for key, value in _TARGETS[kind](api, properties["TargetId"]).items() if value}
        stored = api.call("secretsmanager", "get_secret_value", SecretId=secret)
        value = {**_object(stored[_VALUE], _VALUE), **place}
        api.call("secretsmanager", "put_secret_value", SecretId=secret, SecretString=json.dumps(value))
        return Made(stored["ARN"], {"Id": stored["ARN"]})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        """Leave the secret as it is."""


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        message = f"{what} is no JSON object"
        raise PropertyError(message)
    return value


KINDS: tuple[Kind, ...] = (Secret(), RotationSchedule(), SecretTargetAttachment())
