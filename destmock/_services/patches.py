"""What is changed in moto while a mock is active: each method once, in the room of its service.

moto would run the functions that its services invoke at once, in Docker, with placeholder constants in the
event. Here the event is AWS's, and enters the mock that started last.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from destmock._importing import imported
from destmock._isolation.later_imports import complete
from destmock._isolation.patching import Shared
from destmock._isolation.when_imported import WhenImported
from destmock._services import (
    actions,
    functions,
    logs,
    mapped_functions,
    mapping_answers,
    mappings,
    time_to_live,
    trace_headers,
)
from destmock._services.eventbridge import bus, inputs, patterns, replays, schedules
from destmock._services.front_doors import clients as front_door_clients
from destmock._services.sqs import arrivals as queue_arrivals
from destmock._services.sqs import reading, redrive
from destmock._services.sqs import refusals as queue_refusals
from destmock._services.streams import addresses
from destmock._services.streams import arrivals as stream_arrivals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._isolation.patching import Patch

PATCHES = (
    *functions.PATCHES,
    *trace_headers.PATCHES,
    *bus.PATCHES,
    *inputs.PATCHES,
    *patterns.PATCHES,
    *schedules.PATCHES,
    *replays.PATCHES,
    *logs.PATCHES,
    *queue_arrivals.PATCHES,
    *stream_arrivals.PATCHES,
    *addresses.PATCHES,
    *time_to_live.PATCHES,
    *mappings.PATCHES,
    *mapped_functions.PATCHES,
    *mapping_answers.PATCHES,
    *actions.PATCHES,
    *reading.PATCHES,
    *redrive.PATCHES,
    *queue_refusals.PATCHES,
    *front_door_clients.PATCHES,
)


def _of(*rooms: str) -> tuple[Patch, ...]:
    """The lists of some rooms. A test that puts back `sys.modules` takes them away with moto's modules."""
    return tuple(each for room in rooms for each in imported(f"{__package__}.{room}").PATCHES)


def _of_s3() -> tuple[Patch, ...]:
    complete("moto.s3")
    return _of("s3.configurations", "s3.notifications", "s3.policies", "s3.urls")


#: What makes the lists of the services that moto's Lambda doesn't need, by moto's package.
LATER: dict[str, Callable[[], tuple[Patch, ...]]] = {
    "moto.apigatewaymanagementapi": partial(_of, "apigateway.connections"),
    "moto.firehose": partial(_of, "firehose"),
    "moto.iotdata": partial(_of, "iot"),
    "moto.s3": _of_s3,
    "moto.scheduler": partial(_of, "scheduler.control"),
    "moto.secretsmanager": partial(_of, "secrets", "rotations"),
    "moto.sns": partial(
        _of,
        "sns.subscriptions",
        "sns.attributes",
        "sns.filters",
        "sns.order",
        "sns.refusals",
        "sns.signatures",
    ),
    "moto.stepfunctions": partial(_of, "steps"),
}
SHARED = Shared(PATCHES, steps_aside=True)
_LATER_SHARED = WhenImported(LATER)


@contextlib.contextmanager
def services_patched() -> Iterator[None]:
    """While entered, what moto's services invoke runs in the mock that started last."""
    with SHARED.made(), _LATER_SHARED.made():
        yield
