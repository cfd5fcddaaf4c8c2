"""CDK's output, a cloud assembly: its stacks in the order in which they need each other.

https://docs.aws.amazon.com/cdk/api/v2/docs/cloud-assembly-schema-readme.html
"""

from __future__ import annotations

import json
import os
from graphlib import TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from destmock._cloudformation import templates
from destmock._cloudformation.deployed import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from destmock._cloudformation.templates import Template

_MANIFEST = "manifest.json"
_STACK, _STAGE = "aws:cloudformation:stack", "cdk:cloud-assembly"


def is_assembly(path: str | os.PathLike[str]) -> bool:
    return "\n" not in os.fspath(path) and Path(path).is_dir()


def deployed(
    directory: Path,
    stack_name: str | None,
    parameters: Mapping[str, object],
    handlers: Mapping[str, Any],
    deploy: Callable[[Template, str, Mapping[str, object], Mapping[str, Any]], Stack],
) -> Stack:
    """Deploy each stack, with those parameters and handlers that are for it."""
    if stack_name is not None:
        message = f"stack_name is for one template; the stacks of {directory} have their names"
        raise ValueError(message)
    found = stacks(directory)
    for_parameters = _shared(parameters, [set(each.body.get("Parameters", {})) for each in found])
    for_handlers = _shared(handlers, [_functions(each) for each in found])
    made: dict[str, Stack] = {}
    for template, values, sources in zip(found, for_parameters, for_handlers, strict=True):
        made[template.stack_name] = deploy(template, template.stack_name, values, sources)
    return _together(made)


def _shared(given: Mapping[str, Any], known: list[set[str]]) -> list[dict[str, Any]]:
    """For each stack what it knows of; what none does is for the first, which will refuse it."""
    unknown = {name: value for name, value in given.items() if not any(name in names for names in known)}
    parts = [{name: value for name, value in given.items() if name in names} for names in known]
    return [{**parts[0], **unknown}, *parts[1:]]


def _functions(template: Template) -> set[str]:
    """The names by which a function's handler can be given."""
    names = {each.get("Properties", {}).get("FunctionName") for each in template.functions.values()}
    literal = {name for name in names if isinstance(name, str)}
    return {*template.functions, *template.construct_paths, *literal}


def _together(made: Mapping[str, Stack]) -> Stack:
    def all_of(part: str) -> Mapping[str, str]:
        merged: dict[str, str] = {}
        for each in made.values():
            merged.update(getattr(each, part))
        return MappingProxyType(merged)

    return Stack(
        ", ".join(made),
        all_of("outputs"),
        all_of("resources"),
        all_of("invented"),
        MappingProxyType(dict(made)),
    )


def stacks(directory: Path) -> list[Template]:
    """The templates of an assembly's stacks, and its stages'. Raises `ValueError` if there are none."""
    found = list(_stacks(directory))
    if not found:
        message = f"{directory} has no stacks; synthesise it with `cdk synth`"
        raise ValueError(message)
    return found


def _stacks(directory: Path) -> Iterator[Template]:
    file = directory / _MANIFEST
    if not file.is_file():
        message = (
            f"{directory} is a directory without a {_MANIFEST}: deploy() takes the output of CDK as one, "
            "and otherwise a template's file"
        )
        raise ValueError(message)
    artifacts: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8")).get("artifacts", {})
    needed = {
        name: [each for each in artifacts if each in artifact.get("dependencies", ())]
        for name, artifact in artifacts.items()
    }
    for name in TopologicalSorter(needed).static_order():
        artifact = artifacts[name]
        properties = artifact.get("properties", {})
        if artifact["type"] == _STAGE:
            yield from _stacks(directory / properties["directoryName"])
        elif artifact["type"] == _STACK:
            yield templates.load(directory / properties["templateFile"], properties.get("stackName") or name)
