"""What a session looks its settings up in: made for each setting when somebody asks for it.

botocore makes some four hundred objects for each session, of which most sessions need two or three.
"""

from __future__ import annotations

import copy
from collections.abc import MutableMapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore import configprovider
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConfigChainFactory, ConfigValueStore
from botocore.session import Session

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_config: Any = configprovider
_CREATE = _config.create_botocore_default_config_mapping
#: The settings that are made of others.
_SECTIONS = ("s3", "proxies_config")
#: Stands for what nobody has asked for.
_LATER = object()


class Settings(MutableMapping[str, Any]):
    """Where each setting is looked for, as `create_botocore_default_config_mapping` makes it."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._sources: dict[str, Any] = dict.fromkeys(
            (*BOTOCORE_DEFAUT_SESSION_VARIABLES, *_SECTIONS), _LATER
        )
        #: Whether somebody has said where a setting is looked for.
        self.are_changed = False

    def __getitem__(self, name: str) -> Any:
        found = self._sources[name]
        if found is _LATER:
            found = self._sources[name] = self._made(name)
        return found

    def __setitem__(self, name: str, source: Any) -> None:
        self._sources[name] = source
        self.are_changed = True

    def __delitem__(self, name: str) -> None:
        del self._sources[name]
        self.are_changed = True

    def __contains__(self, name: object) -> bool:
        return name in self._sources

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return copy.deepcopy(dict(self), memo)

    def _made(self, name: str) -> Any:
        if name in _SECTIONS:
            return _CREATE(self._session)[name]
        chain = ConfigChainFactory(session=self._session)
        variable = {name: BOTOCORE_DEFAUT_SESSION_VARIABLES[name]}
        return _config._create_config_chain_mapping(chain, variable)[name]


def _registering_later(register: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(register)
    def registered(session: Any) -> None:
        if register is not _REGISTER or type(session) is not Session:
            register(session)
            return
        store: Any = ConfigValueStore()
        store._mapping = Settings(session)
        session.register_component("config_store", store)

    return registered


_REGISTER = Session._register_config_store  # type: ignore[attr-defined]

PATCHES = (Patch(Session, "_register_config_store", _registering_later),)
