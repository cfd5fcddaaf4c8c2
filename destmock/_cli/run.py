"""`destmock run`: deploys, invokes one function, runs until idle, and tells what happened."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from destmock._cli.apps import forgotten
from destmock._cli.document import document
from destmock._cli.functions import function_names
from destmock._cli.lines import harmless
from destmock._cli.loading import files_of, load
from destmock._cli.problem import Problem, in_options, one_line
from destmock._cli.records import as_document, read_records, stop_at, tell
from destmock._mock.mock import mock_destinations
from destmock._mock.replay import invocable, replay
from destmock.errors import DestmockError

if TYPE_CHECKING:
    import argparse

    from destmock._aws.failed_invocation import FailedInvocation
    from destmock._cloudformation.deployed import Stack
    from destmock._mock.destmock import Destmock
    from destmock._mock.replay import Replay

#: The characters that inline JSON begins with; anything else is the name of a file.
_JSON = ("{", "[", '"')


def run(arguments: argparse.Namespace) -> int:
    """Run the command `destmock run`, as its `--help` describes it; returns the exit status."""
    files = files_of(arguments)
    if not (files.apps or files.templates):
        message = "name an app (.py) or a template; see destmock run --help"
        raise Problem(message)
    if arguments.pdb and arguments.record is None:
        message = "--pdb needs --record, whose failure it is to show"
        raise Problem(message)
    records = [] if arguments.record is None else read_records(arguments.record)
    payload = b"" if records else payload_of(arguments.event)
    try:
        mock = mock_destinations(
            strict=False,
            adopt=False,  # the apps are imported later, and nobody else has made a client
            start=arguments.start,
            allow_hosts=arguments.allow_hosts,
        )
    except ValueError as error:
        raise Problem(error) from error
    with forgotten(), mock as simulated:
        # Whatever else a handler raises, it only ends its own process.
        simulated._simulation.attempts.interrupts = (KeyboardInterrupt,)  # noqa: SLF001 - one thing to a user
        stacks = load(simulated, files, arguments).stacks
        replays = [_replayed(simulated, stacks, arguments.invoke, record) for record in records]
        status = (
            int(_failed(simulated)) if records else _invoked(simulated, stacks, arguments.invoke, payload)
        )
        if arguments.json:
            told = [as_document(each) for each in replays] if records else None
            print(document(simulated.invocations, simulated.deliveries, simulated.drops, told))
        else:
            for each in replays:
                tell(each)
            why = f"\n{simulated._failures()}".rstrip() if replays else ""  # noqa: SLF001 - one thing to a user
            for line in in_options(simulated.timeline() + why).split("\n"):
                print(harmless(line))
        if arguments.pdb:
            stop_at(replays)
    return status


def payload_of(event: str) -> bytes:
    """The payload that `--event` asks for. Raises `Problem` if it can't be read."""
    if event.lstrip().startswith(_JSON):
        return os.fsencode(event)
    if event == "-" and sys.stdin is None:
        message = "--event -: there is no standard input"
        raise Problem(message)
    try:
        return sys.stdin.buffer.read() if event == "-" else Path(event).read_bytes()
    except OSError as error:
        why = error.strerror if event else "it is empty"
        message = f"--event {event}: {why}; give a file, - for standard input, or JSON"
        raise Problem(message) from error


def _replayed(
    simulated: Destmock, stacks: list[Stack], asked: str | None, record: FailedInvocation
) -> Replay:
    name = None if asked is None else function_to_invoke(boto3.client("lambda"), stacks, asked)
    try:
        return replay(simulated._simulation, record, name)  # noqa: SLF001
    except ValueError as error:
        message = f"{error} (with --invoke)"
        raise Problem(message) from error
    except (ClientError, BotoCoreError, DestmockError) as error:
        raise Problem(error) from error


def _invoked(simulated: Destmock, stacks: list[Stack], asked: str | None, payload: bytes) -> int:
    lam = boto3.client("lambda")
    name = function_to_invoke(lam, stacks, asked)
    try:
        lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
        simulated.run_until_idle()
    except (ClientError, BotoCoreError, DestmockError) as error:
        if not any(invocation.attempts for invocation in simulated.invocations):
            raise Problem(error) from error
        print(f"destmock: {one_line(error)}", file=sys.stderr)
        return 1
    return int(_failed(simulated))


def _failed(simulated: Destmock) -> bool:
    return any(invocation.condition != "Success" for invocation in simulated.invocations) or any(
        delivery.error is not None for delivery in simulated.deliveries
    )


def function_to_invoke(lam: Any, stacks: list[Stack], asked: str | None) -> str:
    """The function to invoke, asked for by its name, ARN or logical id, with a qualifier or without.

    A durable one without a qualifier is `$LATEST`. Raises `Problem` if there is none.
    """
    return invocable(lam, _named(lam, stacks, asked))


def _named(lam: Any, stacks: list[Stack], asked: str | None) -> str:
    names = function_names(lam)
    if asked is None:
        if len(names) == 1:
            return names[0]
        message = f"name a function with --invoke; {_there_are(names, stacks)}"
        raise Problem(message if names else "there is no function to invoke, in HANDLERS or in a template")
    if asked.startswith("arn:"):
        return asked
    name, colon, qualifier = asked.partition(":")
    if name in names:
        return asked
    found = [made for stack in stacks if (made := stack.resources.get(name)) and _is_function(made, names)]
    if len(found) == 1:
        return f"{found[0]}{colon}{qualifier}"
    if found:
        message = f"{name} is in several stacks; name one of the functions: {', '.join(found)}"
        raise Problem(message)
    message = f"there is no function {name}; {_there_are(names, stacks)}"
    raise Problem(message)


def _is_function(physical_id: str, names: list[str]) -> bool:
    """Whether a physical id is a function's, an alias's or a version's; the latter two are ARNs."""
    return physical_id in names or ":function:" in physical_id


def _there_are(names: list[str], stacks: list[Stack]) -> str:
    logical = sorted({each for stack in stacks for each, made in stack.resources.items() if made in names})
    return f"there are: {', '.join(dict.fromkeys([*names, *logical])) or 'none'}"
