"""Requests to moto of which more comes than the answer: one place hands them to whoever follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import BaseResponse

from destmock._isolation.patching import Patch
from destmock._services import not_invoked
from destmock._services.alarms import changes

if TYPE_CHECKING:
    from collections.abc import Callable

#: By moto's name of a service, who answers its requests by calling the function that is given.
_AROUND: dict[str, Callable[[Any, str, Callable[[Any], Any]], Any]] = {
    "cloudwatch": changes.followed,
    **dict.fromkeys(not_invoked.SETTING, not_invoked.followed),
}


def _call_action(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def called(self: BaseResponse) -> Any:
        around = _AROUND.get(self.service_name or "")
        return call(self) if around is None else around(self, self._get_action() or "", call)

    return called


PATCHES = (Patch(BaseResponse, "call_action", _call_action),)
