"""Apps: Python files with `HANDLERS`, and `setup` if they like, imported as a program's main module would be.

They are imported with the mock active: what a module does at its top level (makes clients, asks for a
parameter, creates a queue) must never reach AWS, and needs a region.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import inspect
import symtable
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from destmock._cli.problem import Problem
from destmock._functions.handlers import Handler, Outcomes, check_source
from destmock._runtime.importing import Importer, is_installed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_OWN = str(Path(__file__).parent.parent)
Source: TypeAlias = "Handler | str | Outcomes"
Setup: TypeAlias = "Callable[[], object]"


class Found(NamedTuple):
    """A handler, and the file whose `HANDLERS` has it."""

    file: Path
    source: Source


@contextlib.contextmanager
def forgotten() -> Iterator[None]:
    """While entered, apps may be imported; at the end, the path is restored and their modules forgotten."""
    path, known = list(sys.path), set(sys.modules)
    try:
        yield
    finally:
        sys.path[:] = path
        Importer().forget(set(sys.modules) - known)


class Imported(NamedTuple):
    """The handlers of all the files, by name, and each file's `setup`."""

    handlers: dict[str, Found]
    setups: dict[Path, Setup]

    def set_up(self) -> None:
        """Call each `setup`, in the order of the files. Raises `Problem` if a `setup` raises anything."""
        for file, setup in self.setups.items():
            _run(file, setup)


def imported(files: Sequence[Path]) -> Imported:
    """Import the files. Raises `Problem` if that fails, or if a handler or a `setup` is not usable."""
    handlers: dict[str, Found] = {}
    setups: dict[Path, Setup] = {}
    known = set(sys.modules)
    for file in files:
        module = _module(file)
        setup = getattr(module, "setup", None)
        if setup is not None:
            setups[file] = _checked_setup(file, setup)
        for name, source in _handlers_of(file, module).items():
            if name in handlers:
                message = f"both {handlers[name].file} and {file} have a handler of {name!r}"
                raise Problem(message)
            handlers[name] = Found(file, source)
    _check_siblings(files, set(sys.modules) - known, handlers)
    return Imported(handlers, setups)


def _check_siblings(files: Sequence[Path], brought: set[str], handlers: Mapping[str, Found]) -> None:
    """Raise `Problem` if two apps have modules of one name beside them: Python would import only one."""
    apps = {file.resolve() for file in files}
    directories = {file.resolve().parent: file.parent for file in files}
    named = {found.source.replace(":", ".") for found in handlers.values() if isinstance(found.source, str)}
    for name in sorted({each.partition(".")[0] for each in brought | named}):
        there = [
            shown
            for directory, shown in directories.items()
            if (directory / name).is_dir() or (directory / f"{name}.py").is_file()
            if directory / f"{name}.py" not in apps
        ]
        if len(there) > 1:
            message = f"{there[0]} and {there[1]} both have a module {name}, and Python imports one of a name"
            raise Problem(message)


def _handlers_of(file: Path, module: ModuleType) -> dict[str, Source]:
    handlers = getattr(module, "HANDLERS", None)
    if not isinstance(handlers, Mapping):
        what = "has no HANDLERS" if handlers is None else f"has HANDLERS = {handlers!r}"
        message = f"{file} {what}: it is a mapping such as HANDLERS = {{'orders': place_order}}"
        raise Problem(message)
    return {name: _checked(file, module, name, source) for name, source in handlers.items()}


def _module(file: Path) -> ModuleType:
    """Import a file under its own name, as others import it, or under another if its name is taken."""
    directory = str(file.resolve().parent)
    if directory not in sys.path:
        sys.path.insert(0, directory)
    name = file.stem if file.stem not in sys.modules else f"{file.stem} ({file})"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    loader = spec.loader
    _run(file, lambda: loader.exec_module(module))
    return module


def _checked_setup(file: Path, setup: object) -> Setup:
    if not callable(setup) or inspect.iscoroutinefunction(setup):
        what = f"async def {setup.__name__}" if inspect.iscoroutinefunction(setup) else f"setup = {setup!r}"
        message = f"{file} has {what}: setup is a function that is called without arguments"
        raise Problem(message)
    return setup


def _run(file: Path, code: Setup) -> None:
    """Run code of the user's, which prints to standard error. Raises `Problem` for its exception."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            code()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever ends a program, this one isn't ended by it
        raise Problem(_own_error(file, error)) from error


def _own_error(file: Path, error: BaseException) -> str:
    """The line of the user's own code at which an error happened, and the error."""
    place, line = str(file), None
    if isinstance(error, SyntaxError) and error.filename:
        place, line = error.filename, error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if not (is_installed(frame.filename) or frame.filename.startswith((_OWN, "<"))):
                place, line = frame.filename, frame.lineno
    where = _shown(place) if line is None else f"{_shown(place)}, line {line}"
    return f"{where}: {traceback.format_exception_only(type(error), error)[-1]}"


def _checked(file: Path, module: ModuleType, name: str, source: Source) -> Source:
    """The handler, checked; a string that names the file's own module becomes the function it names."""
    _check_source(file, name, source)
    if not isinstance(source, str):
        return source
    home, _, function = source.replace(":", ".").rpartition(".")
    if home != file.stem:
        missing = _missing(home, function)
        if missing:
            raise Problem(_nothing_there(file, name, source, missing))
        return source
    found = getattr(module, function, None)
    if found is None or isinstance(found, str):
        raise Problem(_nothing_there(file, name, source, f"{file} has no function {function}"))
    _check_source(file, name, found)
    own: Source = found
    return own


def _check_source(file: Path, name: str, source: object) -> None:
    try:
        check_source(name, source)
    except (TypeError, ValueError) as error:
        message = f"{file}: {error}"
        raise Problem(message) from error


def _nothing_there(file: Path, name: str, source: str, why: str) -> str:
    return f"{file}: the handler of {name!r} is {source!r}, and {why}"


def _missing(home: str, function: str) -> str:
    """What is missing for a handler that is named, judged by its module's text; "" if nothing is.

    The module itself is imported at the first attempt only.
    """
    try:
        spec = _spec(home)
    except ValueError:  # a module without a spec: it is there
        return ""
    if spec is None:
        return f"there is no module {home}"
    if spec.origin is None or not spec.origin.endswith(".py"):
        return ""
    try:
        text = importlib.util.decode_source(Path(spec.origin).read_bytes())
        names = symtable.symtable(text, spec.origin, "exec").get_identifiers()
    except SyntaxError as error:
        return _own_error(Path(spec.origin), error)
    dynamic = "__getattr__" in names or any(
        isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(ast.parse(text))
    )
    return "" if function in names or dynamic else f"{_shown(spec.origin)} has no function {function}"


def _spec(name: str) -> ModuleSpec | None:
    """Where a module would come from. Unlike `find_spec` alone, this imports no package."""
    top, *parts = name.split(".")
    spec = importlib.util.find_spec(top)
    for part in parts:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(f"{spec.name}.{part}", spec.submodule_search_locations)
    return spec


def _shown(file: str) -> str:
    """The path as seen from the current directory, if it is below it."""
    path = Path(file).resolve()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
