"""The WSGI application: reads are GET, changes are POST with the token, then a redirect."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from importlib import resources as files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from destmock._engine.active import active
from destmock._pictures.graph import graph
from destmock._pictures.html import Html, tag
from destmock._pictures.report import document, style
from destmock._pictures.story import newest
from destmock._server.page import actions, views
from destmock._server.page.resources import destinations
from destmock._server.page.setup import Setup, setup
from destmock._server.page.view import PREFIX, Clock, View, function_url, url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from destmock._mock.destmock import Destmock
    from destmock._pictures.topology import Topology

_FIRST_SHOWN, _MOST_SHOWN = 50, 2000
#: The largest form, in bytes: a payload of 6 MB whose every character a form encodes as three.
_LARGEST = 20 * 1024 * 1024
#: What each form does, and the key of what the page says afterwards.
_ACTIONS: dict[str, tuple[Callable[[actions.Asked], str | None], str]] = {
    "destination": (actions.put_destination, "saved"),
    "remove": (actions.remove_destination, "removed"),
    "invoke": (actions.invoke, "invoked"),
    "step": (actions.step, "stepped"),
    "advance": (actions.advance, "advanced"),
    "run": (actions.run_until_idle, "idle"),
}
_PENDING_TOLD = 50


class _Request(Request):
    max_content_length = _LARGEST
    max_form_memory_size = _LARGEST


def application(
    destmock: Destmock, *, token: str, real_time: bool = False, asked: Callable[[], int] = int
) -> WSGIApplication:
    """The page of one mock; requests that change something must carry `token`.

    `real_time`: whether virtual time follows real time, in which case the page doesn't offer to drive it.
    `asked` tells how many requests others have sent, after which something else may be set up.
    """
    console = Console(destmock, token, real_time=real_time, asked=asked)

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = _Request(environ)
        try:
            response = console.answer(request)
        except HTTPException as error:
            response = console.problem(error)
        return response(environ, start_response)

    return serve


class Console:
    """Answers requests about one mock."""

    def __init__(self, destmock: Destmock, token: str, *, real_time: bool, asked: Callable[[], int]) -> None:
        self._destmock = destmock
        self._simulation = destmock._simulation  # noqa: SLF001 - the page shows all of it
        self._token = token
        self._real_time = real_time
        self._asked = asked
        self._setup, self._setup_for = Setup(), ("", 0)

    @property
    def _clock(self) -> Clock:
        return "real" if self._real_time else "skip" if self._simulation.driver.autorun else "manual"

    def answer(self, request: Request) -> Response:
        path = f"{request.root_path.rstrip('/')}{request.path}".removeprefix(PREFIX).strip("/")
        if path in _ACTIONS:
            if request.method in ("GET", "HEAD"):  # somebody has gone to the address of a refused form
                return self._back(request.args.get("arn", ""))
            if request.method != "POST":
                raise MethodNotAllowed(["GET", "HEAD", "POST"])
            return self._change(path, request)
        if path not in ("", "function", "state"):
            raise NotFound
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET", "HEAD"])
        if path == "state":
            return self._state(request.args.get("since", ""))
        arn = request.args.get("arn", "") if path == "function" else ""
        return self._page(arn, request.args.to_dict())

    def problem(self, error: HTTPException) -> Response:
        title = f"{error.code} {error.name}"
        response = _html(title, views.problem(title, error.description or ""), error.code or 500)
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    def _back(self, arn: str, anchor: str = "", **more: str) -> Response:
        """Redirect to the page of a function, or to the overview if there is no such function."""
        known = self._topology().find(arn)
        where = f"{PREFIX}?{_query(more)}" if more else PREFIX
        location = where if known is None else function_url(arn, **more)
        return _finished(Response(status=303, headers={"Location": f"{location}{anchor}"}))

    def _change(self, action: str, request: Request) -> Response:
        form = request.form.to_dict()
        arn = form.get("function") or form.get("back") or ""
        given = form.pop("token", "")
        if not hmac.compare_digest(given.encode(errors="surrogatepass"), self._token.encode()):
            stale = "This page is not of the server that is running now: nothing was done. Try again."
            return self._page(arn, {}, action, form, actions.RefusedError(stale, 403))
        act, done = _ACTIONS[action]
        try:
            made = act(actions.Asked(self._destmock, self._topology(), form, self._real_time))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown where it was asked for
            return self._page(arn, {}, action, form, actions.refusal(error))
        if made is None:
            return self._back(arn, done=done)
        return self._back(arn, f"#event-{quote(made)}", done=done, unfold=f"event-{made}")

    def _page(
        self,
        arn: str,
        query: Mapping[str, str],
        action: str = "",
        form: Mapping[str, str] | None = None,
        refused: actions.RefusedError | None = None,
    ) -> Response:
        with self._simulation.turns:
            topology = self._topology()
            version = self._version(topology, anew="fragment" not in query)
            known = topology.find(arn) if arn else None
            if arn and known is None and refused is None:
                message = "There is no such function (any more)."
                raise NotFound(message)
            shown = _number(query.get("events", ""))
            told, older = newest(self._simulation.ledger, shown, arn if known else None)
            view = View(
                topology=topology,
                graph=graph(topology, self._simulation.ledger, self._setup.sources),
                findings=self._setup.findings,
                told=told,
                older=older,
                shown=shown,
                pending=self._simulation.pending,
                now=self._simulation.now,
                version=version,
                token=self._token,
                clock=self._clock,
                function=known,
                destinations=[] if known is None else self._destinations(topology, known.ref),
                unfolded=query.get("unfold", ""),
                done=query.get("done", ""),
                action=action or "",
                error=str(refused) if refused else "",
                form=query if form is None else form,
            )
            status = 200 if refused is None else refused.status
            body = views.page(view)
        if "fragment" in query:
            return _fragment(body, view.version)
        live = url(view, fragment="", events=str(shown))
        return _html(view.title, body, status, version=view.version, live=live)

    def _state(self, since: str) -> Response:
        with self._simulation.turns:
            version = self._version(self._topology())
        text = json.dumps({"version": version, "changed": version != since})
        return _finished(Response(text, content_type="application/json"))

    def _topology(self) -> Topology:
        return self._destmock._topology()  # noqa: SLF001 - the page shows all of it

    def _destinations(self, topology: Topology, ref: Any) -> list[str]:
        functions = [known.ref.unqualified_arn for known in topology.functions if known.ref != ref]
        return [*functions, *destinations(ref)]

    def _version(self, topology: Topology, *, anew: bool = False) -> str:
        """A text that changes whenever the page would look different.

        What is set up around the functions is read again if it may have changed, and the mock is there.
        """
        happened = self._happened(topology)
        key = happened, self._asked()
        if (anew or key != self._setup_for) and self._simulation in active:
            self._setup, self._setup_for = setup(self._simulation), key
        return _digest(happened, self._setup)

    def _happened(self, topology: Topology) -> str:
        simulation = self._simulation
        ledger, pending = simulation.ledger, simulation.pending
        functions = [(k.ref, k.dead_letter, [c.body for c in k.configs]) for k in topology.functions]
        parts = (
            simulation.clock.wall.jumped,
            sum(1 for _ in ledger.story) + ledger.left_out,
            ledger.deliveries.total,
            ledger.drops.total,
            len(pending),
            pending[:_PENDING_TOLD],
            functions,
            topology.mappings,
        )
        return _digest(*parts)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _html(title: str, body: Html, status: int, **data: str) -> Response:
    nonce = secrets.token_urlsafe(16)
    sheet = _file("console.css")
    script = tag("script", Html(_file("live.js")), nonce=nonce)
    marked = tag("div", body, script, id="page", **{f"data_{key}": value for key, value in data.items()})
    text = document(title, marked, tag("meta", name="referrer", content="same-origin"), style(nonce, sheet))
    response = _finished(Response(text, status=status, content_type="text/html; charset=utf-8"))
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return response


def _fragment(body: Html, version: str) -> Response:
    """The body alone, for the page's script to update from; a style sheet here would have the wrong nonce."""
    text = tag("div", body, id="page", data_version=version)
    return _finished(Response(text, content_type="text/html; charset=utf-8"))


def _finished(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _file(name: str) -> str:
    return files.files("destmock._server.page").joinpath(name).read_text("utf-8")


def _number(text: str) -> int:
    """How many events are to be shown."""
    wanted = int(text) if re.fullmatch(r"[1-9][0-9]{0,5}", text) else _FIRST_SHOWN
    return min(wanted, _MOST_SHOWN)


def _query(more: Mapping[str, str]) -> str:
    return "&".join(f"{key}={quote(value)}" for key, value in more.items())
