"""Door 2, moto: services that invoke a function inside moto, past boto3.

moto would run the function at once, in Docker, with placeholder constants in the event. Here the event is
AWS's, and enters the simulation that started last. One module for each service, and two that make moto's
queues and notifications cheap (`queues`, `signatures`).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from destmock._bridge import buckets, functions, logs, queues, rotation, rules, signatures, sources, topics

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def bridged() -> Iterator[None]:
    """While entered, what moto's services invoke runs in the simulation."""
    with contextlib.ExitStack() as stack:
        if functions.is_bridged():  # by an outer mock; what started last is asked each time
            yield
            return
        for module in (functions, topics, buckets, rules, logs, sources, rotation, queues, signatures):
            stack.enter_context(module.bridged())
        yield
