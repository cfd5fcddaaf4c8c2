"""Refuses requests that another site's page sends, whatever name the site has for this machine.

A browser can be led to send requests here from another site's page, which shows in `Origin` or
`Sec-Fetch-Site`, or under a name whose owner lets it point to this machine, which shows in `Host`.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

PAGE = "/_destmock"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - recognised, not bound
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]*\.localhost")
#: The name that a container has for the machine it runs on.
_FROM_CONTAINERS = "host.docker.internal"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides which requests to refuse; `host` and `port` are what the server listens on."""

    host: str
    port: int

    def refusal(self, environ: WSGIEnvironment) -> str | None:
        """Why a request is refused; `None` lets it pass."""
        host, origin = environ.get("HTTP_HOST"), environ.get("HTTP_ORIGIN")
        if host is None or not self._is_own(host, buckets=True):
            return (
                f"the Host header is {host!r}: this is destmock's server at {self.host}:{self.port}, and "
                "answers only under its own names (127.0.0.1, localhost, [::1] or the host that it was given)"
            )
        if origin is not None and not self._is_own_origin(origin):
            return f"the request comes from a page of {origin}: only destmock's own page may send any"
        site = environ.get("HTTP_SEC_FETCH_SITE")
        if site in {"cross-site", "same-site"} and not _is_link(environ):
            return "the request comes from a page of another site: only destmock's own page may send any"
        return None

    def _is_own_origin(self, origin: str) -> bool:
        scheme, _, host = origin.partition("://")
        return scheme == "http" and self._is_own(host, buckets=False)

    def _is_own(self, value: str, *, buckets: bool) -> bool:
        name, port = _split(value)
        if port != self.port:
            return False
        if name in _LOOPBACK or name == self.host.lower():
            return True
        if buckets and _BUCKET.fullmatch(name):  # virtual-hosted; always this machine
            return True
        if self.host not in _EVERYWHERE:
            return False
        # An address can't be made to point elsewhere, as a name can.
        return _address(name) is not None or name in {socket.gethostname().lower(), _FROM_CONTAINERS}


def _is_link(environ: WSGIEnvironment) -> bool:
    """Whether somebody has followed a link to the page, which changes nothing."""
    path = environ.get("PATH_INFO", "")
    return (
        environ.get("REQUEST_METHOD") == "GET"
        and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST") == "document"
        and (path == PAGE or path.startswith(f"{PAGE}/"))
    )


def _split(value: str) -> tuple[str, int | None]:
    """A host's name and port; the port is `None` if the text after the name can't be a port."""
    value = value.strip().lower()
    name, _, port = value.rpartition(":") if ":" in value.rpartition("]")[2] else (value, "", "80")
    if not (port.isascii() and port.isdigit()):
        return name, None
    return name.removeprefix("[").removesuffix("]"), int(port)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
