"""What stays for the whole process is made without the garbage collector's looking through it."""

import ast
import gc
import weakref

import boto3
import pytest

from destmock import mock_destinations
from destmock._importing import all_of_it_stays
from tests.programs import printed
from tests.versions import since_moto


class Node:
    """Something that holds itself."""

    def __init__(self):
        self.itself = self


def test_the_collector_waits_and_goes_on():
    with all_of_it_stays():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_is_made_counts_as_old_where_nothing_is_frozen():
    program = """
        import gc
        from destmock._importing import all_of_it_stays

        frozen = gc.get_freeze_count()
        gc.collect()
        with all_of_it_stays():
            made = [[] for _ in range(3)]
        young = [each for generation in (0, 1) for each in gc.get_objects(generation)]
        print([[any(each is other for other in young) for each in made], frozen, gc.get_freeze_count()])
    """  # in a process of its own: other tests may have frozen something
    are_young, before, after = ast.literal_eval(printed(program))
    assert are_young == [before > 0] * 3  # Python 3.12 begins with some that it has frozen itself
    assert after == before


def test_garbage_is_found_all_the_same():
    found = weakref.ref(Node())
    with all_of_it_stays():
        other = weakref.ref(Node())
    gc.collect()
    assert found() is other() is None


def test_an_error_leaves_the_collector_as_it_was():
    with pytest.raises(ZeroDivisionError), all_of_it_stays():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_a_program_without_the_collector_has_none_afterwards():
    gc.disable()
    try:
        with all_of_it_stays():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_a_program_has_frozen_stays_frozen():
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with all_of_it_stays():
            made = Node()
        assert gc.get_freeze_count() >= frozen - 1_000  # some of them may have gone
        assert made in gc.get_objects()
    finally:
        gc.unfreeze()


def used(calls):
    """What a test has handed to a mock, in which a queue and a topic have been used."""

    def handler(event, context):
        return event

    with mock_destinations(handlers={"orders": handler}):
        sqs, sns = (boto3.client(name, region_name="us-east-1") for name in ("sqs", "sns"))
        inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        topic = sns.create_topic(Name="told")["TopicArn"]
        arn = topic.replace(":sns:", ":sqs:").replace("told", "inbox")
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        for _ in range(calls):
            sns.publish(TopicArn=topic, Message="hello")
            assert sqs.receive_message(QueueUrl=inbox)["Messages"]
    return weakref.ref(handler)


@pytest.fixture
def no_collector():
    """The garbage collector only works when it is asked."""
    used(1)
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_what_a_mock_has_been_given_goes_with_it_without_the_collector(no_collector):
    assert used(2)() is None


@since_moto("5.2.4", "has requests that refer to themselves")
def test_calls_leave_nothing_to_the_collector(no_collector):
    def left(calls):
        gc.collect()
        used(calls)
        return gc.collect()

    left(1)
    assert left(2) == left(5)  # a session refers to itself, as without a mock
