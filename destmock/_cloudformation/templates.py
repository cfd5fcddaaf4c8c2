"""A template's file: its content, its parameters, and where its code lies."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from destmock._cloudformation import language_extensions
from destmock._cloudformation.includes import completed
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVERLESS = "AWS::Serverless-2016-10-31"
#: What `deploy` makes of a template before it makes its stack.
TRANSFORMS = (SERVERLESS, language_extensions.NAME)
FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_CDK_ENDING = ".template.json"
#: What the extras bring that templates want, for whoever has destmock from a checkout.
_PACKAGES = {
    "templates": "airspeed-ext openapi-spec-validator PyYAML",
    "sam": "airspeed-ext aws-sam-translator openapi-spec-validator PyYAML",
}
_NAME = re.compile(r"[^A-Za-z0-9-]+")


class Template(NamedTuple):
    """A template and the file that it stands in."""

    path: Path
    body: dict[str, Any]
    #: The name that CDK gives the stack.
    given_name: str | None = None

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        resources: dict[str, dict[str, Any]] = self.body["Resources"]
        return resources

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        return {name: each for name, each in self.resources.items() if each["Type"] in FUNCTIONS}

    @property
    def construct_paths(self) -> dict[str, str]:
        """The functions' logical ids by their places in CDK's tree, such as `Shop/Orders`."""
        paths = {
            str(each.get("Metadata", {}).get("aws:cdk:path", "")): name
            for name, each in self.functions.items()
        }
        return {path.removesuffix("/Resource"): name for path, name in paths.items() if path}

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
        """The name of a stack by its file; by the directory, for a file that is only called `template`."""
        if self.given_name is not None:
            return self.given_name
        stem = self.path.name.split(".")[0]
        name = self.path.resolve().parent.name if stem == "template" else stem
        name = _NAME.sub("-", name).strip("-")
        return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")


def load(path: str | os.PathLike[str], given_name: str | None = None) -> Template:
    """Read a template's file. Raises `OSError` if there is no file, `ValueError` if it holds no template."""
    if "\n" in os.fspath(path):
        message = "deploy() takes the path of a template's file, not the template's text"
        raise ValueError(message)
    from destmock._cloudformation.template_text import read  # noqa: PLC0415 - needs the extra `templates`

    file = Path(path)
    text = file.read_text("utf-8")
    try:
        body = read(text)
    except ValueError as error:
        message = f"{file}: {error}"
        raise ValueError(message) from error
    if not isinstance(body, dict) or "Resources" not in body:
        message = f"{file} is no CloudFormation template: it has no Resources"
        raise ValueError(message)
    return Template(file, completed(body, read, file), given_name)


def needing(template: str | os.PathLike[str], error: ModuleNotFoundError) -> str:
    """The message of what to install for a template, after an import has failed."""
    file = Path(template)
    extra = "sam" if file.is_file() and SERVERLESS in file.read_text("utf-8") else "templates"
    return f"deploy() needs {error.name}: pip install {_PACKAGES[extra]}, or destmock with its extra {extra}"


def transforms(body: Mapping[str, Any]) -> list[str]:
    asked = body.get("Transform", [])
    return [asked] if isinstance(asked, str) else list(asked)


def check_transforms(body: Mapping[str, Any]) -> None:
    """Raise `UnsupportedError` for macros: functions that CloudFormation would run on the template."""
    unknown = [str(name) for name in transforms(body) if name not in TRANSFORMS]
    if unknown:
        message = (
            f"destmock doesn't simulate the template's Transform {', '.join(unknown)}; deploy with "
            "ignore_unsupported=True to leave it out"
        )
        raise UnsupportedError(message)


def extended(template: Template, given: object, pseudo: Mapping[str, str], invents: bool) -> Template:  # noqa: FBT001
    """The template that `AWS::LanguageExtensions` makes, if it is asked for.

    A value that is to be invented is no text yet. Raises `ValueError`, with AWS's text.
    """
    if language_extensions.NAME not in transforms(template.body):
        return template
    known = values(template, given, (lambda _name, _parameter: "") if invents else None)
    try:
        return template._replace(body=language_extensions.extended(template.body, known, pseudo))
    except language_extensions.ExtensionError as error:
        message = f"{template.path}: {error}"
        raise ValueError(message) from error


def values(
    template: Template, given: object, invent: Callable[[str, Mapping[str, Any]], str] | None = None
) -> dict[str, str]:
    """Each parameter's value: the given one, else its default, else what `invent` makes of it.

    Raises `ValueError`, with AWS's texts.
    """
    if not isinstance(given, Mapping):
        message = (
            f"parameters must be a mapping of names to values, such as {{'Stage': 'dev'}}, not {given!r}"
        )
        raise TypeError(message)
    declared: dict[str, dict[str, Any]] = template.body.get("Parameters", {})
    unknown = sorted(set(given) - set(declared))
    if unknown:
        message = (
            f"Parameters: [{', '.join(unknown)}] do not exist in the template; it has {_listed(declared)}"
        )
        raise ValueError(message)
    found: dict[str, str] = {}
    for name, parameter in declared.items():
        if name in given or "Default" in parameter:
            value = given.get(name, parameter.get("Default"))
            if value is None:
                message = f"Parameter '{name}' is None; leave it out of parameters for its default"
                raise ValueError(message)
            found[name] = _text(value)
        elif invent is not None:
            found[name] = invent(name, parameter)
    missing = [name for name in declared if name not in found]
    if missing:
        message = (
            f"Parameters: [{', '.join(missing)}] must have values; pass parameters={{...}}, "
            "or invent_parameters=True"
        )
        raise ValueError(message)
    for name, value in found.items():
        for rule in _broken(declared[name], value):
            message = f"Parameter '{name}' must {rule}; it is {value!r}"
            raise ValueError(message)
    return found


def _broken(parameter: Mapping[str, Any], value: str) -> Iterator[str]:
    """The rules that a parameter's value breaks."""
    allowed = [_text(each) for each in parameter.get("AllowedValues", [])]
    pattern = parameter.get("AllowedPattern")
    if allowed and value not in allowed:
        yield f"be one of AllowedValues: {_listed(allowed)}"
    if pattern is not None and re.fullmatch(pattern, value) is None:
        yield f"match pattern {pattern}"
    if len(value) < int(parameter.get("MinLength", 0)):
        yield f"contain at least {parameter['MinLength']} characters"
    if len(value) > int(parameter.get("MaxLength", len(value))):
        yield f"contain at most {parameter['MaxLength']} characters"
    if parameter.get("Type") not in ("Number", "List<Number>"):
        return
    for part in value.split(",") if parameter["Type"] == "List<Number>" else [value]:
        try:
            number = float(part)
        except ValueError:
            yield "be a number"
            return
        if number < float(parameter.get("MinValue", number)):
            yield f"be a number not less than {parameter['MinValue']}"
        if number > float(parameter.get("MaxValue", number)):
            yield f"be a number not greater than {parameter['MaxValue']}"


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"


def _text(value: object) -> str:
    """A parameter's value as CloudFormation's API takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    return str(value)
