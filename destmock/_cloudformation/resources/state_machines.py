"""Step Functions' state machines: moto's have no substitutions, and are none that it could execute."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from destmock._cloudformation.resources.api import check_known
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

_PROPERTIES = {
    "Definition",
    "DefinitionS3Location",
    "DefinitionString",
    "DefinitionSubstitutions",
    "EncryptionConfiguration",
    "LoggingConfiguration",
    "RoleArn",
    "StateMachineName",
    "StateMachineType",
    "Tags",
    "TracingConfiguration",
}
_SUBSTITUTED = re.compile(r"\$\{([^}]+)\}")


class StateMachine:
    type = "AWS::StepFunctions::StateMachine"
    attributes = ("Arn", "Name", "StateMachineRevisionId")
    identity = ("StateMachineName", "StateMachineType")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, _PROPERTIES)
        arn = api.call(
            "stepfunctions",
            "create_state_machine",
            name=properties.get("StateMachineName", name),
            type=properties.get("StateMachineType"),
            tags=_as_in_calls(properties.get("Tags", [])),
            **_settings(api, properties),
        )["stateMachineArn"]
        return _made(api, str(arn))

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        check_known(properties, _PROPERTIES)
        settings = _settings(api, properties)
        api.call("stepfunctions", "update_state_machine", stateMachineArn=made.id, **settings)
        gone = [tag["Key"] for tag in before.get("Tags", [])]
        if gone:
            api.call("stepfunctions", "untag_resource", resourceArn=made.id, tagKeys=gone)
        tags = _as_in_calls(properties.get("Tags", []))
        if tags:
            api.call("stepfunctions", "tag_resource", resourceArn=made.id, tags=tags)
        return _made(api, made.id)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("stepfunctions", "delete_state_machine", stateMachineArn=made.id)


def _made(api: Api, arn: str) -> Made:
    found = api.call("stepfunctions", "describe_state_machine", stateMachineArn=arn)
    revision = str(found.get("revisionId") or "INITIAL")
    return Made(arn, {"Arn": arn, "Name": str(found["name"]), "StateMachineRevisionId": revision})


def _settings(api: Api, properties: Properties) -> dict[str, Any]:
    """What a new state machine and a changed one have in common."""
    names = ("LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration")
    configurations = {name: properties[name] for name in names if name in properties}
    return {
        "definition": _definition(api, properties),
        "roleArn": properties["RoleArn"],
        **_as_in_calls(configurations),
    }


def _definition(api: Api, properties: Properties) -> str:
    """The definition with its substitutions; a variable that none is given for stays."""
    if "Definition" in properties:
        text = json.dumps(properties["Definition"])
    elif "DefinitionS3Location" in properties:
        place = properties["DefinitionS3Location"]
        version = place.get("Version")
        found = api.call("s3", "get_object", Bucket=place["Bucket"], Key=place["Key"], VersionId=version)
        text = found["Body"].read().decode()
    else:
        text = str(properties["DefinitionString"])
    values = properties.get("DefinitionSubstitutions") or {}

    def value(match: re.Match[str]) -> str:
        return _text(values[match[1]]) if match[1] in values else match[0]

    return _SUBSTITUTED.sub(value, text)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_in_calls(value: Any) -> Any:
    """Step Functions' own calls write the same names small."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _as_in_calls(part) for name, part in value.items()}
    return [_as_in_calls(part) for part in value] if isinstance(value, list) else value


KINDS: tuple[Kind, ...] = (StateMachine(),)
