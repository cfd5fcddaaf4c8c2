"""Pure: ARNs, and the many ways to name a function."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import NamedTuple

#: The pattern that AWS quotes in its own validation error (A16).
FUNCTION_NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
#: The same for a qualifier given apart from the name (A17).
QUALIFIER_PATTERN = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"

_NAME = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?(?P<name>[a-zA-Z0-9-_.]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?",
    re.ASCII,
)
_QUALIFIER = re.compile(QUALIFIER_PATTERN)

LATEST = "$LATEST"
#: The region of a client that names none.
DEFAULT_REGION = "us-east-1"


class _Parts(NamedTuple):
    partition: str
    account: str
    region: str
    name: str
    qualifier: str | None = None


class FunctionRef(_Parts):
    """A function as a caller asked for it: `qualifier` is `None` when none was given.

    It keeps its ARNs: an attempt asks for them a dozen times.
    """

    @cached_property
    def unqualified_arn(self) -> str:
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{self.name}"

    @cached_property
    def arn(self) -> str:
        """The ARN as invoked: without `:$LATEST` unless the caller said so (B13)."""
        arn = self.unqualified_arn
        return arn if self.qualifier is None else f"{arn}:{self.qualifier}"

    @cached_property
    def qualified_arn(self) -> str:
        """The ARN as records and configurations write it: always qualified (E6, C1)."""
        return self.arn if self.qualifier else f"{self.arn}:{LATEST}"

    @property
    def unqualified(self) -> FunctionRef:
        return self if self.qualifier is None else self._replace(qualifier=None)


class FunctionName(NamedTuple):
    """The parts of a function's name or ARN; a part that was left out is `None`."""

    partition: str | None
    region: str | None
    account: str | None
    name: str
    qualifier: str | None


class Arn(NamedTuple):
    """Any ARN, in its six parts."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@lru_cache(maxsize=1000)
def parse_function_name(text: str) -> FunctionName | None:
    """Parse a name, partial ARN or full ARN, with or without a qualifier; `None` for any other text."""
    match = _NAME.fullmatch(text)
    return None if match is None else FunctionName(**match.groupdict())


def is_qualifier(text: str) -> bool:
    return _QUALIFIER.fullmatch(text) is not None


@lru_cache(maxsize=1000)
def parse_arn(text: str) -> Arn | None:
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":  # noqa: PLR2004 - an ARN has six parts
        return None
    return Arn(*parts[1:])


@lru_cache(maxsize=1000)
def parse_function_arn(text: str) -> FunctionRef | None:
    """Parse a full function ARN; `None` for any other text, a bare name included."""
    arn = parse_arn(text)
    if arn is None or arn.service != "lambda" or not arn.resource.startswith("function:"):
        return None
    named = parse_function_name(text)
    if named is None or not (named.region and named.account):
        return None
    return FunctionRef(arn.partition, named.account, named.region, named.name, named.qualifier)
