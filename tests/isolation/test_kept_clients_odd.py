"""What programs do around their clients, besides making them, reaches no later client either."""

import functools
import gc
import subprocess
import sys
import weakref
from unittest.mock import patch

import boto3
import botocore.session
import pytest
from botocore import args
from botocore.client import BaseClient, ClientCreator
from botocore.config import Config
from botocore.credentials import Credentials, EnvProvider
from botocore.plugin import PluginContext, reset_plugin_context, set_plugin_context
from botocore.session import Session
from botocore.utils import S3ExpressIdentityResolver

from destmock import mock_destinations
from tests.isolation.test_kept_clients import dropped, part_of

pytestmark = pytest.mark.usefixtures("quick_collections")


@pytest.fixture
def part(destmock):
    boto3.client("sqs").list_queues()
    return dropped()


def handlers_of(client, event):
    return client.meta.events._emitter._handlers.prefix_search(event)


WATCHED = {
    "how clients begin": (BaseClient, "__init__"),
    "who makes clients": (ClientCreator, "create_client"),
    "who makes classes": (ClientCreator, "_create_client_class"),
    "who makes arguments": (args.ClientArgsCreator, "get_client_args"),
    "who makes endpoints": (args.EndpointCreator, "create_endpoint"),
    "how configurations begin": (Config, "__init__"),
    "where settings are found": (Session, "get_config_variable"),
    "where credentials are found": (Session, "get_credentials"),
}


def watching(real, seen):
    """A function in the place of another one, which notes its calls, as libraries that watch a program do."""

    @functools.wraps(real)
    def watched(*given, **named):
        seen.append(given)
        return real(*given, **named)

    return watched


@pytest.mark.parametrize("place", WATCHED.values(), ids=WATCHED)
def test_who_watches_how_clients_are_made_hears_of_each(part, place):
    seen = []
    with patch.object(*place, watching(getattr(*place), seen)):
        for _ in range(5):
            seen.clear()
            boto3.client("sqs")
            assert seen
    assert part_of(boto3.Session().client("sqs")) is part


@pytest.mark.parametrize("name", ["create_client", "__init__", "get_config_variable"])
def test_who_watches_sessions_from_before_the_mock_hears_of_each_client(name):
    seen = []
    with patch.object(Session, name, watching(getattr(Session, name), seen)), mock_destinations():
        for _ in range(5):
            seen.clear()
            boto3.Session().client("sqs", region_name="us-east-1")
            assert seen


def test_credentials_that_a_test_puts_in_the_place_of_a_session_s_are_its_clients(part):
    with patch.object(Session, "get_credentials", lambda _session: Credentials("AKIA", "secret")):
        assert boto3.client("sqs")._request_signer._credentials.access_key == "AKIA"
    with patch.object(EnvProvider, "load", lambda _provider: Credentials("AKIB", "secret")):
        assert boto3.client("sqs")._request_signer._credentials.access_key == "AKIB"
    session = boto3.Session()
    session._session.get_credentials = lambda: Credentials("AKIC", "secret")
    assert session.client("sqs")._request_signer._credentials.access_key == "AKIC"


def test_what_is_made_while_a_class_is_a_mock_is_not_used_afterwards(part):
    with patch("botocore.args.EndpointCreator"):
        dropped(region_name="eu-west-3")
    client = boto3.client("sqs", region_name="eu-west-3")
    assert client._endpoint.host == "https://sqs.eu-west-3.amazonaws.com"


def test_a_change_that_a_test_takes_back_after_its_mock_leaves_clients_apart():
    with mock_destinations():
        change = patch.object(Session, "create_client", Session.create_client)
        change.start()
    change.stop()
    with mock_destinations():
        for _ in range(3):
            clients = [boto3.client("sqs", "eu-north-1") for _ in range(6)]
            assert len({id(part_of(client)) for client in clients}) == 6
            del clients


@pytest.mark.parametrize(
    "event", ["creating-client-class.sqs", "creating-client-class", "choose-service-name"]
)
def test_a_handler_from_before_boto3_s_session_hears_of_each_client(destmock, event):
    seen, session = [], botocore.session.get_session()
    session.register(event, lambda **_: seen.append(1))
    session = boto3.Session(botocore_session=session)
    for _ in range(5):
        seen.clear()
        session.client("sqs")
        assert seen == [1]


