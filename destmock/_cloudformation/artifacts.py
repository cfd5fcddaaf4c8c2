"""Uploads a template's local code to a bucket, as `sam package` and `cdk deploy` do first."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from destmock._cloudformation.templates import FUNCTIONS
from destmock._functions.made_for_handlers import DEFAULT_RUNTIME

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from destmock._cloudformation.templates import Template

#: By type: the property that may be a local path, and its form once the code is uploaded.
_LOCAL = {
    "AWS::Lambda::Function": ("Code", "S3Bucket", "S3Key"),
    "AWS::Lambda::LayerVersion": ("Content", "S3Bucket", "S3Key"),
    "AWS::Serverless::Api": ("DefinitionUri", "Bucket", "Key"),
    "AWS::Serverless::Function": ("CodeUri", "Bucket", "Key"),
    "AWS::Serverless::HttpApi": ("DefinitionUri", "Bucket", "Key"),
    "AWS::Serverless::LayerVersion": ("ContentUri", "Bucket", "Key"),
    "AWS::Serverless::StateMachine": ("DefinitionUri", "Bucket", "Key"),
}
_SERVERLESS_FUNCTION = "AWS::Serverless::Function"
#: The properties that say where a function's code is; without any, SAM takes the template's directory.
_ELSEWHERE = ("CodeUri", "InlineCode", "ImageUri", "Code")
_IMAGE = ("CodeUri", "Code", "ImageUri", "ImageConfig", "PackageType")
_NESTED = ".nested.template.json"
_ARCHIVES = (".zip", ".jar")
_LEFT_OUT = {"__pycache__", ".git", ".aws-sam", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100755 << 16
PLACEHOLDER = "# The code of this function is a handler given to destmock's deploy().\n"


class Evaluation(Protocol):
    """A template's conditions and expressions."""

    def has(self, resource: dict[str, Any]) -> bool:
        """Whether the stack will have the resource."""

    def value(self, expression: Any) -> Any:
        """The value of an expression; `None` if it isn't known yet."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One object that a template refers to."""

    bucket: str
    key: str
    content: bytes


def with_placeholders(template: Template, functions: Collection[str]) -> dict[str, Any]:
    """The template's body, without the code of functions whose handlers are given."""
    body = copy.deepcopy(template.body)
    inherited = _globals(body)
    for name in functions:
        resource = body["Resources"][name]
        properties = {k: v for k, v in resource.get("Properties", {}).items() if k not in _IMAGE}
        serverless = resource["Type"] == _SERVERLESS_FUNCTION
        properties.update({"InlineCode": PLACEHOLDER} if serverless else {"Code": {"ZipFile": PLACEHOLDER}})
        for key, default in (("Runtime", DEFAULT_RUNTIME), ("Handler", "index.handler")):
            if not serverless or key not in inherited:
                properties.setdefault(key, default)
        resource["Properties"] = properties
    return body


def images(body: Mapping[str, Any], evaluation: Evaluation) -> list[str]:
    """The functions of the stack whose code is a container image."""
    return [
        logical_id
        for logical_id, resource in body["Resources"].items()
        if resource["Type"] in FUNCTIONS
        and resource.get("Properties", {}).get("PackageType", _globals(body).get("PackageType")) == "Image"
        and evaluation.has(resource)
    ]


def name_images(body: Mapping[str, Any], functions: Collection[str], place: Mapping[str, str]) -> None:
    """Give each of these functions the URI of an image, as `sam build` and `sam package` do."""
    for name in functions:
        properties = body["Resources"][name].setdefault("Properties", {})
        if not {"Code", "ImageUri"} & properties.keys():
            registry = f"{place['AWS::AccountId']}.dkr.ecr.{place['AWS::Region']}.amazonaws.com"
            properties["ImageUri"] = f"{registry}/{name.lower()}:latest"


