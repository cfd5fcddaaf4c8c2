"""SNS: a topic's subscribed functions are invoked asynchronously."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from moto.sns.models import Subscription
from moto.sqs.exceptions import QueueDoesNotExist

from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.sns.delivery import notify_function

if TYPE_CHECKING:
    from collections.abc import Callable


def _publish(publish: Callable[..., None]) -> Callable[..., None]:
    """A subscribed function gets SNS's own event through the queue."""

    def wrapper(
        self: Subscription,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        message_structure: str | None = None,
        **others: Any,
    ) -> None:
        if self.protocol != "lambda":
            common = {"message_attributes": message_attributes, "message_structure": message_structure}
            # moto lets a queue that has gone fail the whole call; SNS goes on to the other subscribers.
            with contextlib.suppress(QueueDoesNotExist):
                publish(self, message, message_id, subject, **common, **others)
            return
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        simulation = active[-1]
        carrier = simulation.carrier()._replace(body=message.encode(errors="surrogatepass"))
        notify_function(self, carrier, message_id, subject, message_attributes or {}, simulation)

    return wrapper


PATCHES = (Patch(Subscription, "publish", _publish),)
