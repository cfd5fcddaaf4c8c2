"""`destmock serve`: one HTTP endpoint, until a signal ends it."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from importlib import metadata
from typing import TYPE_CHECKING

import boto3

from destmock._cli.apps import forgotten
from destmock._cli.ending import Ending, unfinished
from destmock._cli.functions import function_names, to_try
from destmock._cli.lines import Lines
from destmock._cli.loading import files_of, load
from destmock._cli.problem import Problem, one_line
from destmock._server.serving import serve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from destmock._cli.loading import Loaded
    from destmock._server.serving import Server

#: Hosts that mean all of the machine's addresses: of which kind, and an address to reach them by from here.
_WILDCARDS = {
    "0.0.0.0": ("IPv4", "127.0.0.1"),  # noqa: S104 - recognised, not bound
    "": ("IPv4", "127.0.0.1"),
    "::": ("IPv6", "[::1]"),
}
_CLOCKS = {
    "skip": "skip (retries run at once, virtual time jumps)",
    "real": "real (retries wait for AWS's minutes)",
    "manual": "manual (time moves on the page only)",
}


def run(arguments: argparse.Namespace) -> int:
    """Run the command `destmock serve`, as its `--help` describes it; returns the exit status."""
    files = files_of(arguments)
    lines = Lines(sys.stdout)
    with Ending(lines, skips=arguments.clock == "skip") as ending:
        with forgotten(), _served(arguments) as server:
            ending.server, ending.busy_with = server, "the files to be loaded"
            loaded = load(server, files, arguments)
            with lines.together:
                server.subscribe(lines.tell)
                lines.write(*_start(server, loaded, arguments))
            ending.busy_with = ""
            ending.awaited()
        lines.write(*unfinished(server, "ended"))  # the requests that were under way have been answered
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


def _start(server: Server, loaded: Loaded, arguments: argparse.Namespace) -> Iterator[str]:
    lam = boto3.client("lambda")
    names = function_names(lam)
    port = server.url.rpartition(":")[2]
    kind, here = _WILDCARDS.get(arguments.host, ("", ""))
    url = f"http://{here}:{port}" if here else server.url
    yield f"destmock {metadata.version('destmock')} serves AWS at {url}"
    if here:
        yield f"listens:   on all {kind} addresses of this machine, port {port}"
    yield f"page:      {server.page.replace(server.url, url)}"
    yield f"clock:     {_CLOCKS[arguments.clock]}"
    yield f"functions: {', '.join(names) or 'none yet'}"
    for stack in loaded.stacks:
        yield f"stack:     {stack.name}"
        for name, value in stack.outputs.items():
            yield f"  {name}: {value}"
    yield "try, with an event of yours in place of {}:"
    yield (
        "  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "
        f"AWS_DEFAULT_REGION={lam.meta.region_name}"
    )
    yield (
        f"  echo '{{}}' | aws lambda invoke --endpoint-url {url} --invocation-type Event "
        f"--function-name {to_try(lam, names, loaded.registered) or 'NAME'} "
        "--payload fileb:///dev/stdin response.json"
    )
    yield "Ctrl-C ends it."
