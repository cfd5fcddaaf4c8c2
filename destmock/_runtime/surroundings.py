"""What a function finds around it in the process while it runs, and everything as it was afterwards.

Each part changes the bare process. So an attempt can be put aside at any point and taken up again later, in
any order: when it invokes another function, and when others go on while it waits. Between the attempts of one
event nobody looks at the process: they may share what the first one found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from destmock._functions.functions import Function
    from destmock._runtime.environment_variables import OwnVariables
    from destmock._runtime.log_capture import Active, Capture
    from destmock._runtime.process_settings import OwnSettings


class Part(Protocol):
    """One kind of thing that a function may find changed in the process, or change itself."""

    def take_up(self) -> None:
        """Change the bare process to what the function finds, or to how it has last left it."""

    def put_aside(self) -> None:
        """Keep how the function has left it, and make the process bare again."""

    def leave(self) -> None:
        """Make the process bare again for good.

        It is called again after an interrupt, and called where `take_up` was interrupted or never made.
        """


class Surroundings:
    """The temporary files, settings, modules, loggers, variables, output and event loop of an attempt.

    They are an execution environment's, for one attempt after the other.
    """

    __slots__ = ("_in_place", "_output", "_parts", "_settings", "_variables")

    def __init__(
        self,
        files: Part,
        settings: OwnSettings,
        modules: Part | None,
        loggers: Part | None,
        variables: OwnVariables,
        output: Active,
        loop: Part,
    ) -> None:
        self._settings = settings
        self._variables = variables
        self._output = output
        self._parts = [files, settings, variables, output, loop]
        if modules is not None and loggers is not None:
            self._parts[2:2] = modules, loggers
        #: The parts that have changed the process.
        self._in_place: list[Part] = []

    def begin(self, function: Function, trace_header: str, capture: Capture) -> None:
        """Be those of another attempt, which is going to take them up."""
        self._variables.begin(function, trace_header)
        self._output.begin(capture)

    def take_up(self) -> None:
        """Begin, or go on after `put_aside`. The process has to be bare."""
        try:
            for part in self._parts:
                self._in_place.append(part)
                part.take_up()
        except BaseException:
            self.leave()
            raise

    def put_aside(self) -> None:
        """Make the process bare until the attempt is taken up again; after an interrupt, nothing is."""
        in_place = self._in_place
        try:
            while in_place:
                in_place[-1].put_aside()
                in_place.pop()
        except BaseException:
            self.leave()
            self.take_up()
            raise

    def leave(self) -> None:
        """Make the process bare for good; also when it is interrupted, or one of the parts fails to."""
        in_place = self._in_place
        try:
            while in_place:
                in_place[-1].leave()
                in_place.pop()
        except BaseException:
            self._leave_the_rest()
            raise

    def _leave_the_rest(self) -> None:
        """Leave each part that is in place, whatever others raise; the one that has failed a second time."""
        in_place = self._in_place
        try:
            while in_place:
                in_place.pop().leave()
        finally:
            if in_place:
                self._leave_the_rest()

    @property
    def are_in_place(self) -> bool:
        """Whether the process is as the attempt finds it, or has left it."""
        return bool(self._in_place)

    def are_untouched(self) -> bool:
        """Whether the function has left them as it has found them."""
        output, variables, settings = self._output, self._variables, self._settings
        return output.is_untouched() and variables.is_untouched() and settings.is_untouched()

    def follow(self, capture: Capture) -> None:
        """Have another attempt of the event go on in them: what it writes goes to `capture`."""
        self._output.follow(capture)
