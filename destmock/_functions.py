"""What AWS knows of a function: settings, versions, aliases and concurrency, as moto's Lambda keeps them.

A function with a registered handler exists in moto from the first Lambda call that could see it; from then
on moto alone says whether it exists and what its settings are.
"""

from __future__ import annotations

import base64
import io
import os
import re
import zipfile
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from destmock._arn import LATEST, FunctionRef
from destmock._backends import lambda_backend
from destmock._moto_gaps import dead_letter_config, layer_versions, logging_config, revision
from destmock._packages import Deployment, no_handler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.awslambda.models import LambdaStorage

    from destmock._handlers import Handlers, Registration
    from destmock._ids import Ids
    from destmock._lifecycle import Result

#: Of a client that names none.
DEFAULT_REGION = "us-east-1"
#: The runtime of a function that destmock creates: any from 3.12 on serialises alike (B15).
DEFAULT_RUNTIME = "python3.13"
DEFAULT_RECURSION = "Terminate"
_OTHER_LANGUAGES = ("dotnet", "go", "java", "nodejs", "provided", "ruby")
_PYTHON = re.compile(r"python3\.\d+")


class Function(NamedTuple):
    """One version of a function, as an attempt finds it."""

    ref: FunctionRef
    version: str
    identity: object
    runtime: str
    handler: str
    timeout: int
    memory_size: int
    environment: Mapping[str, str]
    reserved_concurrency: int | None
    dead_letter: str | None
    logging: Mapping[str, str]
    traced: bool

    @property
    def log_group(self) -> str:
        return self.logging["LogGroup"]

    @property
    def has_own_log_group(self) -> bool:
        """Whether its log group is the one that AWS makes for it."""
        return self.log_group == f"/aws/lambda/{self.ref.name}"


