"""API Gateway's own answers, as an API's gateway responses change them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from destmock._services.apigateway.exchange import json_body
from destmock._services.apigateway.expressions import as_text

if TYPE_CHECKING:
    from moto.apigateway.models import RestAPI

    from destmock._services.apigateway.authorizers import RefusedError
    from destmock._services.apigateway.exchange import HttpAnswer

_HEADER = "gatewayresponse.header."
_SERVER_ERRORS = 500


def customised(api: RestAPI, refusal: RefusedError, request_id: str) -> HttpAnswer:
    """The answer to a request that has been refused."""
    answer = refusal.answer
    default = "DEFAULT_5XX" if answer.status >= _SERVER_ERRORS else "DEFAULT_4XX"
    custom: Any = api.gateway_responses.get(refusal.kind) or api.gateway_responses.get(default)
    if custom is None:
        return answer
    headers = {
        name[len(_HEADER) :]: str(value).strip("'")
        for name, value in (custom.response_parameters or {}).items()
        if name.startswith(_HEADER)
    }
    template = (custom.response_templates or {}).get("application/json")
    body = answer.body if template is None else _filled(template, answer, request_id)
    status = int(custom.status_code or answer.status)
    return replace(answer, status=status, body=body).replacing(headers)


def _filled(template: str, answer: HttpAnswer, request_id: str) -> bytes:
    message = next(iter(json.loads(answer.body).values()), None)
    text = template.replace("$context.error.messageString", json_body(message).decode())
    text = text.replace("$context.error.message", as_text(message))
    return text.replace("$context.requestId", request_id).encode()
