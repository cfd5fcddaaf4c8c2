"""The settings, versions, aliases and concurrency of functions, as moto's Lambda keeps them.

A function with a registered handler exists in moto from the first Lambda call that could see it; from then
on moto alone says whether it exists and what its settings are.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from destmock._aws.arn import DEFAULT_REGION, LATEST, FunctionRef
from destmock._functions import revision_ids
from destmock._functions.backends import lambda_backend
from destmock._functions.deployed_code import Deployment, no_handler
from destmock._functions.lambda_gaps import (
    dead_letter_config,
    forgotten,
    layer_versions,
    revision,
)
from destmock._functions.made_for_handlers import DEFAULT_RUNTIME, Registered, placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.awslambda.models import LambdaStorage
    from moto.awslambda.policy import Policy

    from destmock._aws.durable_config import DurableConfig
    from destmock._aws.ids import Ids
    from destmock._aws.lifecycle import Result
    from destmock._functions.handlers import Handlers

DEFAULT_RECURSION = "Terminate"
_ACCOUNT_ID = os.environ.encodekey("MOTO_ACCOUNT_ID")
#: The variable of a running function of another account than the default one, whose credentials are its own.
OWN_ACCOUNT = "DESTMOCK_ACCOUNT_ID"
_OWN_ACCOUNT = os.environ.encodekey(OWN_ACCOUNT)
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
    durable: DurableConfig | None = None
    #: Whether each tenant has execution environments of its own.
    per_tenant: bool = False

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
        self.registered = Registered(handlers)
        self._handlers = handlers
        self._ids = ids
        self._recursion: dict[FunctionRef, tuple[object, str]] = {}

    def find(self, ref: FunctionRef) -> Function | None:
        """The version that an invocation of `ref` runs now; `None` if there is none (D14)."""
        _, account, region, name, qualifier = ref  # to ask for each takes far longer
        storage = self.registered.create(account, region)
        group = storage._functions.get(name)  # noqa: SLF001
        if group is None:
            return None
        version, found = LATEST, group["latest"]
        reserved = found.reserved_concurrency
        if qualifier is not None:
            named = _named(storage, ref)
            if named is None:
                return None
            version = qualifier if isinstance(named, LambdaFunction) else self._routed(named)
            found = _version(storage, name, version)
            if found is None:
                return None
        dead_letter, logging, durable, per_tenant = forgotten(found)
        return Function(
            ref,
            version,
            found,
            found.run_time or DEFAULT_RUNTIME,
            found.handler or "",
            int(found.timeout),
            int(found.memory_size),
            _variables(found, account),
            None if reserved is None else int(reserved),
            dead_letter,
            logging,
            found.tracing_config.get("Mode") == "Active",
            durable,
            per_tenant,
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

        Functions that only have a handler so far are included, in the region of a client that names none.
        """
        found = {}
        for account, regions in [*lambda_backends.items()]:
            for region, backend in [*regions.items()]:
                for name, group in [*backend._lambdas._functions.items()]:  # noqa: SLF001
                    ref = FunctionRef(partition_of(region), account, region, name)
                    found[ref] = dead_letter_config(group["latest"]).get("TargetArn")
        names = {ref.name for ref in found}
        account, region = account_of(""), os.environ.get("AWS_DEFAULT_REGION", DEFAULT_REGION)
        served = self.registered.served(account, region)
        for name, _ in self._handlers.of(account, region):
            if name not in names and name not in served:
                found[FunctionRef(partition_of(region), account, region, name)] = None
        return found

    def configured(self) -> Iterator[tuple[FunctionRef, dict[str, Any]]]:
        """The EventInvokeConfigs that moto itself has, of a mock around this one: the latest put of each."""
        for account, regions in [*lambda_backends.items()]:
            for region, backend in [*regions.items()]:
                for name, group in [*backend._lambdas._functions.items()]:  # noqa: SLF001
                    for found in group["latest"].event_invoke_config[-1:]:
                        yield FunctionRef(partition_of(region), account, region, name), found.config

    def identify(self, ref: FunctionRef) -> Any | None:
        """The object behind a function, version or alias: another one after it was deleted and made again."""
        return _named(self.registered.create(ref.account, ref.region), ref)

    def routes(self, ref: FunctionRef) -> dict[str, list[str]]:
        """The aliases of a function, with the versions that each sends invocations to."""
        storage = self.registered.create(ref.account, ref.region)
        aliases: Mapping[str, Any] | None = storage._aliases.get(ref.unqualified_arn)  # noqa: SLF001
        return {
            name: [
                str(alias.function_version),
                *((alias.routing_config or {}).get("AdditionalVersionWeights") or {}),
            ]
            for name, alias in (aliases or {}).items()
        }

    def policies(self, ref: FunctionRef) -> list[Policy]:
        """Where moto keeps the permissions of a function, its versions and aliases: one for each version."""
        storage = self.registered.create(ref.account, ref.region)
        group = storage._functions.get(ref.name)  # noqa: SLF001
        found = [] if group is None else [group["latest"], *group["versions"]]
        return [*{id(one.policy): one.policy for one in found}.values()]

    def revision_id(self, ref: FunctionRef) -> str | None:
        """The RevisionId of a function, a version or an alias; `None` if there is none."""
        found = self.identify(ref)
        return None if found is None else revision_ids.revision_id(found)

    def code_hash(self, ref: FunctionRef) -> str | None:
        """The CodeSha256 of `$LATEST`; `None` if there is no such function."""
        found = self.identify(ref.unqualified)
        return None if found is None else str(found.code_sha_256)

    def renew_revision(self, ref: FunctionRef) -> None:
        """Give a function, a version or an alias another RevisionId."""
        found = self.identify(ref)
        if found is not None:
            revision_ids.renew(found)

    def missing(self, ref: FunctionRef, *, ran: bool) -> Result:
        """The result of a try whose function, version or alias does not exist, one of three."""
        there = self.identify(ref.unqualified) is not None
        if ran and not there:
            return "Vanished"
        alias = ref.qualifier is not None and not ref.qualifier.lstrip("$").isdigit()
        return "Astray" if alias and there and not ran else "NotFound"

    def role(self, ref: FunctionRef) -> str:
        """The ARN of the execution role of a function that exists."""
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
        groups = self.registered.create(account, region)._functions.values()  # noqa: SLF001
        return [sum(int(one.code_size) for one in (g["latest"], *g["versions"])) for g in groups]

    def allows_recursion(self, ref: FunctionRef) -> bool:
        return self.recursion_config(ref) == "Allow"

    def recursion_config(self, ref: FunctionRef) -> str:
        """The setting that `put_recursion_config` made for the function that exists now (J1)."""
        identity, setting = self._recursion.get(ref.unqualified, (None, DEFAULT_RECURSION))
        return setting if identity is self.identify(ref.unqualified) else DEFAULT_RECURSION

    def put_recursion_config(self, ref: FunctionRef, setting: str) -> None:
        self._recursion[ref.unqualified] = (self.identify(ref.unqualified), setting)

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
    given, own = _account_variables()
    if given:
        return given
    for account, partitions in [*iam_backends.items()]:
        for backend in [*partitions.values()]:
            if access_key in backend.access_keys:
                return str(account)
    return own or DEFAULT_ACCOUNT_ID


