"""The models of services: what botocore finds out of one for each client is found out once.

Each client has a model of its own; shapes are shared, as the JSON is that they are read from.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore import model
from botocore.client import BaseClient
from botocore.model import OperationModel, ServiceModel
from botocore.utils import CachedProperty

from destmock._isolation.patching import unless_replaced
from destmock._isolation.sessions import Same

if TYPE_CHECKING:
    from collections.abc import Callable

_CachedProperty: Any = CachedProperty
#: How many models are remembered.
_MOST = 128


class Known(NamedTuple):
    """What is known of a service."""

    model: Any
    #: The references to shapes that have been followed, by identity, and where they led.
    shapes: dict[int, tuple[Any, Any]]


def known(service_model: Any) -> Known | None:
    """What is known of the service that a client's model describes, if it is botocore's own kind of model."""
    if type(service_model) is not ServiceModel:
        return None
    description: Any = service_model._service_description  # type: ignore[attr-defined]
    return known_once(Same(description), service_model.service_name)


@lru_cache(maxsize=_MOST)
def known_once(description: Same, service_name: str) -> Known:
    return Known(ServiceModel(description.value, service_name), {})


def _followed_once(resolve: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def resolved(service_model: Any, shape_ref: Any) -> Any:
        of_service = known(service_model)
        if of_service is None:
            return resolve(service_model, shape_ref)
        reference, shape = of_service.shapes.get(id(shape_ref), (None, None))
        if reference is not shape_ref:
            shape = resolve(of_service.model, shape_ref)
            of_service.shapes[id(shape_ref)] = shape_ref, shape
        return shape

    return resolved


def _errors_once(prop: Any) -> Any:
    def error_shapes(service_model: Any) -> Any:
        of_service = known(service_model)
        if of_service is None or of_service.model is service_model:
            return prop._fget(service_model)
        return list(of_service.model.error_shapes)

    return _CachedProperty(error_shapes)


def _discovery_looked_for_once(prop: Any) -> Any:
    """A client's own model of the operation, without going through all of its service's again."""

    def endpoint_discovery_operation(service_model: Any) -> Any:
        of_service = known(service_model)
        if of_service is None or of_service.model is service_model:
            return prop._fget(service_model)
        found = of_service.model.endpoint_discovery_operation
        return None if found is None else service_model.operation_model(found.name)

    return _CachedProperty(endpoint_discovery_operation)


def _discovery_required_once(prop: Any) -> Any:
    def endpoint_discovery_required(service_model: Any) -> Any:
        of_service = known(service_model)
        if of_service is None or of_service.model is service_model:
            return prop._fget(service_model)
        return of_service.model.endpoint_discovery_required

    return _CachedProperty(endpoint_discovery_required)


PATCHES = (
    unless_replaced(model, "hyphenize_service_id", lru_cache(maxsize=_MOST * 8)),
    unless_replaced(BaseClient, "_service_model", lambda _: property(attrgetter("meta.service_model"))),
    unless_replaced(OperationModel, "service_model", lambda _: property(attrgetter("_service_model"))),
    unless_replaced(ServiceModel, "resolve_shape_ref", _followed_once),
    unless_replaced(ServiceModel, "error_shapes", _errors_once),
    unless_replaced(ServiceModel, "endpoint_discovery_operation", _discovery_looked_for_once),
    unless_replaced(ServiceModel, "endpoint_discovery_required", _discovery_required_once),
)
