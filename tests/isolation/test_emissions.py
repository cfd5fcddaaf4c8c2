"""Events of botocore's reach their handlers in a mock as they do without it."""

import contextlib
import logging
from unittest.mock import patch

import boto3
import botocore.session
import pytest
from botocore import hooks
from botocore.hooks import EventAliaser, HierarchicalEmitter

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

ALIASED = "a.config"


class Story:
    """Handlers that come and go while events are emitted, and what each of them has seen."""

    def __init__(self):
        self.events = botocore.session.Session().get_component("event_emitter")
        self.told = []

    def handler(self, name, answer=None, then=None):
        def handle(event_name, **given):
            self.told.append((name, event_name, given))
            given.clear()
            if then:
                then()
            return answer

        return handle

    def emitted(self, emit, event, **given):
        emitted = getattr(self.events, emit)(event, **given)
        answers = [emitted] if emit == "emit_until_response" else emitted
        self.told.append((emit, type(emitted), [response for _, response in answers]))


def told():
    """All that happens in a story."""
    story, late = Story(), Story.handler
    newcomer = late(story, "newcomer", 4)
    register = story.events.register
    register("a.b", story.handler("first"))
    register("a.b", story.handler("registers", 2, lambda: register("a.*.c", newcomer, "once")))
    register("a", story.handler("last", 3))
    register(ALIASED, story.handler("aliased"))
    for emit in ("emit", "emit_until_response"):
        for event in ("a.b.c", "a.b.c", "a", "nothing", "nothing", ALIASED, ALIASED, "a.config-service"):
            story.emitted(emit, event, one=1, params={})
        story.events.unregister("a.*.c", newcomer, "once")
        story.emitted(emit, "a.b.c")
    return story.told


def logged(caplog, level):
    caplog.clear()
    with caplog.at_level(level, logger="botocore.hooks"):
        told()
    messages = [record.getMessage().partition(" at 0x")[0] for record in caplog.records]
    return [message for message in messages if message.startswith("Event")]


def test_handlers_hear_the_same_and_answer_the_same():
    without = told()
    with mock_destinations():
        assert told() == without


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
def test_the_same_is_logged(caplog, level):
    told()
    without = logged(caplog, level)
    with mock_destinations():
        assert logged(caplog, level) == without
    assert bool(without) == (level == logging.DEBUG)


def test_debugging_begins_in_the_midst_of_an_event(destmock, caplog):
    story = Story()
    caplog.set_level(logging.INFO, logger="botocore.hooks")
    debug = lambda: caplog.set_level(logging.DEBUG, logger="botocore.hooks")  # noqa: E731
    story.events.register("a", story.handler("first", then=debug))
    story.events.register("a", story.handler("second"))
    story.events.emit("b")
    story.events.emit("a")
    assert len(caplog.records) == 1


def test_a_logger_of_a_test_s_own_is_told(destmock):
    story = Story()
    story.events.register("a", story.handler("first"))
    story.events.emit("a")
    with patch.object(hooks, "logger") as logger:
        story.events.emit("a")
    assert logger.debug.call_args.args[1] == "a"


def test_an_error_of_a_handler_s_is_raised_and_ends_the_event(destmock):
    story = Story()
    story.events.register("a", story.handler("first", then=lambda: 1 / 0))
    story.events.register("a", story.handler("second"))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            story.events.emit("a")
    assert [name for name, *_ in story.told] == ["first", "first"]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("owner", "step"),
    [
        *((EventAliaser, step) for step in ("emit", "emit_until_response")),
        *((HierarchicalEmitter, step) for step in ("emit", "emit_until_response", "_emit")),
    ],
)
def test_each_step_is_asked_where_a_test_has_put_its_own(owner, step, inside):
    assert is_asked(owner, step, lambda: boto3.client("sqs").list_queues(), inside=inside)


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("step", ["emit", "emit_until_response", "_emit"])
def test_a_step_of_one_client_s_emitter_is_asked(step, older):
    sqs = boto3.client("sqs", region_name="us-east-1")
    with mock_destinations():
        sqs = sqs if older else boto3.client("sqs")
        sqs.list_queues()
        emitter = sqs.meta.events._emitter
        with patch.object(emitter, step, wraps=getattr(emitter, step)) as asked:
            sqs.list_queues()
    assert asked.called


def test_an_older_client_s_names_of_events_are_those_that_a_test_gives_them(monkeypatch):
    sqs = boto3.client("sqs", region_name="us-east-1")
    with mock_destinations():
        sqs.list_queues()
        asked = []
        monkeypatch.setattr(EventAliaser, "_alias_event_name", lambda _, name: asked.append(name) or name)
        sqs.list_queues()
    assert "before-call.sqs.ListQueues" in asked


def test_an_emitter_of_a_user_s_own_emits(destmock):
    class Emitter(HierarchicalEmitter):
        def _emit(self, event_name, kwargs, stop_on_response=False):
            heard.append(event_name)
            return super()._emit(event_name, kwargs, stop_on_response)

    heard = []
    events = EventAliaser(Emitter())
    for _ in range(2):
        events.emit("a")
        events.emit_until_response("b")
    assert heard == ["a", "b"] * 2


def test_an_emission_goes_on_after_the_mock():
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock_destinations())
        story = Story()
        story.events.register("a", story.handler("first", then=stack.close))
        story.events.register("a", story.handler("second"))
        story.events.emit("b")
        story.events.emit("a")
    assert [name for name, *_ in story.told] == ["first", "second"]
