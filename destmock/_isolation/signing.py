"""A request is signed and made ready for sending, with fewer looks at its headers.

botocore keeps headers as an e-mail's. Reading one costs a dozen calls, and each is read six times for a call.
The signature, and what is sent, are the same.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore import auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSRequestPreparer, HeadersDict
from botocore.compat import HTTPHeaders

from destmock._isolation.moto_calls import remembered
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable

_auth: Any = auth
#: botocore's own request, and what makes it ready.
_OWN = {AWSRequest, AWSRequestPreparer}


def _plain(headers: Any) -> list[tuple[str, Any]] | None:
    """Headers as they are kept, if they are botocore's own, and bytes or ASCII; else nothing."""
    if type(headers) is not HTTPHeaders:
        return None
    kept: list[tuple[str, Any]] = [*headers.raw_items()]
    try:
        plain = "".join([value for _, value in kept if type(value) is not bytes]).isascii()
    except TypeError:  # of another kind
        return None
    return kept if plain else None


def _listed(items: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(items)
    def listed(headers: Any) -> Any:
        kept = _plain(headers)
        return items(headers) if kept is None else kept

    return listed


def _chosen(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The headers that a signature is about."""

    @wraps(choose)
    def chosen(signer: Any, request: Any) -> Any:
        kept = _plain(request.headers)
        if kept is None:
            return choose(signer, request)
        named = [(name.lower(), value) for name, value in kept]
        headers: Any = HTTPHeaders()
        for name, value in named:
            if name not in _auth.SIGNED_HEADERS_BLACKLIST:
                headers.set_raw(name, value)
        if not any(name == "host" for name, _ in named):
            headers.set_raw("host", _auth._host_from_url(request.url))  # noqa: SLF001
        return headers

    return chosen


def _as_signed(canonical: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    """The headers as a signature wants them: in order, each once, without superfluous blanks."""

    @wraps(canonical)
    def signed(signer: Any, headers: Any) -> str:
        kept = _plain(headers)
        own = type(signer).__module__ == auth.__name__
        if kept is None or not own or not all(name.islower() for name, _ in kept):
            return canonical(signer, headers)
        values: dict[str, list[str]] = {}
        for name, value in kept:
            values.setdefault(name, []).append(" ".join(value.split()))
        return "\n".join(f"{name}:{','.join(values[name])}" for name in sorted(values))

    return signed


def _named(signed_headers: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    @wraps(signed_headers)
    def named(signer: Any, headers: Any) -> str:
        kept = _plain(headers)
        if kept is None:
            return signed_headers(signer, headers)
        return ";".join(sorted({name.lower().strip() for name, _ in kept}))

    return named


def _filled(init: Callable[..., None]) -> Callable[..., None]:
    """A request's headers, from those of another one."""

    @wraps(init)
    def made(headers: Any, *given: Any, **named: Any) -> None:
        if named or type(headers) is not HeadersDict or len(given) != 1 or type(given[0]) is not list:
            init(headers, *given, **named)
            return
        init(headers)
        for name, value in given[0]:
            headers[name] = value

    return made


def _body_alone(body: Any) -> Any:
    """The body that a request will have; botocore makes the whole request to find out."""

    def prepared(request: Any) -> Any:
        preparer: Any = vars(request).get("_request_preparer")
        if {type(request), type(preparer)} != _OWN:
            return body.fget(request)
        found = preparer._prepare_body(request)  # noqa: SLF001
        return found.encode() if isinstance(found, str) else found

    return property(prepared)


PATCHES = (
    Patch(auth, "_host_from_url", remembered),
    Patch(SigV4Auth, "headers_to_sign", _chosen),
    Patch(SigV4Auth, "canonical_headers", _as_signed),
    Patch(SigV4Auth, "signed_headers", _named),
    Patch(HTTPHeaders, "items", _listed),
    Patch(HeadersDict, "__init__", _filled),
    Patch(AWSRequest, "body", _body_alone),
)
