"""Random texts of the same letters as Python's `choice` picks one by one, from the same random numbers."""

from __future__ import annotations

import contextlib
import string
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from moto.moto_api._internal import mock_random
from moto.moto_api._internal.moto_random import MotoRandom

from destmock._isolation.patching import Patch, unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random


def random_text(random: Random, length: int, pool: str) -> str:
    """A text of ASCII letters out of a pool. A pick is the first bits of a random number of 32 bits."""
    letters, refused, text = *_letters(pool), b""
    while len(text) < length:
        wanted = length - len(text)
        drawn = random.getrandbits(32 * wanted).to_bytes(4 * wanted, "little")
        text += drawn[3::4].translate(letters, refused)
    return text.decode()


@cache
def _letters(pool: str) -> tuple[bytes, bytes]:
    """The letter that each first byte of a random number stands for, and the bytes to be drawn again."""
    numbers = [byte >> 8 - len(pool).bit_length() for byte in range(256)]
    refused = bytes(byte for byte, number in enumerate(numbers) if number >= len(pool))
    return bytes(ord(pool[number % len(pool)]) for number in numbers), refused


def _drawn_at_once(_get_random_string: Callable[..., str]) -> Callable[..., str]:
    """moto draws 52 letters for each call."""

    def get_random_string(
        random: Any,
        length: int = 20,
        include_digits: bool = True,  # noqa: FBT001, FBT002 - as moto has it
        lower_case: bool = False,  # noqa: FBT001, FBT002
    ) -> str:
        pool = string.ascii_letters + string.digits if include_digits else string.ascii_letters
        text = random_text(random, length, pool)
        return text.lower() if lower_case else text

    return get_random_string


def _nothing() -> None:
    """Nothing is left."""


class Seeding:
    """Whether somebody has seeded moto's random numbers in a mock, and so counts on what is drawn."""

    is_done: ClassVar[bool] = False
    #: Makes what draws random numbers and is left for later, for moto would have made it before.
    make_what_is_left: ClassVar[Callable[[], object]] = _nothing


def _seed(random: Any, *given: Any, **named: Any) -> None:
    if random is mock_random:
        Seeding.make_what_is_left()
        Seeding.is_done = True
    super(MotoRandom, random).seed(*given, **named)


@contextlib.contextmanager
def seeding_noted() -> Iterator[None]:
    """A mock, for which nobody has seeded the random numbers yet, unless an outer one's are."""
    before = Seeding.is_done
    try:
        yield
    finally:
        Seeding.is_done = before


PATCHES = (
    unless_replaced(MotoRandom, "get_random_string", _drawn_at_once),
    Patch(MotoRandom, "seed", lambda _: _seed, added=True),
)
