"""moto's APIs by their id, in whichever account: the host of a request names the id and the region only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.core.base_backend import BackendDict


def find(backends: BackendDict[Any], api_id: str, region: str) -> Any | None:
    """The API; there may be no backend for the region yet."""
    for regions in [*backends.values()]:
        backend = regions.get(region)
        if backend is not None and api_id in backend.apis:
            return backend.apis[api_id]
    return None


def region_of(backends: BackendDict[Any], api_id: str) -> str | None:
    """The region in which an API is."""
    found = (
        region
        for regions in [*backends.values()]
        for region, backend in [*regions.items()]
        if api_id in backend.apis
    )
    return next(found, None)
