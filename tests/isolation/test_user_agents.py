"""A call's User-Agent is the one that it has without the mock, also after something of it has changed."""

import boto3
import pytest
from botocore.client import Config
from botocore.context import start_as_current_context
from botocore.useragent import UserAgentString, register_feature_id

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

CONFIGURED = [
    {},
    {"user_agent": "all of it"},
    {"user_agent_extra": "extra/1"},
    {"user_agent_appid": "app"},
    {"retries": {"mode": "standard"}},
    {"retries": {"mode": "adaptive"}},
    {"endpoint_discovery_enabled": True},
]


def client(**options):
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
    return boto3.session.Session().client("sqs", **keys, **options)


def said():
    """What many clients say, once and again."""
    for given in CONFIGURED:
        said_by = client(config=Config(**given))._user_agent_creator
        for feature in (None, None, "WAITER", "PAGINATOR", "WAITER"):
            with start_as_current_context():
                if feature:
                    register_feature_id(feature)
                yield said_by.to_string()


def test_each_client_says_what_it_says_without_the_mock():
    without = [*said()]
    with mock_destinations():
        assert [*said()] == without
    assert len({*without}) > len(CONFIGURED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_session_user_agent_name", "other"),
        ("_session_user_agent_extra", "other"),
        ("_client_features", {"Z"}),
    ],
)
def test_what_a_client_says_may_change(destmock, name, value):
    said_by = client()._user_agent_creator
    before = said_by.to_string()
    assert hasattr(said_by, name)
    setattr(said_by, name, value)
    after = said_by.to_string()
    assert (after != before, after) == (True, UserAgentString.to_string.__wrapped__(said_by))


@pytest.mark.parametrize("inside", [False, True])
def test_a_function_of_a_test_s_own_is_asked(inside):
    assert is_asked(UserAgentString, "to_string", lambda: client().list_queues(), inside=inside)
