"""What a test has put in the place of moto's own invocation of a function; it runs as the function's handler.

Suites without Docker replace `LambdaFunction.invoke`, `LambdaFunction._invoke_lambda` or
`LambdaBackend.invoke`, or choose moto's simple Lambda with `config={"lambda": {"use_docker": False}}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaBackend, LambdaFunction

from destmock._functions.backends import is_simple, lambda_backend
from destmock._functions.handlers import Registration

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import FunctionRef

_THEIRS = {"moto", "destmock"}
_HEADERS = {"x-amz-invocation-type": "RequestResponse"}
#: No registration of a handler has this number.
_SERIAL = -1


def stand_in(ref: FunctionRef, found: Any) -> Registration | None:
    """What a test has put in place to run `found`, moto's function, as a handler; `None` if nothing."""
    if is_simple() or _is_replaced(LambdaBackend, "invoke"):
        backend = lambda_backend(ref.account, ref.region)

        def run(event: Any, headers: dict[str, str]) -> object:
            return backend.invoke(ref.name, ref.qualifier, json.dumps(event), _HEADERS, headers)

    elif _is_replaced(LambdaFunction, "invoke"):

        def run(event: Any, headers: dict[str, str]) -> object:
            return found.invoke(json.dumps(event), _HEADERS, headers)

    elif _is_replaced(LambdaFunction, "_invoke_lambda"):

        def run(event: Any, headers: dict[str, str]) -> object:
            result, failed, _ = found._invoke_lambda(event=event)  # noqa: SLF001
            if failed:
                headers["x-amz-function-error"] = "Handled"
            return result

    else:
        return None
    return Registration(ref.name, _handler(run), serial=_SERIAL)


def _is_replaced(owner: type, name: str) -> bool:
    """Whether a method of moto's is now the test's own."""
    module = getattr(getattr(owner, name), "__module__", None) or ""
    return module.partition(".")[0] not in _THEIRS


def _handler(run: Callable[[Any, dict[str, str]], object]) -> Callable[[Any, Any], object]:
    def handler(event: Any, _context: Any) -> object:
        headers: dict[str, str] = {}
        answered = run(event, headers)
        text = answered.decode() if isinstance(answered, bytes) else answered
        if "x-amz-function-error" in headers:
            raise RuntimeError(text)
        if not isinstance(text, str):
            return text
        try:
            return json.loads(text)
        except ValueError:
            return text

    return handler