def packaged(
    template: Template, body: dict[str, Any], bucket: str, evaluation: Evaluation
) -> Iterator[Upload]:
    """Replace each local path in `body` by a place in `bucket`; yields the objects to upload there.

    Code is taken as it is: requirements aren't installed, the process's own packages are used. Raises
    `FileNotFoundError` for a path that doesn't exist, unless the stack won't have the resource.
    """
    inherited = _globals(body).pop("CodeUri", None)
    for name, resource in body["Resources"].items():
        if resource["Type"] not in _LOCAL:
            continue
        key, *form = _LOCAL[resource["Type"]]
        properties = resource.setdefault("Properties", {})
        if resource["Type"] == _SERVERLESS_FUNCTION and not any(each in properties for each in _ELSEWHERE):
            properties[key] = inherited or "."  # the template's own directory, as SAM has it
        path = evaluation.value(properties.get(key))
        if not isinstance(path, str) or path.startswith(("s3://", "https://")):
            continue
        if not evaluation.has(resource):  # SAM wants a place for its code all the same
            properties[key] = dict.fromkeys(form, "none")
            continue
        content, suffix = _content(name, key, template.path.parent / path, resource)
        uploaded = f"{hashlib.sha256(content).hexdigest()}{suffix}"
        properties[key] = dict(zip(form, (bucket, uploaded), strict=True))
        yield Upload(bucket, uploaded, content)


def assets(
    template: Template,
    body: Mapping[str, Any],
    place: Mapping[str, str],
    has: Callable[[dict[str, Any]], bool],
) -> Iterator[Upload]:
    """The objects in CDK's list of assets that a resource of the stack refers to.

    `place`: the values of the pseudo parameters in the buckets' names.
    """
    if template.assets is None:
        return
    texts = {name: json.dumps(each) for name, each in body["Resources"].items() if has(each)}
    files = list(json.loads(template.assets.read_text("utf-8")).get("files", {}).values())
    for asset in files:  # of a nested stack, the template refers to assets, too
        path = template.path.parent / asset["source"]["path"]
        if path.name.endswith(_NESTED) and path.is_file():
            keys = [each["objectKey"] for each in asset["destinations"].values()]
            for name, text in texts.items():
                if any(key in text for key in keys):
                    texts[name] += path.read_text("utf-8")
    for asset in files:
        for destination in asset["destinations"].values():
            key = _filled(destination["objectKey"], place)
            users = [name for name, text in texts.items() if key in text]
            if users:
                path = template.path.parent / asset["source"]["path"]
                _check(users[0], "its asset", path)
                zipped = asset["source"].get("packaging") == "zip"
                content = archive(path) if zipped else path.read_bytes()
                yield Upload(_filled(destination["bucketName"], place), key, content)


def archive(path: Path, prefix: str = "") -> bytes:
    """A directory, or a file, as a zip that depends on nothing but names and contents."""
    root = path if path.is_dir() else path.parent
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for each in files:
            relative = each.relative_to(root)
            if each.is_file() and not _LEFT_OUT & set(relative.parts):
                info = zipfile.ZipInfo(prefix + relative.as_posix(), _EPOCH)
                info.external_attr, info.compress_type = _MODE, zipfile.ZIP_DEFLATED
                file.writestr(info, each.read_bytes())
    return made.getvalue()


def _content(name: str, key: str, path: Path, resource: Mapping[str, Any]) -> tuple[bytes, str]:
    _check(name, key, path)
    if path.suffix in _ARCHIVES or (path.is_file() and key == "DefinitionUri"):
        return path.read_bytes(), path.suffix
    # `sam build` puts a layer's modules where the runtime looks for them; a function's lie at the root.
    built = str(resource.get("Metadata", {}).get("BuildMethod", "")).startswith("python")
    is_layer = resource["Type"].endswith("::LayerVersion")
    inside = is_layer and built and path.is_dir() and not (path / "python").exists()
    return archive(path, "python/" if inside else ""), ".zip"


def _check(name: str, key: str, path: Path) -> None:
    if not path.exists():
        message = (
            f"{name}: {key} is {path}, which isn't there; a function needs no code when "
            f"handlers={{{name!r}: ...}} says what runs"
        )
        raise FileNotFoundError(message)


def _globals(body: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a SAM template makes for all of its functions."""
    found: dict[str, Any] = (body.get("Globals") or {}).get("Function") or {}
    return found


def _filled(text: str, place: Mapping[str, str]) -> str:
    for name, value in place.items():
        text = text.replace(f"${{{name}}}", value)
    return text
