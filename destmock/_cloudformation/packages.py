"""What the Serverless Framework has packaged: one stack, whose functions' zips lie beside its template.

https://www.serverless.com/framework/docs/providers/aws/guide/packaging
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from destmock._cloudformation import templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._cloudformation.templates import Template

_TEMPLATE = "cloudformation-template-update-stack.json"
_STATE = "serverless-state.json"
#: Where a resource of a type names an object of the deployment bucket.
_CODE = {"AWS::Lambda::Function": "Code", "AWS::Lambda::LayerVersion": "Content"}


def is_package(path: str | os.PathLike[str]) -> bool:
    """Whether a path is `.serverless`, the directory that `serverless package` writes, or its template."""
    if "\n" in os.fspath(path):
        return False
    file = Path(path)
    return (file / _TEMPLATE).is_file() or (file.name == _TEMPLATE and file.with_name(_STATE).is_file())


def load(path: str | os.PathLike[str]) -> Template:
    """Read the template; its code is the files beside it, which a deployment uploads first.

    Raises `ValueError` if the directory lacks the state that names the service.
    """
    directory = Path(path) if Path(path).is_dir() else Path(path).parent
    file = directory / _STATE
    if not file.is_file():
        message = f"{directory} has no {_STATE}; package the service anew with `serverless package`"
        raise ValueError(message)
    state = json.loads(file.read_text("utf-8"))
    template = templates.load(directory / _TEMPLATE, _stack_name(state["service"]))
    uploaded = f"{state['package']['artifactDirectoryName']}/"
    resources = {name: _local(each, uploaded) for name, each in template.resources.items()}
    return template._replace(body={**template.body, "Resources": resources})


def _stack_name(service: Mapping[str, Any]) -> str:
    provider = service["provider"]
    return str(provider.get("stackName") or f"{service['service']}-{provider['stage']}")


def _local(resource: Mapping[str, Any], uploaded: str) -> dict[str, Any]:
    """The resource, with the file's name instead of the object's."""
    name, properties = _CODE.get(str(resource["Type"]), ""), resource.get("Properties", {})
    code = properties.get(name)
    key = code.get("S3Key") if isinstance(code, dict) else None
    if not isinstance(key, str) or not key.startswith(uploaded):
        return dict(resource)
    return {**resource, "Properties": {**properties, name: key.removeprefix(uploaded)}}
