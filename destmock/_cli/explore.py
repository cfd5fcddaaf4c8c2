"""`destmock explore`: runs an event once for every single failure that AWS could put into it."""

from __future__ import annotations

import importlib
import inspect
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3

from destmock._cli.apps import forgotten
from destmock._cli.lines import harmless
from destmock._cli.loading import files_of, load
from destmock._cli.problem import Problem, in_options
from destmock._cli.run import function_to_invoke, payload_of
from destmock._explore.explore import explored
from destmock._explore.run import filled
from destmock._explore.settings import settings
from destmock._explore.steps import nobody
from destmock.errors import DestmockError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from destmock._explore.exploration import Exploration
    from destmock._mock.destmock import Destmock

#: The characters of the progress bar.
_WIDTH = 30


def run(arguments: argparse.Namespace) -> int:
    """Run the command `destmock explore`, as its `--help` describes it; returns the exit status."""
    if not files_of(arguments).apps:
        message = "name an app (.py); see destmock explore --help"
        raise Problem(message)
    module, _, function = arguments.check.partition(":")
    if not (module and function.isidentifier()):
        message = f"--check {arguments.check}: it is 'module:function', such as app:check"
        raise Problem(message)
    scenario = Scenario(arguments, payload_of(arguments.event))
    workers = arguments.workers
    try:
        chosen = settings(
            kinds=arguments.kinds,
            functions=arguments.functions,
            faults=arguments.faults,
            switches=arguments.switches,
            limit=arguments.limit,
            only=arguments.only,
            start=arguments.start,
            allow_hosts=arguments.allow_hosts,
            strict=False,
        )
        found = explored(
            chosen,
            scenario,
            executor=None if workers is None else partial(ProcessPoolExecutor, workers),
            journal=arguments.journal,
            told=_bar if sys.stderr is not None and sys.stderr.isatty() else nobody,
        )
    except (ValueError, OSError, DestmockError, _CannotRunError) as error:
        raise Problem(error) from error
    return _told(found)


class _CannotRunError(BaseException):
    """Nothing could be run, which is no failure of the run."""


@dataclass(frozen=True)
class Scenario:
    """Loads the files anew, invokes the function with the event, and checks; processes can share it."""

    arguments: argparse.Namespace
    payload: bytes

    def __call__(self, destmock: Destmock) -> None:
        try:
            self._run(destmock)
        except Problem as problem:
            raise _CannotRunError(problem) from problem

    def _run(self, destmock: Destmock) -> None:
        with forgotten():
            destmock._simulation.attempts.interrupts = (KeyboardInterrupt,)  # noqa: SLF001 - one thing to a user
            stacks = load(destmock, files_of(self.arguments), self.arguments).stacks
            lam = boto3.client("lambda")
            name = function_to_invoke(lam, stacks, self.arguments.invoke)
            lam.invoke(FunctionName=name, InvocationType="Event", Payload=self.payload)
            destmock.run_until_idle()
            check = _check(self.arguments.check)
            check(**filled(check, destmock))


def _check(named: str) -> Callable[..., Any]:
    module, _, function = named.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        message = f"--check {named}: {error}"
        raise Problem(message) from error
    if not callable(found) or inspect.iscoroutinefunction(found):
        message = f"--check {named}: it is a function that raises if something is wrong, not {found!r}"
        raise Problem(message)
    checked: Callable[..., Any] = found
    return checked


def _told(found: Exploration) -> int:
    """Print what was found; returns the exit status."""
    print(found)
    for failure in found.failures:
        print(f"\n{harmless(in_options(str(failure)))}")
        if failure.name:
            print(f"repeat with {' '.join(f'--only {name}' for name in failure.name.split(', '))}")
    if found.failures:
        print("\nThe timeline of the first one:\n")
        for line in in_options(found.failures[0].timeline).split("\n"):
            print(harmless(line))
    return int(bool(found.failures))


def _bar(tried: int, possible: int) -> None:
    full = _WIDTH * tried // max(possible, 1)
    end = "\n" if tried >= possible else ""
    bar = f"\r[{'#' * full}{'.' * (_WIDTH - full)}] {tried:,} of {possible:,}{end}"
    print(bar, end="", file=sys.stderr, flush=True)
