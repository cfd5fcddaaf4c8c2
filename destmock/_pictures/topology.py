"""Which functions there are, where their events come from, and where their records are to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from destmock._services.mappings import known as known_mappings

if TYPE_CHECKING:
    from destmock._aws.arn import Arn, FunctionRef
    from destmock._engine.event_invoke_config import EventInvokeConfig
    from destmock._engine.simulation import Simulation


class Known(NamedTuple):
    """One function, with the ARN of its dead-letter queue and a configuration for each qualifier."""

    ref: FunctionRef
    dead_letter: str | None
    configs: tuple[EventInvokeConfig, ...]


class Topology(NamedTuple):
    """What is set up; `mappings` are what event source mappings read, and for which function."""

    functions: tuple[Known, ...] = ()
    mappings: tuple[tuple[Arn, FunctionRef], ...] = ()

    def find(self, arn: str) -> Known | None:
        """A function by its ARN, without a qualifier."""
        return next((known for known in self.functions if known.ref.unqualified_arn == arn), None)


def topology(simulation: Simulation) -> Topology:
    """Everything that is set up now, in the order of the ARNs."""
    with simulation.turns:
        dead_letters = simulation.functions.known()
        configs = simulation.configs.known
        mappings = sorted(known_mappings(), key=str)
    functions = [
        Known(ref, dead_letter, _configs_of(ref, configs)) for ref, dead_letter in dead_letters.items()
    ]
    return Topology(tuple(sorted(functions, key=_arn)), tuple(mappings))


def _configs_of(ref: FunctionRef, configs: list[EventInvokeConfig]) -> tuple[EventInvokeConfig, ...]:
    found = [config for config in configs if config.ref.unqualified == ref]
    return tuple(sorted(found, key=lambda config: config.ref.qualifier or ""))


def _arn(known: Known) -> str:
    return known.ref.unqualified_arn
