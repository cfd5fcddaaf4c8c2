"""Loading the files of a command: apps are imported, templates deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from destmock._cli import apps
from destmock._cli.problem import Problem
from destmock._cloudformation import assembly, packages, templates
from destmock.errors import DestmockError

if TYPE_CHECKING:
    import argparse
    import os
    from collections.abc import Mapping
    from pathlib import Path

    from destmock._cli.apps import Found, Source
    from destmock._cloudformation.deployed import Stack

_TEMPLATES = (".yaml", ".yml", ".json", ".template")
#: The errors of a deployment: the template's, its parameters', its handlers' and AWS's.
REFUSALS = (OSError, ValueError, TypeError, DestmockError, ClientError, BotoCoreError)


class Loadable(Protocol):
    """What a `Destmock` and a server have in common."""

    def handler(self, name: str, handler: Source, /) -> None: ...
    def deploy(
        self,
        template: str | os.PathLike[str],
        *,
        stack_name: str | None = ...,
        parameters: Mapping[str, object] | None = ...,
        handlers: Mapping[str, Source] | None = ...,
        ignore_unsupported: bool = ...,
        invent_parameters: bool = ...,
    ) -> Stack: ...


class Loaded(NamedTuple):
    """The stacks that the files made, and the functions that apps have handlers for, in their order."""

    stacks: list[Stack]
    registered: list[str]


class Files(NamedTuple):
    """The files that a command names."""

    apps: list[Path]
    templates: list[Path]


def files_of(arguments: argparse.Namespace) -> Files:
    """The files that a command names. Raises `Problem` if one is neither app nor template, or is missing."""
    files = Files([], [])
    for file in arguments.files:
        if file.suffix == ".py":
            files.apps.append(file)
        elif file.suffix in _TEMPLATES or _is_output(file):
            files.templates.append(file)
        else:
            message = f"{file} is neither an app (.py) nor a template ({', '.join(_TEMPLATES)})"
            raise Problem(message)
    files.templates.extend(getattr(arguments, "templates", ()))  # `check` has templates only
    for file in (*files.apps, *files.templates):
        if not (file.is_file() or _is_output(file)):
            message = f"{file} is a directory" if file.is_dir() else f"there is no file {file}"
            raise Problem(message)
    return files


def _is_output(file: Path) -> bool:
    """Whether a directory is the output of CDK or of the Serverless Framework."""
    return (file / "manifest.json").is_file() or packages.is_package(file)


def load(target: Loadable, files: Files, arguments: argparse.Namespace) -> Loaded:
    """Registers the apps' handlers, deploys the templates, and calls each app's `setup`."""
    imported = apps.imported(files.apps)
    handlers = imported.handlers
    read = [template for file in files.templates for template in read_templates(file)]
    given = dict(arguments.parameters)
    check_parameters(given, read)
    logical = {name for template in read for name in section(template, "Resources")}
    for name, found in handlers.items():
        if name not in logical:
            _register(target, name, found)
    stacks = [_deployed(target, template, handlers, given, arguments) for template in read]
    made = {logical: physical for stack in stacks for logical, physical in stack.resources.items()}
    imported.set_up()
    return Loaded(stacks, [made.get(name, name) for name in handlers])


def read_templates(file: Path) -> list[templates.Template]:
    """A template's file, or the stacks of CDK's output or the Serverless Framework's.

    Raises `Problem` if it can't be read.
    """
    try:
        if packages.is_package(file):
            return [packages.load(file)]
        return assembly.stacks(file) if assembly.is_assembly(file) else [templates.load(file)]
    except ModuleNotFoundError as error:
        raise Problem(templates.needing(file, error)) from error
    except REFUSALS as error:
        raise Problem(error) from error
    except RecursionError as error:
        message = f"{file}: it is nested too deeply"
        raise Problem(message) from error


def section(template: templates.Template, name: str) -> Mapping[str, object]:
    """A section of a template; empty if it is malformed, which `deploy` will report."""
    section = template.body.get(name)
    return section if isinstance(section, dict) else {}


def check_parameters(given: Mapping[str, str], read: list[templates.Template]) -> None:
    """Raise `Problem` for a value whose parameter no template has."""
    declared = {name for template in read for name in section(template, "Parameters")}
    for name in given:
        if name not in declared:
            listed = ", ".join(sorted(declared)) or "none"
            message = f"no template has a parameter {name}; there are: {listed}"
            raise Problem(message)


def _register(target: Loadable, name: str, found: Found) -> None:
    try:
        target.handler(name, found.source)
    except (TypeError, ValueError) as error:
        message = f"{found.file}: {error}"
        raise Problem(message) from error


def _deployed(
    target: Loadable,
    template: templates.Template,
    handlers: Mapping[str, Found],
    parameters: Mapping[str, str],
    arguments: argparse.Namespace,
) -> Stack:
    resources, declared = section(template, "Resources"), section(template, "Parameters")
    try:
        return target.deploy(
            template.path,
            stack_name=template.given_name,
            parameters={name: value for name, value in parameters.items() if name in declared},
            handlers={name: found.source for name, found in handlers.items() if name in resources},
            ignore_unsupported=arguments.ignore_unsupported,
            invent_parameters=arguments.invent_parameters,
        )
    except REFUSALS as error:
        message = str(error)
        if str(template.path) not in message:
            message = f"{template.path}: {message}"
        raise Problem(message) from error
