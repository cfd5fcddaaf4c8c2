"""Sessions and clients share what botocore makes anew for each, and nobody can tell."""

import copy
import os

import boto3
import pytest
from botocore.client import ClientError
from botocore.hooks import EventAliaser, HierarchicalEmitter, _PrefixTrie
from botocore.session import Session
from botocore.utils import EVENT_ALIASES
from hypothesis import given
from hypothesis import strategies as st

from destmock import mock_destinations
from destmock._isolation.made_inside import is_from_inside
from destmock._isolation.sessions import Aliaser, SharedTrie

SERVICES = ["cloudformation", "dynamodb", "events", "kinesis", "lambda", "s3", "sns", "sqs", "stepfunctions"]


def handlers_of(events):
    """The tree of a session's or client's handlers, by name: each client has handlers of its own."""

    def told(node):
        values = [[name_of(handler) for handler in section] for section in node["values"] or ()]
        return values, {part: told(child) for part, child in sorted(node["children"].items())}

    return told(events._emitter._handlers._root)


def name_of(handler):
    function = getattr(handler, "func", handler)
    return getattr(function, "__qualname__", type(function).__qualname__)


def events_of(session):
    return session.get_component("event_emitter")


def test_a_session_has_the_handlers_that_it_has_without_a_mock():
    without = handlers_of(events_of(Session()))
    with mock_destinations():
        assert handlers_of(events_of(Session())) == without


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_is_as_it_is_without_a_mock(service):
    def made():
        client = boto3.session.Session("key", "secret", region_name="eu-west-1").client(service)
        resolver = client._ruleset_resolver
        return {
            "handlers": handlers_of(client.meta.events),
            "methods": sorted(name for name in dir(client) if not name.startswith("_")),
            "url": client.meta.endpoint_url,
            "parameters": sorted(resolver._param_definitions),
            "region": client.meta.region_name,
            "agent": client.meta.config.user_agent,
            "proxies": client._endpoint.http_session._proxy_config._proxies,
        }

    without = made()
    with mock_destinations():
        assert made() == without
        assert made() == without


def test_a_handler_of_one_session_reaches_no_other_and_no_older_client(destmock):
    heard = []

    def hear(**_):
        heard.append(1)

    first, second = boto3.Session(), boto3.Session()
    older = first.client("sqs")
    first.events.register("before-call.sqs.*", hear)
    second.client("sqs").list_queues()
    older.list_queues()
    assert heard == []
    first.client("sqs").list_queues()
    assert heard == [1]


def test_a_handler_of_one_client_reaches_no_other(destmock):
    heard = []

    def hear(**_):
        heard.append(1)

    first, second = boto3.client("sqs"), boto3.client("sqs")
    first.meta.events.register("before-call.sqs.ListQueues", hear)
    second.list_queues()
    boto3.client("sqs").list_queues()
    assert heard == []
    first.list_queues()
    first.meta.events.unregister("before-call.sqs.ListQueues", hear)
    first.list_queues()
    assert heard == [1]


def test_a_session_that_outlives_its_mock_still_keeps_its_handlers_to_itself():
    heard = []

    def hear(**_):
        heard.append(1)

    with mock_destinations():
        kept, other = boto3.Session(), boto3.Session()
        client = kept.client("sqs")
    kept.events.register("before-call.sqs", hear)
    client.meta.events.register("after-call.sqs", hear)
    with mock_destinations():
        other.client("sqs").list_queues()
        boto3.client("sqs").list_queues()
        assert heard == []
        kept.client("sqs").list_queues()
        client.list_queues()
        assert heard == [1, 1]


def test_a_unique_handler_is_counted_for_each_session(destmock):
    first, second = (boto3.Session().events for _ in range(2))
    heard = []

    def hear(**_):
        heard.append(1)

    for _ in range(2):
        first.register("some-event", hear, unique_id="one", unique_id_uses_count=True)
    first.unregister("some-event", unique_id="one", unique_id_uses_count=True)
    first.emit("some-event")
    second.emit("some-event")
    assert heard == [1]


def test_a_handler_without_named_arguments_is_refused_as_ever(destmock):
    with pytest.raises(ValueError, match="must accept keyword arguments"):
        boto3.Session().events.register("some-event", lambda event: None)


