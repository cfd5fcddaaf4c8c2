"""The examples run as a user runs them, and print what they promise."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import destmock._mock.mock  # noqa: F401 - inner runs in this process must not be the first to import moto

pytestmark = pytest.mark.slow  # a process for each
ROOT = Path(__file__).parents[2]
#: Examples of more than sixty lines, and how many they may have.
LONG = {
    "first_trial.py": 80,
    "approval.py": 110,
    "durable_charge.py": 90,
    "every_failure.py": 230,
    "test_refunds.py": 280,
}


@pytest.fixture
def run(forks):
    """Runs an example, with warnings as errors, and answers what it prints."""

    def run(name):
        done = forks.run(ROOT / "examples" / name, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def objects(output):
    """Every JSON object that stands in the output on lines of its own."""
    return [json.loads(text) for text in re.findall(r"^\{$.*?^\}$", output, re.MULTILINE | re.DOTALL)]


def test_the_first_trial_shows_both_records_the_logs_and_the_overwritten_destination(run):
    output = run("first_trial.py")
    assert output.count("StatusCode: 202") == 2
    success, failure, config = objects(output)
    assert success["requestContext"]["condition"] == "Success"
    assert success["requestContext"]["approximateInvokeCount"] == 1
    assert success["responsePayload"] == {"statusCode": 200, "body": {"Success": True}}
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["requestContext"]["approximateInvokeCount"] == 3
    assert failure["requestPayload"] == {"Success": False}
    error = failure["responsePayload"]
    assert error["errorMessage"] == "('Success is False', {'Success': False})"
    assert error["errorType"] == "Exception"
    assert "in destination_sample" in error["stackTrace"][0]
    assert '| on-success received {"version": "1.0"' in output
    assert re.search(r"\| \[ERROR\]\t\S+Z\t[0-9a-f-]{36}\ton-failure received", output)
    assert "('Success is False', {'Success': False}) (first_trial.py:16), 120 s after the last" in output
    assert config["OnSuccess"]["Destination"].endswith(":sample-success-2")
    assert config["OnFailure"]["Destination"].endswith(":sample-failure")


def test_every_failure_of_five_programs_and_none_of_the_mended_ones(run):
    lines = run("every_failure.py").splitlines()
    assert [line.split(": ")[0] for line in lines[::3]] == [
        "orders_are_counted",
        "a_receipt_is_sent",
        "both_orders_are_added",
        "a_file_is_moved",
        "one_piece_is_shipped",
    ]
    assert all("failures break it; the first:" in line for line in lines[::3])
    assert all(line.startswith("  the scenario fails when ") for line in lines[1::3])
    assert all(line.startswith("  mended: 0 of ") for line in lines[2::3])


def test_a_failed_order_is_read_from_the_queue(run):
    assert run("failed_orders.py").splitlines() == [
        "order 2: RetriesExhausted after 2 attempts: only 3 left of lamp",
        "virtual time that took: 60 s",
    ]


def test_the_test_beside_an_example_passes():
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "examples/test_failed_orders.py"]
    result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert "2 passed" in result.stdout


@pytest.mark.skipif(
    find_spec("aws_durable_execution_sdk_python") is None, reason="AWS's durable SDK needs Python 3.11"
)
def test_an_order_waits_for_its_approval(run):
    lines = run("approval.py").splitlines()
    assert [line.partition(": ")[2] for line in lines[:3]] == [
        "order-1, order-2, order-3 to decide on",
        "order-3 to decide on",
        "order-3 to decide on",
    ]
    assert lines[3:] == [
        "warehouse: ['order 1, shelf 12, approved by Ann']",
        """dead: ['{"order": 2}', '{"order": 3}']""",
        "order-1 SUCCEEDED",
        "order-2 FAILED: too dear",
        "order-3 FAILED: Callback timed out",
    ]


def test_an_order_comes_by_http_and_its_failure_is_kept(run):
    assert run("shop.py").splitlines() == [
        "the customer hears 202",
        "after 3 attempts: only 3 left of lamp",
        "api POST /orders: Success",
    ]


@pytest.mark.parametrize(("tests", "passed"), [("test_shop.py", 5), ("test_refunds.py", 19)])
def test_the_tests_of_an_application_pass(tests, passed):
    command = [sys.executable, "-m", "pytest", "-q", "-n0", f"examples/{tests}"]
    result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert f"{passed} passed" in result.stdout, result.stdout


def test_both_teams_hear_of_a_success(run):
    assert run("fan_out.py").splitlines() == [
        "gallery (in SNS's envelope): {'key': 'cat.png'} -> {'width': 128, 'height': 96}",
        "billing (raw): {'key': 'cat.png'} -> {'width': 128, 'height': 96}",
    ]


def test_a_chain_tells_where_it_broke(run):
    assert run("chain.py").splitlines() == [
        "pack: Success (Invoke)",
        "send: Success (OnSuccess of pack)",
        "notify: RetriesExhausted (OnSuccess of send)",
        "nobody was told that notify failed: LookupError('no address for 7')",
    ]


def test_deployed_code_fails_as_on_aws(run):
    assert run("deployed_code.py").splitlines() == [
        "RetriesExhausted {'sku': 'lamp', 'quantity': 2}",
        "KeyError 'lamp'",
        '  File "/var/task/handler.py", line 5, in handle',
        '    return {"total": price_of(event["sku"]) * event["quantity"]}',
        '  File "/var/task/prices.py", line 3, in price_of',
        '    return {"chair": 40}[sku]',
    ]


def test_time_driven_by_hand_is_the_same_on_every_run(run):
    output = run("by_hand.py")
    assert output == run("by_hand.py")
    assert output.splitlines()[:6] == [
        "00:00:00 accepted, 1 pending",
        "00:00:00 <Attempt 1 at +0 s: Error TimeoutError('no answer')>",
        "00:00:59 1 attempt so far",
        "00:01:00 2 attempts so far",
        "00:01:00 attempt 3 is due at 00:03:00",
        "00:03:00 Success",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "from_sns",
            [
                "RetriesExhausted: no mail server for Welcome",
                "the message was 'Hello, Ann' to arn:aws:sns:us-east-1:123456789012:welcome",
            ],
        ),
        (
            "from_s3",
            ["Success: {'key': 'in/my cat.png', 'bytes': 20, 'eTag': '5ffc0cc0bbb9bfbfaacf0680e9f525ff'}"],
        ),
        (
            "from_eventbridge",
            [
                "Lambda Function Invocation Result - Failure",
                "{'order': 7} -> card of order 7 declined",
            ],
        ),
        (
            "from_logs",
            ["Success: {'group': '/aws/lambda/shop', 'errors': [{'level': 'ERROR', 'total': -3}]}"],
        ),
        ("from_sqs", ["dead letters: ['to Atlantis']", "virtual time that took: 90 s"]),
        (
            "from_kinesis",
            ["RetryAttemptsExhausted after 2", "1 record of shardId-000000000000, number 3"],
        ),
        ("from_dynamodb", ["RetriesExhausted: account 7 is frozen"]),
        (
            "rotation",
            [
                "the secret is still 'old'",
                "+0.000 s Error ConnectionError: the database does not take 'new' (rotation.py:17)",
            ],
        ),
        ("from_firehose", ["clean: {'page': '/'}", "failed: Lambda.ProcessingFailedStatus"]),
        (
            "from_iot",
            ["IoT rule heat: Success, 1 attempts", "IoT rule heat: RetriesExhausted, 3 attempts"],
        ),
        (
            "from_alarm",
            [
                "CloudWatch alarm failed-orders: RetriesExhausted, 3 attempts",
                "CloudWatch alarm failed-orders: Success, 1 attempts",
            ],
        ),
    ],
)
def test_each_trigger_has_an_example(run, name, expected):
    assert run(f"{name}.py").splitlines() == expected


def test_a_night_of_virtual_time(run):
    told = run("nightly.py").splitlines()
    assert told[:3] == [
        "02:00:00: attempt 1: the warehouse does not answer",
        "02:11:00: attempt 2: the warehouse does not answer",
        "02:23:00: attempt 3: the warehouse does not answer",
    ]
    assert told[-2].startswith("2026-01-02T02:34:00.000Z page invoked synchronously")


def test_a_double_charge_is_found_and_mended(run):
    assert run("double_charge.py").splitlines() == [
        "charge: Ann pays 80 for a lamp of 40",
        "charge_once: Ann pays 40 for a lamp of 40",
    ]


@pytest.mark.skipif(
    find_spec("aws_durable_execution_sdk_python") is None or sys.version_info < (3, 11),
    reason="AWS's durable SDK needs Python 3.11",
)
def test_a_durable_order_that_charges_twice_is_found_and_mended(run):
    told = run("durable_charge.py").splitlines()
    failed, why = (
        "  the scenario fails when orders, attempt 1,",
        "AssertionError: Ann pays 80 for a lamp of 40",
    )
    assert told == [
        "charge: 4 of 21 failures break the order",
        f"{failed} has its event delivered twice: {why}",
        f"{failed} dies after dynamodb.UpdateItem (1st AWS call): {why}",
        "charge_once: 0 of 21 failures break the order",
    ]


def test_a_sam_template_has_both_destinations_of_sam_s_own(run):
    assert run("sam_app.py").splitlines() == [
        "SAM made PlaceOrderEventInvokeConfigOnSuccessTopic and PlaceOrderEventInvokeConfigOnFailureQueue",
        "to the topic: {'placed': 1}",
        "to the queue: {'id': 2, 'sku': 'lamp', 'quantity': 20} -> only 3 left of lamp",
    ]


def test_each_example_is_short_enough_to_read():
    for example in (ROOT / "examples").glob("*.py"):
        limit = LONG.get(example.name, 60)
        assert len(example.read_text().splitlines()) < limit, example.name