def test_parts_that_somebody_holds_are_not_those_of_a_later_client(part):
    ways = {
        "events": lambda client: client.meta.events,
        "config": lambda client: client.meta.config,
        "meta": lambda client: client.meta,
        "class": type,
        "endpoint": lambda client: client._endpoint,
        "signer": lambda client: client._request_signer,
        "credentials": lambda client: client._request_signer._credentials,
    }
    for get in ways.values():
        first = boto3.client("sqs")
        assert part_of(first) is part
        held = get(first)
        del first
        assert get(boto3.client("sqs")) is not held
        del held


def test_who_waits_for_the_end_of_a_part_is_told_of_it(part):
    client, over = boto3.client("sqs"), []
    assert part_of(client) is part
    weakref.finalize(client.meta.events, over.append, "events")
    del client
    assert part_of(boto3.client("sqs")) is not part
    gc.collect()
    assert over == ["events"]


def test_a_loader_that_a_test_has_changed_is_asked_for_each_client(part):
    session, seen = boto3.Session(), []
    loader = session._loader
    with patch.object(loader, "load_service_model", watching(loader.load_service_model, seen)):
        for _ in range(4):
            seen.clear()
            session.client("sqs")
            assert seen
    assert part_of(boto3.Session().client("sqs")) is part


def test_a_handler_that_comes_late_reaches_no_later_client(part):
    events, seen = boto3.client("sqs").meta.events, []
    client = boto3.client("sqs")
    events.register("before-call.sqs", lambda **_: seen.append(1))
    client.list_queues()
    assert seen == []


def test_parts_are_used_again_once_nobody_holds_them(part):
    events = boto3.client("sqs").meta.events
    assert part_of(boto3.client("sqs")) is not part
    del events
    assert part_of(boto3.client("sqs")) is part


def test_another_base_of_a_client_s_class_is_gone_with_the_client(part):
    class Marked(BaseClient):
        mark = True

    client = boto3.client("sqs")
    type(client).__bases__ = (Marked,)
    del client
    assert not hasattr(boto3.client("sqs"), "mark")


def test_a_client_s_user_agent_is_that_of_its_session(part, monkeypatch):
    with monkeypatch.context() as changed:
        changed.setenv("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE")
        session = boto3.Session()
    for _ in range(4):
        assert session.client("sqs")._user_agent_creator._execution_env == "AWS_ECS_FARGATE"
    assert boto3.client("sqs")._user_agent_creator._execution_env is None


def test_a_client_that_is_made_in_a_call_names_the_features_of_that_call(part):
    features, lists = [], boto3.client("dynamodb")

    def note(**_):
        features.append(set(boto3.client("sqs")._user_agent_creator._client_features))

    lists.meta.events.register("before-call.dynamodb", note)
    lists.list_tables()
    list(lists.get_paginator("list_tables").paginate())
    outside = set(boto3.client("sqs")._user_agent_creator._client_features)
    assert "C" in features[1]  # of paginators
    assert "C" not in features[0] | outside


