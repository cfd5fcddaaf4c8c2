"""`destmock run`: deploys, invokes one function, runs until idle, and tells what happened."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import destmock
from destmock._cli.apps import forgotten
from destmock._cli.document import document
from destmock._cli.loading import files_of, load
from destmock._cli.problem import Problem, one_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from destmock._deploy import Stack
    from destmock._destmock import Destmock

#: What inline JSON begins with; whatever else is given is a file's name.
_JSON = ("{", "[", '"')


def run(arguments: argparse.Namespace) -> int:
    """What `destmock run --help` says. Answers the exit status."""
    files = files_of(arguments)
    if not (files.apps or files.templates):
        message = "name an app (.py) or a template; see destmock run --help"
        raise Problem(message)
    payload = _payload(arguments.event)
    try:
        mock = destmock.mock_destinations(
            strict=False, start=arguments.start, allow_hosts=arguments.allow_hosts
        )
    except ValueError as error:
        raise Problem(error) from error
    with forgotten(), mock as simulated:
        stacks = load(simulated, files, arguments)
        status = _invoked(simulated, stacks, arguments.invoke, payload)
        if arguments.json:
            print(document(simulated.invocations, simulated.deliveries, simulated.drops))
        else:
            print(simulated.timeline())
    return status


def _payload(event: str) -> bytes:
    if event.lstrip().startswith(_JSON):
        return os.fsencode(event)
    try:
        return sys.stdin.buffer.read() if event == "-" else Path(event).read_bytes()
    except OSError as error:
        message = f"--event {event}: {error.strerror}; give a file, - for standard input, or JSON"
        raise Problem(message) from error


def _invoked(simulated: Destmock, stacks: list[Stack], asked: str | None, payload: bytes) -> int:
    lam = boto3.client("lambda")
    name = _function(lam, stacks, asked)
    try:
        lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
        simulated.run_until_idle()
    except (ClientError, BotoCoreError, destmock.DestmockError) as error:
        if not any(invocation.attempts for invocation in simulated.invocations):
            raise Problem(error) from error
        print(f"destmock: {one_line(error)}", file=sys.stderr)
        return 1
    return int(_failed(simulated))


def _failed(simulated: Destmock) -> bool:
    return any(invocation.condition != "Success" for invocation in simulated.invocations) or any(
        delivery.error is not None for delivery in simulated.deliveries
    )


def _function(lam: Any, stacks: list[Stack], asked: str | None) -> str:
    """What to invoke: a function as AWS names it or by its logical id, with a qualifier or without."""
    pages = lam.get_paginator("list_functions").paginate()
    names: list[str] = sorted(each["FunctionName"] for page in pages for each in page["Functions"])
    if asked is None:
        if len(names) == 1:
            return names[0]
        message = f"name a function with --invoke; there are: {_listed(names)}"
        raise Problem(message)
    if asked.startswith("arn:"):
        return asked
    name, colon, qualifier = asked.partition(":")
    if name in names:
        return asked
    found = [stack.resources[name] for stack in stacks if name in stack.resources]
    if len(found) == 1:
        return f"{found[0]}{colon}{qualifier}"
    if found:
        message = f"{name} is in several stacks; name one of the functions: {_listed(found)}"
        raise Problem(message)
    logical = sorted({each for stack in stacks for each, made in stack.resources.items() if made in names})
    message = f"there is no function {name}; there are: {_listed(dict.fromkeys([*names, *logical]))}"
    raise Problem(message)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
