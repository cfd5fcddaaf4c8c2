"""A client that is put together from the parts of an earlier one is a fresh one, and nobody can tell."""

import gc
import os
import threading
import weakref
from unittest.mock import patch

import boto3
import botocore.session
import pytest
from botocore.client import ClientCreator, Config
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destmock import mock_destinations
from tests.isolation.test_clients import SERVICES, everything, made

pytestmark = pytest.mark.usefixtures("quick_collections")


def part_of(client):
    """A part of the client that no other client has at the same time, and that may be held."""
    return client.meta.events._emitter


def dropped(**given):
    """A part of a client that was the third of its kind, and is gone: the next one may have it."""
    gc.collect()  # of a client that goes later, the next one would have the parts
    for _ in range(3):
        part = part_of(boto3.client("sqs", **given))
    return part


@pytest.fixture
def part(destmock):
    boto3.client("sqs").list_queues()
    return dropped()


def nothing(**_):
    """A handler of a user's."""


def test_the_next_client_has_the_parts_of_one_that_is_gone(part):
    assert part_of(boto3.client("sqs")) is part


def test_it_has_them_in_the_next_mock_too():
    with mock_destinations():
        part = dropped()
    with mock_destinations():
        client = boto3.client("sqs")
        assert part_of(client) is part
        client.create_queue(QueueName="orders")
        assert len(boto3.client("sqs").list_queues()["QueueUrls"]) == 1


def test_outside_of_mocks_clients_are_botocore_s():
    with mock_destinations():
        part = dropped()
    assert part_of(boto3.client("sqs", "us-east-1")) is not part


def test_two_clients_that_are_there_share_no_parts(part):
    first, second = boto3.client("sqs"), boto3.client("sqs")
    assert part_of(first) is part is not part_of(second)
    first.meta.events.register("before-call.sqs", nothing)
    second.list_queues()
    assert first.meta.events is not second.meta.events


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_it_is_the_same_attribute_by_attribute(service):
    without = everything(made(service))
    with mock_destinations():
        for _ in range(3):
            part = part_of(made(service))
        client = made(service)
        assert part_of(client) is part
        assert dict(everything(client)) == dict(without)


