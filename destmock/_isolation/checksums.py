"""The checksum of a call's request: most operations have none, and botocore need not look for one."""

from __future__ import annotations

from functools import wraps
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore import client, httpchecksum

from destmock._isolation.client_makers import is_own
from destmock._isolation.patching import unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable

_INSIDE = vars(httpchecksum)
_RESOLVE = "resolve_checksum_context"
_REQUEST = "resolve_request_checksum_algorithm"
#: What finds a checksum. Some versions of botocore lack some.
_STEPS = {_REQUEST, "resolve_response_checksum_algorithms", "_register_checksum_feature_ids"}
_LOOKING = ("has_checksum_header", "get_checksum_algorithm_headers")
_NAMES = [name for name in (*sorted(_STEPS), *_LOOKING) if name in _INSIDE]
_now = itemgetter("__name__", *_NAMES)
_OWN = _now(_INSIDE)
#: How a header begins that has one.
_HEADER = "x-amz-checksum-"


def _is_known() -> bool:
    """Whether this version of botocore goes by what is looked at here."""
    if not (_REQUEST in _NAMES and is_own(getattr(client, _RESOLVE, None)) and all(map(is_own, _OWN[1:]))):
        return False
    steps, looks_at = vars(client)[_RESOLVE].__code__.co_names, _INSIDE[_REQUEST].__code__.co_names
    traits = {name for name in looks_at if name.startswith("http")}
    return _STEPS.issuperset(steps) and traits == {"http_checksum", "http_checksum_required"}


def _found_only_if_there_is_one(resolve: Callable[..., None]) -> Callable[..., None]:
    """Nothing is looked for if neither the operation, nor a header, nor a user's handler wants a checksum."""

    @wraps(resolve)
    def resolved(request: Any, operation_model: Any, params: Any) -> None:
        if not (
            not operation_model.http_checksum
            and not operation_model.http_checksum_required
            and "checksum" not in request["context"]
            and _HEADER not in "\n".join(request["headers"]).lower()
            and _now(_INSIDE) == _OWN
        ):
            resolve(request, operation_model, params)

    return resolved


PATCHES = (unless_replaced(client, _RESOLVE, _found_only_if_there_is_one),) if _is_known() else ()
