"""A call that went well is not looked at for each way in which it may have failed.

botocore's standard mode has seven checks. None of them finds anything in an answer without an error, unless
it is DynamoDB's, whose checksum is checked.
"""

from __future__ import annotations

from functools import wraps
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from botocore.retries import standard

from destmock._isolation.client_makers import is_own
from destmock._isolation.patching import Patch, unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_OK = 200
_DYNAMODB = "dynamodb"
_check = attrgetter("is_retryable")
#: The statuses that two of the checks look for.
_STATUSES = {
    "TransientRetryableChecker": "_transient_status_codes",
    "ThrottlingStatusCodeChecker": "_throttling_status_codes",
}
_CONTEXT = vars(standard.RetryContext)
_error_code = _CONTEXT.get("get_error_code")
#: What the checks look at in the versions that are known, by the names of their classes.
_KNOWN = {
    "TransientRetryableChecker": {
        *("get_error_code", "_transient_error_codes", "http_response", "status_code", "caught_exception"),
        *("_transient_status_codes", "isinstance", "_transient_exception_cls"),
    },
    "ThrottledRetryableChecker": {"get_error_code", "_throttled_error_codes"},
    "ThrottlingStatusCodeChecker": {
        *("http_response", "status_code", "_throttling_status_codes", "_modeled_error_detector"),
        "is_modeled_error",
    },
    "ModeledRetryableChecker": {"get_error_code", "_error_detector", "detect_error_type"},
    "OrRetryChecker": {"any", "_checkers"},
    "RetryIDPCommunicationError": {
        *("operation_model", "service_model", "service_name", "_SERVICE_NAME", "get_error_code"),
    },
    "RetryDDBChecksumError": {
        *("operation_model", "service_model", "service_name", "_SERVICE_NAME", "http_response", "headers"),
        *("get", "_CHECKSUM_HEADER", "crc32", "content", "int", "logger", "debug"),
    },
}


def _kinds(checker: Any) -> list[type]:
    """The classes of the checks that one of several consists of."""
    return [*map(type, checker._checkers)]  # noqa: SLF001


def _is_known(kind: type) -> bool:
    check = _check(kind)
    return is_own(check) and _KNOWN.get(kind.__name__, set()).issuperset(check.__code__.co_names)


def _without_a_look(first: list[type], last: list[type]) -> Callable[[Any], Any]:
    """Answers at once for an answer without an error, if the checks are those of these classes."""
    kinds = [*first, *last]
    own = [*map(_check, kinds)]
    statuses = [
        (place, _STATUSES[kind.__name__]) for place, kind in enumerate(first) if kind.__name__ in _STATUSES
    ]

    def replaced(is_retryable: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
        @wraps(is_retryable)
        def checked(checker: Any, context: Any) -> bool:
            answer, parsed = context.http_response, context.parsed_response
            if (
                context.caught_exception is None
                and answer is not None
                and answer.status_code == _OK
                and type(parsed) is dict
                and "Error" not in parsed
                and _kinds(checker) == first
                and _kinds(checker._checkers[-1]) == last  # noqa: SLF001
                and [*map(_check, kinds)] == now
                and _CONTEXT.get("get_error_code") is _error_code
                and not any(_OK in getattr(checker._checkers[place], name) for place, name in statuses)  # noqa: SLF001
                and context.operation_model.service_model.service_name != _DYNAMODB
            ):
                return False
            return is_retryable(checker, context)

        now = [checked if check is is_retryable else check for check in own]
        return checked

    return replaced


def _patches() -> Iterable[Patch]:
    try:
        conditions: Any = standard.StandardRetryConditions()
        several = conditions._additional_checkers  # noqa: SLF001
        first, last = _kinds(several), _kinds(several._checkers[-1])  # noqa: SLF001
    except (AttributeError, LookupError, TypeError):  # another version
        return
    if all(map(_is_known, [*first, *last])):
        yield unless_replaced(standard.OrRetryChecker, "is_retryable", _without_a_look(first, last))


PATCHES = tuple(_patches())