def test_who_adds_to_the_built_in_handlers_is_heard_in_the_next_session(destmock, monkeypatch):
    from botocore import handlers

    heard = []
    boto3.Session()

    def hear(**_):
        heard.append(1)

    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, ("before-call.sqs", hear)])
    boto3.Session().client("sqs").list_queues()
    assert heard == [1]
    monkeypatch.undo()
    boto3.Session().client("sqs").list_queues()
    assert heard == [1]


def test_proxies_of_the_environment_are_still_found(destmock, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "sns.us-east-1.amazonaws.com")
    through, past = boto3.client("sqs"), boto3.client("sns")
    assert through._endpoint.http_session._proxy_config._proxies == {
        "https": "http://proxy.example:3128",
        "no": "sns.us-east-1.amazonaws.com",
    }
    assert past._endpoint.http_session._proxy_config._proxies == {}


def test_credentials_are_found_while_a_handler_s_variables_come_and_go(destmock, monkeypatch):
    copied = type(os.environ).copy

    def copy_of_another_moment(environ):
        monkeypatch.setattr(type(os.environ), "copy", copied)
        raise KeyError("AWS_EXECUTION_ENV")

    monkeypatch.setattr(type(os.environ), "copy", copy_of_another_moment)
    assert Session().get_credentials().access_key == os.environ["AWS_ACCESS_KEY_ID"]
    assert type(os.environ).copy is copied


def test_a_region_that_is_no_region_is_refused_as_ever(destmock):
    with pytest.raises((ClientError, ValueError)):
        boto3.client("sqs", region_name="no region").list_queues()


PARTS = st.sampled_from(["a", "b", "*", "c"])
KEYS = st.lists(PARTS, min_size=1, max_size=3).map(".".join)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "copy"]),
        st.integers(0, 3),
        KEYS,
        st.integers(0, 4),
        st.integers(0, 2),
    ),
    max_size=30,
)


@given(STEPS, KEYS)
def test_the_shared_tree_answers_as_botocore_s_whatever_is_done_to_its_copies(steps, searched):
    pairs = [(_PrefixTrie(), SharedTrie())]
    for what, which, key, handler, section in steps:
        pair = pairs[which % len(pairs)]
        if what == "copy":
            pairs.append(tuple(copy.copy(tree) for tree in pair))
        elif what == "add":
            for tree in pair:
                tree.append_item(key, handler, section=section)
        else:
            assert removed(pair[0], key, handler) == removed(pair[1], key, handler)
        for plain, shared in pairs:
            assert list(plain.prefix_search(searched)) == list(shared.prefix_search(searched))
            assert plain._root == shared._root


def removed(tree, key, handler):
    try:
        tree.remove_item(key, handler)
    except (ValueError, TypeError, AttributeError) as error:
        return type(error)
    return None


def test_a_session_that_outlives_its_mock_is_not_from_inside_of_the_next():
    with mock_destinations():
        outer = Session()
        with mock_destinations():
            inner = Session()
        assert is_from_inside(outer)
        assert is_from_inside(inner)  # as long as the mock around it is active
    with mock_destinations():
        assert not is_from_inside(outer)
        assert not is_from_inside(inner)
        assert is_from_inside(Session())
    assert not is_from_inside(Session())


def test_nested_mocks_see_the_profiles_that_were_named_before_each(tmp_path, monkeypatch):
    for name in ("first", "second"):
        (tmp_path / name).write_text(f"[profile {name}]\nregion = eu-west-1\n")

    def seen():
        return {name for name in ("first", "second") if name in Session(profile=name)._build_profile_map()}

    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "first"))
    with mock_destinations():
        assert seen() == {"first"}
        with monkeypatch.context() as changed:
            changed.setenv("AWS_CONFIG_FILE", str(tmp_path / "second"))
            with mock_destinations():
                assert seen() == {"first", "second"}
        assert seen() == {"first"}
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "second"))
    with mock_destinations():
        assert seen() == {"second"}


PARTS = st.sampled_from(
    [*EVENT_ALIASES, *EVENT_ALIASES.values(), *".".join(EVENT_ALIASES).split("."), "before-call", "x", ""]
)


@given(st.lists(PARTS, max_size=5), st.sampled_from([".", ".", ".", "-", ""]))
def test_the_name_of_an_event_is_botocore_s(parts, between):
    name = between.join(parts)
    assert Aliaser(HierarchicalEmitter())._alias_event_name(name) == EventAliaser(None)._alias_event_name(
        name
    )
