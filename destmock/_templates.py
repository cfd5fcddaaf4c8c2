"""A template as a file has it: YAML with CloudFormation's short tags, or JSON; and where its code lies."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

SERVERLESS = "AWS::Serverless-2016-10-31"
FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
#: Short tags that don't stand for an `Fn::` function.
_PLAIN_TAGS = {"Ref": "Ref", "Condition": "Condition"}
_CDK_ENDING = ".template.json"
_NAME = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Template:
    """A template and the file that it stands in."""

    path: Path
    body: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        resources: dict[str, dict[str, Any]] = self.body["Resources"]
        return resources

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        return {name: each for name, each in self.resources.items() if each["Type"] in FUNCTIONS}

    @property
    def serverless(self) -> bool:
        return SERVERLESS in transforms(self.body)

    @property
    def assets(self) -> Path | None:
        """CDK's list of assets, which lies beside the template that it synthesises."""
        path = self.path.with_name(self.path.name.removesuffix(_CDK_ENDING) + ".assets.json")
        return path if self.path.name.endswith(_CDK_ENDING) and path.exists() else None

    @property
    def stack_name(self) -> str:
        """The file's name; its directory's for one that is called only `template`."""
        stem = self.path.name.split(".")[0]
        name = self.path.resolve().parent.name if stem == "template" else stem
        name = _NAME.sub("-", name).strip("-")
        return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")


def load(path: str | os.PathLike[str]) -> Template:
    """Reads a template. Raises `OSError` without the file, `ValueError` when it holds none."""
    file = Path(path)
    text = file.read_text("utf-8")
    body = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    resources = body.get("Resources") if isinstance(body, dict) else None
    if not isinstance(resources, dict) or not resources:
        message = f"{file} is no CloudFormation template: it has no Resources"
        raise ValueError(message)
    for logical_id, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            message = f"{file}: the resource {logical_id} has no Type"
            raise ValueError(message)  # noqa: TRY004 - the template is wrong, not the caller's type
    return Template(file, body)


def transforms(body: Mapping[str, Any]) -> list[str]:
    asked = body.get("Transform", [])
    return [asked] if isinstance(asked, str) else list(asked)


def check_transforms(body: Mapping[str, Any]) -> None:
    """Refuses macros: they are functions that CloudFormation would run on the template."""
    unknown = [str(name) for name in transforms(body) if name != SERVERLESS]
    if unknown:
        message = (
            f"destmock doesn't simulate the template's Transform {', '.join(unknown)}; deploy with "
            "ignore_unsupported=True to leave it out"
        )
        raise UnsupportedError(message)


def values(template: Template, given: Mapping[str, object]) -> dict[str, str]:
    """Each parameter's value: the given one, else its default. Raises `ValueError`, with AWS's texts."""
    declared: dict[str, dict[str, Any]] = template.body.get("Parameters") or {}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        message = (
            f"Parameters: [{', '.join(unknown)}] do not exist in the template; it has {_listed(declared)}"
        )
        raise ValueError(message)
    found: dict[str, str] = {}
    for name, parameter in declared.items():
        if name in given or "Default" in parameter:
            found[name] = _text(given.get(name, parameter.get("Default")))
    missing = [name for name in declared if name not in found]
    if missing:
        message = f"Parameters: [{', '.join(missing)}] must have values; pass parameters={{...}}"
        raise ValueError(message)
    for name, value in found.items():
        allowed = [_text(each) for each in declared[name].get("AllowedValues", [])]
        pattern = declared[name].get("AllowedPattern")
        if allowed and value not in allowed:
            message = f"Parameter '{name}' must be one of AllowedValues: {_listed(allowed)}; it is {value!r}"
            raise ValueError(message)
        if pattern is not None and re.fullmatch(pattern, value) is None:
            message = f"Parameter '{name}' must match pattern {pattern}; it is {value!r}"
            raise ValueError(message)
    return found


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"


def _text(value: object) -> str:
    """A parameter's value as CloudFormation's API takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    return str(value)


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - of the extra `templates`

    # A loader of our own: tags added to yaml's would stay there. Dates stay text, as in CloudFormation.
    loader: Any = type("Loader", (yaml.SafeLoader,), {})
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def short(reader: Any, tag: str, node: Any) -> dict[str, Any]:
        if isinstance(node, yaml.ScalarNode):
            value: Any = reader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = reader.construct_sequence(node, deep=True)
        else:
            value = reader.construct_mapping(node, deep=True)
        if tag == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {_PLAIN_TAGS.get(tag, f"Fn::{tag}"): value}

    loader.add_multi_constructor("!", short)
    return yaml.load(text, loader)  # noqa: S506 - a SafeLoader
