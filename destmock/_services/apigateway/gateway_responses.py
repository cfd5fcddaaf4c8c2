"""API Gateway's own answers, as an API's gateway responses change them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from destmock._services.apigateway.expressions import as_text
from destmock._services.http.exchange import json_body

if TYPE_CHECKING:
    from moto.apigateway.models import RestAPI

    from destmock._services.apigateway.authorizers import RefusedError
    from destmock._services.http.exchange import HttpAnswer

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
    body = answer.body if template is None else _filled(template, refusal, request_id)
    status = int(custom.status_code or answer.status)
    return answer._replace(status=status, body=body).replacing(headers)


def _filled(template: str, refusal: RefusedError, request_id: str) -> bytes:
    """The template with what it names of the context; text inside of a JSON string is escaped for it."""
    message = next(iter(json.loads(refusal.answer.body).values()), None)
    values = {
        "error.messageString": json_body(message).decode(),
        "error.message": as_text(message),
        "error.responseType": refusal.kind,
        "error.validationErrorString": json_body(refusal.why).decode()[1:-1],
        "requestId": request_id,
    }
    names = "|".join(map(re.escape, values))
    return re.sub(rf"\$context\.({names})", lambda found: values[found[1]], template).encode()
