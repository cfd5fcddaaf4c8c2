"""Who ends a mock, and when: the process holds it until then, and nothing of it stays afterwards."""

import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
from unittest.mock import patch

import boto3
import pytest
from moto.core.models import MockAWS

from destmock import DestmockError, InactiveError, LeftoverError, mock_destinations
from destmock._engine.active import active
from tests.mock.program import functions, ok, payloads, queues, send


def key():
    return boto3.Session().get_credentials().access_key


@pytest.fixture(autouse=True)
def _own_key(_same_environment):
    with patch.dict(os.environ, {"AWS_ACCESS_KEY_ID": "MINE", "AWS_SECRET_ACCESS_KEY": "SECRET"}):
        yield


# The process holds a mock


def test_a_mock_that_nobody_has_a_name_for_stays_active():
    destmock = mock_destinations({"orders": ok}).start()
    try:
        gc.collect()
        assert key() == "FOOBARKEY"
        assert queues() == []
        send()
        assert payloads(destmock) == [{}]
    finally:
        mock_destinations().stop()
    assert key() == "MINE"


def test_a_mock_whose_name_is_gone_stays_active():
    mock = mock_destinations()
    mock.start()
    del mock
    gc.collect()
    assert key() == "FOOBARKEY"
    mock_destinations().stop()
    assert key() == "MINE"


def test_a_program_may_end_without_stopping_it():
    """What runs when the interpreter ends, still meets the mock."""
    program = """
        import atexit
        import boto3
        atexit.register(lambda: print(boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]))
        from destmock import mock_destinations
        mock_destinations({"orders": lambda event, context: 1}).start()
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "https://sqs.us-east-1.amazonaws.com/123456789012/q\n",
        "",
    )


# Any object may stop it, as with moto


def test_another_object_stops_the_mock_that_was_started_last():
    first, second = mock_destinations({"orders": ok}), mock_destinations({"audit": ok})
    first.start()
    second.start()
    mock_destinations().stop()
    assert functions() == ["orders"]
    mock_destinations().stop()
    assert key() == "MINE"
    with pytest.raises(DestmockError, match=r"^stop\(\) without a start\(\)"):
        mock_destinations().stop()
    with pytest.raises(DestmockError, match=r"^stop\(\) without a start\(\)"):
        first.stop()


def test_another_object_is_as_strict_as_the_one_that_started():
    mock_destinations({"orders": ok}, autorun=False).start()
    send()
    with pytest.raises(LeftoverError):
        mock_destinations(strict=False).stop()
    assert key() == "MINE"


def test_another_object_doesn_t_end_the_mock_of_a_with_block():
    with mock_destinations({"orders": ok}):
        with pytest.raises(DestmockError, match=r"^stop\(\) without a start\(\)"):
            mock_destinations().stop()
        assert functions() == ["orders"]


def test_an_object_that_has_stopped_doesn_t_end_somebody_else_s_mock():
    mock = mock_destinations()
    mock.start()
    mock.stop()
    mock_destinations({"orders": ok}).start()
    with pytest.raises(DestmockError, match=r"^stop\(\) without a start\(\)"):
        mock.stop()
    assert functions() == ["orders"]
    mock_destinations().stop()


# In any order


def test_a_mock_that_ends_before_a_later_one_is_over_and_the_later_one_goes_on():
    first, second = mock_destinations({"orders": ok}), mock_destinations({"audit": ok})
    outer, inner = first.start(), second.start()
    first.stop()
    with pytest.raises(InactiveError):
        outer.advance(1)
    send("audit", b"1")
    assert key() == "FOOBARKEY"
    second.stop()
    assert (payloads(inner), key()) == ([1], "MINE")


def test_a_mock_that_ends_before_a_later_one_is_strict():
    first, second = mock_destinations({"orders": ok}, autorun=False), mock_destinations()
    first.start()
    send()
    second.start()
    with pytest.raises(LeftoverError):
        first.stop()
    second.stop()
    assert key() == "MINE"


def test_a_generator_that_is_closed_late_ends_its_mock():
    def steps():
        with mock_destinations():
            yield

    program, mock = steps(), mock_destinations()
    next(program)
    mock.start()
    program.close()
    assert key() == "FOOBARKEY"
    mock.stop()
    assert key() == "MINE"


def test_threads_whose_mocks_overlap_leave_the_process_as_it_was():
    before, wrong = (dict(os.environ), time.time, threading.Thread.start), []

    def use(number):
        try:
            for _ in range(3):
                with mock_destinations({"orders": ok}) as destmock:
                    boto3.client("sqs", "us-east-1").list_queues()
                    destmock.advance(1)
        except BaseException as error:
            wrong.append((number, error))

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert (dict(os.environ), time.time, threading.Thread.start) == before
    assert (active, MockAWS._nested_count, key()) == ([], 0, "MINE")


def test_one_decorated_function_in_several_threads():
    """Each call has the mock that it began."""
    together, found = threading.Barrier(2, timeout=20), []

    @mock_destinations({"orders": ok})
    def use(destmock):
        together.wait()
        destmock.advance(1)
        together.wait()
        found.append(destmock)

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(destmock) for destmock in found}) == 2
    assert key() == "MINE"


def test_the_process_comes_back_when_the_end_itself_fails(monkeypatch):
    mock = mock_destinations()
    mock.start()
    monkeypatch.setattr(mock, "_ending", lambda destmock: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mock.stop()
    assert key() == "MINE"
