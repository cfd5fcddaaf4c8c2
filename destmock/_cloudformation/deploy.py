"""`Destmock.deploy`: a template becomes a stack, in moto's CloudFormation and in the simulation."""

from __future__ import annotations

import contextlib
import json
import warnings
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from destmock._aws.arn import parse_function_arn
from destmock._cloudformation import (
    artifacts,
    assembly,
    cdk_providers,
    packages,
    sam,
    serverless_providers,
    templates,
    validation,
)
from destmock._cloudformation.deployed import Stack
from destmock._cloudformation.invented import Inventor
from destmock._cloudformation.place import Place
from destmock._cloudformation.unsupported import functions_behind, runs, unsupported, without_applications
from destmock._engine.active import enter_once
from destmock._functions.handlers import check_source
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from destmock._cloudformation.templates import Template
    from destmock._engine.simulation import Simulation
    from destmock._functions.handlers import Handler, Outcomes

    Sources = Mapping[str, Handler | str | Outcomes]

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_SSM_TYPE = "AWS::SSM::Parameter::"
_IMAGES = (
    "destmock can't run container images: {}; pass deploy(handlers={{{}: ...}}) with what should run "
    "instead, or ignore_unsupported=True to deploy functions that can't be invoked"
)
#: The parameter by which a CDK template asks for the version of the account's bootstrap stack.
_BOOTSTRAP, _BOOTSTRAP_VERSION = "BootstrapVersion", "27"


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for all of a deployment's stacks.

    `code`: false for stacks that are only to be looked at; their functions can't run, and need no code.
    """

    ignore_unsupported: bool
    invent_parameters: bool
    code: bool = True


class Deployment:
    """One call of `deploy`. When it fails, everything that it has made is removed again."""

    def __init__(
        self,
        simulation: Simulation,
        template: Template,
        name: str,
        place: Place,
        options: Options,
    ) -> None:
        self._name = name
        self._simulation = simulation
        self._template = template
        self._place = place
        self._options = options
        self._stacks: ModuleType = import_module("destmock._cloudformation.stacks")

    def run(self, parameters: Mapping[str, object], handlers: Sources, undo: contextlib.ExitStack) -> Stack:
        """Make the stack; `undo` gets all that takes it away again."""
        options = self._options
        if not options.ignore_unsupported:
            templates.check_transforms(self._template.body)
        pseudo, invents = {**self._place.pseudo, "AWS::StackName": self._name}, options.invent_parameters
        self._template = templates.extended(self._template, parameters, pseudo, invents)
        with self._checked():
            validation.check_format(self._template.body, serverless=self._template.serverless)
        inventor = Inventor(self._template.body, self._place.client)
        values = templates.values(self._template, parameters, inventor.value if invents else None)
        self._fetch(values, undo, inventor if invents else None)
        evaluation = self._evaluation(self._template.body, values)
        given = self._given(handlers, evaluation)
        own = {**cdk_providers.providers(self._template), **serverless_providers.providers(self._template)}
        sources = {**own, **{name: handlers[key] for name, key in given.items()}}
        replaced = {*sources, *self._registered(evaluation), *self._off(evaluation)}
        if not options.code:
            replaced = {*self._template.functions}
        body = artifacts.with_placeholders(self._template, replaced)
        images = artifacts.images(body, evaluation)
        if images and not options.ignore_unsupported:
            raise UnsupportedError(_IMAGES.format(", ".join(images), repr(images[0])))
        artifacts.name_images(body, images, self._place.pseudo)
        uploads = [
            *artifacts.packaged(self._template, body, self._place.bucket, evaluation),
            *artifacts.assets(self._template, body, self._place.pseudo, evaluation.has),
        ]
        body = self._transformed(body, values)
        with self._checked():
            validation.check_references(body)
        ignored = self._unsupported(body, values, replaced if options.code else None)
        self._upload(uploads, undo)
        register = self._registering(sources, undo)
        with self._stacks.ignored(ignored), self._stacks.followed(self._name, register):
            self._create(body, values, undo)
            stack = self._read()
        return replace(stack, invented=MappingProxyType(inventor.values))

    @contextlib.contextmanager
    def _checked(self) -> Iterator[None]:
        """Add the file's name to the error of its template."""
        try:
            yield
        except validation.TemplateError as error:
            message = f"{self._template.path}: {error}"
            raise ValueError(message) from error

    def _fetch(
        self, values: Mapping[str, str], undo: contextlib.ExitStack, inventor: Inventor | None
    ) -> None:
        """Check that each parameter of Systems Manager exists, and make the one that CDK needs."""
        ssm = self._place.client("ssm")
        for name, value in values.items():
            if not str(self._template.body["Parameters"][name].get("Type")).startswith(_SSM_TYPE):
                continue
            if ssm.get_parameters(Names=[value])["Parameters"]:
                continue
            if name != _BOOTSTRAP and inventor is not None:
                inventor.store(name, value)
                continue
            if name != _BOOTSTRAP:
                message = (
                    f"Unable to fetch parameters [{value}] from parameter store for this account; put it "
                    f"there first, the template's parameter {name} is its value"
                )
                raise ValueError(message)
            ssm.put_parameter(Name=value, Value=_BOOTSTRAP_VERSION, Type="String")
            undo.callback(ssm.delete_parameter, Name=value)

    def _evaluation(self, body: dict[str, Any], values: dict[str, str]) -> Any:
        return self._stacks.Evaluation(body, values, self._name, self._place.account, self._place.region)

    def _names(self, evaluation: Any) -> dict[str, str | None]:
        """The template's functions, with the names that it gives them."""
        return {
            logical_id: evaluation.value(resource.get("Properties", {}).get("FunctionName"))
            for logical_id, resource in self._template.functions.items()
        }

    def _given(self, handlers: Sources, evaluation: Any) -> dict[str, str]:
        """The functions whose handlers are given: logical id -> key in `handlers`."""
        names = self._names(evaluation)
        by_name = {name: logical_id for logical_id, name in names.items() if name is not None}
        by_name |= self._template.construct_paths
        found: dict[str, str] = {}
        for key, source in handlers.items():
            check_source(key, source)
            logical_id = key if key in names else by_name.get(key)
            if logical_id is None:
                known = ", ".join(
                    each if name is None else f"{each} ({name})" for each, name in names.items()
                )
                message = (
                    f"handlers: {key!r} is no function of {self._template.path}, which has {known or 'none'}"
                )
                raise ValueError(message)
            if logical_id in found:
                message = f"handlers: {found[logical_id]!r} and {key!r} are the same function, {logical_id}"
                raise ValueError(message)
            found[logical_id] = key
        return found

    def _registered(self, evaluation: Any) -> list[str]:
        """The functions whose names have a registered handler already."""
        find = self._simulation.handlers.find
        return [
            logical_id
            for logical_id, name in self._names(evaluation).items()
            if name is not None and find(self._place.function(name)) is not None
        ]

    def _off(self, evaluation: Any) -> list[str]:
        """The functions whose condition is false; SAM wants code for them all the same."""
        functions = self._template.functions.items()
        return [logical_id for logical_id, resource in functions if not evaluation.has(resource)]

    def _transformed(self, body: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
        if not self._template.serverless:
            return body
        return sam.transform(without_applications(body), values, self._place.region, self._place.partition)

    def _unsupported(
        self,
        body: dict[str, Any],
        values: dict[str, str],
        runnable: set[str] | None,
    ) -> dict[str, str]:
        """The unsupported resources, which are to be ignored: logical id -> type.

        `runnable`: the functions that run in any case; `None` if none is to run.
        """
        evaluation = self._evaluation(body, values)

        def answers(resource: dict[str, Any]) -> bool:
            if not self._stacks.is_run(resource["Type"]):
                return True
            if runnable is None:
                return False
            token = resource.get("Properties", {}).get("ServiceToken")
            functions = list(functions_behind(token, body["Resources"]))
            if functions:
                return all(runs(each, body["Resources"], runnable) for each in functions)
            return self._runs(evaluation.value(token))

        found = unsupported(body, evaluation.has, self._stacks.supports, answers)
        listed = ", ".join(f"{logical_id} ({what})" for logical_id, what in found.items())
        if found and not self._options.ignore_unsupported:
            message = (
                f"{self._template.path} has resources that neither moto's CloudFormation nor destmock "
                f"simulates: {listed}; deploy with ignore_unsupported=True to go without them"
            )
            raise UnsupportedError(message)
        if found:
            message = f"{self._template.path}: the stack {self._name} goes without {listed}"
            warnings.warn(message, stacklevel=2)
        return {logical_id: body["Resources"][logical_id]["Type"] for logical_id in found}

    def _upload(self, uploads: list[artifacts.Upload], undo: contextlib.ExitStack) -> None:
        s3 = self._place.client("s3")
        there = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        for upload in uploads:
            if upload.bucket not in there:
                there.add(upload.bucket)
                place = {"LocationConstraint": self._place.region}
                options = {} if self._place.region == "us-east-1" else {"CreateBucketConfiguration": place}
                s3.create_bucket(Bucket=upload.bucket, **options)
                undo.callback(s3.delete_bucket, Bucket=upload.bucket)
            if not _exists(s3, upload):  # the key is a hash of the content
                s3.put_object(Bucket=upload.bucket, Key=upload.key, Body=upload.content)
                undo.callback(s3.delete_object, Bucket=upload.bucket, Key=upload.key)

    def _create(self, body: dict[str, Any], values: dict[str, str], undo: contextlib.ExitStack) -> None:
        client = self._place.client("cloudformation")
        client.create_stack(
            StackName=self._name,
            TemplateBody=json.dumps(body),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=_CAPABILITIES,
        )
        undo.callback(client.delete_stack, StackName=self._name)

    def _read(self) -> Stack:
        client = self._place.client("cloudformation")
        [described] = client.describe_stacks(StackName=self._name)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
        listed = client.list_stack_resources(StackName=self._name)["StackResourceSummaries"]
        resources = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in listed
            if each["LogicalResourceId"]  # moto also lists resources whose condition doesn't hold
        }
        return Stack(self._name, MappingProxyType(outputs), MappingProxyType(resources))

    def _runs(self, arn: Any) -> bool:
        """Whether a function that is there already can run here."""
        ref = parse_function_arn(arn) if isinstance(arn, str) else None
        found = None if ref is None else self._simulation.functions.find(ref)
        if ref is None or found is None:
            return False
        return self._simulation.handlers.find(ref) is not None or found.runtime.startswith("python")

    def _registering(self, sources: Sources, undo: contextlib.ExitStack) -> Callable[[str, Any], None]:
        """Register each given handler as soon as its function is made: a custom resource may need it."""
        registered = self._simulation.handlers

        def register(logical_id: str, made: Any) -> None:
            if logical_id not in sources or not made:
                return
            ref = self._place.function(made.physical_resource_id)
            undo.callback(registered.forget, ref)
            registered.register(
                ref.unqualified_arn,
                sources[logical_id],
                timeout=3,
                memory_size=128,
                environment=None,
                duration=0.0,
            )

        return register


