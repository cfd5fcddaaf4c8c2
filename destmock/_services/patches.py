"""What is changed in moto while a mock is active: each method once, in the room of its service.

moto would run the functions that its services invoke at once, in Docker, with placeholder constants in the
event. Here the event is AWS's, and enters the mock that started last.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

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
from destmock._services.s3 import configurations, notifications, policies, urls
from destmock._services.sns import attributes, filters, order, signatures, subscriptions
from destmock._services.sns import refusals as topic_refusals
from destmock._services.sqs import arrivals as queue_arrivals
from destmock._services.sqs import reading, redrive
from destmock._services.sqs import refusals as queue_refusals
from destmock._services.streams import addresses
from destmock._services.streams import arrivals as stream_arrivals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._isolation.patching import Patch

PATCHES = (
    *functions.PATCHES,
    *trace_headers.PATCHES,
    *subscriptions.PATCHES,
    *attributes.PATCHES,
    *filters.PATCHES,
    *order.PATCHES,
    *configurations.PATCHES,
    *notifications.PATCHES,
    *policies.PATCHES,
    *urls.PATCHES,
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
    *topic_refusals.PATCHES,
    *signatures.PATCHES,
    *front_door_clients.PATCHES,
)


# Each is imported by its whole name: a test that puts back `sys.modules` takes it away with moto's module.


def _of_schedules() -> tuple[Patch, ...]:
    from destmock._services.scheduler.control import PATCHES as CHANGES  # noqa: PLC0415 - as moto's module of it

    return CHANGES


def _of_secrets() -> tuple[Patch, ...]:
    from destmock._services.rotations import PATCHES as OF_ROTATIONS  # noqa: PLC0415 - the same
    from destmock._services.secrets import PATCHES as OF_SECRETS  # noqa: PLC0415 - the same

    return *OF_ROTATIONS, *OF_SECRETS


def _of_delivery_streams() -> tuple[Patch, ...]:
    from destmock._services.firehose import PATCHES as CHANGES  # noqa: PLC0415 - the same

    return CHANGES


def _of_state_machines() -> tuple[Patch, ...]:
    from destmock._services.steps import PATCHES as CHANGES  # noqa: PLC0415 - the same

    return CHANGES


def _of_iot() -> tuple[Patch, ...]:
    from destmock._services.iot import PATCHES as CHANGES  # noqa: PLC0415 - the same

    return CHANGES


def _of_websockets() -> tuple[Patch, ...]:
    from destmock._services.apigateway.connections import PATCHES as CHANGES  # noqa: PLC0415 - the same

    return CHANGES


#: The lists of the services that moto's Lambda doesn't import.
LATER = {
    "moto.apigatewaymanagementapi": _of_websockets,
    "moto.firehose": _of_delivery_streams,
    "moto.iotdata": _of_iot,
    "moto.scheduler": _of_schedules,
    "moto.secretsmanager": _of_secrets,
    "moto.stepfunctions": _of_state_machines,
}
SHARED = Shared(PATCHES, steps_aside=True)
_LATER_SHARED = WhenImported(LATER)


@contextlib.contextmanager
def services_patched() -> Iterator[None]:
    """While entered, what moto's services invoke runs in the mock that started last."""
    with SHARED.made(), _LATER_SHARED.made():
        yield
