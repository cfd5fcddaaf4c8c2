"""The profiles of the machine's own configuration files, for a program that asks for one by its name.

A test may write such a file and name it before its mock, as moto's documentation has it. Whoever asks for no
profile sees none. Nor does a function, for AWS's own functions have no such files.
"""

from __future__ import annotations

import contextlib
import os
from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore.configloader import load_config, raw_config_parse
from botocore.exceptions import ConfigNotFound
from botocore.session import Session

from destmock._isolation.made_inside import is_from_inside
from destmock._isolation.patching import Patch, Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: The variables that name the files, and what they are without.
_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
#: What is taken of a profile: nothing that leads to the machine's credentials or endpoints.
_TAKEN = ("region", "role_arn", "role_session_name")
#: AWS sets it in a function.
_OF_FUNCTIONS = "LAMBDA_TASK_ROOT"


class _Named:
    """The files that the environment named when each mock began, the outermost first."""

    files: tuple[tuple[str, str], ...] = ()


def _with_the_machine_s(build: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    @wraps(build)
    def profiles(session: Any) -> dict[str, Any]:
        found = build(session)
        name = session.get_config_variable("profile")
        for config, credentials in _Named.files if name is not None and _may_see(session) else ():
            profile = None if name in found else _profile(name, config, credentials)
            if profile is not None:
                found[name] = profile
        return found

    return profiles


SHARED = Shared([Patch(Session, "_build_profile_map", _with_the_machine_s)])


@contextlib.contextmanager
def profiles_by_name() -> Iterator[None]:
    """While entered, a session has the profile that it asks for.

    It is that of the files that the environment names now.
    """
    config, credentials = (os.environ.get(name, default) for name, default in _FILES.items())
    before = _Named.files
    _Named.files = (*before, (config, credentials))
    try:
        with SHARED.made():
            yield
    finally:
        _Named.files = before


def _may_see(session: Any) -> bool:
    return is_from_inside(session) and _OF_FUNCTIONS not in os.environ


def _profile(name: str, config: str, credentials: str) -> dict[str, str] | None:
    """What the files say of a profile; nothing if none has it.

    A role is assumed with moto's own credentials, whose profile it is.
    """
    of_config = _read(load_config, config).get("profiles", {})
    of_credentials = _read(raw_config_parse, credentials)
    if name not in of_config and name not in of_credentials:
        return None
    said = {**of_config.get(name, {}), **of_credentials.get(name, {})}
    taken = {key: said[key] for key in _TAKEN if key in said}
    return {**taken, "credential_source": "Environment"} if "role_arn" in taken else taken


def _read(parse: Callable[[str], Mapping[str, Any]], path: str) -> Mapping[str, Any]:
    try:
        return parse(path)
    except ConfigNotFound:
        return {}
