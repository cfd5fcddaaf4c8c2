"""The models of services and of endpoints, read from botocore's files in a third of the time.

Dictionaries are in a file's order in any case. Nothing of what is read can be given up, but the garbage
collector would look through it again and again meanwhile. A service is looked for in its own directory, not
in all four hundred.
"""

from __future__ import annotations

import os
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore import loaders
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from moto.core.loaders import Loader as MotosLoader

from destmock._importing import all_of_it_stays
from destmock._isolation.patching import unless_replaced
from destmock._isolation.sessions import Same

if TYPE_CHECKING:
    from collections.abc import Callable


class SessionsLoader(Loader):
    """The loader of a session's models: what it finds is shared by all that look in the same directories.

    A program may have one session look in a directory of its own.
    """

    @property
    def _cache(self) -> dict[Any, Any]:
        return found_in(Same(self.file_loader.__class__), *self.search_paths)

    @_cache.setter
    def _cache(self, _empty: dict[Any, Any]) -> None:
        """It has none itself."""


@lru_cache(maxsize=16)
def found_in(_by: Same, *_paths: str) -> dict[Any, Any]:
    """What has been found in directories, as a loader remembers it."""
    return {}


_KINDS = (Loader, SessionsLoader, MotosLoader)
#: How a loader comes to a model, by the names that its method uses in the versions that are known.
_WAY = {
    *("list_available_services", "determine_latest_version", "load_data", "_find_extras"),
    *("UnknownServiceError", "join", "os", "path", "_extras_processor", "process"),
}
_STEPS = [(kind, name, vars(kind)[name]) for kind in _KINDS for name in sorted(_WAY & vars(kind).keys())]


def _read_plainly(json: Any) -> Any:
    """The same as `json`, but for dictionaries that are plain, and a collector that waits."""

    def loads(text: str, **_: Any) -> Any:
        with all_of_it_stays():
            return json.loads(text)

    return SimpleNamespace(**{**vars(json), "loads": loads})


def _looked_for_alone(load: Callable[..., Any]) -> Callable[..., Any]:
    """Find a service's model; botocore lists the services first to see whether the service is one of them."""

    def load_service_model(loader: Any, service_name: str, type_name: str, api_version: Any = None) -> Any:
        latest = _latest(loader, service_name, type_name)
        if latest is None:
            return load(loader, service_name, type_name, api_version)
        version = latest if api_version is None else api_version
        model = loader.load_data(os.path.join(service_name, version, type_name))  # noqa: PTH118 - no path yet
        loader._extras_processor.process(model, loader._find_extras(service_name, type_name, version))  # noqa: SLF001
        return model

    remembered: Callable[..., Any] = vars(loaders)["instance_cache"](load_service_model)
    return remembered


def _latest(loader: Any, service_name: str, type_name: str) -> Any:
    """The latest version of a service's model; nothing if botocore is to look for it itself."""
    own = type(loader) in _KINDS and not _WAY & vars(loader).keys() - {"_extras_processor"}
    if not own or any(vars(kind).get(name) is not step for kind, name, step in _STEPS):
        return None
    if not any(service_name in _names_in(path) for path in loader.search_paths):
        return None
    try:
        return loader.determine_latest_version(service_name, type_name)
    except (DataNotFoundError, OSError):  # or it is a file
        return None


def _names_in(path: str) -> list[str]:
    try:
        return os.listdir(path)  # noqa: PTH208 - the names alone
    except OSError:  # it needn't be there
        return []


def _is_known(load: Any) -> bool:
    """Whether a loader's method goes the known way, behind its memory."""
    cells = load.__closure__ or ()
    return any(set(cell.cell_contents.__code__.co_names) == _WAY for cell in cells)


_LOAD = "load_service_model"
PATCHES = (
    unless_replaced(loaders, "json", _read_plainly),
    *((unless_replaced(Loader, _LOAD, _looked_for_alone),) if _is_known(vars(Loader)[_LOAD]) else ()),
)
