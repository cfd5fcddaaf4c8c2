"""An interrupt, such as Ctrl-C, leaves nothing of a function behind in the process, wherever it comes."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import signal
import sys
from itertools import count
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
        "variables": (dict(os.environ), dict(os.environb)),
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


class Caller:
    """Raises an interrupt once, at the call or the end of a call that comes so many of them later.

    That is where Python looks for signals, but for the beginning of a `with`.
    """

    def __init__(self, number):
        self.left = number
        self.raised = False
        self.place = None

    def __call__(self, frame, event, called):
        if self.raised or event not in {"call", "c_return"} or not frame.f_code.co_filename.endswith(NESTED):
            return
        if frame.f_code.co_name == "<genexpr>" or (event == "c_return" and called.__name__ == "__enter__"):
            return
        self.left -= 1
        if self.left < 0:
            self.raised = True
            self.place = f"{frame.f_code.co_name}, line {frame.f_lineno}"
            raise KeyboardInterrupt


#: What puts a handler aside while it waits for a function that it invokes.
NESTED = ("_time/waiting.py", "_time/turns.py", "_runtime/aside.py", "_runtime/surroundings.py")


@pytest.fixture
def hangs():
    """What hung: an alarm puts an end to it, which comes out somewhere."""
    found = []

    def ring(*_):
        found.append(1)
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    gc.disable()  # what others have called at a collection reads the clock, where an interrupt would get lost
    yield found
    gc.enable()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.slow
def test_an_interrupt_while_a_handler_is_put_aside_for_its_invocation_hangs_nothing(hangs):
    """At the next call, the functions run as ever."""
    with mock_destinations(strict=False, history=10) as destmock:
        before, profiled = of_the_process(), sys.getprofile()
        lam = boto3.client("lambda")
        destmock.handler("inner", lambda event, context: os.environ["AWS_LAMBDA_FUNCTION_NAME"])

        @destmock.handler("outer", environment={"COLOUR": "red"})
        def outer(event, context):
            answer = lam.invoke(FunctionName="inner")["Payload"].read().decode()
            return [answer, os.environ["COLOUR"]]

        for number in count():
            caller = Caller(number)
            signal.setitimer(signal.ITIMER_REAL, 5)
            sys.setprofile(caller)
            with contextlib.suppress(KeyboardInterrupt):
                lam.invoke(FunctionName="outer")
            sys.setprofile(profiled)
            assert of_the_process() == before, caller.place
            answer = lam.invoke(FunctionName="outer")["Payload"].read()
            assert (answer, hangs) == (b'["\\"inner\\"", "red"]', []), caller.place
            if not caller.raised:
                break
        assert number > 100
