"""A client's HTTP session, whose TLS context is made when it sends: in a mock hardly any does."""

from __future__ import annotations

import threading
from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore.httpsession import URLLib3Session

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable

_Session: Any = URLLib3Session
_lock = threading.RLock()
#: Where a session keeps its connection pools until somebody asks for them.
_KEPT = "_destmock_kept"


class _Unused(_Session):  # type: ignore[misc]
    """A session without a TLS context. Whoever asks for its connections makes it botocore's own class."""

    def __getattr__(self, name: str) -> Any:
        if name == "_manager":
            with _lock:
                kept = self.__dict__.get(_KEPT)
                if kept is not None:
                    kept.connection_pool_kw["ssl_context"] = self._get_ssl_context()
                    self._manager = kept
                    self.__class__ = _Session
                    del self.__dict__[_KEPT]
        return object.__getattribute__(self, name)


for _name in ("__name__", "__qualname__", "__module__", "__doc__"):
    setattr(_Unused, _name, getattr(_Session, _name))


def _without_context(init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def made(self: Any, *arguments: Any, **named: Any) -> None:
        if type(self) is not _Session:
            init(self, *arguments, **named)
            return
        self._get_ssl_context = lambda: None
        init(self, *arguments, **named)
        self.__dict__[_KEPT] = self.__dict__.pop("_manager")
        del self._get_ssl_context
        self.__class__ = _Unused

    return made


PATCHES = (Patch(URLLib3Session, "__init__", _without_context),)
