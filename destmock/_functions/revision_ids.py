"""The RevisionId of functions, versions and aliases, which moto's functions lack and its aliases keep.

It is another one after each change, of permissions too, and the policy's RevisionId is the same
(https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaAlias, LambdaBackend, LambdaFunction
from moto.moto_api._internal import mock_random

from destmock._aws.arn import parse_function_name
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable

_REVISION_ID = "_destmock_revision_id"


def revision_id(found: LambdaFunction | LambdaAlias) -> str:
    """The RevisionId of a function, a version or an alias."""
    if isinstance(found, LambdaAlias):
        return str(found.revision_id)
    if getattr(found, _REVISION_ID, None) is None:
        renew(found)
    return str(getattr(found, _REVISION_ID))


def renew(found: LambdaFunction | LambdaAlias) -> None:
    """Give a function, a version or an alias another RevisionId, since it was changed."""
    made = str(mock_random.uuid4())
    if isinstance(found, LambdaAlias):
        found.revision_id = made
    else:
        setattr(found, _REVISION_ID, made)


def _update_alias(update: Callable[..., None]) -> Callable[..., None]:
    def update_alias(self: LambdaAlias, *given: Any, **named: Any) -> None:
        update(self, *given, **named)
        renew(self)

    return update_alias


def _add_permission(add: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """moto knows no RevisionId of a function, and overlooks a qualifier in its name."""

    def add_permission(
        self: LambdaBackend, function_name: str, qualifier: str | None, raw: str
    ) -> dict[str, Any]:
        named = parse_function_name(function_name)
        name, qualifier = function_name, qualifier or (None if named is None else named.qualifier)
        if named is not None and named.qualifier is not None:
            name = function_name.removesuffix(f":{named.qualifier}")
        given = {key: value for key, value in json.loads(raw).items() if key != "RevisionId"}
        statement = add(self, name, qualifier, json.dumps(given))
        function = self.get_function(name, qualifier)
        aliases = self.list_aliases(function.function_name)
        renew(next((alias for alias in aliases if alias.name == qualifier), function))
        return statement

    return add_permission


PATCHES = (
    Patch(LambdaAlias, "update", _update_alias),
    Patch(LambdaBackend, "add_permission", _add_permission),
)
