"""Guards sockets: while a mock is active, no socket reaches another machine that the user has not allowed.

This machine's own loopback is open, unless the user closes it.

Making sockets, listening, and sockets that are connected already are left alone; so are the families that
stay on the machine, such as AF_UNIX.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import sys
from fnmatch import fnmatchcase
from functools import partial
from socket import socket as Socket  # noqa: N812 - the class, whatever a test puts in its place
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from destmock._isolation.patching import Patch
from destmock.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

_FAMILIES = (socket.AF_INET, socket.AF_INET6)
#: The functions that ask a name server.
_LOOK_UPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
#: The methods of a socket that reach a host, and where each of them gets the address.
_ADDRESSEES: dict[str, Callable[[tuple[Any, ...]], object]] = {
    "connect": lambda arguments: arguments[0],
    "connect_ex": lambda arguments: arguments[0],
    "sendto": lambda arguments: arguments[-1],
    "sendmsg": lambda arguments: arguments[3] if len(arguments) > 3 else None,  # noqa: PLR2004
}


class LookUpRefusedError(NetworkError, socket.gaierror):
    """A name server would have been asked."""


class Hosts:
    """The hosts that a program may reach: names or addresses, `*` for any part of one.

    `localhost` means every address of the loopback, which is open anyway unless `loopback` is false. Raises
    `TypeError` or `ValueError` for anything else.
    """

    def __init__(self, allowed: Iterable[str] = (), *, loopback: bool = True) -> None:
        if isinstance(allowed, str):
            message = f"allow_hosts takes several hosts: allow_hosts=({allowed!r},)"
            raise TypeError(message)
        self._patterns = tuple(_checked(host) for host in allowed)
        self._loopback_named = "localhost" in self._patterns
        self._loopback = loopback
        #: The addresses of allowed names, as they were looked up.
        self._addresses: set[str] = set()
        #: The ports that the mock itself listens on: what names lead there, and who hears of a connection.
        self._own: dict[int, tuple[set[str], Callable[[Socket], object]]] = {}
        #: Where the machine's environment sends calls to AWS: host and port.
        self._endpoints: set[tuple[str | None, int | None]] = set()

    def serve(self, host: str, port: int, connecting: Callable[[Socket], object]) -> None:
        """Allows the mock's own server; `connecting` gets each socket of this process that connects to it."""
        self._own[port] = ({host.lower(), "localhost"}, connecting)

    def serve_no_more(self, port: int) -> None:
        del self._own[port]

    def is_own(self, host: str, port: object) -> bool:
        if not isinstance(port, int) or port not in self._own:
            return False
        name = host.lower()
        return name in self._own[port][0] or _is_loopback(name)

    def connecting(self, socket: Socket, port: Any) -> None:
        self._own[port][1](socket)

    def allows(self, host: str, port: object = None) -> bool:
        return (self._loopback and _is_loopback(host.lower())) or self.names(host, port)

    def names(self, host: str, port: object = None) -> bool:
        """Whether the user has allowed the host by name, or it is the mock's own server."""
        if self._own and self.is_own(host, port):
            return True
        if not self._patterns:
            return False
        name = host.lower()
        if name in self._addresses or any(fnmatchcase(name, pattern) for pattern in self._patterns):
            return True
        return self._loopback_named and _is_loopback(name)

    def hide(self, endpoints: Iterable[str]) -> None:
        """Note the URLs that only the machine's environment names as AWS's endpoints."""
        self._endpoints.update(_place(url) for url in endpoints)

    def is_hidden(self, url: str) -> bool:
        """Whether a call to the URL goes where only the environment sends it."""
        return bool(self._endpoints) and _place(url) in self._endpoints

    def found(self, answer: object) -> None:
        """Note the addresses in the answer to the look-up of an allowed name."""
        if isinstance(answer, str):
            self._addresses.add(answer)
        elif isinstance(answer, (list, tuple)):
            for part in answer:
                self.found(part)