def test_a_session_that_has_read_a_configuration_file_goes_by_it(part, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[default]\nmax_attempts = 8\n")
    with monkeypatch.context() as changed:
        changed.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        session = boto3.Session()
        assert session.available_profiles == ["default"]
    assert session.client("sqs").meta.config.retries["total_max_attempts"] == 8


def test_a_plugin_of_botocore_s_is_told_of_each_client(part):
    token = set_plugin_context(PluginContext("mine=tests.isolation.nowhere"))
    try:
        assert part_of(boto3.client("sqs")) is not part
    finally:
        reset_plugin_context(token)


def test_adaptive_retries_begin_with_their_client(destmock):
    adaptive = {"config": Config(retries={"mode": "adaptive"})}
    part = dropped(**adaptive)
    assert part_of(boto3.client("sqs", **adaptive)) is not part


def test_retries_that_a_client_has_used_up_are_gone_with_it(destmock):
    standard = {"config": Config(retries={"mode": "standard"})}
    part = dropped(**standard)
    client = boto3.client("sqs", **standard)
    assert part_of(client) is part
    owners = {getattr(each, "__self__", None) for each in handlers_of(client, "needs-retry.sqs")}
    [quota] = {owner._retry_quota._quota for owner in owners if hasattr(owner, "_retry_quota")}
    assert quota.acquire(100)
    del client, owners
    assert part_of(boto3.client("sqs", **standard)) is not part


def test_settings_of_all_clients_that_a_test_changes_are_those_of_its_clients(part):
    with patch.dict(Config.OPTION_DEFAULTS, read_timeout=3):
        for _ in range(4):
            assert boto3.client("sqs").meta.config.read_timeout == 3
    assert boto3.Session().client("sqs").meta.config.read_timeout == 60


@pytest.mark.parametrize(
    ("level", "region", "text"),
    [
        ("DEBUG", "us-east-1", "Setting sqs timeout as (60, 60)"),
        ("INFO", "us-east-1", "Found credentials in environment variables."),
        ("WARNING", "fips-us-east-1", "transforming region from fips-us-east-1"),
    ],
)
def test_botocore_logs_what_it_does_for_each_client(destmock, caplog, level, region, text):
    dropped(region_name=region)
    caplog.set_level(level, logger="botocore")
    for _ in range(3):
        caplog.clear()
        boto3.client("sqs", region_name=region)
        assert text in caplog.text


def test_credentials_for_a_bucket_are_gone_with_the_client(destmock):
    def identities():
        owners = {getattr(handler, "__self__", None) for handler in handlers_of(client, "before-sign.s3")}
        [resolver] = {owner for owner in owners if isinstance(owner, S3ExpressIdentityResolver)}
        return resolver._cache

    for _ in range(3):
        boto3.client("s3")
    client = boto3.client("s3")
    part, before = part_of(client), identities()
    before.mark = True
    del client
    client = boto3.client("s3")
    assert part_of(client) is part
    assert identities() is not before
    assert identities()._client == client


class Last:
    """In a circle with itself, so that the collector ends it, at any moment."""

    def __init__(self, made):
        self.circle, self.made = self, made

    def __del__(self):
        self.made.append(part_of(boto3.client("sqs")))


def test_a_client_that_the_collector_s_work_makes_waits_for_nobody(destmock):
    boto3.client("sqs")
    made, often = [], gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(30):
            Last(made)
            made.append(part_of(client := boto3.client("sqs", region_name="us-east-1")))
            del client
    finally:
        gc.set_threshold(*often)
    gc.collect()
    assert len(made) == 60


FORKED = """
import os, boto3
from destmock import mock_destinations
from destmock._isolation import kept_clients

with mock_destinations():
    for _ in range(3):
        boto3.client("sqs")
    kept_clients.KEPT._lock.acquire()  # as another thread may have done
    child = os.fork()
    if child == 0:
        boto3.client("sqs").list_queues()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no forks there")
def test_a_fork_in_the_middle_of_a_client_s_making_has_clients():
    subprocess.run([sys.executable, "-c", FORKED], check=True, timeout=60)


def test_a_client_without_a_region_has_parts_too(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with mock_destinations():
        monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
        for _ in range(4):
            assert boto3.client("iam").meta.region_name == "aws-global"


def configuration():
    return {
        "s3": {"addressing_style": "path"},
        "retries": {"max_attempts": 3},
        "proxies": {"http": "http://p"},
    }


def test_what_a_program_puts_into_its_configuration_later_reaches_its_own_client_only(destmock):
    clients, own = [], []
    for _ in range(4):
        own.append(configuration())
        clients.append(boto3.client("s3", config=Config(**own[-1])))
        part = part_of(clients[-1])
        clients.clear()
    client = boto3.client("s3", config=Config(**(latest := configuration())))
    assert part_of(client) is part
    config = client.meta.config
    for name, value in latest.items():
        assert getattr(config, name) is value
    assert latest["retries"]["total_max_attempts"] == 4  # botocore writes it there
    for earlier in own:
        earlier["s3"]["addressing_style"] = "virtual"
    assert config.s3 == {"addressing_style": "path"}
    latest["s3"]["addressing_style"] = "virtual"
    assert config.s3 == {"addressing_style": "virtual"}
    del client, config
    client = boto3.client("s3", config=Config(**configuration()))
    assert client.meta.config.s3 == {"addressing_style": "path"}
