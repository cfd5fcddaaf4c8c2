"""What is set up around the functions: who would send them events, and what of it can get lost."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

import boto3
from moto import settings

from destmock._cloudformation.check.landscape import landscape
from destmock._cloudformation.check.rules import findings
from destmock._services.front_doors.standing import front_doors

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._cloudformation.check.finding import Finding
    from destmock._engine.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Setup:
    """`sources` are who sends events, in the timeline's words, and the ARN of where they go."""

    sources: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()


def setup(simulation: Simulation) -> Setup:
    """Everything of the default session's account and region, and the front doors of all.

    Nothing while moto asks IAM for permission: looking would be one of the actions that moto counts.
    """
    if isfinite(settings.INITIAL_NO_AUTH_ACTION_COUNT):
        return Setup()
    found = landscape(cast("Callable[[str], Any]", boto3.client))
    senders = [(sender.source, sender.target) for sender in found.senders]
    doors = [(words, ref.arn) for words, ref in front_doors(simulation)]
    return Setup(tuple(dict.fromkeys(senders + doors)), tuple(findings(found)))
