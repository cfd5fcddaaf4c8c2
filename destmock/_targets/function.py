"""Lambda: the function is invoked asynchronously with the record as its event (F5, F8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from destmock._arn import FunctionRef, parse_function_arn
from destmock._targets.target import UndeliverableError
from destmock.errors import NoHandlerError

if TYPE_CHECKING:
    from destmock._config import Standing
    from destmock._ids import Trace
    from destmock._ledger import Kind
    from destmock._targets.target import Message


class Functions(Protocol):
    """What a function destination needs of the simulation."""

    def identify(self, ref: FunctionRef) -> object | None:
        """`None` for a function, version or alias that doesn't exist."""

    def accept(self, ref: FunctionRef, payload: bytes, *, source: str, trace: Trace | None) -> str:
        """Queues an event; raises `NoHandlerError` for a function that nothing can run."""


class FunctionTarget:
    """A function, version or alias, by its ARN."""

    kind: Kind = "lambda"

    def __init__(self, arn: str, functions: Functions) -> None:
        self._arn = arn
        self._functions = functions

    def standing(self) -> Standing:
        ref = parse_function_arn(self._arn)
        missing = ref is None or self._functions.identify(ref) is None
        return "missing" if missing else "ok"

    def deliver(self, message: Message) -> None:
        ref = parse_function_arn(self._arn)
        if ref is None or self._functions.identify(ref) is None:
            text = f"the function {self._arn} does not exist"
            raise UndeliverableError(text)
        try:
            self._functions.accept(ref, message.body, source=message.source, trace=message.trace)
        except NoHandlerError as error:
            raise UndeliverableError(str(error)) from error
