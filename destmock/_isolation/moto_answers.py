"""moto's answers and backends: what follows from a service's model alone is found out once.

For each member of an answer moto tries a handful of names on its own object. They follow from the model and
from the object's class. The regions of a service are the same for every account.
"""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.core import serialize
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.core.constants import MISSING
from moto.core.serialize import AttributePicker, AttributePickerContext, ResponseSerializer
from moto.core.utils import get_value
from moto.settings import enable_iso_regions

from destmock._isolation.patching import Patch
from destmock._isolation.sessions import Same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_Backends: Any = BackendDict
#: moto's own ways of picking a member of an answer, which know no other names than the model's.
_PICKERS: tuple[Any, ...] = (AttributePicker, serialize.XFormedAttributePicker)


def _picked(get: Callable[..., Any]) -> Callable[..., Any]:
    """A member of an answer, from moto's object of any kind."""

    @wraps(get)
    def picked(serializer: Any, value: Any, key: str, shape: Any) -> Any:
        picker = serializer._value_picker  # noqa: SLF001
        plain = type(picker) in _PICKERS and picker.alias_providers is serialize.DEFAULT_ALIAS_PROVIDERS
        if not plain or shape is None or hasattr(value, "Meta"):
            return get(serializer, value, key, shape)
        parent = getattr(shape, "parent", None)
        member = None
        kind: Any = type(picker)
        for name in _names(kind, value.__class__.__name__, key, shape, parent):
            member = get_value(value, name, MISSING)
            if member is not MISSING:
                break
        else:
            member = None
        if picker.response_transformers:
            path = f"{'.'.join(serializer.path)}.{key}"
            for end, transform in picker.response_transformers.items():
                if path.endswith(end):
                    return transform(member)
        return member

    return picked


@lru_cache(maxsize=10_000)
def _names(picker: Any, kind: str, key: str, shape: Any, _parent: Any) -> tuple[str, ...]:
    """The names that a member may have on an object of a class of that name, in moto's order."""
    context = AttributePickerContext(obj=type(kind, (), {})(), key=key, shape=shape)
    return tuple(dict.fromkeys(picker().get_possible_keys(context)))


def _found_at_once(get: Callable[..., Any]) -> Callable[..., Any]:
    """An account's backends, without moto's lock if they are there, and moto knows that they are in use.

    A reset leaves some that others have made anew meanwhile. moto would not reset those the next time.
    """

    @wraps(get)
    def of_account(backends: Any, account_id: str) -> Any:
        found = dict.get(backends, account_id)
        known = found is not None and id(backends) in map(id, _Backends._instances)  # noqa: SLF001
        return found if known else get(backends, account_id)

    return of_account


def _regions_once(generate: Any) -> Callable[..., Any]:
    return lambda backends, service: list(_regions(Same(generate), Same(backends.get_session()), service))


@lru_cache(maxsize=512)
def _regions(generate: Same, _session: Same, service: str) -> tuple[str, ...]:
    return tuple(
        generate.value.__wrapped__(None, service)
    )  # past moto's cache, which is one for each account


class _Addresses(NamedTuple):
    """Stands for a backend: the patterns of the URLs that it answers at."""

    url_bases: Sequence[str]
    url_paths: Mapping[str, Any]

    @property
    def _url_module(self) -> _Addresses:
        return self


def _addresses_once(urls: Any) -> Any:
    """The URLs that a backend answers at: moto makes them for each call, from the same few patterns."""

    def of_backend(backend: Any) -> dict[str, Any]:
        module = backend._url_module  # noqa: SLF001
        paths = tuple(module.url_paths.items())
        return dict(_urls(Same(urls), tuple(module.url_bases), paths, enable_iso_regions()))

    return property(of_backend)


@lru_cache(maxsize=512)
def _urls(urls: Same, bases: tuple[str, ...], paths: tuple[tuple[str, Any], ...], _iso: object) -> Any:
    return urls.value.fget(_Addresses(bases, dict(paths)))


PATCHES = (
    Patch(BaseBackend, "urls", _addresses_once),
    Patch(ResponseSerializer, "get_value", _picked),
    Patch(BackendDict, "__getitem__", _found_at_once),
    Patch(AccountSpecificBackend, "_generate_regions", _regions_once),
)
