"""Changes of modules that many programs never import: each is made when somebody imports its module.

Importing such a module only to change it would take longer than a mock does.
"""

from __future__ import annotations

import contextlib
import sys
from importlib.abc import MetaPathFinder
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

from destmock._importing import all_of_it_stays, found_around, take_out
from destmock._isolation.patching import Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from destmock._isolation.patching import Patch


class WhenImported(MetaPathFinder):
    """Changes that the outermost mock makes: at its start, or in the moment when their module is imported.

    `lists` gives, by the name of a module or package, what makes the list of its changes. It is called once,
    with all of that imported. `around` gives, by the name of a module, what is entered around its execution.
    """

    def __init__(
        self,
        lists: Mapping[str, Callable[[], Iterable[Patch]]],
        around: Mapping[str, Callable[[ModuleType], AbstractContextManager[object]]] = MappingProxyType({}),
    ) -> None:
        self._lists, self._around = lists, around
        #: The changes of each module, which may be imported anew.
        self._shared: dict[str, tuple[ModuleType | None, Shared]] = {}
        #: What undoes the changes of the active mock, and the right to add to it.
        self._undone: contextlib.ExitStack | None = None
        self._lock = Lock()

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """While entered, what is imported is changed, once."""
        if self._undone is not None:
            yield
            return
        with contextlib.ExitStack() as undone:
            self._undone = undone
            take_out(self)
            sys.meta_path.insert(0, self)
            try:
                for name in self._lists:
                    if name in sys.modules:
                        self._make(name)
                yield
            finally:
                with self._lock:  # another thread may be importing
                    self._undone = None
                take_out(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module as whoever comes next finds it, with a look at it afterwards."""
        if self._undone is None or (name not in self._lists and name not in self._around):
            return None
        return found_around(self, self._executing, name, path, target)

    @contextlib.contextmanager
    def _executing(self, module: ModuleType) -> Iterator[None]:
        around = self._around.get(module.__name__, contextlib.nullcontext)
        with all_of_it_stays(), around(module):
            yield
        self._make(module.__name__)

    def _make(self, name: str) -> None:
        if name not in self._lists:
            return
        module = sys.modules.get(name)
        known, shared = self._shared.get(name, (None, None))
        if shared is None or known is not module:
            shared = Shared(self._lists[name](), steps_aside=True)
            self._shared[name] = module, shared
        with self._lock:
            if self._undone is not None:  # the mock may have ended meanwhile
                self._undone.enter_context(shared.made())
