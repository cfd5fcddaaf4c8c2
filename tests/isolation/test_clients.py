"""A client that shares what others have found out is what botocore makes by itself, and nobody can tell."""

import inspect
import threading
import weakref
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import FunctionType, MethodType
from unittest.mock import patch

import boto3
import botocore.session
import pytest
from botocore.client import BaseClient, ClientCreator, Config
from botocore.docs.docstring import LazyLoadedDocstring
from botocore.hooks import _PrefixTrie
from botocore.loaders import create_loader
from botocore.model import OperationModel, ServiceModel
from moto.backends import list_of_moto_modules

from destmock import mock_destinations

#: The services that boto3 has of those that moto has.
BY_WORD = {name.replace("-", ""): name for name in botocore.session.Session().get_available_services()}
SERVICES = sorted({BY_WORD.get(name.replace("_", ""), "lambda") for name in list_of_moto_modules()})
#: What botocore fills as it goes, what is read from a file, and what a mock notes.
LEFT_OUT = {
    *("_lookup_cache", "_alias_name_cache", "_instance_cache", "_destmock_made_in", "enabled"),
    *("_loader", "_service_description", "_shape_resolver", "_shape_model", "rules", "rule_lib"),
}
#: destmock's own kinds of botocore's, which `test_sessions` compares.
KINDS = {
    "destmock._isolation.sessions.Aliaser": "botocore.hooks.EventAliaser",
    "destmock._isolation.sessions.SharedTrie": "botocore.hooks._PrefixTrie",
}
#: What a client's model says of its service, beside its operations and shapes.
OF_MODEL = [
    *("api_version", "endpoint_discovery_operation", "endpoint_discovery_required", "endpoint_prefix"),
    *("metadata", "operation_names", "protocol", "service_id", "service_name", "signing_name"),
]


@cache
def loader():
    """One for all clients here: only what is made of the models is compared."""
    return create_loader()


