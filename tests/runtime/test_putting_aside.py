"""Attempts are put aside and taken up in any order: each finds its own process, the test finds its own."""

import asyncio
import logging
import os
import sys
from itertools import count

import boto3
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from destmock import mock_destinations
from destmock._aws.arn import FunctionRef
from destmock._aws.ids import Trace
from destmock._functions.functions import Function
from destmock._runtime.environment_variables import OwnVariables
from destmock._runtime.event_loop import OutOfSight
from destmock._runtime.importing import Importer, Modules
from destmock._runtime.log_capture import Active, Capture, RootHandler
from destmock._runtime.own_loggers import OwnLoggers
from destmock._runtime.process_settings import OwnSettings
from destmock._runtime.surroundings import Surroundings
from destmock._runtime.temporary_files import OwnFiles
from destmock._time.running import Running
from destmock._time.turns import Handling, Turns

LOGGING = {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"}
STREAM = "2026/01/01/[$LATEST]0123"


def function(name):
    ref = FunctionRef("aws", "123456789012", "us-east-1", name)
    environment = {"OWN": name}
    return Function(
        ref,
        "$LATEST",
        None,
        "python3.13",
        "app.handler",
        3,
        128,
        environment,
        None,
        None,
        LOGGING,
        traced=False,
    )


def process():
    """What a test sees of the process."""
    return {
        "variables": dict(os.environ),
        "environ": os.environ,
        "path": sys.path.copy(),
        "streams": (sys.stdout, sys.stderr),
        "handlers": logging.root.handlers.copy(),
        "level": logging.root.level,
        "limit": sys.getrecursionlimit(),
        "loop": asyncio._get_running_loop(),
    }


class Attempt:
    """An attempt that has begun, and what it must find; later the next one in its environment."""

    def __init__(self, name, root_handler):
        self.name = name
        self.own_handlers = []
        self.surroundings = Surroundings(
            OwnFiles([]),
            OwnSettings({}),
            Importer().watching("app.handler", Modules()),
            OwnLoggers(),
            OwnVariables(STREAM, "/var/task"),
            Active(root_handler, self.own_handlers),
            OutOfSight(),
        )

    def begin(self):
        self.capture = Capture(0, None)
        self.capture.initialised(self.name)
        self.logged = 0
        self.surroundings.begin(function(self.name), f"Root={self.name}", self.capture)
        self.surroundings.take_up()
        self.found = process()


class PuttingAside(RuleBasedStateMachine):
    """At most one attempt is in place; the others are put aside, and the process is bare meanwhile."""

    def __init__(self):
        super().__init__()
        self.bare = process()
        self.root_handler = RootHandler()
        self.names = (f"function-{number}" for number in count())
        self.aside = []
        self.ended = []
        self.current = None
        self.loops = []

    def teardown(self):
        if self.current is not None:
            self.current.surroundings.leave()
        for attempt in self.aside:
            attempt.surroundings.take_up()
            attempt.surroundings.leave()
        for loop in self.loops:
            loop.close()
        assert process() == self.bare

    @precondition(lambda self: self.current is None)
    @rule()
    def begin(self):
        assert process() == self.bare
        name = next(self.names)
        self.current = Attempt(name, self.root_handler)
        self.current.begin()
        assert os.environ["AWS_LAMBDA_FUNCTION_NAME"] == os.environ["OWN"] == name

    @precondition(lambda self: self.current is None and self.ended)
    @rule(data=st.data())
    def begin_again(self, data):
        """The next attempt finds the settings and log handlers of the last one, and nothing else of it."""
        self.current = self.ended.pop(data.draw(st.integers(0, len(self.ended) - 1)))
        before = self.current.found
        self.current.begin()
        found = self.current.found
        assert found["environ"] is self.bare["environ"]
        variables = found["variables"]
        assert (variables["OWN"], variables["_HANDLER"]) == (self.current.name, "app.handler")
        assert "ADDED" not in variables
        assert found["streams"] == (self.root_handler.text(),) * 2
        assert found["loop"] is None
        for kept in ("path", "level", "limit"):
            assert found[kept] == before[kept]

    @precondition(lambda self: self.current is not None)
    @rule(
        change=st.sampled_from(["variable", "environ", "path", "stream", "handler", "level", "limit", "loop"])
    )
    def change_the_process(self, change):
        if change == "variable":
            os.environ["ADDED"] = str(len(os.environ))
            del os.environ["_HANDLER"], os.environ["LAMBDA_TASK_ROOT"]
            os.environ["LAMBDA_TASK_ROOT"] = os.environ["_HANDLER"] = "changed"
        elif change == "environ":
            os.environ = dict(os.environ)  # noqa: B003
        elif change == "path":
            sys.path.insert(0, f"/own/{len(sys.path)}")
        elif change == "stream":
            sys.stdout = sys.__stderr__
        elif change == "handler":
            logging.root.addHandler(logging.NullHandler())
        elif change == "level":
            logging.root.setLevel(logging.CRITICAL)
        elif change == "limit":
            sys.setrecursionlimit(sys.getrecursionlimit() + 1)
        else:
            self.loops.append(asyncio.new_event_loop())
            asyncio._set_running_loop(self.loops[-1])
        self.current.found = process()

    @precondition(lambda self: self.current is not None and logging.root.level < logging.CRITICAL)
    @rule()
    def log(self):
        logging.getLogger().warning("of %s", os.environ["OWN"])
        self.current.logged += 1

    @precondition(lambda self: self.current is not None)
    @rule()
    def put_aside(self):
        assert process() == self.current.found
        self.current.surroundings.put_aside()
        self.aside.append(self.current)
        self.current = None
        assert process() == self.bare

    @precondition(lambda self: self.current is None and self.aside)
    @rule(data=st.data())
    def take_up(self, data):
        self.current = self.aside.pop(data.draw(st.integers(0, len(self.aside) - 1)))
        self.current.surroundings.take_up()
        assert process() == self.current.found

    @precondition(lambda self: self.current is not None)
    @rule()
    def leave(self):
        self.current.surroundings.leave()
        _, written = self.current.capture.events()
        assert len(written) == self.current.logged
        self.ended.append(self.current)
        self.current = None
        assert process() == self.bare


TestPuttingAside = PuttingAside.TestCase
TestPuttingAside.settings = settings(max_examples=100, stateful_step_count=30)


def running(name):
    return Running(name, Trace("Root", "Parent"), "Root=1-0-0")


def test_handlers_that_are_put_aside_may_go_on_in_any_order():
    turns = Turns()
    first, second, third = (Handling(turns, running(name)) for name in ("first", "second", "third"))
    with turns.taken:
        for handling in (first, second, third):
            handling.take_up()
            assert turns.innermost == handling._running.function
            assert not turns.holds
            handling.put_aside()
            assert turns.holds
            assert turns.mine is None
        for handling in (second, third, first):
            handling.take_up()
            assert turns.mine is handling._running
            handling.put_aside()
    assert not turns.holds


@mock_destinations()
def test_a_handler_finds_its_own_process_again_after_it_has_invoked_another(destmock):
    """Whatever it has changed, the function that it invokes finds none of it, nor leaves any of its own."""
    seen = []

    def inner(_event, _context):
        seen.append((os.environ.get("OUTER"), sys.getrecursionlimit(), "/outer" in sys.path))
        os.environ["INNER"] = "1"
        sys.path.insert(0, "/inner")
        logging.getLogger().setLevel(logging.CRITICAL)

    def outer(_event, _context):
        os.environ["OUTER"] = "1"
        sys.path.insert(0, "/outer")
        sys.setrecursionlimit(sys.getrecursionlimit() + 7)
        before = process()
        boto3.client("lambda").invoke(FunctionName="inner")
        assert process() == before

    limit = sys.getrecursionlimit()
    destmock.handler("inner", inner)
    destmock.handler("outer", outer)
    before = process()
    answer = boto3.client("lambda").invoke(FunctionName="outer")
    assert "FunctionError" not in answer
    assert seen == [(None, limit, False)]
    assert process() == before
