"""Hides the machine's own AWS environment variables from the mock, and puts them back afterwards."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from destmock._aws.arn import DEFAULT_REGION

if TYPE_CHECKING:
    from collections.abc import Iterator


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


_SET = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


#: moto sets these itself.
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@contextlib.contextmanager
def environment_isolated() -> Iterator[None]:
    """While entered, the environment leads to no real credentials, configuration or endpoints."""
    endpoints = [name for name in os.environ if name.startswith(_ENDPOINTS)]
    touched = {*_REMOVED, *CREDENTIALS, *_SET, *endpoints, "AWS_DEFAULT_REGION"}
    before = {name: os.environ.get(name) for name in touched}
    for name in (*_REMOVED, *endpoints):
        os.environ.pop(name, None)
    os.environ.update(_SET)
    os.environ.setdefault("AWS_DEFAULT_REGION", DEFAULT_REGION)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
