"""The functions that moto's Lambda has because a handler is registered for them."""

from __future__ import annotations

import base64
import io
import zipfile
from functools import cache
from typing import TYPE_CHECKING

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.utilities.utils import get_partition

from destmock._aws.arn import LATEST
from destmock._functions.backends import existing, existing_lambda_backend, lambda_backend
from destmock._functions.lambda_gaps import have_tenants, make_durable

if TYPE_CHECKING:
    from collections.abc import Collection

    from moto.awslambda.models import LambdaBackend, LambdaStorage

    from destmock._functions.handlers import Handlers, Registration

#: The runtime of a function that destmock creates: any from 3.12 on serialises alike (B15).
DEFAULT_RUNTIME = "python3.13"


class _Made:
    """The functions that were made in one of moto's Lambdas, for the handlers of up to one generation."""

    __slots__ = ("functions", "generation", "served")

    def __init__(self) -> None:
        self.generation: int | None = None
        self.served: dict[str, int] = {}
        self.functions: dict[str, LambdaFunction] = {}

    def has(self, storage: LambdaStorage, name: str) -> bool:
        """Whether the function that was made under this name still exists."""
        group = storage._functions.get(name)  # noqa: SLF001
        return group is not None and group["latest"] is self.functions.get(name)


class Registered:
    """The functions that are made in moto for one simulation's handlers, in every account and region."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        #: By account and region, and which of moto's two Lambdas: a nested `mock_aws` may choose the other.
        self._made: dict[LambdaBackend, _Made] = {}

    def create(self, account: str, region: str) -> LambdaStorage:
        """Create in moto each function that has a handler and doesn't exist; returns moto's storage.

        A function is created once for each registration: a deleted function comes back when its handler is
        registered anew.
        """
        backend = existing_lambda_backend(account, region) or lambda_backend(account, region)
        storage = backend._lambdas  # noqa: SLF001
        made = self._made.get(backend)
        if made is None:
            made = self._made[backend] = _Made()
        if made.generation == self._handlers.generation:
            return storage
        made.generation = self._handlers.generation
        for name, registration in self._handlers.of(account, region):
            if made.served.get(name) == registration.serial:
                continue
            made.served[name] = registration.serial
            if made.has(storage, name):
                _apply(registration, made.functions[name])
            elif name not in storage._functions:  # noqa: SLF001 - moto has no cheaper way to ask
                made.functions[name] = _created(storage, account, region, name, registration)
        return storage

    def release(self, account: str, region: str, name: str) -> None:
        """Remove a function that was made for its handler only, before a `CreateFunction` of its name."""
        backend = lambda_backend(account, region)
        made = self._made.get(backend)
        if made is None:
            return
        if made.has(backend._lambdas, name):  # noqa: SLF001
            backend._lambdas.del_function(name)  # noqa: SLF001
        made.functions.pop(name, None)
        made.served.pop(name, None)
        made.generation = None

    def close(self) -> None:
        """Remove the functions from moto: a `mock_aws` around this mock may still be active."""
        for backend, made in self._made.items():
            storage = backend._lambdas  # noqa: SLF001
            for name in made.functions:
                if made.has(storage, name):
                    storage.del_function(name)

    def served(self, account: str, region: str) -> Collection[str]:
        """The names of the functions that have been made; one may be gone by now."""
        backend = existing(lambda_backends, account, region)
        return () if backend not in self._made else self._made[backend].served


def _created(
    storage: LambdaStorage, account: str, region: str, name: str, registration: Registration
) -> LambdaFunction:
    spec = {
        "FunctionName": name,
        "Runtime": DEFAULT_RUNTIME,
        "Role": f"arn:{get_partition(region)}:iam::{account}:role/{name}",
        "Handler": registration.handler_string,
        "Code": {"ZipFile": base64.b64encode(placeholder()).decode()},
    }
    function = LambdaFunction(account, spec, region, version=LATEST)  # type: ignore[abstract]
    _apply(registration, function)
    # Past put_function, which would want the role to exist in moto's IAM.
    storage._functions[name] = {"latest": function, "versions": []}  # noqa: SLF001
    storage._arns[function.function_arn] = function  # noqa: SLF001
    return function


def _apply(registration: Registration, function: LambdaFunction) -> None:
    function.handler = registration.handler_string
    function.timeout = registration.timeout
    function.memory_size = registration.memory_size
    function.environment_vars = dict(registration.environment)
    make_durable(function, registration.durable)
    have_tenants(function, registration.tenancy)


@cache
def placeholder() -> bytes:
    """The code that GetFunction shows for a function whose code is a registered handler."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(
            zipfile.ZipInfo("README"),
            "The code of this function is a handler registered with destmock.\n",
        )
    return archive.getvalue()