def _account_variables() -> tuple[str | None, str | None]:
    """MOTO_ACCOUNT_ID, and the account of the function that runs.

    They are hardly ever there. Each call asks, and by `os.environ` it takes far longer.
    """
    variables = getattr(os.environ, "_data", None)
    if variables is not None and _ACCOUNT_ID not in variables and _OWN_ACCOUNT not in variables:
        return None, None
    return os.environ.get("MOTO_ACCOUNT_ID"), os.environ.get(OWN_ACCOUNT)


def _variables(function: LambdaFunction, account: str) -> Mapping[str, str]:
    """The function's environment variables; in another account than the default one, its calls stay there."""
    variables: Mapping[str, str] = function.environment_vars or {}
    default = _account_variables()[0] or DEFAULT_ACCOUNT_ID
    return variables if account == default else {**variables, OWN_ACCOUNT: account}


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
    if ref.qualifier is None:
        group = storage._functions.get(ref.name)  # noqa: SLF001
        return None if group is None else group["latest"]
    aliases = storage._aliases.get(ref.unqualified_arn)  # noqa: SLF001
    alias = None if aliases is None else aliases.get(ref.qualifier)
    return _version(storage, ref.name, ref.qualifier or LATEST) if alias is None else alias


def _version(storage: LambdaStorage, name: str, version: str) -> LambdaFunction | None:
    group = storage._functions.get(name)  # noqa: SLF001
    if group is None:
        return None
    latest: LambdaFunction | None = group["latest"]
    return latest if version == LATEST else storage._get_version(name, version)  # noqa: SLF001


def _why_not(function: LambdaFunction) -> str | None:
    """Why destmock can't run the deployed code, as far as that shows without unpacking it; else `None`."""
    if function.package_type == "Image":
        return "its code is a container image"
    if not _PYTHON.fullmatch(function.run_time or ""):
        return _other_runtime(function.run_time)
    if not function.code_bytes:
        return "its code is empty, or was not in S3 when it was deployed"
    if function.code_bytes == placeholder():
        return "its handler was registered with another mock"
    return None


def _other_runtime(runtime: str | None) -> str:
    if not runtime:
        return "it has no runtime"
    if runtime.startswith(_OTHER_LANGUAGES):
        return f"its runtime is {runtime}, and destmock runs Python only"
    return f"its runtime is {runtime}, which is no Python runtime that destmock knows"
