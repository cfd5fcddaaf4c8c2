"""Handlers of botocore's own that have nothing to do for most calls, and how that shows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from botocore import handlers
from botocore.model import OperationModel

from destmock._isolation.client_makers import is_own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Idle = tuple[Any, Callable[[dict[str, Any]], bool]]

_HANDLERS = vars(handlers)
_ENVIRON: Any = type(os.environ)
#: The variable that says that a program runs in Lambda, as `os.environ` keeps it.
_FUNCTION: Any = os.environ.encodekey("AWS_LAMBDA_FUNCTION_NAME")


def _is_outside_lambda(given: dict[str, Any]) -> bool:
    """A call passes a trace on in Lambda only. Python raises two errors to find that out."""
    environ: Any = os.environ
    return (
        "params" in given
        and type(environ) is _ENVIRON
        and _FUNCTION not in environ._data  # noqa: SLF001
        and _HANDLERS["os"] is os
    )


def _needs_no_token(given: dict[str, Any]) -> bool:
    model = given.get("model")
    return type(model) is OperationModel and "params" in given and not model.idempotent_members


def _checks_no_answer(given: dict[str, Any]) -> bool:
    model = given.get("model")
    traits: Any = model.http_checksum if type(model) is OperationModel and "params" in given else None
    return traits is not None and "requestValidationModeMember" not in traits


def _finds_no_endpoints(given: dict[str, Any]) -> bool:
    model = given.get("model")
    return type(model) is OperationModel and "params" in given and not model.is_endpoint_discovery_operation


#: What asks whether a handler is idle, and the names in the versions of the handler that are known.
_KNOWN = {
    "generate_idempotent_uuid": (
        _needs_no_token,
        {"idempotent_members", "str", "uuid", "uuid4", "logger", "debug"},
    ),
    "_handle_request_validation_mode_member": (
        _checks_no_answer,
        {"get", "response_checksum_validation", "http_checksum", "setdefault"},
    ),
    "add_recursion_detection_header": (_is_outside_lambda, {"os", "environ", "get", "quote"}),
    "inject_api_version_header_if_needed": (
        _finds_no_endpoints,
        {"is_endpoint_discovery_operation", "service_model", "api_version"},
    ),
}


def _idle(names: Iterable[str]) -> Iterable[Idle]:
    for name in names:
        handler, (is_idle, known) = _HANDLERS.get(name), _KNOWN[name]
        if handler is not None and is_own(handler) and known.issuperset(handler.__code__.co_names):
            yield handler, is_idle
        else:
            yield _nobody, bool


def _nobody() -> None:
    """Stands for a handler that this version of botocore has not, or another one of."""


#: Two by what emits their events.
IDLE: dict[str, tuple[Idle, ...]] = {
    "emit": tuple(_idle(("generate_idempotent_uuid", "_handle_request_validation_mode_member"))),
    "emit_until_response": tuple(
        _idle(("add_recursion_detection_header", "inject_api_version_header_if_needed"))
    ),
}
