"""What mocks change in botocore and moto, held between one mock and the next, so that each begins sooner."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from destmock._functions import lambda_gaps
from destmock._isolation import clients, moto_start
from destmock._services import patches

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def patches_held() -> Iterator[None]:
    """While entered, the changes stay that are the same for all mocks. They do nothing without a mock."""
    with clients.SHARED.made(), moto_start.SHARED.made(), patches.SHARED.made(), lambda_gaps.SHARED.made():
        yield
