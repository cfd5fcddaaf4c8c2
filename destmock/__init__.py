"""AWS Lambda destinations, retries and asynchronous invocation for tests with boto3 and moto.

A function that is invoked asynchronously runs, is retried, and has its record sent, all in virtual time::

    import boto3
    from destmock import mock_destinations

    def place_order(event, context):
        raise ValueError("out of stock")

    with mock_destinations(handlers={"orders": place_order}) as destmock:
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        [invocation] = destmock.invocations
        assert invocation.condition == "RetriesExhausted"
        print(destmock.timeline())

`help(destmock.mock_destinations)` explains the options, `help(destmock.Destmock)` what a test can do and
read, `help(destmock.outcomes)` handlers that fail as listed, `help(destmock.serve)` the mock over HTTP.

The public names are imported when they are first used: `import destmock` alone loads neither boto3 nor moto.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from destmock._importing import imported

if TYPE_CHECKING:
    from destmock._aws.record import InvocationRecord
    from destmock._cloudformation.check.finding import Finding
    from destmock._cloudformation.deployed import Stack
    from destmock._engine.faults import Fault, PendingFault
    from destmock._explore.exploration import Exploration, Failure
    from destmock._explore.explore import explore
    from destmock._functions.handlers import Handler, Outcomes, outcomes
    from destmock._mock.destmock import Destmock
    from destmock._mock.faults import Faults
    from destmock._mock.mock import MockDestinations, mock_destinations
    from destmock._observed.facts import Attempt, Deliveries, Delivery, Drop, Invocation, Pending, Run
    from destmock._observed.sequences import History
    from destmock._server.happenings import Happening
    from destmock._server.serving import Server, Serving, serve
    from destmock._services.apigateway.websockets import WebSocket
    from destmock.errors import (
        DestmockError,
        InactiveError,
        InvocationLoopError,
        LeftoverError,
        NetworkError,
        NoHandlerError,
        NotDeterministicError,
        UnsupportedError,
    )

__all__ = [
    "Attempt",
    "Deliveries",
    "Delivery",
    "Destmock",
    "DestmockError",
    "Drop",
    "Exploration",
    "Failure",
    "Fault",
    "Faults",
    "Finding",
    "Handler",
    "Happening",
    "History",
    "InactiveError",
    "Invocation",
    "InvocationLoopError",
    "InvocationRecord",
    "LeftoverError",
    "MockDestinations",
    "NetworkError",
    "NoHandlerError",
    "NotDeterministicError",
    "Outcomes",
    "Pending",
    "PendingFault",
    "Run",
    "Server",
    "Serving",
    "Stack",
    "UnsupportedError",
    "WebSocket",
    "explore",
    "mock_destinations",
    "outcomes",
    "serve",
]

_MODULES = {
    "destmock._cloudformation.check.finding": ("Finding",),
    "destmock._cloudformation.deployed": ("Stack",),
    "destmock._mock.destmock": ("Destmock",),
    "destmock._mock.faults": ("Faults",),
    "destmock._functions.handlers": ("Handler", "Outcomes", "outcomes"),
    "destmock._observed.sequences": ("History",),
    "destmock._engine.faults": ("Fault", "PendingFault"),
    "destmock._explore.exploration": ("Exploration", "Failure"),
    "destmock._explore.explore": ("explore",),
    "destmock._observed.facts": ("Attempt", "Deliveries", "Delivery", "Drop", "Invocation", "Pending", "Run"),
    "destmock._mock.mock": ("MockDestinations", "mock_destinations"),
    "destmock._aws.record": ("InvocationRecord",),
    "destmock._server.happenings": ("Happening",),
    "destmock._server.serving": ("Server", "Serving", "serve"),
    "destmock._services.apigateway.websockets": ("WebSocket",),
    "destmock.errors": (
        "DestmockError",
        "InactiveError",
        "InvocationLoopError",
        "LeftoverError",
        "NetworkError",
        "NoHandlerError",
        "NotDeterministicError",
        "UnsupportedError",
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("destmock")
    if name not in _HOME:
        message = f"module 'destmock' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(imported(_HOME[name]), name)
