"""What a test has put in the place of botocore's and moto's functions before a mock is asked in the mock."""

import contextlib

import boto3
import pytest
from botocore import auth, awsrequest, hooks, session
from botocore.awsrequest import AWSRequest, HeadersDict
from botocore.compat import HTTPHeaders
from botocore.loaders import create_loader
from moto.core import responses
from moto.core.base_backend import AccountSpecificBackend
from moto.moto_api._internal.moto_random import MotoRandom

from destmock import mock_destinations
from destmock._isolation.patching import Patch, Shared, unless_replaced
from tests.isolation.replaced import is_asked


def called():
    """Make calls that go through all of it."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="1")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"1")


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (auth, "_host_from_url"),
        (awsrequest, "_urljoin"),
        (hooks, "accepts_kwargs"),
        (session, "create_loader"),
        (responses, "method_names_from_class"),
        (responses, "camelcase_to_underscores"),
        (HTTPHeaders, "items"),
        (HeadersDict, "__init__"),
        (MotoRandom, "get_random_string"),
        (AccountSpecificBackend, "_generate_regions"),
    ],
)
def test_a_function_of_a_test_s_own_is_asked(owner, name):
    with mock_destinations():
        called()  # which leaves behind what later mocks know
    assert is_asked(owner, name, called, inside=False)


def test_a_property_of_a_test_s_own_is_asked(monkeypatch):
    real, asked = AWSRequest.body, []
    monkeypatch.setattr(AWSRequest, "body", property(lambda request: asked.append(1) or real.fget(request)))
    with mock_destinations():
        called()
    assert asked


def test_a_loader_of_a_test_s_own_finds_its_models(monkeypatch, tmp_path):
    monkeypatch.setattr(session, "create_loader", lambda _path=None: create_loader(str(tmp_path)))
    with mock_destinations():
        assert str(tmp_path) in boto3.Session()._loader.search_paths


def test_what_a_test_takes_back_inside_of_a_mock_does_not_come_back_after_it(monkeypatch):
    own = auth.SigV4Auth.add_auth
    with contextlib.ExitStack() as stack:
        with monkeypatch.context() as changed:
            changed.setattr(auth.SigV4Auth, "add_auth", lambda signer, request: None)
            stack.enter_context(mock_destinations())
        called()
    assert auth.SigV4Auth.add_auth is own


class Base:
    def inherited(self):
        return "base"


class Owner(Base):
    def own(self):
        return "own"

    @classmethod
    def made(cls):
        return cls.__name__


def _told(real):
    return lambda *given: f"mocked {real(*given)}"


def test_later_mocks_change_what_is_there_then(monkeypatch):
    names = ("own", "inherited")
    shared = Shared([*(Patch(Owner, name, _told) for name in names), Patch(Owner, "more", _told, added=True)])

    def answers():
        with shared.made():
            assert "more" in vars(Owner)
            return [Owner().own(), Owner().inherited()]

    assert answers() == answers() == ["mocked own", "mocked base"]
    with monkeypatch.context() as changed:
        changed.setattr(Owner, "own", lambda _: "other")
        changed.setattr(Base, "inherited", lambda _: "new")
        assert answers() == answers() == ["mocked other", "mocked new"]
    assert answers() == ["mocked own", "mocked base"]
    assert vars(Owner).keys().isdisjoint({"inherited", "more"})


def test_a_class_method_is_replaced_once(monkeypatch):
    shared = Shared([Patch(Owner, "made", lambda real: staticmethod(_told(real)))])
    before, replaced = vars(Owner)["made"], []
    for _ in range(2):
        with shared.made():
            replaced.append(vars(Owner)["made"])
            assert Owner.made() == "mocked Owner"
        assert vars(Owner)["made"] is before
    assert replaced[0] is replaced[1]
    monkeypatch.setattr(Owner, "made", replaced[0])  # as a test does that has kept it
    with shared.made():
        assert vars(Owner)["made"] is replaced[0]


def test_what_a_change_leaves_alone_stays():
    shared = Shared([unless_replaced(Owner, "own", _told)])
    own = Owner.own
    Owner.own = lambda _: "other"
    try:
        for _ in range(2):
            with shared.made():
                assert Owner().own() == "other"
                Owner.own = own  # which the mock doesn't take back
            assert Owner.own is own
            Owner.own = lambda _: "other"
    finally:
        Owner.own = own
    with shared.made():
        assert Owner().own() == "mocked own"
