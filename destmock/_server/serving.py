"""`serve`: a mock whose services any SDK reaches, at one HTTP endpoint of this machine."""

from __future__ import annotations

import contextlib
import logging
import secrets
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, cast

from destmock._mock.destmock import Destmock
from destmock._mock.mock import MockDestinations
from destmock._server.gateway import Gateway
from destmock._server.guards import PAGE, Guard, is_loopback
from destmock._server.happenings import happening
from destmock._server.listener import Listener
from destmock._server.pace import Pace
from destmock._server.page.application import application
from destmock._server.polls import Changes, patient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from socket import socket as Socket  # noqa: N812
    from wsgiref.types import WSGIApplication

    from moto.core.config import DefaultConfig
    from typing_extensions import Unpack

    from destmock._engine.simulation import Simulation
    from destmock._functions.handlers import Handler, Outcomes
    from destmock._observed.entries import Entry
    from destmock._observed.ledger import What
    from destmock._server.happenings import Happening
    from destmock._time.wall import Wall


log = logging.getLogger("destmock.server")
Clock = Literal["skip", "manual", "real"]
Page: TypeAlias = "Callable[[Server], WSGIApplication]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how a mock is served."""

    host: str
    port: int
    page: Page | None
    real_time: bool


class Options(TypedDict, total=False):
    """The options of `mock_destinations`."""

    autorun: bool
    strict: bool
    start: datetime | None
    adopt: bool
    allow_hosts: Iterable[str]
    account_concurrency: int
    seed: int | None
    history: int | None
    travel: bool
    loopback: bool
    config: DefaultConfig | None


class Server(Destmock):
    """A `Destmock` that is served at `url`, for any SDK."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self._url = ""
        self._changes = Changes()
        self._closing = contextlib.ExitStack()
        self._subscribers: list[Callable[[Happening], object]] = []
        #: The functions whose handlers opened connections to the server, by the client's address.
        self._callers: dict[tuple[str, int], str] = {}

    @property
    def url(self) -> str:
        """The endpoint, e.g. `http://127.0.0.1:40123`."""
        return self._url

    @property
    def page(self) -> str:
        """The address of the page for browsers."""
        return f"{self._url}{PAGE}"

    def subscribe(self, subscriber: Callable[[Happening], object]) -> None:
        """Call `subscriber` with each `Happening` from now on, in order.

        The call comes from the thread that works on the event, in the middle of that work: `subscriber` must
        be quick, and must not drive time or make AWS calls. An exception that it raises is logged.
        """
        self._subscribers.append(subscriber)

    def _listen(self, place: Place) -> None:
        simulation, changes = self._simulation, self._changes
        simulation.attempts.interrupts = ()  # no client's handler ends the server
        host = place.host
        page = place.page(self) if place.page is not None else _own_page(self, real_time=place.real_time)
        pace = Pace(simulation, changes) if place.real_time else None
        with contextlib.ExitStack() as stack:
            listener = Listener(host, place.port, self._disconnected)
            stack.callback(listener.close)
            port = listener.port
            self._url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            before = None if pace is None else pace.catch_up
            guard = Guard(host, port)
            gateway = Gateway(simulation, guard, changes, page=page, before=before, caller=self._callers.get)
            stack.enter_context(patient(simulation, changes))
            simulation.hosts.serve(host, port, self._connecting)
            stack.callback(simulation.hosts.serve_no_more, port)
            simulation.ledger.watchers.append(self._watch)
            if pace is not None:
                stack.callback(pace.join)
                pace.start()
            stack.callback(changes.end)
            listener.start(gateway)
            self._closing = stack.pop_all()

    def _watch(self, what: What, item: Entry, number: int) -> None:
        self._changes.happened()
        if not self._subscribers:
            return
        told = happening(what, item, number, self._simulation.now)
        for subscriber in self._subscribers:
            _tell(subscriber, told)

    def _connecting(self, socket: Socket) -> None:
        mine = self._simulation.turns.mine
        if mine is not None:
            with contextlib.suppress(OSError):
                self._callers[socket.getsockname()[:2]] = mine.function

    def _disconnected(self, peer: tuple[Any, ...]) -> None:
        self._callers.pop(cast("tuple[str, int]", peer[:2]), None)


def _own_page(server: Server, *, real_time: bool) -> WSGIApplication:
    asked = server._changes.asked  # noqa: SLF001 - the two are one thing to a user
    return application(server, token=secrets.token_urlsafe(32), real_time=real_time, asked=asked)


def _tell(subscriber: Callable[[Happening], object], told: Happening) -> None:
    try:
        subscriber(told)
    except BaseException:  # whatever it is, the event goes on
        log.exception("%r could not be told of %r", subscriber, told)


class Serving(MockDestinations):
    """The result of `serve(...)`: a `MockDestinations` whose every use is also served over HTTP."""

    _made = Server

    def __init__(
        self,
        handlers: Mapping[str, Handler | str | Outcomes] | None,
        place: Place,
        options: Mapping[str, Any],
    ) -> None:
        super().__init__(handlers, **options)
        self._place = place

    def start(self) -> Server:
        """Begin to serve, until `stop()`. Raises `OSError` when the port can't be had."""
        server = super().start()
        assert isinstance(server, Server)
        try:
            server._listen(self._place)  # noqa: SLF001 - the two are one thing to a user
        except BaseException:
            self.stop(failed=True)
            raise
        return server

    def _wall(self) -> Wall:
        wall = super()._wall()
        if self._place.real_time:  # it is moved by what keeps the pace
            wall.flows = False
        return wall

    def _ending(self, destmock: Destmock) -> None:
        assert isinstance(destmock, Server)
        destmock._closing.close()  # noqa: SLF001 - the two are one thing to a user

    def __enter__(self) -> Server:
        server = super().__enter__()
        assert isinstance(server, Server)
        return server

    async def __aenter__(self) -> Server:
        return self.__enter__()


