"""boto3's sessions and clients: without the machine's credentials, and quick to make and to call."""

from __future__ import annotations

import contextlib
import itertools
from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore import session as session_module
from botocore.credentials import (
    BotoProvider,
    ContainerProvider,
    EnvProvider,
    InstanceMetadataProvider,
    OriginalEC2Provider,
    SSOProvider,
)
from botocore.loaders import Loader, create_loader
from botocore.session import Session

from destmock._isolation import (
    answer_parsers,
    checksums,
    client_classes,
    configuration,
    contexts,
    emissions,
    endpoints,
    http_sessions,
    kept_clients,
    model_files,
    parameters,
    rest_requests,
    retry_checks,
    service_models,
    session_settings,
    sessions,
    user_agents,
)
from destmock._isolation.made_inside import is_from_inside, makings_noted
from destmock._isolation.patching import Patch, Shared, unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.credentials import Credentials


#: What looks for the machine's own credentials, wherever a session's configuration comes from.
_OF_MACHINE = (
    BotoProvider,
    ContainerProvider,
    InstanceMetadataProvider,
    OriginalEC2Provider,
    SSOProvider,
)


def _region_of_profile(real: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(real)
    def get_config_variable(session: Any, name: str, *others: Any, **named: Any) -> Any:
        if name == "region" and is_from_inside(session) and name not in session.instance_variables():
            return session.get_scoped_config().get(name) or real(session, name, *others, **named)
        return real(session, name, *others, **named)

    return get_config_variable


#: With it, a profile's region comes before that of the environment. A program may name a configuration file
#: in the mock, where no variable of its own says the region.
PROFILES_HAVE_REGIONS = Shared([Patch(Session, "get_config_variable", _region_of_profile)])


@contextlib.contextmanager
def clients_isolated(*, new_session: bool = True) -> Iterator[None]:
    """While entered, no session finds the machine's credentials, and clients share what they repeat.

    With `new_session`, boto3's default session is a new one.
    """
    session = _new_default_session() if new_session else contextlib.nullcontext()
    with session, makings_noted(), _WITHOUT_CREDENTIALS.made(), SHARED.made():
        yield


@contextlib.contextmanager
def _new_default_session() -> Iterator[None]:
    import boto3  # noqa: PLC0415 - the module that is there now

    before, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, None
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = before


def _sharing_loader(search_path: str | None = None) -> Loader:
    """A loader of service models that shares what it finds, so that a client costs a sixth of the time."""
    made = create_loader(search_path)
    if type(made) is Loader:
        made.__class__ = model_files.SessionsLoader
    return made


#: What sessions and clients share while any mock is active.
SHARED = Shared(
    (
        unless_replaced(session_module, "create_loader", lambda _making: _sharing_loader),
        *user_agents.PATCHES,
        *sessions.PATCHES,
        *configuration.PATCHES,
        *session_settings.PATCHES,
        *model_files.PATCHES,
        *service_models.PATCHES,
        *parameters.PATCHES,
        *rest_requests.PATCHES,
        *checksums.PATCHES,
        *contexts.PATCHES,
        *emissions.PATCHES,
        *retry_checks.PATCHES,
        *answer_parsers.PATCHES,
        *endpoints.PATCHES,
        *client_classes.PATCHES,
        *http_sessions.PATCHES,
        *kept_clients.PATCHES,
    )
)


def providers_of(session: Session) -> list[Any]:
    """What may find the session's credentials, before the environment: nothing that has the machine's own.

    The profile of an older session could run a program, or log in.
    """
    if not is_from_inside(session):
        return []
    providers = configuration.asked_again(session.get_component, "credential_provider").providers
    before = itertools.takewhile(lambda provider: not isinstance(provider, EnvProvider), providers)
    return [provider for provider in before if not isinstance(provider, _OF_MACHINE)]


def _credentials_in_a_mock(get: Callable[[Session], Credentials | None]) -> Any:
    """The credentials that a session has, else those that its providers find, else the environment's."""

    @wraps(get)
    def get_credentials(session: Any) -> Credentials | None:
        if session._credentials is None:  # noqa: SLF001
            found = (provider.load() for provider in providers_of(session))
            session._credentials = next((each for each in found if each is not None), None)  # noqa: SLF001
        return session._credentials or EnvProvider().load()  # noqa: SLF001

    return get_credentials


_WITHOUT_CREDENTIALS = Shared([Patch(Session, "get_credentials", _credentials_in_a_mock)], steps_aside=True)
