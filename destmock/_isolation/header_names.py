"""What the headers of a request are called in the environment that moto makes of it.

moto keeps the names of S3's metadata as they were sent, since it makes requests of its own: from 5.2.4 on.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from moto.core import request as motos

if TYPE_CHECKING:
    from collections.abc import Callable

#: Where the environment has the names as they were sent, by those in the environment.
NAMES_AS_SENT: str = getattr(motos, "PRESERVED_HEADER_NAMES_ENVIRON_KEY", "moto.preserved_header_names")


def _never(_name: str) -> bool:
    return False


#: Whether moto wants to know a header's name as it was sent.
is_kept_as_sent: Callable[[str], bool] = lru_cache(maxsize=4096)(
    getattr(motos, "should_preserve_original_header_name", _never)
)


@lru_cache(maxsize=4096)
def environ_key(name: str) -> str:
    """A header's name in the environment, as WSGI has it."""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
