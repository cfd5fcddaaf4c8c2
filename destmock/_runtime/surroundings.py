"""What a function finds around it in the process while it runs, and everything as it was afterwards.

Nobody looks at the process between the tries of one event: they may share what the first one found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from destmock._runtime.environment_variables import OwnVariables
    from destmock._runtime.log_capture import Active, Capture
    from destmock._runtime.process_settings import OwnSettings


class Surroundings:
    """The settings, modules, variables and output of one function, from `enter` to `leave`."""

    __slots__ = ("_exits", "_modules", "_output", "_settings", "_variables")

    def __init__(
        self,
        settings: OwnSettings,
        modules: AbstractContextManager[None],
        variables: OwnVariables,
        output: Active,
    ) -> None:
        self._settings = settings
        self._modules = modules
        self._variables = variables
        self._output = output
        self._exits: list[Callable[..., Any]] = []

    def enter(self) -> None:
        try:
            for part in (self._settings, self._modules, self._variables, self._output):
                part.__enter__()
                self._exits.append(part.__exit__)
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        exits = self._exits
        try:
            while exits:
                exits.pop()(None, None, None)
        finally:
            if exits:  # one of them has failed
                self.leave()

    def are_untouched(self) -> bool:
        """Whether the function has left them as it has found them."""
        output, variables, settings = self._output, self._variables, self._settings
        return output.is_untouched() and variables.is_untouched() and settings.is_untouched()

    def follow(self, capture: Capture) -> None:
        """What is written from here on belongs to another try."""
        self._output.follow(capture)
