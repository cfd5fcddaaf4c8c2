"""A plain REST request is made of its parameters in one go: texts in the path, query and headers, and a body.

botocore takes five steps for each parameter, and looks for the places of those in the path each time.
"""

from __future__ import annotations

from functools import lru_cache, wraps
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from botocore import serialize as serializing
from botocore.serialize import BaseRestSerializer, RestJSONSerializer, RestXMLSerializer

from destmock._isolation.client_makers import is_own
from destmock._isolation.patching import unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable

_MODULE, _REST = vars(serializing), vars(BaseRestSerializer)
_BODIES = frozenset({"blob", "string"})
#: How many attributes a serializer has: one more may be a step that somebody has put there.
_MOST = len(vars(serializing.create_serializer("rest-json", include_validation=False)))
#: What a plain request goes through, in botocore's module and in its classes.
_of_module = itemgetter("percent_encode", "is_json_value_header")
_of_kind = attrgetter(
    *("_create_default_request", "_expand_host_prefix", "_render_uri_template", "_partition_parameters"),
    *("_get_uri_and_query_string_value", "_convert_header_value", "_serialize_payload"),
    *("_has_streaming_payload", "_encode_payload", "_serialize_content_type"),
    *("DEFAULT_METHOD", "DEFAULT_ENCODING", "MAP_TYPE"),
)
_VALUES = ("POST", "utf-8", dict)
#: The steps of two of them in the versions of botocore that are known.
_STEPS = {
    "serialize_to_request": {
        *("DEFAULT_METHOD", "MAP_TYPE", "_create_default_request", "_expand_host_prefix", "get", "http"),
        *("_partition_parameters", "_render_uri_template", "_serialize_content_type", "_serialize_payload"),
        *("input_shape", "items", "members"),
    },
    "_partition_parameters": {
        *(
            "_convert_header_value",
            "_do_serialize_header_map",
            "_get_uri_and_query_string_value",
            "dict",
            "get",
        ),
        *("isinstance", "serialization", "type_name", "update"),
        "member",  # of a list, in what Python 3.12 and later make of it
    },
}


def _at_once(serialize: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    @wraps(serialize)
    def serialized(self: Any, parameters: Any, operation_model: Any) -> Any:
        if _are_own(self):
            request = _request(operation_model, parameters)
            if request is not None:
                return request
        return serialize(self, parameters, operation_model)

    return serialized


def _are_own(serializer: Any) -> bool:
    """Whether nobody has put his own in the place of a step."""
    kind = type(serializer)
    return (
        kind in _OWN
        and len(serializer.__dict__) == _MOST
        and _of_kind(kind) == _OWN[kind]
        and _of_module(_MODULE) == _OF_MODULE
    )


def _request(operation_model: Any, parameters: Any) -> dict[str, Any] | None:
    """The request of an operation that sends a body as it is; nothing if it takes a closer look."""
    shape, http = operation_model.input_shape, operation_model.http
    if shape is None or operation_model.endpoint is not None or "authPath" in http:
        return None
    payload, members = shape.serialization.get("payload"), shape.members
    if payload is None or members[payload].type_name not in _BODIES:
        return None
    places: dict[str, dict[str, str]] = {"uri": {}, "querystring": {}, "header": {}}
    for name, value in parameters.items():
        member = members[name]
        serialization = member.serialization
        location = serialization.get("location")
        if location is not None and value is not None:
            if (
                type(value) is not str
                or member.type_name != "string"
                or location not in places
                or "jsonvalue" in serialization
            ):
                return None
            places[location][serialization.get("name", name)] = value
    body = parameters.get(payload, b"")
    return {
        "url_path": _path(http["requestUri"], *places["uri"].items()),
        "query_string": places["querystring"],
        "method": http.get("method", "POST"),
        "headers": places["header"],
        "body": body.encode() if isinstance(body, str) else body,
    }


@lru_cache(maxsize=1000)
def _path(template: str, *values: tuple[str, str]) -> str:
    path: str = _render(None, template, dict(values))
    return path


_render: Any = _REST["_render_uri_template"]
_OF_MODULE = _of_module(_MODULE)
_OWN = {kind: _of_kind(kind) for kind in (RestJSONSerializer, RestXMLSerializer)}
_IS_KNOWN = (
    all(_STEPS[name].issuperset(_REST[name].__code__.co_names) for name in _STEPS)
    and all(map(is_own, _OF_MODULE))
    and all(all(map(is_own, own[:-3])) and own[-3:] == _VALUES for own in _OWN.values())
)
PATCHES = (unless_replaced(BaseRestSerializer, "serialize_to_request", _at_once),) if _IS_KNOWN else ()