def refusals(current: Callable[[], Hosts | None]) -> tuple[Patch, ...]:
    """What refuses every connection to a host that the `current` hosts don't allow."""
    reaching = [name for name in _ADDRESSEES if hasattr(Socket, name)]
    return (
        *(Patch(Socket, name, partial(_guarded, current, name)) for name in reaching),
        *(Patch(socket, name, partial(_looking_up, current)) for name in _LOOK_UPS),
    )


def _guarded(
    current: Callable[[], Hosts | None], name: str, method: Callable[..., Any]
) -> Callable[..., Any]:
    addressee = _ADDRESSEES[name]

    def guard(self: Socket, *arguments: Any) -> Any:
        hosts = current()
        if hosts is None or self.family not in _FAMILIES or not arguments:
            return method(self, *arguments)
        address: Any = addressee(arguments)
        host = _text(address[0]) if isinstance(address, tuple) and address else None
        port = address[1] if host is not None and len(address) > 1 else None
        if host is not None and hosts.is_own(host, port):
            try:
                return method(self, *arguments)
            finally:
                hosts.connecting(self, port)
        if host is None or hosts.allows(host) or _makes_a_pair(sys._getframe(1)):  # noqa: SLF001
            return method(self, *arguments)
        if name == "connect_ex":
            return errno.ECONNREFUSED
        raise NetworkError(_message(f"{host}:{address[1]}" if len(address) > 1 else host, host))

    return guard


def _looking_up(current: Callable[[], Hosts | None], look_up: Callable[..., Any]) -> Callable[..., Any]:
    def guard(host: Any, *arguments: Any, **options: Any) -> Any:
        hosts, name = current(), _text(host)
        if hosts is None or name is None or _is_local(name):
            return look_up(host, *arguments, **options)
        port = arguments[0] if arguments else options.get("port")
        if not hosts.allows(name, port):
            raise LookUpRefusedError(_message(name if port is None else f"{name}:{port}", name))
        answer = look_up(host, *arguments, **options)
        hosts.found(answer)
        return answer

    return guard


def _message(what: str, host: str) -> str:
    return (
        f"{what} would have been reached over the network: no connection leaves the process while the mock "
        f"is active ({to_allow(host)})"
    )


def to_allow(host: str) -> str:
    """What a refusal says to whoever wants the host to be reached."""
    return f"to allow it: mock_destinations(allow_hosts=[{host!r}])"


def _place(url: str) -> tuple[str | None, int | None]:
    parts = urlsplit(url)
    with contextlib.suppress(ValueError):
        return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    return parts.hostname, None  # what is no port is nobody's


def _checked(host: object) -> str:
    if not isinstance(host, str):
        message = f"allow_hosts takes names or addresses of hosts, not {host!r}"
        raise TypeError(message)
    plain = host.strip("[]") if _address(host.strip("[]")) else host
    if not host or any(part in host for part in "/@ ") or (":" in host and not _address(plain)):
        message = f"allow_hosts takes names or addresses of hosts, without scheme and port; not {host!r}"
        raise ValueError(message)
    return plain.lower()


def _text(host: object) -> str | None:
    if isinstance(host, (bytes, bytearray)):
        return bytes(host).decode(errors="replace")
    return host if isinstance(host, str) else None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    """Whether a host is the loopback, or the address that stands for all of the machine's own."""
    address = _address(host)
    if address is None:
        return host in {"", "localhost", "localhost.localdomain", "ip6-localhost"} or host.endswith(
            ".localhost"
        )
    if isinstance(address, ipaddress.IPv6Address):
        return bool((address.ipv4_mapped or address).is_loopback or address.is_unspecified)
    return address.is_loopback or address.is_unspecified


def _is_local(name: str) -> bool:
    """Whether a name needs no name server; a server that is about to listen looks such names up."""
    return name in {"", "localhost", socket.gethostname()} or _address(name) is not None


def _makes_a_pair(frame: FrameType) -> bool:
    """On Windows, `socket.socketpair` connects to itself; asyncio's loops need it."""
    return frame.f_code.co_filename == socket.__file__ and frame.f_code.co_name.endswith("socketpair")
