"""The models of services are read as without the mock, in less time."""

import gc
import json

import boto3
import botocore.session
import pytest
from botocore import loaders
from botocore.exceptions import BotoCoreError
from botocore.loaders import JSONFileLoader, Loader
from moto.core.loaders import Loader as MotosLoader

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

OWN = {"metadata": {"serviceId": "Own"}, "operations": {}, "shapes": {}}


def read(loader, *named):
    """What a loader answers, with the order of everything in it, or its error."""
    try:
        return json.dumps(loader.load_service_model(*named))
    except BotoCoreError as error:
        return repr(error)


@pytest.mark.parametrize("kind", [Loader, MotosLoader])
@pytest.mark.parametrize(
    "named",
    [
        ("sqs", "service-2"),
        ("s3", "endpoint-rule-set-1"),
        ("s3", "service-2", "2006-03-01"),
        ("cloudfront", "service-2", "2016-11-25"),
        ("dynamodb", "waiters-2"),
        ("sts", "waiters-2"),
        ("s3", "service-2", "1999-01-01"),
        ("s3", "service-3"),
        ("s4", "service-2"),
        ("../data/sqs", "service-2"),
        ("SQS", "service-2"),
        ("_retry.json", "service-2"),
        (".", "service-2"),
        ("", "service-2"),
    ],
)
def test_a_model_is_read_as_without_the_mock(kind, named):
    without = read(kind(), *named)
    with mock_destinations():
        assert read(kind(), *named) == without


def test_what_is_read_is_made_of_plain_dictionaries(destmock):
    model = Loader().load_service_model("sqs", "service-2")
    assert type(model) is type(model["operations"]) is dict


def test_a_model_of_the_user_s_own_is_found(tmp_path):
    own = tmp_path / "models" / "own" / "2020-01-01"
    own.mkdir(parents=True)
    (own / "service-2.json").write_text(json.dumps(OWN))
    (own / "service-2.sdk-extras.json").write_text('{"merge": {"operations": {"Do": {}}}}')
    with mock_destinations():
        missing, found = (
            Loader(),
            Loader(extra_search_paths=[str(tmp_path / "none"), str(tmp_path / "models")]),
        )
        assert "own" in read(missing, "own", "service-2")  # in an error
        assert json.loads(read(found, "own", "service-2")) == {**OWN, "operations": {"Do": {}}}
        assert "own" in found.list_available_services("service-2")


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("owner", "step"),
    [
        *((Loader, step) for step in ("load_service_model", "list_available_services", "load_data")),
        *((Loader, step) for step in ("determine_latest_version", "list_api_versions", "_find_extras")),
        *((MotosLoader, "_find_extras"), (JSONFileLoader, "load_file"), (loaders.json, "loads")),
    ],
)
def test_whoever_reads_models_in_another_way_is_asked(owner, step, inside):
    kind = MotosLoader if owner is MotosLoader else Loader
    assert is_asked(owner, step, lambda: read(kind(), "sns", "service-2"), inside=inside)


def test_a_loader_of_the_user_s_own_is_asked(destmock):
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    loader.list_available_services = lambda type_name: []
    try:
        assert "Unknown service" in read(loader, "kafka", "service-2")
    finally:
        del loader.list_available_services


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_goes_on_as_before(tmp_path, monkeypatch, collects):
    (tmp_path / "bad.json").write_text("{")
    with mock_destinations():
        if not collects:
            gc.disable()
        try:
            boto3.client("sqs")
            Loader().load_service_model("sqs", "service-2")
            assert gc.isenabled() == collects
            with pytest.raises(json.JSONDecodeError):
                Loader(extra_search_paths=[str(tmp_path)]).load_data("bad")
            assert gc.isenabled() == collects
        finally:
            gc.enable()


def written(place, service, operation):
    """A directory with a model of a service that has one operation."""
    own = place / service / "2099-01-01"
    own.mkdir(parents=True)
    described = {**OWN, "operations": {operation: {"name": operation, "http": {"method": "POST"}}}}
    described["metadata"] = {
        **OWN["metadata"],
        "protocol": "json",
        "endpointPrefix": service,
        "signatureVersion": "v4",
    }
    (own / "service-2.json").write_text(json.dumps(described))
    return str(place)


def operations(client):
    """What a client can be asked."""
    return set(client.meta.method_to_api_mapping)


def test_a_session_s_own_directory_of_models_is_no_other_session_s(tmp_path):
    with mock_destinations():
        session = botocore.session.Session()
        session.get_component("data_loader").search_paths.insert(0, written(tmp_path, "sqs", "DoThis"))
        assert operations(session.create_client("sqs")) == {"do_this"}
        assert "send_message" in operations(boto3.client("sqs"))
    with mock_destinations():
        assert "send_message" in operations(boto3.Session().client("sqs"))


def test_a_directory_that_is_added_late_is_looked_in(tmp_path):
    with mock_destinations():
        session = boto3.Session()
        assert "own" not in session.get_available_services()
        session._loader.search_paths.append(written(tmp_path, "own", "DoThis"))
        assert operations(session.client("own")) == {"do_this"}
        assert "own" not in boto3.Session().get_available_services()


def test_sessions_share_what_they_find(destmock):
    first, second = (boto3.Session()._loader for _ in range(2))
    found = first.load_service_model("sqs", "service-2")
    assert second.load_service_model("sqs", "service-2") is found
    assert isinstance(first, Loader)
    assert first is not second


def test_a_session_s_own_reader_of_files_reads_for_no_other(destmock):
    class Reader(JSONFileLoader):
        def load_file(self, path):
            found = super().load_file(path)
            return found and {**found, "read": True}

    session = boto3.Session()
    session._loader.file_loader = Reader()
    assert session._loader.load_service_model("sns", "service-2")["read"]
    assert "read" not in boto3.Session()._loader.load_service_model("sns", "service-2")