def serve(
    handlers: Mapping[str, Handler | str | Outcomes] | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock | None = None,
    page: Page | None = None,
    **options: Unpack[Options],
) -> Serving:
    """Mocks AWS as `mock_destinations` does, and serves it over HTTP, for the SDKs of any language. ::

        with serve(handlers={"orders": place_order}) as server:
            environment = {**os.environ, "AWS_ENDPOINT_URL": server.url}
            subprocess.run(["node", "orders.mjs"], env=environment, check=True)
            assert server.invocations[0].condition == "Success"

    The result is a decorator, a context manager, and an object with `start()` and `stop()`. Each use makes a
    `Server`: a `Destmock` with the `url` of its endpoint. `options` are those of `mock_destinations`. Clients
    in this process see the same state as all others, with that endpoint or without. The end of a use waits
    for the requests that are being answered.

    `host`, `port`: where to listen; default: on the loopback, at a free port. Any other host brings a
    warning, because everybody who reaches it can run your handlers.
    `clock`: "skip" (the default) runs what is queued, and each retry after it, before the request that queued
    it is answered, as `autorun` does; "manual" runs nothing until time is driven (`autorun=False`); "real"
    lets virtual time pass as real time does: a retry takes its minutes, and a handler that sleeps takes
    real time, too (`travel=False`).
    `page`: a callable that gets the `Server` and returns the WSGI application for `/_destmock`; default:
    destmock's page, which shows functions, destinations, events and the queue, and can change and drive them.

    Raises `ImportError` if the extra `destmock[server]` isn't installed, and `ValueError` for a wrong `host`
    or `clock`. Starting raises `OSError` when the port can't be had.
    """
    if find_spec("flask") is None or find_spec("flask_cors") is None:
        message = "serve needs moto's server: pip install 'moto[server]', or destmock with its extra server"
        raise ImportError(message)
    if clock not in {None, "skip", "manual", "real"}:
        message = f"clock is 'skip', 'manual' or 'real', not {clock!r}"
        raise ValueError(message)
    if not host:
        message = "host is a name or an address; '0.0.0.0' listens on all of the machine's"
        raise ValueError(message)
    if not is_loopback(host):
        message = (
            f"destmock listens on {host!r}: whoever reaches it can run your handlers and read everything"
        )
        warnings.warn(message, stacklevel=2)
    place = Place(host, port, page, real_time=clock == "real")
    autorun = _option(clock, "autorun", options.get("autorun"), None if clock is None else clock == "skip")
    travel = _option(clock, "travel", options.get("travel"), False if clock == "real" else None)
    return Serving(handlers, place, {**options, "autorun": autorun, "travel": travel})


def _option(clock: str | None, name: str, given: bool | None, wanted: bool | None) -> bool:  # noqa: FBT001
    """An option that a clock decides: it has to be the one that is `wanted`, unless that is `None`."""
    if wanted is None or given is None:
        return wanted is not False if given is None else given
    if given is not wanted:
        message = f"clock={clock!r} says {name}={wanted}; leave {name} out"
        raise ValueError(message)
    return wanted
