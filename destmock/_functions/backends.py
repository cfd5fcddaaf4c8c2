"""Looks up moto's backends, quickly, for each attempt does so several times.

moto's own lookup takes a lock and compares the service with every other one that is in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from moto.awslambda.models import lambda_backends
from moto.awslambda.utils import get_backend
from moto.awslambda_simple.models import lambda_simple_backends
from moto.core.config import default_user_config

if TYPE_CHECKING:
    from moto.awslambda.models import LambdaBackend
    from moto.core.base_backend import BackendDict, BaseBackend

    Backend = TypeVar("Backend", bound=BaseBackend)


def existing(backends: BackendDict[Backend], account: str, region: str) -> Backend | None:
    """A service's backend; `None` if nobody has asked moto for it yet."""
    regions = backends.get(account)
    return None if regions is None else regions.get(region)


def is_simple() -> bool:
    """Whether moto's simple Lambda was chosen, which runs nothing."""
    try:
        return default_user_config["lambda"]["use_docker"] is False
    except KeyError:
        return False


def existing_lambda_backend(account: str, region: str) -> LambdaBackend | None:
    """moto's Lambda in one region; `None` if nobody has asked for it yet."""
    regions = (lambda_simple_backends if is_simple() else lambda_backends).get(account)
    return None if regions is None else regions.get(region)


def lambda_backend(account: str, region: str) -> LambdaBackend:
    """The same, made if need be. Raises `KeyError` for a region that moto doesn't know."""
    return existing_lambda_backend(account, region) or get_backend(account, region)
