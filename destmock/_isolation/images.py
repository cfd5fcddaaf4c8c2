"""EC2's images, 1,300 for each region with a snapshot each: moto makes them when somebody asks.

Hardly any test asks, but each that has a subnet would wait a fifth of a second for them.
"""

from __future__ import annotations

import contextlib
import sys
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

from moto.core.models import MockAWS

from destmock._isolation import instance_offers
from destmock._isolation.patching import Patch
from destmock._isolation.random_texts import Seeding
from destmock._isolation.when_imported import WhenImported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MODELS = "moto.ec2.models"
#: Where a backend keeps how its images are made, until they are.
_LEFT = "_destmock_images_left"
#: What the images are kept in, and their snapshots.
_KEPT = ("amis", "snapshots")


def _patches() -> tuple[Patch, ...]:
    backend = import_module(_MODELS).EC2Backend  # another thread may be importing it
    kept = (Patch(backend, name, _when_asked(name), added=True) for name in _KEPT)
    return Patch(backend, "_load_amis", _later), *kept


def _later(load: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(load)
    def noted(backend: Any) -> None:
        # The backend may outlive this mock, and each image draws random numbers. What moto makes anew when it
        # ends is thrown away.
        nested = MockAWS._nested_count  # noqa: SLF001
        if nested > 1 or (nested and Seeding.is_done):
            load(backend)
        else:
            backend.__dict__[_LEFT] = load

    return noted


def _when_asked(name: str) -> Callable[[Any], Any]:
    def get(backend: Any) -> Any:
        load = backend.__dict__.pop(_LEFT, None)
        if load is not None:
            load(backend)
        return backend.__dict__[name]

    def put(backend: Any, value: Any) -> None:
        backend.__dict__[name] = value

    return lambda _: property(get, put)


_SHARED = WhenImported({"moto.ec2": _patches}, around={instance_offers.MODULE: instance_offers.read_later})


@contextlib.contextmanager
def made_when_asked() -> Iterator[None]:
    """While entered, images and offers are made when somebody asks; what outlives it, has its images."""
    before = Seeding.make_what_is_left
    with _SHARED.made():
        Seeding.make_what_is_left = _make_what_is_left
        try:
            yield
        finally:
            Seeding.make_what_is_left = before
            _make_what_is_left()  # another mock, begun in this one, may go on


def _make_what_is_left() -> None:
    models = sys.modules.get(_MODELS)
    for of_account in () if models is None else [*models.ec2_backends.values()]:
        for backend in [*of_account.values()]:
            load = vars(backend).pop(_LEFT, None)
            if load is not None:
                load(backend)
