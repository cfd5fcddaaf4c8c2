"""What happened, as text, as a diagram and as a page; whatever draws it is imported when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from destmock._pictures.topology import Topology, topology

if TYPE_CHECKING:
    import os

    from destmock._engine.injection import Injection
    from destmock._engine.simulation import Simulation
    from destmock._pictures.graph import Graph


class Story:
    """The part of a `Destmock` that tells what happened."""

    _simulation: Simulation
    _injection: Injection
    #: The functions and configurations at the end of the mock, which moto then forgets.
    _standing: Topology | None = None

    def timeline(self) -> str:
        """The story as text: accepted, attempts, back-off, condition, deliveries, and why nothing was sent.

        Empty when nothing was invoked. Synchronous invocations are part of it.
        """
        from destmock._pictures import timeline  # noqa: PLC0415 - few tests use it

        with self._simulation.turns:
            ledger, pending = self._simulation.ledger, self._simulation.pending
            return timeline.timeline(ledger, pending, self._repeating())

    def diagram(self) -> str:
        """A flowchart in Mermaid's language: functions, what invoked them, and where their records go.

        Each way is labelled with how often it was taken, by condition; one that was never taken has a 0,
        one to a dead-letter queue is dashed, and what did not arrive is told as FAILED. With `history=`, it
        counts what is remembered.
        """
        from destmock._pictures.mermaid import flowchart  # noqa: PLC0415 - few tests use it

        with self._simulation.turns:
            return flowchart(self._graph())

    def report(self, path: str | os.PathLike[str]) -> None:
        """Writes one HTML file, with everything in it: the diagram, a time axis, records, responses and logs.

        It can be opened anywhere, and loads nothing. Raises `OSError` when the file can't be written.
        """
        from destmock._pictures.report import report  # noqa: PLC0415 - few tests use it

        with self._simulation.turns:
            page = report(self._simulation, self._graph(), self._repeating())
        Path(path).write_text(page, encoding="utf-8")

    def _graph(self) -> Graph:
        from destmock._pictures.graph import graph  # noqa: PLC0415 - few tests use it

        return graph(self._topology(), self._simulation.ledger)

    def _topology(self) -> Topology:
        return self._standing or topology(self._simulation)

    def _keep(self) -> None:
        """Keep what the pictures show of moto's state, which ends with the mock."""
        self._standing = topology(self._simulation)

    def _repeating(self) -> list[str]:
        """The calls that repeat the faults of this run."""
        return [f"the faults are those of {call}" for call in self._injection.calls]

    def _failures(self) -> str:
        from destmock._pictures.failures import failures  # noqa: PLC0415 - few tests use it

        with self._simulation.turns:
            return failures(self._simulation.ledger)

    def _leftovers(self) -> str:
        ledger, pending = self._simulation.ledger, self._simulation.awaited
        if not pending and not ledger.failures:
            return ""
        from destmock._pictures import timeline  # noqa: PLC0415 - few tests use it

        return timeline.leftovers(ledger, pending, self._repeating())
