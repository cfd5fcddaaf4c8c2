"""What is changed in moto while a mock is active: services that invoke a function inside moto, past boto3.

moto would run the function at once, in Docker, with placeholder constants in the event. Here the event is
AWS's, and enters the simulation that started last. One module for each service, and two that make moto's
queues and notifications cheap (`sqs.reading`, `sns.signatures`).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from destmock._services import functions, logs, mappings, secrets
from destmock._services.eventbridge import bus
from destmock._services.s3 import notifications
from destmock._services.sns import signatures, subscriptions
from destmock._services.sqs import arrivals as queue_arrivals
from destmock._services.sqs import reading
from destmock._services.streams import arrivals as stream_arrivals

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def bridged() -> Iterator[None]:
    """While entered, what moto's services invoke runs in the simulation."""
    with contextlib.ExitStack() as stack:
        if functions.is_bridged():  # by an outer mock; what started last is asked each time
            yield
            return
        for module in (
            functions,
            subscriptions,
            notifications,
            bus,
            logs,
            queue_arrivals,
            stream_arrivals,
            mappings,
            secrets,
            reading,
            signatures,
        ):
            stack.enter_context(module.bridged())
        yield