def _exists(s3: Any, upload: artifacts.Upload) -> bool:
    try:
        s3.head_object(Bucket=upload.bucket, Key=upload.key)
    except ClientError:
        return False
    return True


def deploy(
    simulation: Simulation,
    template: str | os.PathLike[str],
    *,
    stack_name: str | None,
    parameters: Mapping[str, object],
    handlers: Sources,
    region: str | None,
    ignore_unsupported: bool,
    invent_parameters: bool,
    code: bool = True,
) -> Stack:
    """Deploy a template or an assembly, as the docstring of `Destmock.deploy` says; `code` as `Options`."""
    try:
        stacks = import_module("destmock._cloudformation.stacks")  # takes a second, and the extra `templates`
    except ModuleNotFoundError as error:
        raise UnsupportedError(templates.needing(template, error)) from error
    enter_once(stacks.stacks_completed)
    place = Place(region)
    options = Options(ignore_unsupported, invent_parameters, code)

    def made(loaded: Template, name: str, values: Mapping[str, object], sources: Sources) -> Stack:
        return Deployment(simulation, loaded, name, place, options).run(values, sources, undo)

    with contextlib.ExitStack() as undo:
        packaged = packages.is_package(template)
        if assembly.is_assembly(template) and not packaged:
            stack = assembly.deployed(Path(template), stack_name, parameters, handlers, made)
        else:
            loaded = packages.load(template) if packaged else templates.load(template)
            stack = made(loaded, stack_name or loaded.stack_name, parameters, handlers)
        undo.pop_all()
    return stack
