"""An event of botocore's reaches its handlers in one step.

botocore takes four for each event, and two more for each handler: a line that is logged in debugging only.
"""

from __future__ import annotations

import logging
from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore import hooks
from botocore.hooks import EventAliaser, HierarchicalEmitter

from destmock._isolation.client_makers import is_own
from destmock._isolation.idle_handlers import IDLE
from destmock._isolation.patching import attributes_of, unless_replaced
from destmock._isolation.sessions import Aliaser

if TYPE_CHECKING:
    from collections.abc import Callable

_logger: Any = hooks.logger
_DEBUG = logging.DEBUG
#: What the logger has found out of its levels. It is emptied whenever a level changes.
_LEVELS: dict[int, bool] = _logger._cache
_HOOKS, _ALIASER, _EMITTER = vars(hooks), attributes_of(EventAliaser), attributes_of(HierarchicalEmitter)
_ALIAS, _STEP, _EMIT = _ALIASER["_alias_event_name"], _EMITTER["_emit"], _EMITTER["emit"]
#: How many attributes an emitter has: one more may be a step that somebody has put there.
_MOST = len(vars(HierarchicalEmitter()))
_NAMES = ("emit", "emit_until_response")
_WERE_OWN = type(_logger) is logging.Logger and all(
    is_own(inside[name])
    for inside, step in ((_ALIASER, "_alias_event_name"), (_EMITTER, "_emit"))
    for name in (step, *_NAMES)
)


def _in_one_go(name: str) -> Callable[..., Any]:
    """The same handlers are called with the same arguments; `name` is what emits."""
    emit, own, step, alias = _ALIASER[name], _EMITTER[name], _STEP, _ALIAS
    of_emitter, of_aliaser, inside, levels = _EMITTER, _ALIASER, _HOOKS, _LEVELS
    stops = name == "emit_until_response"
    (one, one_idles), (other, other_idles) = IDLE[name]

    @wraps(emit)
    def emitted(self: Any, event_name: str, **kwargs: Any) -> Any:
        emitter: Any = self._emitter
        if (
            type(emitter) is HierarchicalEmitter
            and of_emitter[name] is own
            and of_emitter["_emit"] is step
            and (type(self) is Aliaser or of_aliaser["_alias_event_name"] is alias)
            and len(emitter.__dict__) == _MOST
            and inside["logger"] is _logger
        ):
            known_as = self._alias_name_cache.get(event_name)
            handlers = emitter.__dict__["_lookup_cache"].get(known_as)
            if handlers is not None:
                if not handlers:
                    return (None, None) if stops else []
                kwargs["event_name"] = known_as
                responses = []
                for handler in handlers:
                    if _DEBUG not in levels or levels[_DEBUG]:
                        _logger.debug("Event %s: calling handler %s", known_as, handler)
                    if (handler is one and one_idles(kwargs)) or (handler is other and other_idles(kwargs)):
                        response = None
                    else:
                        response = handler(**kwargs)
                    responses.append((handler, response))
                    if stops and response is not None:
                        break
                return responses[-1] if stops else responses
        return emit(self, event_name, **kwargs)

    return emitted


_MADE = {name: _in_one_go(name) for name in _NAMES}


def is_unheard(events: Any, event_name: str) -> bool:
    """Whether nobody can hear of an event: there is no handler, and no step that somebody has replaced."""
    emitter, kind = events._emitter, type(events)
    if (
        (kind is Aliaser or (kind is EventAliaser and _ALIASER["_alias_event_name"] is _ALIAS))
        and _ALIASER["emit"] is _MADE["emit"]
        and "emit" not in events.__dict__
        and type(emitter) is HierarchicalEmitter
        and _EMITTER["emit"] is _EMIT
        and _EMITTER["_emit"] is _STEP
        and len(emitter.__dict__) == _MOST
    ):
        handlers = emitter.__dict__["_lookup_cache"].get(events._alias_name_cache.get(event_name))
        return handlers is not None and not handlers
    return False


def _replaced(name: str) -> Callable[[Any], Any]:
    return lambda _: _MADE[name]


PATCHES = tuple(unless_replaced(EventAliaser, name, _replaced(name)) for name in _NAMES if _WERE_OWN)
