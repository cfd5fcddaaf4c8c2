"""A user's own handlers on botocore's events, which see the calls that destmock answers as they see others.

botocore emits these events while it makes, signs and sends a request. destmock answers before that. Where a
user has registered a handler, the request is made and signed all the same, and the events are emitted.
"""

from __future__ import annotations

import uuid
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import create_request_object
from botocore.endpoint import convert_to_response_dict
from botocore.parsers import create_parser
from moto.core.models import botocore_stubber

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.model import OperationModel

_EVENTS = ("request-created", "before-sign", "before-send", "before-parse", "response-received")
_LIBRARIES = {"boto3", "botocore", "destmock", "moto"}


def are_registered(request_signer: Any, operation: str) -> bool:
    """Whether a user has registered a handler that would see the call."""
    emitter = _emitter(request_signer)
    known: dict[str, bool] = emitter._lookup_cache  # noqa: SLF001 - it is a new one after each change
    key = f"destmock.{operation}"
    found = known.get(key)
    if found is None:
        handlers = (one for event in _EVENTS for one in _handlers(emitter, f"{event}.lambda.{operation}"))
        found = known[key] = any(_is_users_own(handler) for handler in handlers)
    return found


def sent(
    request_signer: Any, model: OperationModel, params: dict[str, Any]
) -> tuple[dict[str, Any], AWSResponse | None]:
    """Make and sign the request as botocore does; returns it, and the answer of a user's own handler."""
    emitter = _emitter(request_signer)
    params["context"]["retries"] = {"attempt": 1, "invocation-id": str(uuid.uuid4())}
    request: Any = create_request_object(params)
    emitter.emit(f"request-created.lambda.{model.name}", request=request, operation_name=model.name)
    for name, value in request.headers.items():
        if isinstance(value, str):
            request.headers[name] = value.encode()
    prepared: AWSPreparedRequest = request.prepare()
    event = f"before-send.lambda.{model.name}"
    answers = [
        handler(request=prepared, event_name=event)
        for handler in _handlers(emitter, event)
        if handler is not botocore_stubber  # moto would answer, too
    ]
    given: dict[str, Any] = dict(prepared.headers.items())
    headers = {name: _text(value) for name, value in given.items()}
    answer = next((found for found in answers if found is not None), None)
    return {**params, "headers": headers, "body": prepared.body}, answer


def received(
    request_signer: Any, model: OperationModel, http: AWSResponse, parsed: dict[str, Any], context: Any
) -> None:
    """Emit the events of an answer that has come."""
    emitter, response = _emitter(request_signer), _response_dict(model, http)
    customized: dict[str, Any] = {}
    emitter.emit(
        f"before-parse.lambda.{model.name}",
        operation_model=model,
        response_dict=response,
        customized_response_dict=customized,
    )
    parsed.update(customized)
    emitter.emit(
        f"response-received.lambda.{model.name}",
        response_dict=response,
        parsed_response=parsed,
        context=context,
        exception=None,
    )


def parsed(model: OperationModel, http: AWSResponse) -> dict[str, Any]:
    """The answer that a user's own handler gave, as botocore parses it."""
    found: dict[str, Any] = parser().parse(_response_dict(model, http), model.output_shape)
    return found


@cache
def parser() -> Any:
    """botocore's parser of Lambda's answers."""
    return create_parser("rest-json")


def _response_dict(model: OperationModel, http: AWSResponse) -> dict[str, Any]:
    answered: dict[str, Any] = convert_to_response_dict(http, model)
    return answered


def _emitter(request_signer: Any) -> Any:
    emitter = request_signer._event_emitter  # noqa: SLF001 - the client's, which the hook isn't given
    return getattr(emitter, "_emitter", emitter)


def _handlers(emitter: Any, event: str) -> list[Any]:
    return [*emitter._handlers.prefix_search(event)]  # noqa: SLF001


def _is_users_own(handler: Any) -> bool:
    module = getattr(handler, "__module__", None) or ""
    return module.partition(".")[0] not in _LIBRARIES


def _text(value: Any) -> str:
    """A header as text: botocore keeps bytes, and an object of Python for what no header can have."""
    if isinstance(value, bytes):
        return value.decode()
    return value if isinstance(value, str) else ""
