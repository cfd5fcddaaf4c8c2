"""A request is signed and made ready for sending, with fewer looks at its headers.

botocore keeps headers as an e-mail's. Reading one costs a dozen calls, and each is read six times for a call.
The signature, and what is sent, are the same.
"""

from __future__ import annotations

import logging
from email.message import Message
from email.policy import Compat32, compat32
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore import auth, awsrequest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSRequestPreparer, HeadersDict
from botocore.compat import HTTPHeaders

from destmock._isolation.moto_calls import remembered
from destmock._isolation.own_steps import Steps, attributes_of
from destmock._isolation.patching import unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable

_auth: Any = auth
_Signer: Any = SigV4Auth
#: A header that has the body's checksum already.
_CHECKSUM = "x-amz-content-sha256"
#: What botocore's signing consists of.
_SIGNER = Steps(
    SigV4Auth,
    (
        *("add_auth", "headers_to_sign", "canonical_headers", "signed_headers", "canonical_request"),
        *("canonical_query_string", "_header_value", "_normalize_url_path", "_inject_signature_to_request"),
    ),
)
_trimmed = vars(SigV4Auth)["_header_value"]
_HeaderKey: Any = vars(awsrequest)["_HeaderKey"]
_OF_HEADERS, _OF_MESSAGE = attributes_of(HeadersDict), attributes_of(Message)
_set = _OF_HEADERS["__setitem__"]
#: Later versions of Python may look at the names.
_stores_as_it_is = not Compat32.header_store_parse.__code__.co_names
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
        trim = getattr(signer._header_value, "__func__", None)  # noqa: SLF001
        own = type(signer).__module__ == auth.__name__ and trim is _trimmed
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
        return ";".join(sorted([name.lower().strip() for name in {name for name, _ in kept}]))

    return named


def _in_one_go(add_auth: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Sign a request by version 4, with one look at its headers.

    Other versions, and what somebody has changed in botocore's class, sign as they do.
    """

    @wraps(add_auth)
    def signed(signer: Any, request: Any) -> None:
        plain = (
            _SIGNER.are_own(signer)
            and type(request) is AWSRequest
            and signer.credentials is not None
            and not request.params
            and not _auth.logger.isEnabledFor(logging.DEBUG)
        )
        if not plain:
            add_auth(signer, request)
            return
        request.context["timestamp"] = _now().strftime(_auth.SIGV4_TIMESTAMP)
        signer._modify_request_before_signing(request)  # noqa: SLF001
        kept = _plain(request.headers)
        if kept is None or any(type(value) is bytes for _, value in kept):
            text = signer.string_to_sign(request, signer.canonical_request(request))
            signer._inject_signature_to_request(request, signer.signature(text, request))  # noqa: SLF001
            return
        about, lines = _canonical(signer, request, kept)
        signature = signer.signature(signer.string_to_sign(request, lines), request)
        scope = signer.scope(request)
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={about}, Signature={signature}"
        )

    return signed


def _canonical(signer: Any, request: Any, kept: list[tuple[str, Any]]) -> tuple[str, str]:
    """The headers that a signature is about, and the request as it wants it."""
    headers = _by_name(kept)
    if "host" not in headers:
        headers["host"] = " ".join(_auth._host_from_url(request.url).split())  # noqa: SLF001
    checksum = request.headers[_CHECKSUM] if _CHECKSUM in headers else signer.payload(request)
    names = sorted(headers.keys() - _auth.SIGNED_HEADERS_BLACKLIST)
    url, about = urlsplit(request.url), ";".join(sorted([name.strip() for name in names]))
    lines = (
        request.method.upper(),
        _path(_Signer._normalize_url_path, url.path),  # noqa: SLF001
        signer._canonical_query_string_url(url),  # noqa: SLF001
        *[f"{name}:{headers[name]}" for name in names],
        "",
        about,
        checksum,
    )
    return about, "\n".join(lines)


def _now() -> Any:
    """The time that botocore signs with."""
    current = getattr(_auth, "get_current_datetime", None)  # new in botocore 1.40
    return _auth.datetime.datetime.utcnow() if current is None else current()


def _by_name(kept: list[tuple[str, Any]]) -> dict[str, str]:
    """Headers by their names in small letters, without superfluous blanks; a name's values together."""
    headers: dict[str, str] = {}
    for name, value in kept:
        key, text = name.lower(), " ".join(value.split())
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


@lru_cache(maxsize=1000)
def _path(normalize: Callable[[Any, str], str], path: str) -> str:
    return normalize(None, path)


def _filled(init: Callable[..., None]) -> Callable[..., None]:
    """A request's headers, from those of another one: each name as it comes first, with its last value."""

    @wraps(init)
    def made(headers: Any, *given: Any, **named: Any) -> None:
        if named or type(headers) is not HeadersDict or len(given) != 1 or type(given[0]) is not list:
            init(headers, *given, **named)
            return
        init(headers)
        if _OF_HEADERS["__setitem__"] is not _set or vars(awsrequest)["_HeaderKey"] is not _HeaderKey:
            for name, value in given[0]:
                headers[name] = value
            return
        found: dict[str, tuple[str, Any]] = {}
        for name, value in given[0]:
            key = name.lower()
            found[key] = (found[key][0] if key in found else name), value
        kept: Any = vars(headers)["_dict"]
        for name, value in found.values():
            kept[_HeaderKey(name)] = value

    return made


def _stored(store: Callable[[Any, str, Any], None]) -> Callable[[Any, str, Any], None]:
    """A header is added as it is, as an e-mail of Python's older kind has it."""
    of_message, older = _OF_MESSAGE, compat32

    @wraps(store)
    def stored(self: Any, name: str, val: Any) -> None:
        if self.policy is older and of_message["__setitem__"] is store:
            self._headers.append((name, val))
        else:
            super(HTTPHeaders, self).__setitem__(name, val)

    return stored


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
    unless_replaced(auth, "_host_from_url", remembered),
    unless_replaced(awsrequest, "_urljoin", remembered),
    _SIGNER.replaced("headers_to_sign", _chosen),
    _SIGNER.replaced("canonical_headers", _as_signed),
    _SIGNER.replaced("signed_headers", _named),
    _SIGNER.replaced("add_auth", _in_one_go),
    unless_replaced(HTTPHeaders, "items", _listed),
    *((unless_replaced(HTTPHeaders, "__setitem__", _stored),) if _stores_as_it_is else ()),
    unless_replaced(HeadersDict, "__init__", _filled),
    unless_replaced(AWSRequest, "body", _body_alone),
)
