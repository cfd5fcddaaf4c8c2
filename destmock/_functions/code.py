"""The code that an invocation runs: the registered handler, a test's stand-in, or what was deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._functions.deployed_code import Packages
from destmock._functions.stand_ins import stand_in

if TYPE_CHECKING:
    from destmock._functions.deployed_code import Package
    from destmock._functions.functions import Function, Functions
    from destmock._functions.handlers import Handlers, Registration


class Code:
    """The code of each function of one simulation."""

    def __init__(self, handlers: Handlers, functions: Functions) -> None:
        self._handlers = handlers
        self._functions = functions
        self._packages = Packages()

    def of(self, function: Function) -> Registration | Package:
        """The code of one version. Raises `NoHandlerError` when nothing could run it."""
        registration = self._handlers.find(function.ref) or stand_in(function.ref, function.identity)
        return registration or self._packages.package(self._functions.deployment(function))

    def close(self) -> None:
        """Remove the directories that deployed code was unpacked to."""
        self._packages.close()
