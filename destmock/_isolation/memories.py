"""What mocks and moto keep for later ones in the process, given up when no later one is expected."""

from __future__ import annotations

from moto.core import utils
from moto.core.base_backend import AccountSpecificBackend

from destmock._isolation import (
    client_classes,
    kept_clients,
    model_files,
    moto_answers,
    moto_calls,
    moto_start,
    service_models,
    sessions,
)

_MEMORIES = (
    client_classes.methods_of,
    client_classes.retry_config,
    moto_answers.names_of,
    moto_answers.regions_of,
    model_files.found_in,
    moto_calls.loader,
    moto_start.registered_answers,
    service_models.known_once,
    sessions.provider_of,
    utils.get_service_model,
    vars(AccountSpecificBackend)["get_session"].__func__,  # which has all endpoints
)


def forget() -> None:
    """Give up the models of services, what was found out of them, and the parts of clients.

    They are so many objects that a process without them ends sooner. Whoever needs one again makes it again.
    """
    kept_clients.KEPT.forget()
    for memory in _MEMORIES:
        memory.cache_clear()
