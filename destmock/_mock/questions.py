"""What a test asks about an application: what would come of a production failure here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._aws.failed_invocation import failed_invocations
from destmock._mock import replay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._engine.simulation import Simulation
    from destmock._observed.facts import Invocation


class Questions:
    """The part of a `Destmock` that looks at the application as a whole."""

    _simulation: Simulation

    def _check_active(self) -> None:
        raise NotImplementedError

    def replay(
        self, record: Mapping[str, object] | str | bytes, *, function: str | None = None
    ) -> Invocation:
        """Invokes a function again with the event of a production failure; returns the new invocation. ::

            invocation = destmock.replay(Path("record.json").read_text())
            assert invocation.condition == "Success"

        `record`: an invocation record, a dead-letter message, or what holds one: a message as
        `receive_message` answers it, a notification of SNS, an event of EventBridge, an event of Lambda's;
        as text or parsed. `function`: default: the one that the record names, by its name or by its logical
        id in a stack, or else the only one that there is.

        The event is invoked asynchronously, with the retries and destinations that the function has here.
        Raises `ValueError` if this is no record, if it holds several, or if the function isn't known.
        """
        self._check_active()
        found = failed_invocations(record)
        if len(found) > 1:
            message = f"this holds {len(found)} records or messages; replay one at a time"
            raise ValueError(message)
        return replay.replay(self._simulation, found[0], function).invocation
