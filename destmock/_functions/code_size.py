"""AWS's limits of the size of deployed code, which moto takes in any size.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from moto.awslambda.exceptions import InvalidParameterValueException

from destmock._functions.deployed_code import unpacked_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from moto.awslambda.models import LambdaFunction, LayerVersion

_MOST = 262_144_000
_TOO_LARGE = f"Unzipped size must be smaller than {_MOST} bytes"
_TOO_LARGE_TOGETHER = (
    f"Function code combined with layers exceeds the maximum allowed size of {_MOST} bytes. "
    "The actual size is {} bytes."
)


@contextlib.contextmanager
def limited(
    owner: LambdaFunction | LayerVersion, layers: Callable[[], Iterable[bytes]] = tuple
) -> Iterator[None]:
    """While entered, the code of a function or layer may change; it is as before if it has become too large.

    `layers` answers the zips of the function's layers.
    """
    before = vars(owner).copy()
    yield
    try:
        _check(getattr(owner, "code_bytes", b""), layers())
    except InvalidParameterValueException:
        vars(owner).clear()
        vars(owner).update(before)
        raise


def _check(code: bytes, layers: Iterable[bytes]) -> None:
    size = unpacked_size(code)
    if size >= _MOST:
        raise InvalidParameterValueException(_TOO_LARGE)
    size += sum(map(unpacked_size, layers))
    if size > _MOST:
        raise InvalidParameterValueException(_TOO_LARGE_TOGETHER.format(size))