def made(service, **given):
    session = botocore.session.Session()
    session.register_component("data_loader", loader())
    given = {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b", **given}
    return boto3.session.Session(botocore_session=session).client(service, **given)


def told(thing, seen, path):
    """Everything that can be seen of an object, as pairs of where it is and a text or number."""
    kind = type(thing)
    if thing is None or kind in (str, int, float, bool, bytes) or inspect.isclass(thing):
        yield path, getattr(thing, "__qualname__", thing)
        return
    name = f"{kind.__module__}.{kind.__qualname__}"
    yield path, KINDS.get(name, name)
    if id(thing) in seen or inspect.ismodule(thing) or isinstance(thing, weakref.ref):
        return
    seen[id(thing)] = thing
    parts = parts_of(thing)
    for name, part in parts.items():
        yield from told(part, seen, f"{path}.{name}")


def parts_of(thing):
    """What an object has, by name."""
    kinds = {
        ServiceModel: parts_of_model,
        OperationModel: lambda model: {"name": model.name, "service": model.service_model.service_name},
        _PrefixTrie: lambda trie: {"handlers": list(handlers_in(trie._root))},
        dict: lambda found: {str(key): value for key, value in found.items()},
        (list, tuple): lambda found: dict(enumerate(found)),
        (set, frozenset): lambda found: dict(enumerate(sorted(map(str, found)))),
        MethodType: lambda method: {"self": type(method.__self__).__qualname__, "function": method.__func__},
        FunctionType: parts_of_function,
        object: lambda other: {name: part for name, part in vars_of(other).items() if name not in LEFT_OUT},
    }
    return next(parts(thing) for kind, parts in kinds.items() if isinstance(thing, kind))


def parts_of_model(model):
    errors = sorted(shape.name for shape in model.error_shapes)
    return {"errors": errors, **{name: getattr(model, name) for name in OF_MODEL}}


def handlers_in(node, event=""):
    for section in node["values"] or ():
        yield from (f"{event} {getattr(handler, '__qualname__', type(handler))}" for handler in section)
    for part, child in sorted(node["children"].items()):
        yield from handlers_in(child, f"{event}.{part}")


def parts_of_function(function):
    doc = function.__doc__
    if isinstance(doc, LazyLoadedDocstring):
        doc = {**doc._gen_kwargs, "operation_model": "", "event_emitter": ""}
    return {
        "name": function.__name__,
        "qualname": function.__qualname__,
        "module": function.__module__,
        "doc": doc,
        "dict": vars(function),
        "defaults": [function.__defaults__, function.__kwdefaults__],
        "code": [function.__code__.co_filename, function.__code__.co_firstlineno],
        "closure": [cell.cell_contents for cell in function.__closure__ or () if is_text(cell)],
    }


def is_text(cell):
    return isinstance(cell.cell_contents, str)


def vars_of(thing):
    if type(thing).__qualname__ == "URLLib3Session":
        thing._manager  # noqa: B018 - which is made when it is asked for
    return getattr(thing, "__dict__", {})


def everything(client):
    kind = type(client)
    seen = {}
    found = list(told(client, seen, "client"))
    found += told([base.__qualname__ for base in kind.__mro__], seen, "bases")
    found += told(dict(vars(kind)), seen, "class")
    for operation in sorted(client.meta.service_model.operation_names)[:3]:
        found += told(client.meta.service_model.operation_model(operation).input_shape, seen, operation)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_a_client_is_the_same_attribute_by_attribute(service):
    without = everything(made(service))
    with mock_destinations():
        made(service)
        assert dict(everything(made(service))) == dict(without)


def test_what_is_changed_in_the_class_of_a_client_changes_no_other(destmock):
    first, second = boto3.client("sqs"), boto3.client("sqs")
    assert type(first) is not type(second)
    with patch.object(type(first), "list_queues", lambda self: "patched"):
        assert first.list_queues() == "patched"
        assert "patched" not in str(second.list_queues())
        assert "patched" not in str(boto3.client("sqs").list_queues())
    type(first).list_queues.mark = True
    type(first)._PY_TO_OP_NAME.clear()
    assert not hasattr(boto3.client("sqs").list_queues, "mark")
    assert boto3.client("sqs").can_paginate("list_queues")


def test_what_is_changed_in_botocore_s_classes_holds_for_clients_that_are_there_and_those_to_come(destmock):
    def call(client, operation, parameters):
        return operation, parameters

    def method(creator, py_name, operation, model):
        return lambda client, **named: (py_name, named)

    before = boto3.client("sqs")
    with patch.object(BaseClient, "_make_api_call", call):
        for client in (before, boto3.client("sqs")):
            assert client.list_queues(MaxResults=1) == ("ListQueues", {"MaxResults": 1})
    with patch.object(ClientCreator, "_create_api_method", method):
        assert boto3.client("sqs").list_queues(MaxResults=1) == ("list_queues", {"MaxResults": 1})
    assert "ResponseMetadata" in before.list_queues()
    assert "ResponseMetadata" in boto3.client("sqs").list_queues()


def test_what_a_session_adds_to_the_class_of_its_clients_is_in_no_other_session_s(destmock):
    class Counting:
        def count(self):
            return len(self.list_queues().get("QueueUrls", []))

    def add(class_attributes, base_classes, **_):
        class_attributes["double"] = lambda self: 2 * self.count()
        base_classes.insert(0, Counting)

    boto3.client("sqs").create_queue(QueueName="one")
    session = boto3.session.Session()
    session.events.register("creating-client-class.sqs", add)
    assert session.client("sqs").double() == 2
    for other in (boto3.client("sqs"), boto3.session.Session().client("sqs")):
        assert not hasattr(other, "double")
        assert not isinstance(other, Counting)


def test_boto3_adds_its_own_methods_to_each_client_and_resource(destmock):
    for _ in range(2):
        assert callable(boto3.client("s3").upload_file)
        assert callable(boto3.resource("dynamodb").Table("t").batch_writer)


def test_the_documentation_of_a_method_is_written_with_the_events_of_its_session(destmock):
    boto3.client("sqs")
    session = boto3.session.Session()
    session.events.register(
        "docs.request-params.sqs.ListQueues.complete-section",
        lambda section, **_: section.write("Written by this session."),
    )
    assert "Written by this session." in str(session.client("sqs").list_queues.__doc__)
    assert "Written by this session." not in str(boto3.client("sqs").list_queues.__doc__)
    assert "MaxResults" in str(boto3.client("sqs").list_queues.__doc__)


def test_each_client_is_made_with_the_environment_and_the_settings_of_its_moment(destmock, monkeypatch):
    session = boto3.session.Session()

    def retries():
        config = session.client("sqs").meta.config
        return config.retries["mode"], config.retries.get("total_max_attempts")

    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    assert retries() == ("legacy", None)
    monkeypatch.setenv("AWS_RETRY_MODE", "standard")
    assert retries() == ("standard", None)
    session._session.set_config_variable("max_attempts", 7)
    assert retries() == ("standard", 7)
    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    assert retries() == ("legacy", 7)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    assert session.client("sqs").meta.region_name == "eu-west-3"
    assert boto3.client("sns").meta.region_name == "eu-west-3"


def test_each_client_has_the_retries_of_its_own_configuration(destmock):
    def attempts(most):
        client = boto3.client("sqs", config=Config(retries={"max_attempts": most, "mode": "legacy"}))
        [handler] = [
            handler
            for handler in client.meta.events._emitter._handlers.prefix_search("needs-retry.sqs")
            if hasattr(handler, "_checker")
        ]
        return handler._checker._max_attempts

    assert [attempts(most) for most in (3, 1, 3)] == [4, 2, 4]


def test_a_session_s_name_in_the_user_agent_is_in_no_other_session_s(destmock):
    heard = []

    def hear(request, **_):
        heard.append(str(request.headers["User-Agent"]))

    named, other = boto3.session.Session(), boto3.session.Session()
    named._session.user_agent_extra = "named/1"
    configured = Config(user_agent_extra="configured/2")
    for client in (named.client("sqs"), other.client("sqs", config=configured), other.client("sqs")):
        client.meta.events.register("before-send.sqs", hear)
        client.list_queues()
    assert ["named/1" in agent for agent in heard] == [True, False, False]
    assert ["configured/2" in agent for agent in heard] == [False, True, False]


class Answering(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"QueueUrls": ["from a server"]}')

    def log_message(self, *_):
        """Says nothing."""


def test_a_client_with_an_endpoint_of_its_own_sends_to_it_also_after_the_mock():
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with mock_destinations():
                url = f"http://127.0.0.1:{server.server_port}"
                keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
                inside, outside = (boto3.client("sqs", endpoint_url=url, **keys) for _ in range(2))
                assert inside.list_queues()["QueueUrls"] == ["from a server"]
            assert outside.list_queues()["QueueUrls"] == ["from a server"]
            inside.close()
            outside.close()
        finally:
            server.shutdown()
            thread.join()


def test_two_threads_that_use_an_unused_http_session_at_once_get_the_same(destmock):
    session = boto3.client("sqs")._endpoint.http_session
    barrier, found = threading.Barrier(4), []

    def look():
        barrier.wait()
        found.append(session._manager)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(manager) for manager in found}) == 1
    assert found[0].connection_pool_kw["ssl_context"] is not None


def test_nested_mocks_share_and_the_end_of_the_outermost_puts_botocore_back():
    def patched():
        return ClientCreator._create_methods, botocore.session.Session.create_client

    before = patched()
    with mock_destinations():
        with mock_destinations():
            assert boto3.client("sqs").list_queues()
        assert patched() != before
        assert boto3.client("sqs").list_queues()
    assert patched() == before
