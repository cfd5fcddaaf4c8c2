"""botocore's User-Agent, written once for all clients and calls that have the same.

botocore goes through its letters twice for each call, which is a third of the call's time.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore.context import get_context
from botocore.useragent import UserAgentString

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


#: How many texts are remembered.
_MOST = 1000
#: Stands for what a configuration doesn't have.
_NOT_THERE = object()


def _remembered(to_string: Callable[[Any], str]) -> Callable[[Any], str]:
    """The text follows from the session, the client, its configuration, and the features that a call uses."""
    texts: dict[Hashable, str] = {}

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
        of_client = frozenset(own.pop("_client_features") or ())
        of_call = frozenset((context and context.features) or ())
        key = type(said_by), configured, of_client, of_call, *own, *own.values()
        text = texts.get(key)
        if text is None:
            text = to_string(said_by)
            if len(texts) >= _MOST:
                texts.clear()
            texts[key] = text
        return text

    return said


PATCHES = (Patch(UserAgentString, "to_string", _remembered),)