class Functions:
    """The functions of one simulation, in every account and region."""

    def __init__(self, handlers: Handlers, ids: Ids) -> None:
        self._handlers = handlers
        self._ids = ids
        self._seen: dict[tuple[str, str], int] = {}
        self._recursion: dict[FunctionRef, tuple[object, str]] = {}
        self._served: dict[tuple[str, str, str], int] = {}
        self._created: dict[tuple[str, str, str], LambdaFunction] = {}
        #: Which of moto's two Lambdas they are in: a nested `mock_aws` may choose the other.
        self._kind: type | None = None

    def create_registered(self, account: str, region: str) -> LambdaStorage:
        """Creates in moto each function that has a handler and isn't there yet.

        Once for each registration: a deleted function comes back when its handler is registered anew.
        Answers where moto keeps them.
        """
        backend = lambda_backend(account, region)
        kind, storage = type(backend), backend._lambdas  # noqa: SLF001
        if kind is not self._kind:
            self._kind = kind
            for known in (self._seen, self._served, self._created):
                known.clear()
        if self._seen.get((account, region)) == self._handlers.generation:
            return storage
        self._seen[account, region] = self._handlers.generation
        for name, registration in self._handlers.of(account, region):
            key = (account, region, name)
            if self._served.get(key) == registration.serial:
                continue
            self._served[key] = registration.serial
            if self._is_ours(key):
                _apply(registration, self._created[key])
            else:
                self._create(key, registration)
        return storage

    def release(self, account: str, region: str, name: str) -> None:
        """Makes room for a `CreateFunction` of a function that so far only its handler created."""
        key = (account, region, name)
        if self._is_ours(key):
            _storage(account, region).del_function(name)
        self._created.pop(key, None)
        self._served.pop(key, None)
        self._seen.pop((account, region), None)

    def close(self) -> None:
        """Takes out of moto what was put there, for the `mock_aws` that may still be active around."""
        for key in self._created:
            if self._is_ours(key):
                account, region, name = key
                _storage(account, region).del_function(name)

    def find(self, ref: FunctionRef) -> Function | None:
        """The version that an invocation of `ref` runs now; `None` if there is none (D14)."""
        storage = self.create_registered(ref.account, ref.region)
        version, found = LATEST, _named(storage, ref)
        if found is None:
            return None
        if ref.qualifier is not None:
            version = ref.qualifier if isinstance(found, LambdaFunction) else self._routed(found)
            found = _version(storage, ref.name, version)
            if found is None:
                return None
        reserved = storage._functions[ref.name]["latest"].reserved_concurrency  # noqa: SLF001
        return Function(
            ref,
            version,
            found,
            found.run_time or DEFAULT_RUNTIME,
            found.handler or "",
            int(found.timeout),
            int(found.memory_size),
            found.environment_vars or {},
            None if reserved is None else int(reserved),
            dead_letter_config(found).get("TargetArn"),
            logging_config(found),
            found.tracing_config.get("Mode") == "Active",
        )

    def deployment(self, function: Function) -> Deployment:
        """What was deployed as this version. Raises `NoHandlerError` if it isn't Python code in a zip."""
        found: Any = function.identity
        why = _why_not(found)
        if why is not None:
            raise no_handler(function.ref, why)
        return Deployment(
            function.ref,
            function.handler,
            function.runtime,
            found.code_bytes,
            layer_versions(found),
            revision(found),
        )

    def known(self) -> dict[FunctionRef, str | None]:
        """Every function of every account and region, with the ARN of its dead-letter queue.

        Also those that only have a handler so far, where a client that names no region asks.
        """
        found = {}
        for account, regions in [*lambda_backends.items()]:
            for region, backend in [*regions.items()]:
                for name, group in [*backend._lambdas._functions.items()]:  # noqa: SLF001
                    ref = FunctionRef(partition_of(region), account, region, name)
                    found[ref] = dead_letter_config(group["latest"]).get("TargetArn")
        names = {ref.name for ref in found}
        account, region = account_of(""), os.environ.get("AWS_DEFAULT_REGION", DEFAULT_REGION)
        for name, _ in self._handlers.of(account, region):
            if name not in names and (account, region, name) not in self._served:
                found[FunctionRef(partition_of(region), account, region, name)] = None
        return found

    def identify(self, ref: FunctionRef) -> object | None:
        """The function, version or alias that `ref` names: another object once it was made anew."""
        return _named(self.create_registered(ref.account, ref.region), ref)

    def missing(self, ref: FunctionRef, *, ran: bool) -> Result:
        """The three fates of an event whose function, version or alias isn't there."""
        there = self.identify(ref.unqualified) is not None
        if ran and not there:
            return "Vanished"
        alias = ref.qualifier is not None and not ref.qualifier.lstrip("$").isdigit()
        return "Astray" if alias and there and not ran else "NotFound"

    def role(self, ref: FunctionRef) -> str:
        """The ARN of the execution role of a function that is there."""
        return str(_latest(ref).role)

    def reservations(self, account: str, region: str) -> dict[str, int]:
        """The reserved concurrency of each function that has one."""
        found = {}
        for name, group in _storage(account, region)._functions.items():  # noqa: SLF001
            reserved = group["latest"].reserved_concurrency
            if reserved is not None:
                found[name] = int(reserved)
        return found

    def sizes(self, account: str, region: str) -> list[int]:
        """The code size of each function, in bytes, its versions' included."""
        groups = _storage(account, region)._functions.values()  # noqa: SLF001
        return [sum(int(one.code_size) for one in (g["latest"], *g["versions"])) for g in groups]

    def allows_recursion(self, ref: FunctionRef) -> bool:
        return self.recursion_config(ref) == "Allow"

    def recursion_config(self, ref: FunctionRef) -> str:
        """What `put_recursion_config` has set for the function that is there now (J1)."""
        identity, setting = self._recursion.get(ref.unqualified, (None, DEFAULT_RECURSION))
        return setting if identity is self.identify(ref.unqualified) else DEFAULT_RECURSION

    def put_recursion_config(self, ref: FunctionRef, setting: str) -> None:
        self._recursion[ref.unqualified] = (self.identify(ref.unqualified), setting)

    def _create(self, key: tuple[str, str, str], registration: Registration) -> None:
        account, region, name = key
        storage = _storage(account, region)
        if name in storage._functions:  # noqa: SLF001 - moto has no cheaper way to ask
            return
        spec = {
            "FunctionName": name,
            "Runtime": DEFAULT_RUNTIME,
            "Role": f"arn:{get_partition(region)}:iam::{account}:role/{name}",
            "Handler": registration.handler_string,
            "Code": {"ZipFile": base64.b64encode(_placeholder()).decode()},
        }
        function = LambdaFunction(account, spec, region, version=LATEST)  # type: ignore[abstract]
        _apply(registration, function)
        # Past put_function, which would want the role to exist in moto's IAM.
        storage._functions[name] = {"latest": function, "versions": []}  # noqa: SLF001
        storage._arns[function.function_arn] = function  # noqa: SLF001
        self._created[key] = function

    def _is_ours(self, key: tuple[str, str, str]) -> bool:
        if key not in self._created:
            return False
        account, region, name = key
        group = _storage(account, region)._functions.get(name)  # noqa: SLF001
        return group is not None and group["latest"] is self._created[key]

    def _routed(self, alias: Any) -> str:
        """The version an alias sends this attempt to, by its weights if it has any."""
        weights = (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
        chance = self._ids.fraction() if weights else 0.0
        for version, weight in weights.items():
            if chance < weight:
                return str(version)
            chance -= weight
        return str(alias.function_version)


def account_of(access_key: str) -> str:
    """The account that moto counts an access key to."""
    given = os.environ.get("MOTO_ACCOUNT_ID")
    if given:
        return given
    for account, partitions in [*iam_backends.items()]:
        if any(access_key in backend.access_keys for backend in partitions.values()):
            return str(account)
    return DEFAULT_ACCOUNT_ID


@lru_cache(maxsize=100)
def partition_of(region: str) -> str:
    return str(get_partition(region))


def _storage(account: str, region: str) -> LambdaStorage:
    return lambda_backend(account, region)._lambdas  # noqa: SLF001


def _latest(ref: FunctionRef) -> LambdaFunction:
    function: LambdaFunction = _storage(ref.account, ref.region)._get_latest(ref.name)  # noqa: SLF001
    return function


def _named(storage: LambdaStorage, ref: FunctionRef) -> Any | None:
    """The function, version or alias of moto's that `ref` names."""
    if ref.qualifier is not None:
        aliases = storage._aliases.get(ref.unqualified_arn)  # noqa: SLF001
        alias = None if aliases is None else aliases.get(ref.qualifier)
        if alias is not None:
            return alias
    return _version(storage, ref.name, ref.qualifier or LATEST)


def _version(storage: LambdaStorage, name: str, version: str) -> LambdaFunction | None:
    group = storage._functions.get(name)  # noqa: SLF001
    if group is None:
        return None
    latest: LambdaFunction | None = group["latest"]
    return latest if version == LATEST else storage._get_version(name, version)  # noqa: SLF001


def _apply(registration: Registration, function: LambdaFunction) -> None:
    function.handler = registration.handler_string
    function.timeout = registration.timeout
    function.memory_size = registration.memory_size
    function.environment_vars = dict(registration.environment)


def _why_not(function: LambdaFunction) -> str | None:
    """Why destmock can't run what was deployed, as far as it shows without unpacking it."""
    if function.package_type == "Image":
        return "its code is a container image"
    if not _PYTHON.fullmatch(function.run_time or ""):
        return _other_runtime(function.run_time)
    if not function.code_bytes:
        return "its code is empty, or was not in S3 when it was deployed"
    if function.code_bytes == _placeholder():
        return "its handler was registered with another mock"
    return None


def _other_runtime(runtime: str | None) -> str:
    if not runtime:
        return "it has no runtime"
    if runtime.startswith(_OTHER_LANGUAGES):
        return f"its runtime is {runtime}, and destmock runs Python only"
    return f"its runtime is {runtime}, which is no Python runtime that destmock knows"


@cache
def _placeholder() -> bytes:
    """The code that GetFunction shows for a function whose code is a registered handler."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(
            zipfile.ZipInfo("README"),
            "The code of this function is a handler registered with destmock.\n",
        )
    return archive.getvalue()
