"""What is changed in moto while a mock is active: each method once, in the room of its service.

moto would run the functions that its services invoke at once, in Docker, with placeholder constants in the
event. Here the event is AWS's, and enters the mock that started last.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from destmock._isolation.patching import Shared, patched
from destmock._services import (
    actions,
    firehose,
    functions,
    images,
    logs,
    mapped_functions,
    mapping_answers,
    mappings,
    rotations,
    secrets,
    steps,
    time_to_live,
    trace_headers,
)
from destmock._services.apigateway import connections
from destmock._services.eventbridge import bus, inputs, patterns, replays, schedules
from destmock._services.front_doors import clients as front_door_clients
from destmock._services.s3 import configurations, notifications, policies, urls
from destmock._services.scheduler import control
from destmock._services.sns import attributes, filters, order, signatures, subscriptions
from destmock._services.sns import refusals as topic_refusals
from destmock._services.sqs import arrivals as queue_arrivals
from destmock._services.sqs import reading, redrive
from destmock._services.sqs import refusals as queue_refusals
from destmock._services.streams import addresses
from destmock._services.streams import arrivals as stream_arrivals

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    *control.PATCHES,
    *logs.PATCHES,
    *queue_arrivals.PATCHES,
    *stream_arrivals.PATCHES,
    *addresses.PATCHES,
    *time_to_live.PATCHES,
    *mappings.PATCHES,
    *mapped_functions.PATCHES,
    *mapping_answers.PATCHES,
    *secrets.PATCHES,
    *rotations.PATCHES,
    *actions.PATCHES,
    *firehose.PATCHES,
    *steps.PATCHES,
    *reading.PATCHES,
    *redrive.PATCHES,
    *queue_refusals.PATCHES,
    *topic_refusals.PATCHES,
    *signatures.PATCHES,
    *front_door_clients.PATCHES,
    *connections.PATCHES,
)


SHARED = Shared(PATCHES, steps_aside=True)


@contextlib.contextmanager
def services_patched() -> Iterator[None]:
    """While entered, what moto's services invoke runs in the mock that started last."""
    with SHARED.made(), patched(images.patches()):
        yield
