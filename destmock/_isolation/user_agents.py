"""botocore's User-Agent, written once for all clients and calls that have the same.

botocore goes through its letters twice for each call, which is a third of the call's time.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore.context import get_context
from botocore.useragent import UserAgentString

from destmock._isolation.patching import Patch
from destmock._isolation.sessions import Same

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class _Texts:
    """The texts that have been asked for, by what they follow from."""

    most = 1000

    def __init__(self) -> None:
        self._texts: dict[Hashable, str] = {}

    def __call__(self, key: Hashable, write: Callable[[], str]) -> str:
        text = self._texts.get(key)
        if text is None:
            text = write()
            if len(self._texts) >= self.most:
                self._texts.clear()
            self._texts[key] = text
        return text


_text = _Texts()
#: Stands for what a configuration doesn't have.
_NOT_THERE = object()


def _remembered(to_string: Callable[[Any], str]) -> Callable[[Any], str]:
    """The text follows from the session, the client, its configuration, and the features that a call uses."""

    @wraps(to_string)
    def said(said_by: Any) -> str:
        context, config = get_context(), said_by._client_config
        configured = config and (
            config.user_agent,
            config.user_agent_extra,
            config.user_agent_appid,
            config.endpoint_discovery_enabled,
            (config.retries or {}).get("mode"),
            config.__dict__.get("_supplied_user_agent", _NOT_THERE),
        )
        own = said_by.__dict__.copy()
        del own["_client_config"]
        features = own.pop("_client_features") or (), (context and context.features) or ()
        key = Same(to_string), type(said_by), *own.items(), configured, *map(frozenset, features)
        return _text(key, lambda: to_string(said_by))

    return said


PATCHES = (Patch(UserAgentString, "to_string", _remembered),)
