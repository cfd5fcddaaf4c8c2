"""What botocore notes of a call begins and ends with it in a mock as it does without one."""

import boto3
import pytest
from botocore import context as contexts
from botocore.context import ClientContext, get_context
from botocore.useragent import register_feature_id

from destmock import mock_destinations
from tests.isolation.replaced import is_asked


@pytest.fixture(params=[False, True], ids=["without", "mock"], autouse=True)
def mock(request):
    if request.param:
        request.getfixturevalue("destmock")


def test_a_context_is_there_until_it_ends():
    with contexts.start_as_current_context() as given:
        register_feature_id("WAITER")
        assert (given, get_context().features) == (None, {"B"})
    assert get_context() is None


def test_an_inner_one_begins_with_what_the_outer_one_has_and_keeps_to_itself_what_it_adds():
    with contexts.start_as_current_context():
        register_feature_id("WAITER")
        with contexts.start_as_current_context():
            register_feature_id("PAGINATOR")
            assert get_context().features == {"B", "C"}
        assert get_context().features == {"B"}


def test_one_that_is_given_is_copied():
    given = ClientContext(features={"B"})
    with contexts.start_as_current_context(given):
        register_feature_id("PAGINATOR")
        assert get_context().features == {"B", "C"}
    assert given.features == {"B"}


def test_an_error_ends_it():
    with pytest.raises(ZeroDivisionError), contexts.start_as_current_context():
        1 / 0  # noqa: B018
    assert get_context() is None


def test_as_a_decorator_it_is_begun_for_each_call():
    @contexts.start_as_current_context()
    def nested(depth):
        found.append(sorted(get_context().features))
        register_feature_id("WAITER" if depth else "PAGINATOR")
        return depth and nested(depth - 1)

    found = []
    assert nested(1) == nested(0) == 0
    assert (found, get_context()) == ([[], ["B"], []], None)


def test_each_call_says_what_it_uses_and_no_other_does():
    said = []
    sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
    sqs.meta.events.register("before-call", lambda params, **_: said.append(params["headers"]["User-Agent"]))
    with mock_destinations():
        [*sqs.get_paginator("list_queues").paginate()]
        sqs.list_queues()
    features = [text.partition(" m/")[2].partition(" ")[0].split(",") for text in said]
    assert ["C" in of_call for of_call in features] == [True, False]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    "name", ["start_as_current_context", "get_context", "set_context", "reset_context", "ClientContext"]
)
def test_each_step_is_asked_where_a_test_has_put_its_own(name, inside):
    assert is_asked(contexts, name, lambda: boto3.client("sqs").list_queues(), inside=inside)
