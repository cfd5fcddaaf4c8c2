"""A request is signed with one look at its headers. The signature is the same."""

from __future__ import annotations

import logging
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore import auth, awsrequest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSRequestPreparer
from botocore.compat import HTTPHeaders

from destmock._isolation.client_makers import is_own
from destmock._isolation.headers import plain
from destmock._isolation.moto_calls import remembered
from destmock._isolation.own_steps import Steps
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
#: botocore's own request, and what makes it ready.
_OWN = {AWSRequest, AWSRequestPreparer}


def _chosen(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The headers that a signature is about."""

    @wraps(choose)
    def chosen(signer: Any, request: Any) -> Any:
        kept = plain(request.headers)
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
        kept = plain(headers)
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
        kept = plain(headers)
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
        is_plain = (
            _SIGNER.are_own(signer)
            and type(request) is AWSRequest
            and signer.credentials is not None
            and not request.params
            and not _auth.logger.isEnabledFor(logging.DEBUG)
        )
        if not is_plain:
            add_auth(signer, request)
            return
        request.context["timestamp"] = _now().strftime(_auth.SIGV4_TIMESTAMP)
        signer._modify_request_before_signing(request)  # noqa: SLF001
        kept = plain(request.headers)
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
    if current is None:
        return _auth.datetime.datetime.utcnow()
    return current(remove_tzinfo=False) if is_own(current) else current()


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
    unless_replaced(AWSRequest, "body", _body_alone),
)
