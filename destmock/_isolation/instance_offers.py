"""Which types of instances EC2 offers where: moto reads it from ninety files, whatever a test wants of EC2.

They are read when somebody looks, after the mock as well. Hardly any test does, but each that uses parameters
of Systems Manager or deploys a template imports moto's EC2.
"""

from __future__ import annotations

import contextlib
import os
from functools import wraps
from typing import TYPE_CHECKING, Any

from destmock._isolation.patching import Patch, patched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

#: moto's module, the directory that it reads, and where it keeps what it has read.
MODULE = "moto.ec2.models.instance_types"
_DIRECTORY, _OFFERS = "instance_type_offerings", "INSTANCE_TYPE_OFFERINGS"


@contextlib.contextmanager
def read_later(module: ModuleType) -> Iterator[None]:
    """While moto's module is executed, it finds nothing to read; afterwards, it has what reads itself."""
    read: list[object] = []

    def nothing_there(listdir: Callable[..., list[str]]) -> Callable[..., list[str]]:
        @wraps(listdir)
        def listed(path: Any = ".") -> list[str]:
            if os.path.basename(path) != _DIRECTORY:  # noqa: PTH119 - any path that `os` takes
                return listdir(path)
            read.append(path)
            return []

        return listed

    with patched([Patch(os, "listdir", nothing_there)]):
        yield
    made = vars(module)
    if made.get("listdir") is not None:
        made["listdir"] = os.listdir
    if not read:
        return
    if len(read) == 1 and made.get(_OFFERS) == {}:
        made[_OFFERS] = _ReadWhenAsked(lambda: _executed(module)[_OFFERS])
    else:  # a version that reads in another way
        made.update(_executed(module))


def _executed(module: ModuleType) -> dict[str, Any]:
    """What moto's module has if it reads everything."""
    assert module.__spec__ is not None  # it has been imported
    loader: Any = module.__spec__.loader
    made = {name: value for name, value in vars(module).items() if name.startswith("__")}
    exec(loader.get_code(module.__name__), made)  # noqa: S102 - moto's own code
    return made


class _ReadWhenAsked(dict[str, Any]):
    """A dictionary that is read when it is asked for the first time, whatever it is asked."""

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        super().__init__({_OFFERS: None})  # a writer of JSON looks only into what isn't empty
        self._read: Callable[[], dict[str, Any]] | None = read

    def fill(self) -> None:
        """Read it, unless that is done."""
        if self._read is not None:
            dict.update(self, self._read())
            dict.pop(self, _OFFERS, None)
            self._read = None

    def __reduce_ex__(self, _protocol: object) -> Any:
        self.fill()
        return dict, ({**self},)


def _filled(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def called(offers: Any, *given: Any, **named: Any) -> Any:
        offers.fill()
        return method(offers, *given, **named)

    return called


for _name in (
    *(
        "__contains__",
        "__delitem__",
        "__eq__",
        "__getitem__",
        "__ior__",
        "__iter__",
        "__len__",
        "__ne__",
        "__or__",
    ),
    *("__repr__", "__reversed__", "__ror__", "__setitem__", "clear", "copy", "get", "items"),
    *("keys", "pop", "popitem", "setdefault", "update", "values"),
):
    setattr(_ReadWhenAsked, _name, _filled(getattr(dict, _name)))