CHANGES = {
    "a handler": lambda client: client.meta.events.register("before-call.sqs", nothing),
    "a handler for a moment": lambda client: (
        client.meta.events.register("before-call.sqs", nothing, unique_id="mine"),
        client.meta.events.register("before-call.sqs.ListQueues", nothing),
        client.meta.events.unregister("before-call.sqs.ListQueues", nothing),
    ),
    "a setting": lambda client: setattr(client.meta.config, "region_name", "nowhere"),
    "a setting in a setting": lambda client: client.meta.config.__dict__.update(retries={"max_attempts": 9}),
    "an attribute of meta": lambda client: setattr(client.meta, "mark", True),
    "an attribute of its class": lambda client: setattr(type(client), "mark", True),
    "a method of its class": lambda client: setattr(type(client), "list_queues", nothing),
    "an attribute of a method": lambda client: setattr(type(client).list_queues, "mark", True),
    "the names of its methods": lambda client: type(client)._PY_TO_OP_NAME.clear(),
    "its model": lambda client: setattr(client.meta.service_model, "signature_version", "v2"),
    "its credentials": lambda client: setattr(client._request_signer, "_credentials", None),
    "what is in its credentials": lambda client: setattr(
        client._request_signer._credentials, "token", "other"
    ),
    "its host": lambda client: setattr(client._endpoint, "host", "https://example.com"),
    "how it sends": lambda client: setattr(client._endpoint.http_session, "send", nothing),
    "what its rules are told": lambda client: client._ruleset_resolver._builtins.clear(),
    "its user agent": lambda client: client._user_agent_creator._client_features.add("mine"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_parts_that_somebody_has_changed_are_never_used_again(part, change):
    client = boto3.client("sqs")
    assert part_of(client) is part
    change(client)
    del client
    for _ in range(3):
        client = boto3.client("sqs")
        assert part_of(client) is not part
        assert client.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_what_is_put_on_a_client_itself_is_gone_with_it(part):
    client = boto3.client("sqs")
    client.mark, client.list_queues = True, nothing
    del client
    client = boto3.client("sqs")
    assert part_of(client) is part
    assert not hasattr(client, "mark")
    assert client.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_what_a_client_has_found_out_is_gone_with_it(part):
    client = boto3.client("sqs")
    assert client.can_paginate("list_queues")
    assert issubclass(client.exceptions.QueueDoesNotExist, client.exceptions.ClientError)
    assert client._cache
    del client
    client = boto3.client("sqs")
    assert part_of(client) is part
    assert (client._cache, client._exceptions) == ({}, None)
    with pytest.raises(client.exceptions.QueueDoesNotExist):
        client.get_queue_url(QueueName="missing")


def test_the_clients_of_a_session_share_the_classes_of_their_errors(part):
    session = boto3.Session()
    kept, new = session.client("sqs"), session.client("sqs")
    assert part_of(kept) is part
    with pytest.raises(kept.exceptions.QueueDoesNotExist):
        new.get_queue_url(QueueName="missing")
    with pytest.raises(new.exceptions.QueueDoesNotExist):
        kept.get_queue_url(QueueName="missing")
    other = boto3.Session().client("sqs")
    assert other.exceptions.QueueDoesNotExist is not kept.exceptions.QueueDoesNotExist


def test_how_a_session_reads_answers_goes_for_all_of_its_clients(part):
    session = boto3.Session()
    client = session.client("sqs")
    assert part_of(client) is part
    session._session.get_component("response_parser_factory").set_parser_defaults(blob_parser=str)
    factory = session._session.get_component("response_parser_factory")
    assert client._endpoint._response_parser_factory is factory
    del client
    client = boto3.Session().client("sqs")
    assert part_of(client) is part
    assert client._endpoint._response_parser_factory._defaults == {}


def test_a_stubber_s_answers_reach_no_later_client(part):
    client = boto3.client("sqs")
    with Stubber(client) as stubber:
        stubber.add_response("list_queues", {"QueueUrls": ["stubbed"]})
        assert client.list_queues()["QueueUrls"] == ["stubbed"]
    del client, stubber
    gc.collect()
    assert "QueueUrls" not in boto3.client("sqs").list_queues()


DIFFERENT = {
    "another region": {"region_name": "eu-west-1"},
    "another configuration": {"config": Config(retries={"max_attempts": 1})},
    "an endpoint": {"endpoint_url": "https://sqs.us-east-1.amazonaws.com"},
    "credentials": {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"},
    "no TLS": {"use_ssl": False},
}


@pytest.mark.parametrize("given", DIFFERENT.values(), ids=DIFFERENT)
def test_a_client_that_is_asked_for_in_another_way_has_other_parts(part, given):
    assert part_of(boto3.client("sqs", **given)) is not part
    own = dropped(**given)
    client = boto3.client("sqs", **given)
    assert part_of(client) is own
    assert client.meta.region_name == given.get("region_name", "us-east-1")
    assert part_of(boto3.client("sqs")) is part


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_MAX_ATTEMPTS", "7"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("HTTPS_PROXY", "http://proxy.example"),
    ],
)
def test_a_client_follows_the_environment_of_its_moment(part, monkeypatch, name, value):
    with monkeypatch.context() as changed:
        changed.setenv(name, value)
        assert part_of(boto3.client("sqs")) is not part
    assert part_of(boto3.client("sqs")) is part


def test_a_client_follows_the_configuration_file_that_the_test_names(part, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[default]\nregion = eu-central-1\nmax_attempts = 8\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for attempts in (8, 9):
        (tmp_path / "config").write_text(f"[default]\nmax_attempts = {attempts}\n")
        client = boto3.Session(region_name="us-east-1").client("sqs")
        assert client.meta.config.retries["total_max_attempts"] == attempts


OF_SESSION = {
    "a handler": lambda session: session.events.register("before-call.sqs", nothing),
    "credentials": lambda session: session._session.set_credentials("AKIA", "secret"),
    "a default configuration": lambda session: session._session.set_default_client_config(
        Config(retries={"max_attempts": 3})
    ),
    "a variable": lambda session: session._session.set_config_variable("region", "eu-west-1"),
    "a name in the user agent": lambda session: setattr(session._session, "user_agent_extra", "mine/1"),
    "a component": lambda session: session._session.register_component(
        "config_store", session._session.get_component("config_store").__copy__()
    ),
    "a source of credentials": lambda session: session._session.get_component(
        "credential_provider"
    ).providers.reverse(),
}


@pytest.mark.parametrize("change", OF_SESSION.values(), ids=OF_SESSION)
def test_a_client_is_that_of_its_session(part, change):
    session = boto3.Session()
    change(session)
    for _ in range(4):
        assert part_of(session.client("sqs")) is not part
    assert part_of(boto3.Session().client("sqs")) is part


def test_a_session_whose_events_change_later_makes_other_clients(part):
    seen, session = [], boto3.Session()
    assert part_of(session.client("sqs")) is part
    session.events.register("before-call.sqs", lambda **_: seen.append(1))
    session.client("sqs").list_queues()
    boto3.Session().client("sqs").list_queues()
    assert seen == [1]


def test_botocore_s_own_sessions_make_their_own_clients(part):
    for _ in range(4):
        session = botocore.session.get_session()
        assert part_of(session.create_client("sqs", region_name="us-east-1")) is not part


def test_who_patches_how_clients_are_made_is_heard(part):
    create, made = ClientCreator.create_client, []

    def counted(self, *given, **named):
        made.append(given)
        return create(self, *given, **named)

    with patch.object(ClientCreator, "create_client", counted):
        for count in range(1, 6):
            boto3.client("sqs")
            assert len(made) == count
    assert part_of(boto3.Session().client("sqs")) is part


def test_a_client_is_collected_as_ever(part):
    client = boto3.client("sqs")
    gone = weakref.ref(client)
    del client
    assert gone() is None


def test_what_follows_a_bucket_to_its_region_follows_the_client_that_there_is(destmock):
    for _ in range(3):
        part = part_of(boto3.client("s3"))
    client = boto3.client("s3")
    assert part_of(client) is part
    handlers = client.meta.events._emitter._handlers.prefix_search("needs-retry.s3")
    [redirector] = {
        handler.__self__
        for handler in handlers
        if hasattr(getattr(handler, "__self__", None), "redirect_from_error")
    }
    assert redirector._client.meta is client.meta
    assert redirector._client == client
    client.create_bucket(Bucket="photos")
    client.put_object(Bucket="photos", Key="a", Body=b"x")
    assert client.get_object(Bucket="photos", Key="a")["Body"].read() == b"x"


def test_resources_have_them_too(destmock):
    boto3.resource("sqs").create_queue(QueueName="orders")
    for _ in range(3):
        part = part_of(boto3.resource("sqs").meta.client)
        gc.collect()
    resource = boto3.resource("sqs")
    assert part_of(resource.meta.client) is part
    assert [queue.url for queue in resource.queues.all()]


def test_of_threads_each_has_a_client_of_its_own(part):
    clients, start = [], threading.Barrier(8)

    def make():
        start.wait()
        clients.extend(boto3.client("sqs") for _ in range(5))

    threads = [threading.Thread(target=make) for _ in range(8)]
    session = boto3.client("sqs")  # the default session is there before they begin
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(part_of(client)) for client in [*clients, session]}) == 41


