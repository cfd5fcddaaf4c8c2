"""Functions and aliases that come back: the mappings that have outlived them read on (R19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaBackend

from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.mappings import Mappings

if TYPE_CHECKING:
    from collections.abc import Callable


def _made(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(self: LambdaBackend, *args: Any, **kwargs: Any) -> Any:
        answer = make(self, *args, **kwargs)
        active[-1].part(Mappings).look_again(self)
        return answer

    return made


PATCHES = (
    Patch(LambdaBackend, "create_function", _made),
    Patch(LambdaBackend, "create_alias", _made),
)
