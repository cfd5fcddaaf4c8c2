"""Makes events of JSON, and JSON of results, as awslambdaric does."""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import Encoder, LambdaMarshaller
from awslambdaric.lambda_runtime_marshaller import json as simplejson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: simplejson's decoder, without its look at what is around the text.
_SCAN = cast("Any", simplejson.JSONDecoder()).scan_once


def with_others(function: FunctionType, **replaced: object) -> Callable[..., Any]:
    """One of awslambdaric's own functions, with other things in the place of some that it calls."""
    names = {**function.__globals__, **replaced}
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__)


class _InC(NamedTuple):
    """An encoder of simplejson's, what it remembers, and what it calls for anything else than JSON."""

    encode: Callable[[Any, int], Iterable[str]]
    memo: dict[str, str]
    default: Callable[..., Any]


class _Marshaller(LambdaMarshaller):  # type: ignore[misc]
    """awslambdaric's own, with a shorter way for an event without white space, and for an ordinary result.

    simplejson makes an encoder in C for each text. Here it is kept, while nothing is being encoded.
    """

    _encoder: _InC

    def unmarshal_request(self, request: bytes, content_type: str = "application/json") -> Any:
        try:
            text = request.decode()
            event, end = _SCAN(text, 0)
            if end == len(text):
                return event
        except (ValueError, RecursionError, StopIteration):
            pass
        return super().unmarshal_request(request, content_type)

    def marshal_response(self, response: Any) -> tuple[str | bytes, str]:
        result: tuple[str | bytes, str]
        if type(response) is dict or type(response) is list:
            encoder = self.__dict__.pop("_encoder", None)
            if encoder is None or encoder.default is not Encoder.default:  # a test has put another there
                encoder = _encoder_in_c(self.jsonEncoder)
            if encoder is not None:
                try:
                    result = "".join(encoder.encode(response, 0)), "application/json"
                except Exception as error:  # noqa: BLE001 - in awslambdaric's words
                    text = f"Unable to marshal response: {error}"
                    raise FaultException(FaultException.MARSHAL_ERROR, text, None)  # noqa: B904 - as it does
                encoder.memo.clear()
                self._encoder = encoder
                return result
        result = super().marshal_response(response)
        return result


def _encoder_in_c(encoder: Any) -> _InC | None:
    """What simplejson would make for a text; `None` if there is no C."""
    make = simplejson.encoder.c_make_encoder
    if make is None:
        return None
    given: list[Any] = []

    def note(*arguments: Any) -> Callable[..., Any]:
        given.extend(arguments)
        return lambda *_: ()

    with_others(simplejson.JSONEncoder.iterencode, c_make_encoder=note)(encoder, None)
    _, *others = given  # the first one is of the containers around a value
    memo = next(each for each in others if type(each) is dict)
    return _InC(make(*given), memo, Encoder.default)


@cache
def marshaller_for(execution_environment: str | None) -> LambdaMarshaller:  # noqa: ARG001 - chooses the encoder
    """awslambdaric reads AWS_EXECUTION_ENV when the encoder is built; it is set by then (B15)."""
    return _Marshaller()
