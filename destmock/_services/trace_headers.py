"""The X-Amzn-Trace-Id of a call that moto answers goes on to whatever the call leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.botocore_stubber import BotocoreStubber

from destmock._engine.callers import calling
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest


def _call(call: Callable[..., Any]) -> Callable[..., Any]:
    def called(self: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **named: Any) -> Any:
        header: Any = request.headers.get("X-Amzn-Trace-Id")
        if header is None:
            return call(self, event_name, request, **named)
        with calling(header.decode() if isinstance(header, bytes) else header):
            return call(self, event_name, request, **named)

    return called


PATCHES = (Patch(BotocoreStubber, "__call__", _call),)
