"""The same program gives the same facts, byte for byte: on every run, and on every Python."""

import contextlib
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import boto3
import pytest
from moto.moto_api._internal import mock_random

from destmock import mock_destinations

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
PROGRAM = SNAPSHOTS / "program.py"
#: Some ids in it are moto's, and which those are may change with moto.
SNAPSHOT = SNAPSHOTS / f"timeline-moto-{version('moto')}.txt"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def run(hash_seed, runs=1, **options):
    """The facts that the program prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, PROGRAM, json.dumps(options), str(runs)],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        check=True,
        capture_output=True,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def facts():
    [facts] = run(1, start=START.isoformat())
    return facts


def test_two_processes_give_the_same_facts(facts):
    [others] = run(2, start=START.isoformat())
    assert others == facts


def test_what_ran_before_in_the_process_changes_nothing(facts):
    assert run(3, runs=2, start=START.isoformat()) == [facts, facts]


@pytest.mark.skipif(not SNAPSHOT.exists(), reason="the snapshot is of another moto")
def test_the_timeline_is_the_committed_one(facts):
    """Written with `python tests/snapshots/program.py '{"start": "2026-01-01T00:00:00+00:00"}' 1`."""
    assert facts["timeline"] == SNAPSHOT.read_text("utf-8").rstrip("\n")


def test_another_seed_changes_every_id(facts):
    [others] = run(1, start=START.isoformat(), seed=7)
    assert others["now"] == facts["now"]
    ids, other_ids = (set(UUID.findall(json.dumps(one))) for one in (facts, others))
    assert len(ids) > 50
    assert not ids & other_ids


def some_ids():
    """An id of destmock's, and four that moto makes up in its own ways."""
    sqs, events, lam = boto3.client("sqs"), boto3.client("events"), boto3.client("lambda")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sent = sqs.send_message(QueueUrl=url, MessageBody="x")["MessageId"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    put = events.put_events(Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}])["Entries"]
    answer = lam.invoke(FunctionName="echo", InvocationType="Event")
    request_id = answer["ResponseMetadata"]["RequestId"]
    return [request_id, sent, message["ReceiptHandle"], put[0]["EventId"]]


def ids_with(**options):
    with mock_destinations(handlers={"echo": lambda event, context: None}, **options):
        return some_ids()


def test_a_seed_gives_the_same_ids_at_any_time():
    assert ids_with(seed=7) == ids_with(seed=7)
    assert ids_with(seed=7, start=START) == ids_with(seed=7)


@pytest.mark.parametrize("options", [{"seed": 8}, {"start": START}, {}])
def test_other_seeds_differ(options):
    assert not set(ids_with(**options)) & set(ids_with(seed=7))


def test_without_start_and_seed_two_runs_differ():
    assert not set(ids_with()) & set(ids_with())


def test_an_id_of_destmock_s_is_none_of_moto_s():
    """Both follow from one number, but not in the same way."""
    assert len(set(ids_with(seed=7))) == 4


def test_moto_goes_on_as_if_nothing_had_been_seeded():
    mock_random.seed(3)
    expected = [mock_random.uuid4() for _ in range(3)]
    mock_random.seed(3)
    found = [mock_random.uuid4()]
    with mock_destinations(seed=7):
        outer = mock_random.uuid4()
        with mock_destinations(seed=7):
            assert mock_random.uuid4() == outer
        following = mock_random.uuid4()
    found.append(mock_random.uuid4())
    with contextlib.suppress(ZeroDivisionError), mock_destinations(start=START):
        mock_random.uuid4()
        raise ZeroDivisionError
    found.append(mock_random.uuid4())
    assert found == expected
    with mock_destinations(seed=7):
        assert [mock_random.uuid4(), mock_random.uuid4()] == [outer, following]


def test_without_a_seed_moto_s_own_seed_holds():
    mock_random.seed(3)
    expected = mock_random.uuid4()
    mock_random.seed(3)
    with mock_destinations():
        assert mock_random.uuid4() == expected


def test_inside_the_mock_moto_s_own_seed_holds():
    mock_random.seed(3)
    expected = mock_random.uuid4()
    with mock_destinations(start=START):
        mock_random.seed(3)
        assert mock_random.uuid4() == expected


@pytest.mark.parametrize("name", ["seed", "history"])
@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-1, ValueError, "can't be negative: -1"),
        (1.5, TypeError, "is a whole number, not 1.5"),
        ("7", TypeError, "is a whole number, not '7'"),
        (True, TypeError, "is a whole number, not True"),
    ],
)
def test_what_is_no_number_is_refused(name, value, error, text):
    with pytest.raises(error, match=f"^{name} {text}$"):
        mock_destinations(**{name: value})


@pytest.mark.destmock(start=START)
def test_a_table_made_anew_at_the_same_moment_has_a_stream_of_its_own(destmock):
    dynamodb = boto3.client("dynamodb")
    labels = []
    for _ in range(3):
        table = dynamodb.create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )["TableDescription"]
        labels.append(table["LatestStreamLabel"])
        dynamodb.delete_table(TableName="items")
    assert labels == [f"2026-01-01T00:00:00.00{n}" for n in range(3)]
