"""What a test asks about an application: what comes of a production failure, and what can get lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import boto3

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from destmock._cloudformation.check.finding import Finding
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
        from destmock._aws.failed_invocation import failed_invocations  # noqa: PLC0415 - few tests use it
        from destmock._mock import replay  # noqa: PLC0415 - the same

        self._check_active()
        found = failed_invocations(record)
        if len(found) > 1:
            message = f"this holds {len(found)} records or messages; replay one at a time"
            raise ValueError(message)
        return replay.replay(self._simulation, found[0], function).invocation

    def check(self, *, strict: bool = False) -> list[Finding]:
        """Tells which asynchronous paths of what is set up now end in nobody's hands. ::

            destmock.deploy("template.yaml", invent_parameters=True)
            assert destmock.check() == []

        Each finding says what gets lost, and what to do about it. Errors are what gets lost for sure, or is
        refused by AWS; with `strict`, remarks are told of as well: settings that AWS advises against, and
        dead-letter queues that nobody reads. Functions, queues, rules and the rest are looked at in the
        default session's account and region, whoever has made them.
        """
        from destmock._cloudformation.check.landscape import landscape  # noqa: PLC0415 - few tests use it
        from destmock._cloudformation.check.rules import findings  # noqa: PLC0415 - few tests use it

        self._check_active()
        client = cast("Callable[[str], Any]", boto3.client)
        found = findings(landscape(client))
        return found if strict else [each for each in found if each.level == "error"]
