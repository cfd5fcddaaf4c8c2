"""C's environment, which child processes and libraries in C find: an attempt has one of its own.

C keeps an array of pointers to texts, and `os.putenv` goes through all of it for each variable, which would
take a twentieth of an attempt. glibc never changes or frees a text, or an array that it has not made. So an
array for the attempt takes the place of the one there is, and that comes back afterwards. A variable that is
added meanwhile makes glibc copy the array, and give up its last one: then there is no way back. Other
libraries do other things: with them, no array is replaced.
"""

from __future__ import annotations

import ctypes
import sys
from array import array
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_POINTER = ctypes.sizeof(ctypes.c_void_p)
#: How long the text of the variable may be that is another one in each attempt.
_LONGEST = 1024


def _environ() -> memoryview[int] | None:
    """The pointer to glibc's environment, in a view of its memory; `None` if that isn't certain."""
    if sys.platform != "linux":
        return None
    try:
        library = ctypes.PyDLL(None)
        _ = library.gnu_get_libc_version
        public, own = (ctypes.c_void_p.in_dll(library, name) for name in ("environ", "__environ"))
    except (AttributeError, OSError, ValueError):
        return None
    # A view of it takes less time than the pointer itself.
    is_one = ctypes.addressof(public) == ctypes.addressof(own)
    return memoryview(public).cast("B").cast("P") if is_one else None


class Block:
    """The variables of one execution environment as C has them, one of which has another value each time."""

    #: The pointer to C's array; `None` where another one can't take its place.
    environ: ClassVar = _environ()
    #: The one whose array was in C's place last: C must not be left with one that is gone.
    last: ClassVar[Block | None] = None

    def __init__(self, variables: Mapping[bytes, bytes], changing: bytes) -> None:
        self._variables = variables
        self._changing = changing
        #: The texts, which stay where they are: who has asked C for one may keep the pointer.
        self._texts: list[ctypes.Array[ctypes.c_char]] = []
        self._text = ctypes.create_string_buffer(_LONGEST)
        #: The array that was found last, what is in it now, and what was in it then.
        self._found: int | None = None
        self._standing = self._bare = memoryview(b"")
        #: The new one, and what belongs into that.
        self._array, self._wanted = memoryview(bytearray()), b""
        self._address: int | None = None

    def enter(self, value: bytes) -> bool:
        """Put the attempt's array into the place of the one there is; returns whether that could be done."""
        environ = self.environ
        if environ is None or len(self._changing) + len(value) > _LONGEST - 2:
            return False
        found = environ[0]
        if not found:  # there are no variables
            return False
        last = Block.last
        if last is not None and found == last._address:  # noqa: SLF001 - on another thread
            return False
        if found != self._found or self._standing != self._bare:
            self._follow(found)
        self._text.value = b"%s=%s" % (self._changing, value)
        self._array[:] = self._wanted
        Block.last = self
        assert self._address is not None  # `_follow` has made it
        environ[0] = self._address
        return True

    def leave(self) -> bool:
        """Put the array back that was found; returns whether that could be done."""
        environ = self.environ
        if environ is None or self._found is None or environ[0] != self._address:
            return False
        environ[0] = self._found
        return True

    def _follow(self, found: int) -> None:
        """Make an array for what is in the one that was found; after an interrupt, again."""
        self._found = None
        if not self._texts:
            texts = (b"%s=%s" % variable for variable in self._variables.items())
            self._texts = [*map(ctypes.create_string_buffer, texts), self._text]
        own = {*self._variables, self._changing}
        others = list(_texts(found))
        kept = [pointer for pointer, text in others if text.partition(b"=")[0] not in own]
        self._wanted = _as_array([*map(ctypes.addressof, self._texts), *kept])
        buffer = ctypes.create_string_buffer(self._wanted, len(self._wanted))
        self._array, self._address = memoryview(buffer).cast("B"), ctypes.addressof(buffer)
        bare = _as_array(pointer for pointer, _ in others)
        standing = (ctypes.c_char * len(bare)).from_address(found)
        self._bare, self._standing = (memoryview(each).cast("B").cast("P") for each in (bare, standing))
        self._found = found


def _texts(found: int) -> Iterator[tuple[int, bytes]]:
    """Each pointer of an array, and the text that it leads to."""
    while (pointer := ctypes.c_void_p.from_address(found).value) is not None:
        yield pointer, ctypes.string_at(pointer)
        found += _POINTER


def _as_array(pointers: Iterable[int]) -> bytes:
    """Pointers as C keeps them, up to the null pointer at the end."""
    return array("Q" if _POINTER == 8 else "L", (*pointers, 0)).tobytes()  # noqa: PLR2004 - bytes
