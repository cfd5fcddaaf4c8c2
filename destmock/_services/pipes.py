"""EventBridge Pipes, which moto keeps and never runs: a warning tells when one would have read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from destmock._functions.backends import existing
from destmock._services.warned import Warned

if TYPE_CHECKING:
    from destmock._engine.simulation import Simulation

#: An old moto has no pipes, and nobody has made one before it is imported.
_MODELS = "moto.pipes.models"
_NOT_RUN = (
    "destmock keeps the pipe {}, but does not run it: what {} gets does not reach {}. "
    "An event source mapping reads it, with the same filters"
)


def arrived(simulation: Simulation, account: str, region: str, source_arn: str) -> None:
    """Something has come that pipes would read."""
    models = sys.modules.get(_MODELS)
    backend = None if models is None else existing(models.pipes_backends, account, region)
    for pipe in [] if backend is None else backend.pipes.values():
        if pipe.source == source_arn and pipe.desired_state == "RUNNING":
            reached = " and ".join(arn for arn in (pipe.enrichment, pipe.target) if arn)
            simulation.part(Warned).once(_NOT_RUN.format(pipe.name, source_arn, reached), about=pipe.arn)
