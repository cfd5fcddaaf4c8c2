"""Where a handler comes from: a callable, canned outcomes, or a module to import at the first attempt."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count, repeat
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from destmock._aws.api_errors import AWSError
from destmock._aws.arn import FunctionRef, parse_function_arn, parse_function_name
from destmock._aws.durable_config import DurableConfig, violations
from destmock._aws.durable_config import durable_config as made
from destmock._functions.deployed_code import TASK_ROOT

#: The file that the stack traces of canned errors name.
OUTCOMES_FILE = f"{TASK_ROOT}/outcomes.py"
#: A limit for seconds and megabytes; virtual time ends long before.
#: The only TenancyConfig that there is.
_PER_TENANT = {"TenantIsolationMode": "PER_TENANT"}
_LARGEST = 10**9

#: What AWS calls with the event and the context. Both are the handler's own business, hence `Any`.
Handler: TypeAlias = Callable[[Any, Any], Any]
#: Virtual seconds, or a callable that answers them for an event.
Duration: TypeAlias = "float | Callable[[Any], float]"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A canned handler, made by `outcomes(...)`; each registration of it starts with the first outcome."""

    values: tuple[object, ...]

    def handler(self) -> Handler:
        """A new handler that starts with the first outcome."""
        left = chain(self.values, repeat(self.values[-1]))

        def outcomes(_event: object, _context: object) -> object:
            outcome = next(left)
            if isinstance(outcome, BaseException):
                raise outcome.with_traceback(None)
            if isinstance(outcome, type) and issubclass(outcome, BaseException):
                raise outcome
            return outcome

        # The stack trace of an error is the same wherever destmock is installed.
        code = outcomes.__code__.replace(co_filename=OUTCOMES_FILE, co_firstlineno=1)
        outcomes.__code__ = code
        return outcomes


def outcomes(*values: object) -> Outcomes:
    """A canned handler: one outcome for each call, and the last one for every call after that.

    An exception (an instance or a class) is raised, anything else is what the handler returns::

        destmock.handler("orders", outcomes(TimeoutError("no answer"), {"ok": True}))

    Raises `ValueError` without any outcome.
    """
    if not values:
        message = "outcomes() needs at least one outcome, e.g. outcomes({'ok': True})"
        raise ValueError(message)
    return Outcomes(values)


class Registration(NamedTuple):
    """One handler, and the settings of the function that is created for it."""

    name: str
    source: Handler | str
    timeout: int = 3
    memory_size: int = 128
    environment: Mapping[str, str] = MappingProxyType({})
    duration: Duration = 0.0
    serial: int = 0
    durable: DurableConfig | None = None
    tenancy: Mapping[str, Any] | None = None

    @property
    def handler_string(self) -> str:
        """AWS's `Handler` setting: `module.function`."""
        if isinstance(self.source, str):
            return self.source.replace(":", ".")
        function = getattr(self.source, "__name__", "handler")
        return f"{getattr(self.source, '__module__', 'handlers')}.{function}"

    def duration_ms(self, payload: bytes) -> int:
        """The declared duration of an attempt; raises `ValueError` if a callable answers no duration."""
        seconds = self.duration
        if callable(seconds):
            try:
                event = json.loads(payload)
            except ValueError:  # the handler won't be called, either
                return 0
            seconds = seconds(event)
            if not _is_duration(seconds):
                message = f"the duration of {self.name!r} answered {seconds!r}; it is in seconds from 0"
                raise ValueError(message)
        return round(seconds * 1000)


class Handlers:
    """The registered handlers of one simulation, by function name or by full ARN."""

    def __init__(self) -> None:
        self._by_name: dict[str, Registration] = {}
        self._by_ref: dict[FunctionRef, Registration] = {}
        self._serial = count(1)
        #: Grows with every registration, so that others can tell whether they have seen them all.
        self.generation = 0

    def register(
        self,
        name: str,
        source: Handler | str | Outcomes,
        *,
        timeout: int,
        memory_size: int,
        environment: Mapping[str, str] | None,
        duration: Duration,
        durable_config: Mapping[str, Any] | None = None,
        tenancy_config: Mapping[str, Any] | None = None,
    ) -> Registration:
        """Register a handler. It replaces an earlier registration under the same name."""
        ref = _check_name(name)
        check_source(name, source)
        settings = dict(environment or {})
        _check_settings(name, timeout, memory_size, duration, settings)
        durable, tenancy = _durable(name, durable_config), _tenancy(name, tenancy_config)
        if isinstance(source, Outcomes):
            source = source.handler()
        registration = Registration(
            name, source, timeout, memory_size, settings, duration, next(self._serial), durable, tenancy
        )
        if ref is None:
            self._by_name[name] = registration
        else:
            self._by_ref[ref] = registration
        self.generation += 1
        return registration

    def forget(self, ref: FunctionRef) -> None:
        """Take back a registration under a full ARN."""
        self._by_ref.pop(ref.unqualified, None)
        self.generation += 1

    def find(self, ref: FunctionRef) -> Registration | None:
        """The handler of a function, whatever its qualifier; a handler for its full ARN comes first."""
        pinned = self._by_ref and self._by_ref.get(ref.unqualified)
        return pinned or self._by_name.get(ref.name)

    def of(self, account: str, region: str) -> Iterator[tuple[str, Registration]]:
        """Every function that has a handler in one account and region."""
        pinned = {r.name: h for r, h in self._by_ref.items() if (r.account, r.region) == (account, region)}
        yield from {**self._by_name, **pinned}.items()