def test_handlers_of_one_function_get_the_parts_of_its_earlier_clients(destmock):
    seen = []

    def handler(event, context):
        client = boto3.client("sqs")
        seen.append(part_of(client))
        return client.meta.region_name, os.environ["AWS_LAMBDA_FUNCTION_NAME"]

    destmock.handler("orders", handler)
    lam = boto3.client("lambda")
    for _ in range(4):
        assert lam.invoke(FunctionName="orders")["Payload"].read() == b'["us-east-1", "orders"]'
    assert seen[-1] is seen[-2]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["make", "drop", "change"]), st.integers(0, 5)), max_size=40))
def test_whatever_is_made_dropped_and_changed_clients_share_nothing_and_none_has_changes(steps):
    with mock_destinations():
        clients, changed = [], []
        for step, number in steps:
            if step == "make":
                clients.append(boto3.client("sqs"))
                events = clients[-1].meta.events
                assert nothing not in events._emitter._handlers.prefix_search("before-call.sqs")
            elif step == "drop" and clients:
                clients.pop(number % len(clients))
            elif clients:
                client = clients[number % len(clients)]
                client.meta.events.register("before-call.sqs", nothing)
                changed.append(client.meta.events)
            assert len({id(part_of(client)) for client in clients}) == len(clients)


#: What the handlers of initializers were called with.
NAMED = []


@pytest.fixture
def initializer():
    """Registers a handler for every session that begins, as libraries do for their name in the User-Agent."""

    def add(make):
        botocore.register_initializer(
            initialize := lambda session: session.register("request-created", make())
        )
        added.append(initialize)

    added = []
    yield add
    for initialize in added:
        botocore.unregister_initializer(initialize)


def test_sessions_that_a_library_gives_the_same_handler_count_as_the_same(destmock, initializer):
    def named(name):
        def add(**_):
            NAMED.append(name)

        return add

    name = "library/1"
    initializer(lambda: named(name))
    for _ in range(3):
        part = part_of(boto3.Session().client("sqs"))
    del part
    held = id(part_of(boto3.Session().client("sqs")))
    assert held == id(part_of(boto3.Session().client("sqs")))
    name = "library/2"
    boto3.Session().client("sqs").list_queues()
    assert NAMED == ["library/2"]


def test_sessions_that_get_handlers_of_their_own_do_not(destmock, initializer):
    def counting():
        mine = []

        def count(**_):
            mine.append(1)
            lengths.append(len(mine))

        return count

    lengths = []
    initializer(counting)
    for _ in range(4):
        boto3.Session().client("sqs").list_queues()
    assert lengths == [1, 1, 1, 1]
