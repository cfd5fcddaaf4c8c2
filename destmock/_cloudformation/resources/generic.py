"""Any resource whose service moto has, though its CloudFormation has no model for it.

A resource is made, read, changed and deleted by the operations that its schema names. What these take and
answer, botocore describes.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError
from moto.moto_api._internal import mock_random

from destmock._cloudformation.resources.fitting import Fitting, plain
from destmock._cloudformation.resources.kinds import Made, Properties
from destmock._cloudformation.resources.reading import Known, record, text
from destmock._cloudformation.resources.schemas import schemas
from destmock._functions.functions import partition_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from botocore.model import StructureShape

    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind
    from destmock._cloudformation.resources.schemas import Schema

_TOKENS = ("token", "callerreference", "requestid")
_ACCOUNT = ("accountid", "awsaccountid", "catalogid")


class Attributes(dict[str, str]):
    """The attributes of a resource, and what else is known of it."""

    def __init__(self, values: Mapping[str, str], known: Known) -> None:
        super().__init__(values)
        self.known = known


class _Values(dict[str, str]):
    """What a format may name: a resource's place, and all that is known of it."""

    def __init__(self, known: Known, place: Mapping[str, str]) -> None:
        super().__init__(place)
        self._known = known

    def __missing__(self, name: str) -> str:
        return str(self._known.value(name))


