"""Hides the machine's own AWS environment variables from the mock, and puts them back afterwards."""

from __future__ import annotations

import contextlib
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from destmock._aws.arn import DEFAULT_REGION
from destmock._isolation.configuration import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


#: Variables that lead to real credentials and endpoints; none is set while the mock is active.
_REMOVED = (
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


_ENDPOINTS = "AWS_ENDPOINT_URL"


#: A line of a configuration file that names an endpoint, of a profile or of its services.
_ENDPOINT_LINE = re.compile(r"^\s*endpoint_url\s*=\s*(\S+)", re.MULTILINE)


#: The configuration files, by the variables that name them.
_FILES = (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))


_SET = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # A client goes to AWS, and so to moto, unless the program itself gives it an endpoint.
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


#: The variable that says the region.
REGION = "AWS_DEFAULT_REGION"
#: With this, moto takes any name for a region, as local set-ups have.
_ANY_REGION = "MOTO_ALLOW_NONEXISTENT_REGION"
#: Set where nobody has.
_USUAL = {REGION: DEFAULT_REGION, _ANY_REGION: "true"}
#: moto sets these itself.
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@contextlib.contextmanager
def environment_isolated() -> Iterator[set[str]]:
    """While entered, the environment leads to no real credentials, configuration or endpoints.

    Gives the endpoints that they named.
    """
    there = _variables()
    endpoints = {name: value for name, value in there.items() if name.startswith(_ENDPOINTS)}
    named = {*endpoints.values(), *_of_profiles(there)}
    touched = (*_REMOVED, *CREDENTIALS, *_SET, *endpoints, REGION, _ANY_REGION)
    removed = dict.fromkeys((*_REMOVED, *endpoints))
    usual = {name: value for name, value in _USUAL.items() if name not in there}
    _change(there, {**removed, **_SET, **usual})
    try:
        yield named
    finally:
        _change(_variables(), {name: there.get(name) for name in touched})


def _variables() -> Mapping[str, str]:
    """The variables, read at once: to look for one that isn't there takes far longer."""
    known = ENVIRONMENT.variables()
    return dict(os.environ) if known is None else known.values


def _change(there: Mapping[str, str], wanted: Mapping[str, str | None]) -> None:
    """Set variables, or remove those that are to be `None`, where they are not so already."""
    for name, value in wanted.items():
        if value != there.get(name):
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _of_profiles(there: Mapping[str, str]) -> Iterator[str]:
    """The endpoints that the machine's configuration files name."""
    for variable, usual in _FILES:
        name = os.path.expandvars(there.get(variable, usual))
        path = os.path.expanduser(name)  # noqa: PTH111 - far quicker
        try:
            yield from _endpoints_in(path, os.stat(path).st_mtime_ns)  # noqa: PTH116
        except (OSError, ValueError):  # there is no such file
            continue


@lru_cache(maxsize=4)
def _endpoints_in(name: str, _changed_at: int) -> tuple[str, ...]:
    path = Path(name)
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return tuple(_ENDPOINT_LINE.findall(text))
