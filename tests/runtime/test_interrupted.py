"""An interrupt, such as Ctrl-C, leaves nothing of a function behind in the process, wherever it comes."""

import asyncio
import ctypes
import logging
import os
import sys
from pathlib import Path

import boto3
import pytest

import destmock
from destmock import mock_destinations
from destmock._runtime.environments import Runtime
from tests.runtime.deployed import deploy, returns

RUNTIME = str(Path(destmock.__file__).parent / "_runtime")


class Interrupt(BaseException):
    """Raised where nobody expects it."""


class Interrupter:
    """Raises an interrupt once, at the next place in the runtime's code where it hasn't come yet."""

    def __init__(self, places):
        self.places = places
        #: How many attempts have begun: the same lines of the next one are other places.
        self.attempts = 0
        self.place = None

    def __call__(self, frame, event, _argument):
        code = frame.f_code
        if not code.co_filename.startswith(RUNTIME):
            return None
        if event == "call" and code is Runtime.run.__code__:
            self.attempts += 1
        place = self.attempts, code.co_filename, code.co_name, frame.f_lineno
        if event == "line" and self.place is None and place not in self.places:
            self.places.add(place)
            self.place = place
            raise Interrupt
        return self


def of_the_process():
    """Whatever an attempt changes for its function."""
    return {
        "variables": dict(os.environ),
        "variable": ctypes.CDLL(None).getenv(b"COLOUR"),
        "streams": (sys.stdout, sys.stderr),
        "log handlers": (logging.root.handlers.copy(), logging.root.level),
        "directory": Path.cwd(),
        "path": sys.path.copy(),
        "module": "handler" in sys.modules,
        "loop": asyncio._get_running_loop(),
    }


def interrupt_everywhere(invoke, finish):
    before, traced, places = of_the_process(), sys.gettrace(), set()
    while True:
        interrupter = Interrupter(places)
        sys.settrace(interrupter)
        try:
            invoke()
        except Interrupt:
            pass
        finally:
            sys.settrace(traced)
        assert of_the_process() == before, interrupter.place
        if interrupter.place is None:
            return len(places)
        finish()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fails", "deployed"])
def test_an_interrupt_at_any_line_of_an_attempt_leaves_nothing_behind(name):
    with mock_destinations(autorun=False, strict=False, history=10) as destmock:
        lam = boto3.client("lambda")
        destmock.handler("fails", lambda event, context: 1 / 0, environment={"COLOUR": "red"})
        deploy(returns("event"), "deployed", Environment={"Variables": {"COLOUR": "red"}})

        lam.put_function_event_invoke_config(FunctionName="fails", MaximumRetryAttempts=1)

        def invoke():
            lam.invoke(FunctionName=name, InvocationType="Event")
            destmock.run_until_idle()

        assert interrupt_everywhere(invoke, destmock.run_until_idle) > 300
        assert destmock.invocations[-1].condition == ("RetriesExhausted" if name == "fails" else "Success")
