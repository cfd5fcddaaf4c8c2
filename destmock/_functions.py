"""What AWS knows of a function: settings, versions, aliases and concurrency, as moto's Lambda keeps them.

A function with a registered handler exists in moto from the first Lambda call that could see it; from then
on moto alone says whether it exists and what its settings are.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import zipfile
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.awslambda.models import LambdaFunction, LambdaStorage
from moto.awslambda.utils import get_backend
from moto.iam.models import get_account_id_from
from moto.utilities.utils import get_partition

from destmock._arn import LATEST, FunctionRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from destmock._handlers import Handlers, Registration
    from destmock._ids import Ids

#: The runtime of a function that destmock creates: any from 3.12 on serialises alike (B15).
DEFAULT_RUNTIME = "python3.13"
DEFAULT_RECURSION = "Terminate"


@dataclass(frozen=True, slots=True)
class Function:
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
    traced: bool


class Functions:
    """The functions of one simulation, in every account and region."""

    def __init__(self, handlers: Handlers, ids: Ids) -> None:
        self._handlers = handlers
        self._ids = ids
        self._seen: dict[tuple[str, str], int] = {}
        self._recursion: dict[FunctionRef, tuple[object, str]] = {}
        self._served: dict[tuple[str, str, str], int] = {}
        self._created: dict[tuple[str, str, str], LambdaFunction] = {}

    def create_registered(self, account: str, region: str) -> None:
        """Creates in moto each function that has a handler and isn't there yet.

        Once for each registration: a deleted function comes back when its handler is registered anew.
        """
        if self._seen.get((account, region)) == self._handlers.generation:
            return
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
        self.create_registered(ref.account, ref.region)
        qualifier = ref.qualifier or LATEST
        alias = self._alias(ref)
        if alias is not None:
            qualifier = self._routed(alias)
        found = _version(ref, qualifier)
        if found is None:
            return None
        reserved = _latest(ref).reserved_concurrency
        return Function(
            ref=ref,
            version=qualifier,
            identity=found,
            runtime=found.run_time or DEFAULT_RUNTIME,
            handler=found.handler or "",
            timeout=int(found.timeout),
            memory_size=int(found.memory_size),
            environment=found.environment_vars or {},
            reserved_concurrency=None if reserved is None else int(reserved),
            dead_letter=_kept(found).get("TargetArn"),
            traced=found.tracing_config.get("Mode") == "Active",
        )

    def identify(self, ref: FunctionRef) -> object | None:
        """The function, version or alias that `ref` names: another object once it was made anew."""
        self.create_registered(ref.account, ref.region)
        return self._alias(ref) or _version(ref, ref.qualifier or LATEST)

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
            "Code": {"ZipFile": _placeholder()},
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

    def _alias(self, ref: FunctionRef) -> Any | None:
        if ref.qualifier is None:
            return None
        storage = _storage(ref.account, ref.region)
        return storage._aliases.get(ref.unqualified_arn, {}).get(ref.qualifier)  # noqa: SLF001

    def _routed(self, alias: Any) -> str:
        """The version an alias sends this attempt to, by its weights if it has any."""
        weights = (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
        chance = self._ids.fraction() if weights else 0.0
        for version, weight in weights.items():
            if chance < weight:
                return str(version)
            chance -= weight
        return str(alias.function_version)


#: Where a function keeps the DeadLetterConfig that moto forgets; a published version is a copy (H10).
_KEPT = "_destmock_dead_letter_config"


def _kept(function: LambdaFunction) -> dict[str, str]:
    return getattr(function, _KEPT, None) or {}


@contextlib.contextmanager
def dead_letter_configs_kept() -> Iterator[None]:
    """While entered, functions keep the DeadLetterConfig that moto forgets, and show it as AWS does.

    An empty object keeps what there was, an empty ARN removes it (H9).
    """
    create, update = LambdaFunction.__init__, LambdaFunction.update_configuration
    get = LambdaFunction.get_configuration

    def __init__(  # noqa: N807 - stands in for moto's
        self: LambdaFunction, account_id: str, spec: dict[str, Any], region: str, version: Any = 1
    ) -> None:
        create(self, account_id, spec, region, version)
        setattr(self, _KEPT, _set(spec.get("DeadLetterConfig"), {}))

    def update_configuration(self: LambdaFunction, updates: dict[str, Any]) -> dict[str, Any]:
        before = _kept(self)
        setattr(self, _KEPT, _set(updates.get("DeadLetterConfig"), before))
        self.tracing_config = updates.get("TracingConfig") or self.tracing_config
        configuration = update(self, updates)
        if _kept(self) != before:
            configuration.update(_IN_PROGRESS)
        return configuration

    def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
        configuration = get(self, on_create)
        return {**configuration, "DeadLetterConfig": _kept(self)} if _kept(self) else configuration

    with contextlib.ExitStack() as stack:
        for function in (__init__, update_configuration, get_configuration):
            stack.enter_context(patch.object(LambdaFunction, function.__name__, function))
        yield


#: Where moto's storage keeps the highest version number that each function has had.
_HIGHEST = "_destmock_highest_version"


@contextlib.contextmanager
def version_numbers_unique() -> Iterator[None]:
    """While entered, a version's number is never used again, as moto's are after a deletion (L9)."""
    publish = LambdaStorage.publish_version

    def publish_version(
        self: LambdaStorage, name_or_arn: str, description: str = ""
    ) -> LambdaFunction | None:
        name = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn).function_name
        before = list(self._functions[name]["versions"])
        published = publish(self, name_or_arn, description)
        if published is None or any(published is version for version in before):
            return published
        highest: dict[str, int] = self.__dict__.setdefault(_HIGHEST, {})
        number = highest[name] = highest.get(name, 0) + 1
        if number != published.version:
            del self._arns[published.function_arn]
            published.set_version(number)
            self._arns.update({version.function_arn: version for version in (*before, published)})
        return published

    with patch.object(LambdaStorage, "publish_version", publish_version):
        yield


#: How AWS answers a change of the dead-letter queue (H17).
_IN_PROGRESS = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}


def _set(asked: dict[str, str] | None, before: dict[str, str]) -> dict[str, str]:
    arn = (asked or {}).get("TargetArn")
    if arn is None:
        return before
    return {"TargetArn": arn} if arn else {}


def account_of(access_key: str) -> str:
    """The account that moto counts an access key to."""
    return os.environ.get("MOTO_ACCOUNT_ID") or str(get_account_id_from(access_key))


def partition_of(region: str) -> str:
    return str(get_partition(region))


def _storage(account: str, region: str) -> LambdaStorage:
    return get_backend(account, region)._lambdas  # noqa: SLF001


def _latest(ref: FunctionRef) -> LambdaFunction:
    function: LambdaFunction = _storage(ref.account, ref.region)._get_latest(ref.name)  # noqa: SLF001
    return function


def _version(ref: FunctionRef, version: str) -> LambdaFunction | None:
    storage = _storage(ref.account, ref.region)
    group = storage._functions.get(ref.name)  # noqa: SLF001
    if group is None:
        return None
    if version == LATEST:
        latest: LambdaFunction | None = group["latest"]
        return latest
    return storage._get_version(ref.name, version)  # noqa: SLF001


def _apply(registration: Registration, function: LambdaFunction) -> None:
    function.handler = registration.handler_string
    function.timeout = registration.timeout
    function.memory_size = registration.memory_size
    function.environment_vars = dict(registration.environment)


@cache
def _placeholder() -> str:
    """The code that GetFunction shows for a function whose code is a registered handler."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(
            zipfile.ZipInfo("README"),
            "The code of this function is a handler registered with destmock.\n",
        )
    return base64.b64encode(archive.getvalue()).decode()
