"""Built-in functions do something else, also where they were imported by name before.

`from time import sleep` keeps the function itself, which no change of the module reaches. So the function
itself is changed: CPython finds what it calls in a structure of pointers. They are exchanged, and put back.
"""

from __future__ import annotations

import contextlib
import ctypes
import inspect
import sys
from functools import lru_cache, partial
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    #: Makes a replacement of the function that it gets.
    Replacement = Callable[[Callable[..., Any]], Callable[..., Any]]

_METH_VARARGS, _METH_KEYWORDS = 0x0001, 0x0002
#: Whether this is CPython, and no build of it whose objects are larger.
_IS_USUAL = sys.implementation.name == "cpython" and not hasattr(sys, "getobjects")


class _Function(ctypes.Structure):
    """CPython's `PyCFunctionObject`, the same from 3.10 to 3.14."""

    _fields_ = (
        ("ob_refcnt", ctypes.c_ssize_t),
        ("ob_type", ctypes.c_void_p),
        ("m_ml", ctypes.c_void_p),
        ("m_self", ctypes.c_void_p),
        ("m_module", ctypes.c_void_p),
        ("m_weakreflist", ctypes.c_void_p),
        ("vectorcall", ctypes.c_void_p),
    )


class _Method(ctypes.Structure):
    """CPython's `PyMethodDef`."""

    _fields_ = (
        ("ml_name", ctypes.c_void_p),
        ("ml_meth", ctypes.c_void_p),
        ("ml_flags", ctypes.c_int),
        ("ml_doc", ctypes.c_void_p),
    )


@contextlib.contextmanager
def replaced(module: Any, replacements: Mapping[str, Replacement]) -> Iterator[None]:
    """While entered, the module's built-in functions of these names are replaced, wherever they are held."""
    undo: list[Callable[[], object]] = []
    try:
        for name, replacement in replacements.items():
            function = getattr(module, name)
            if _is_built_in(function):
                undo.append(_exchange(function, replacement))
            else:  # the test has put something else in its place
                undo.append(partial(setattr, module, name, function))
                setattr(module, name, replacement(function))
        yield
    finally:
        for put_back in reversed(undo):
            put_back()


def _is_built_in(function: Any) -> bool:
    """Whether it is a function of a C module, in a build of CPython whose structures are these."""
    if not _IS_USUAL or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return False
    return type(function) is BuiltinFunctionType and inspect.ismodule(function.__self__)


def _exchange(function: Any, replacement: Replacement) -> Callable[[], None]:
    """Have a built-in function do what its replacement does; returns what puts it back."""
    found = _Function.from_address(id(function))
    before = found.m_ml, found.m_self, found.vectorcall
    real = replacement(_COPY(found.m_ml, function.__self__, function.__module__))
    method = _calling(found.m_ml)
    held = ctypes.py_object(real)
    _INC_REF(held)
    found.vectorcall = None
    found.m_self = id(real)
    found.m_ml = ctypes.addressof(method)

    def put_back() -> None:
        found.m_ml, found.m_self, found.vectorcall = before
        _DEC_REF(held)

    return put_back


@lru_cache(maxsize=64)
def _calling(address: int) -> _Method:
    """A method like the one at an address, but that it calls what it is a method of."""
    method = _Method.from_buffer_copy(_Method.from_address(address))
    method.ml_meth = ctypes.cast(ctypes.pythonapi.PyObject_Call, ctypes.c_void_p).value
    method.ml_flags = _METH_VARARGS | _METH_KEYWORDS
    return method


#: Makes another function that does what is at an address, and holds and lets go of an object.
_COPY: Any = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object)(
    ("PyCFunction_NewEx", ctypes.pythonapi)
)
_INC_REF, _DEC_REF = ctypes.pythonapi.Py_IncRef, ctypes.pythonapi.Py_DecRef
