"""What mocks keep for later ones in the process, given up when no later one is expected."""

from __future__ import annotations

from destmock._isolation import (
    client_classes,
    clients,
    kept_clients,
    moto_calls,
    moto_start,
    service_models,
    sessions,
)

_MEMORIES = (
    client_classes.methods_of,
    client_classes.retry_config,
    moto_calls.loader,
    moto_start.registered_answers,
    service_models.known_once,
    sessions.provider_of,
)


def forget() -> None:
    """Give up the models of services, what was found out of them, and the parts of clients.

    They are so many objects that a process without them ends sooner. Whoever needs one again makes it again.
    """
    kept_clients.KEPT.forget()
    for memory in _MEMORIES:
        memory.cache_clear()
    models = clients.loader(None)  # moto keeps a session that has it
    models._cache.clear()  # type: ignore[attr-defined]  # noqa: SLF001
