"""The patterns of S3's URLs: moto reads its module again for each call, since a variable may change them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from moto import settings
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from destmock._isolation.moto_answers import UrlPatterns
from destmock._isolation.patching import Patch
from destmock._isolation.sessions import Same


def _read_when_changed(url_module: Any) -> Any:
    """The module's patterns, read again when what they are made of has changed."""

    def patterns(_backend: Any) -> UrlPatterns:
        answers = S3Response.bucket_dispatch, S3Response.ambiguous_dispatch, S3Response.key_dispatch
        return _read(Same(url_module), tuple(settings.get_s3_custom_endpoints()), answers)

    return property(patterns)


@lru_cache(maxsize=16)
def _read(url_module: Same, _endpoints: tuple[str, ...], _answers: tuple[Any, ...]) -> UrlPatterns:
    module = url_module.value.fget(None)
    return UrlPatterns(module.url_bases, module.url_paths)


PATCHES = (Patch(S3Backend, "_url_module", _read_when_changed),)
