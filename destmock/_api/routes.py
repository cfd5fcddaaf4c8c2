"""Lambda's requests as HTTP has them: which operation, and whether AWS's parser would take its members."""

from __future__ import annotations

import base64
import binascii
import json
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from botocore.loaders import create_loader
from botocore.model import ServiceModel
from moto.core.utils import ALT_DOMAIN_SUFFIXES

from destmock._api import requests as wire
from destmock._aws import api_errors as errors
from destmock._aws.json_errors import complaint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import OperationModel, Shape

_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", *ALT_DOMAIN_SUFFIXES)
_PATH = re.compile(r"/20\d\d-\d\d-\d\d/")
_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
}


def is_lambda(service: str | None, path: str) -> bool:
    """Whether a request is Lambda's, by the service that its signature names, else by its path.

    Other services have dates in their paths, too, and a bucket may be called like one.
    """
    return service == "lambda" if service is not None else _PATH.match(path) is not None


@lru_cache(maxsize=1000)
def is_aws(url: str) -> bool:
    """Whether moto would take the URL for one of AWS's, in whichever partition."""
    return (urlsplit(url).hostname or "").endswith(_AWS_DOMAINS)


def read(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, caller: wire.Caller
) -> wire.Request:
    """The request, understood as far as its types go; else AWS's error."""
    given = parse_qsl(query, keep_blank_values=True)
    model = _operation(method, path, {name for name, _ in given})
    if model is None:
        text = f"Unable to determine the operation of {method} {path}"
        raise errors.unknown_operation(text)
    _check(model, dict(reversed(given)), body)
    path = path.removesuffix("/")
    query_of = dict(reversed(given))
    if "Statuses" in query_of:  # the one member that may come several times
        query_of["Statuses"] = ",".join(value for key, value in given if key == "Statuses")
    return wire.Request(model.name, path, query_of, headers, body, caller)


@cache
def _model() -> ServiceModel:
    return ServiceModel(create_loader().load_service_model("lambda", "service-2"), "lambda")


@cache
def _routes() -> dict[str, list[tuple[re.Pattern[str], str, OperationModel]]]:
    """The routes by method, the most specific paths first; some want a parameter in the query (`List`)."""
    routes: dict[str, list[tuple[int, re.Pattern[str], str, OperationModel]]] = {}
    for name in _model().operation_names:
        model = _model().operation_model(name)
        path, _, query = model.http["requestUri"].partition("?")
        pattern = re.sub(r"\\\{[^/]*?\\\}", "[^/]*", re.escape(path))
        fixed = len(re.sub(r"\{[^/]*\}", "", path)) + len(query)
        wanted = query.partition("=")[0]
        routes.setdefault(model.http["method"], []).append((fixed, re.compile(f"{pattern}/?"), wanted, model))
    return {
        method: [(pattern, wanted, model) for _, pattern, wanted, model in sorted(found, key=_unspecific)]
        for method, found in routes.items()
    }


def _unspecific(route: tuple[int, re.Pattern[str], str, OperationModel]) -> int:
    return -route[0]


def _operation(method: str, path: str, query: set[str]) -> OperationModel | None:
    routes = _routes().get(method, ())
    found = (model for form, wanted, model in routes if form.fullmatch(path) and wanted in {"", *query})
    return next(found, None)


def _check(model: OperationModel, query: Mapping[str, str], body: bytes) -> None:
    """Check what AWS's clients check before they send, which handwritten HTTP may get wrong."""
    shape = model.input_shape
    if shape is None:
        return
    members = shape.members
    for member in members.values():
        name = member.serialization.get("name", "")
        if member.serialization.get("location") == "querystring" and name in query:
            _check_text(member, query[name])
    in_body = {
        name: member
        for name, member in members.items()
        if "location" not in member.serialization and name != shape.serialization.get("payload")
    }
    if not in_body:
        return
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise errors.not_parsed(complaint(body)) from None
    if not isinstance(given, dict):
        raise errors.wrong_type(given, "Structure")
    required = [name for name in shape.required_members if name in in_body]
    violations = [*_violations(in_body, required, given, "")]
    if violations:
        raise errors.validation(violations)


def _check_text(shape: Shape, text: str) -> None:
    if shape.type_name in {"integer", "long"} and not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise errors.wrong_type(text, shape.type_name.title())
    if shape.type_name == "boolean" and text not in {"true", "false"}:
        raise errors.wrong_type(text, "Boolean")


def _violations(
    members: Mapping[str, Shape], required: list[str], given: Mapping[str, Any], path: str
) -> Iterator[str]:
    for name, member in members.items():
        key = member.serialization.get("name", name)
        where = f"{path}{name[:1].lower()}{name[1:]}"
        value = given.get(key)
        if value is not None:
            yield from _checked(member, value, where)
        elif name in required:
            yield errors.violation("null", where, "not be null").replace("'null'", "null")


def _checked(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    wanted = _TYPES[kind]
    of_type = isinstance(value, wanted)
    if not of_type or (isinstance(value, bool) and bool not in wanted):
        raise errors.wrong_type(value, kind.title())
    if kind == "structure":
        yield from _violations(shape.members, shape.required_members, value, f"{path}.")
    elif kind == "list":
        for number, item in enumerate(value, 1):
            yield from _checked(shape.member, item, f"{path}.{number}.member")
    elif kind == "map":
        for key, item in value.items():
            yield from _checked(shape.value, item, f"{path}.{key}")
    elif kind == "blob":
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            text = f"the value of {path} is not base64"
            raise errors.not_parsed(text) from None
