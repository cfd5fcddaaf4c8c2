"""`destmock serve`: one HTTP endpoint, until a signal ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import warnings
from importlib import metadata
from typing import TYPE_CHECKING

import boto3

from destmock._cli.apps import forgotten
from destmock._cli.lines import Lines, pending_text
from destmock._cli.loading import files_of, load
from destmock._cli.problem import Problem, one_line
from destmock._server.serving import serve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from destmock._deploy import Stack
    from destmock._server.serving import Server

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: And the signal's number: as a shell reports a program that a signal has ended.
_KILLED = 128
_CLOCKS = {
    "skip": "skip (retries run at once, virtual time jumps)",
    "real": "real (retries wait for AWS's minutes)",
    "manual": "manual (time moves on the page only)",
}


def run(arguments: argparse.Namespace) -> int:
    """What `destmock serve --help` says. Answers the exit status."""
    files = files_of(arguments)
    lines = Lines(sys.stdout)
    with _signals() as ended, forgotten(), _served(arguments) as server:
        stacks = load(server, files, arguments)
        with lines.together:
            server.subscribe(lines.tell)
            lines.write(*_start(server, stacks, arguments.clock))
        while not ended.wait(1):  # a bare wait would not be interrupted on Windows
            pass
    lines.write(*_end(server))  # once the requests have been answered that were under way
    return 0


@contextlib.contextmanager
def _served(arguments: argparse.Namespace) -> Iterator[Server]:
    with contextlib.ExitStack() as stack:
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                server = stack.enter_context(
                    serve(
                        host=arguments.host,
                        port=arguments.port,
                        clock=arguments.clock,
                        strict=False,
                        start=arguments.start,
                        allow_hosts=arguments.allow_hosts,
                    )
                )
        except OSError as error:
            # Python adds the address to the system's own words for the error.
            why = error.strerror if error.errno is None or error.errno < 0 else os.strerror(error.errno)
            message = f"can't listen on port {arguments.port} of {arguments.host}: {why}"
            raise Problem(message) from error
        except (ImportError, ValueError) as error:
            raise Problem(error) from error
        for warning in caught:
            print(f"destmock: warning: {one_line(warning.message)}", file=sys.stderr)
        yield server


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """The first signal is for a clean end; a second one, should a handler hold that up, for one at once."""
    ended = threading.Event()

    def end(number: int, _frame: object) -> None:
        if ended.is_set():
            os._exit(_KILLED + number)
        ended.set()

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(server: Server, stacks: list[Stack], clock: str) -> Iterator[str]:
    lam = boto3.client("lambda")
    pages = lam.get_paginator("list_functions").paginate()
    names = sorted(each["FunctionName"] for page in pages for each in page["Functions"])
    yield f"destmock {metadata.version('destmock')} serves AWS at {server.url}"
    yield f"page:      {server.page}"
    yield f"clock:     {_CLOCKS[clock]}"
    yield f"functions: {', '.join(names) or 'none yet'}"
    for stack in stacks:
        yield f"stack:     {stack.name}"
        for name, value in stack.outputs.items():
            yield f"  {name}: {value}"
    yield "try:"
    yield (
        "  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "
        f"AWS_DEFAULT_REGION={lam.meta.region_name}"
    )
    yield (
        f"  echo '{{}}' | aws lambda invoke --endpoint-url {server.url} --invocation-type Event "
        f"--function-name {names[0] if names else 'NAME'} --payload fileb:///dev/stdin response.json"
    )
    yield "Ctrl-C ends it."


def _end(server: Server) -> Iterator[str]:
    pending = server.pending
    noun = "event was" if len(pending) == 1 else "events were"
    yield f"ended; {len(pending) or 'no'} {noun} still queued{':' * bool(pending)}"
    yield from (f"  {pending_text(each)}" for each in pending)