def _check_name(name: str) -> FunctionRef | None:
    named = parse_function_name(name) if isinstance(name, str) else None
    if named is None or named.qualifier is not None:
        message = (
            f"{name!r} is not a function name; register a bare name such as 'orders', or a full ARN "
            "without a version or alias (a handler serves every version and alias of its function)"
        )
        raise ValueError(message)
    if name == named.name:
        return None
    ref = parse_function_arn(name)
    if ref is None:
        message = f"{name!r} names a region or an account in part; register a bare name or a full ARN"
        raise ValueError(message)
    return ref


def check_source(name: str, source: object) -> None:
    """Raises `ValueError` or `TypeError` for what can't be a handler."""
    if isinstance(source, Outcomes):
        return
    if isinstance(source, str):
        module, _, function = source.replace(":", ".").rpartition(".")
        if module and function and source.count(":") <= 1:
            return
        message = f"the handler of {name!r} is {source!r}; write 'package.module:function'"
        raise ValueError(message)
    if not callable(source):
        message = (
            f"the handler of {name!r} is {source!r}; pass a callable that takes (event, context), "
            "'package.module:function', or outcomes(...)"
        )
        raise TypeError(message)
    if inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(type(source).__call__):
        message = f"the handler of {name!r} is an async function, which Lambda's Python runtime can't run"
        raise TypeError(message)
    _check_arguments(name, source)


def _check_arguments(name: str, source: Callable[..., Any]) -> None:
    """Raise `TypeError` for a callable that can't be called with an event and a context."""
    try:
        signature = inspect.signature(source)
    except (ValueError, TypeError):  # of a built-in function that doesn't tell
        return
    try:
        signature.bind(None, None)
    except TypeError as problem:
        message = (
            f"the handler of {name!r} takes {signature}, but Lambda calls it with two arguments, "
            f"(event, context): {problem}"
        )
        raise TypeError(message) from None


def _check_settings(
    name: str, timeout: int, memory_size: int, duration: Duration, environment: dict[str, str]
) -> None:
    numbers: dict[str, object] = {"timeout": timeout, "memory_size": memory_size}
    if not callable(duration):
        numbers["duration"] = duration
    for setting, value in numbers.items():
        if not isinstance(value, (int, float)):
            message = f"{name!r}: {setting} is a number, not {value!r}"
            raise TypeError(message)
    right = callable(duration) or _is_duration(duration)
    if not 1 <= timeout < _LARGEST or timeout != int(timeout) or not right:
        message = (
            f"{name!r}: timeout is in whole seconds from 1, duration in seconds from 0, or a callable that "
            f"answers them for an event; not {timeout!r} and {duration!r}"
        )
        raise ValueError(message)
    if not 1 <= memory_size < _LARGEST or memory_size != int(memory_size):
        message = f"{name!r}: memory_size is in whole MB from 1"
        raise ValueError(message)
    for variable in environment.items():
        text = "=".join(variable) if all(isinstance(part, str) for part in variable) else ""
        if not _is_encodable(text) or "\0" in text or text.find("=") < 1 or "=" in variable[0]:
            message = f"{name!r}: {variable!r} can't be an environment variable; it is two strings"
            raise ValueError(message)


def _durable(name: str, config: Any) -> DurableConfig | None:
    if config is None:
        return None
    if not isinstance(config, Mapping):
        message = f"{name!r}: durable_config is a mapping, e.g. {{'ExecutionTimeout': 3600}}; not {config!r}"
        raise TypeError(message)
    try:
        found = [] if not config else violations(config)
        problem = "; ".join(found) or ("" if config else "it is empty")
        durable = None if problem else made(config)
    except (AWSError, ValueError) as error:
        problem = str(error)
    if problem:
        message = (
            f"{name!r}: durable_config is DurableConfig as create_function takes it, e.g. "
            f"{{'ExecutionTimeout': 3600}}: {problem}"
        )
        raise ValueError(message)
    return durable


def _tenancy(name: str, config: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if config is not None and config != _PER_TENANT:
        message = f"{name!r}: tenancy_config is TenancyConfig as create_function takes it: {_PER_TENANT}"
        raise ValueError(message)
    return config


def _is_duration(seconds: object) -> bool:
    return isinstance(seconds, (int, float)) and 0 <= seconds < _LARGEST


def _is_encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