class Generic:
    """One type, by its schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.type = schema.type
        self.attributes = schema.attributes
        self.identity = schema.replace

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        schema, properties = self._schema, self._apart(properties)
        name = name[: schema.longest].strip("-")
        name = name.lower() if schema.lower else name
        if schema.name is not None and schema.name not in properties:
            name = self._fitting(api, name)
            properties = {**properties, schema.name: name}
        parameters = self._parameters(api, schema.create, properties)
        added = {"{name}": name, "{stack}": api.stack}
        for path, value in schema.defaults.items():
            _add_default(parameters, path.split("."), _filled(value, added))
        _complete(parameters, self._input(api, schema.create), self._own_names(), (name, api.account))
        known = Known(schema.prefixes).with_values(properties).with_values(parameters)
        answer = self._call(api, schema.create, parameters)
        return self._read(api, self._with_answer(known, answer), name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        """Change the resource; one that its service can't change is made anew, with the same name."""
        schema, known = self._schema, _known_of(made)
        if schema.update is None:
            self.delete(api, made, before)
            return self.create(api, str(known.value(schema.name or "") or made.id), properties)
        before, given = self._apart(before), self._apart(properties)
        if schema.name is not None:
            given.setdefault(schema.name, known.value(schema.name))
        tags = [key for key in given if plain(key).endswith("tags")]
        unchanged = {key for key in given if given[key] == before.get(key)}
        parameters = self._parameters(api, schema.update, given, quiet={*unchanged, *tags})
        identifying = known.arguments(self._input(api, schema.update), schema.id) or {}
        self._call(api, schema.update, {**identifying, **parameters})
        made = self._read(api, known.with_values(given), made.id)
        for key in tags:
            if key not in unchanged:
                self._tag(api, _known_of(made), _tags(before.get(key)), _tags(given[key]))
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        schema, known = self._schema, _known_of(made)
        if schema.delete is None:
            warnings.warn(
                f"{schema.type}: {made.id} stays, moto's {schema.service} can't delete it", stacklevel=2
            )
            return
        parameters = known.arguments(self._input(api, schema.delete), schema.id)
        if parameters is None:  # such as a token that only the service's answer has
            known = _known_of(self._read(api, known, made.id))
            parameters = known.arguments(self._input(api, schema.delete), schema.id)
        self._call(api, schema.delete, parameters or {})

    def _read(self, api: Api, known: Known, name: str) -> Made:
        """What the service says of the resource now."""
        schema = self._schema
        parameters = None
        if schema.read is not None:
            parameters = known.arguments(self._input(api, schema.read), schema.id)
        if schema.read is not None and parameters is not None:
            try:
                answer = self._call(api, schema.read, parameters)
            except (ClientError, NotImplementedError):  # the answer that made it has to do
                answer = {}
            known = self._with_answer(known, answer)
        ref = text(self._ref(known) or name)
        attributes = {each: self._attribute(api, known, ref, each) for each in self.attributes}
        return Made(ref, Attributes(attributes, known))

    def _with_answer(self, known: Known, answer: Mapping[str, Any]) -> Known:
        identifying = known.identified((*self._schema.id, "Name"))
        return known.with_values(record(answer, identifying, self._schema.prefixes))

    def _ref(self, known: Known) -> Any:
        """The last part of the primary identifier that the service makes, or else its last part."""
        schema = self._schema
        if schema.ref:
            return "|".join(str(known.value(each)) for each in schema.ref)
        made = [each for each in schema.id if each in schema.attributes and known.value(each) is not None]
        return known.value([*schema.id, *made][-1])

    def _attribute(self, api: Api, known: Known, ref: str, name: str) -> Any:
        """An attribute; one that moto doesn't answer is made up."""
        schema = self._schema
        partition = partition_of(api.region)
        place = {"account": api.account, "partition": partition, "region": api.region, "ref": ref}
        if name in schema.formats:
            return schema.formats[name].format_map(_Values(known, place))
        found = known.value(name)
        if found is not None and not isinstance(found, dict):
            return text(found)
        if name.lower().endswith("arn") and ref.startswith("arn:"):
            return ref
        if name.lower().endswith("arn"):
            owner = f"arn:{partition}:{schema.service}:{api.region}:{api.account}"
            return f"{owner}:{schema.prefixes[0]}/{ref}"
        return ref if name == "Id" else f"{ref}.{name}"

    def _apart(self, properties: Properties) -> Properties:
        """The properties, with each that stands for several taken apart."""
        made = dict(properties)
        for name, parts in self._schema.parts.items():
            if name in made:
                made.update(zip(parts, str(made.pop(name)).split("|"), strict=False))
        return made

    def _parameters(
        self, api: Api, operation: str, properties: Properties, quiet: set[str] | None = None
    ) -> dict[str, Any]:
        """The operation's parameters. What it has no parameter for is left out, and warned about by name."""
        schema = self._schema
        fitting = Fitting(schema.resource, schema.prefixes, schema.renames)
        parameters = fitting.parameters(properties, self._input(api, operation))
        left_out = [path for path in fitting.left_out if path.split(".")[0] not in (quiet or ())]
        if left_out:
            listed = ", ".join(left_out)
            message = f"{schema.type}: {schema.service}'s {operation} has no parameter for {listed}; left out"
            warnings.warn(message, stacklevel=2)
        return parameters

    def _tag(self, api: Api, known: Known, before: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """Change the resource's tags, by the service's operation for those of any resource."""
        model = api.clients.of(self._schema.service, api.region).meta.service_model
        arn = known.value("Arn")
        if not {"TagResource", "UntagResource"} <= {*model.operation_names} or not isinstance(arn, str):
            warnings.warn(f"{self.type}: its tags stay as they are", stacklevel=2)
            return
        for operation, given in (("UntagResource", [*before]), ("TagResource", dict(tags))):
            if given:
                shape = model.operation_model(operation).input_shape
                [resource] = [name for name in shape.members if plain(name).endswith(("arn", "resource"))]
                keys = next(name for name in shape.members if "tag" in plain(name))
                fitted = Fitting("", (), {}).parameters({resource: arn, keys: _as_pairs(given)}, shape)
                self._call(api, operation, fitted)

    def _call(self, api: Api, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return api.call(self._schema.service, xform_name(operation), **parameters)

    def _input(self, api: Api, operation: str) -> StructureShape:
        model = api.clients.of(self._schema.service, api.region).meta.service_model
        shape: StructureShape = model.operation_model(operation).input_shape
        return shape

    def _fitting(self, api: Api, name: str) -> str:
        """A generated name, without hyphens where the service has none in its names."""
        shape = self._input(api, self._schema.create)
        members = {member.lower(): each for member, each in shape.members.items()}
        found = members.get(str(self._schema.name).lower())
        pattern = None if found is None else found.metadata.get("pattern")
        fitting = (name, name.replace("-", "_"), name.replace("-", ""))
        with contextlib.suppress(re.error):  # not all of them are Python's
            return next((each for each in fitting if pattern is None or re.fullmatch(pattern, each)), name)
        return name

    def _own_names(self) -> set[str]:
        """The names by which an operation may ask for the resource's own name."""
        nouns = ("", *self._schema.prefixes)
        return {noun + ending for noun in nouns for ending in ("name", "identifier")} | {f"{nouns[1]}id"}


def _add_default(place: Any, path: Sequence[str], value: Any) -> None:
    """Add a parameter wherever the structure is that it belongs to."""
    if isinstance(place, list):
        for each in place:
            _add_default(each, path, value)
    elif isinstance(place, dict) and len(path) == 1:
        place.setdefault(path[0], value)
    elif isinstance(place, dict) and path[0] in place:
        _add_default(place[path[0]], path[1:], value)


def _filled(value: Any, texts: Mapping[str, str]) -> Any:
    for name, text_of in texts.items():
        value = value.replace(name, text_of) if isinstance(value, str) else value
    return value


def _complete(
    parameters: dict[str, Any], shape: StructureShape, own: set[str], named: tuple[str, str]
) -> None:
    """Add the required parameters that a template need not have: names, the account, and tokens."""
    for member, inner in shape.members.items():
        required = member in shape.required_members
        if inner.type_name == "structure" and isinstance(parameters.get(member, {}), dict):
            inside = parameters.get(member, {})
            missing = [each for each in inner.required_members if each not in inside and plain(each) in own]
            if missing and (required or member in parameters):
                parameters[member] = {**inside, **dict.fromkeys(missing, named[0])}
        elif required and member not in parameters:
            value = _made_up(plain(member), own, *named)
            if value is not None:
                parameters[member] = value


def _made_up(member: str, own: set[str], name: str, account: str) -> str | None:
    if member in _ACCOUNT:
        return account
    if member.endswith(_TOKENS):
        return str(mock_random.uuid4())
    return name if member in own else None


def _known_of(made: Made) -> Known:
    attributes = made.attributes
    assert isinstance(attributes, Attributes)
    return attributes.known


def _tags(value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return value
    return {each["Key"]: each["Value"] for each in value or []}


def _as_pairs(given: Any) -> Any:
    return (
        given if isinstance(given, list) else [{"Key": key, "Value": value} for key, value in given.items()]
    )


@cache
def kinds() -> tuple[Kind, ...]:
    """All types that are made so."""
    return tuple(Generic(schema) for schema in schemas().values())
