"""`destmock explore`: every failure, from the command line."""

import json

import pytest

import destmock._cli.explore  # noqa: F401 - what a test with pytester is first to import is forgotten after it

APP = """
import boto3

DB = boto3.client("dynamodb")

def charge(event, context):
    DB.update_item(
        TableName="charges",
        Key={"id": {"S": event["id"]}},
        UpdateExpression="ADD amount :ten",
        ExpressionAttributeValues={":ten": {"N": "10"}},
    )

def charge_once(event, context):
    DB.put_item(TableName="charges", Item={"id": {"S": event["id"]}, "amount": {"N": "10"}})

HANDLERS = {"charge": CHARGE}

def setup():
    DB.create_table(
        TableName="charges",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

def check(destmock):
    amount = DB.get_item(TableName="charges", Key={"id": {"S": "7"}})["Item"]["amount"]["N"]
    assert amount == "10", f"charged {amount}, not 10"
"""
EVENT = ("--event", '{"id": "7"}')
START = ("--start", "2026-01-01")


@pytest.fixture
def shop(write):
    """Writes the app with one of its two functions."""
    return lambda function, name="shop": write(f"{name}.py", APP.replace("CHARGE", function))


def test_it_tells_each_failure_that_the_check_can_t_take(command, shop):
    status, out, err = command("explore", shop("charge"), *EVENT, *START, "--check", "shop:check")
    first, *rest = out.splitlines()
    assert (status, err) == (1, "")
    assert first.startswith("explored 8 failures in ")
    assert rest[:9] == [
        "",
        (
            "the scenario fails when charge, attempt 1, has its event delivered twice: "
            "AssertionError: charged 20, not 10"
        ),
        "repeat with --only charge#1/duplicate",
        "",
        (
            "the scenario fails when charge, attempt 1, dies after dynamodb.UpdateItem (1st AWS call): "
            "AssertionError: charged 20, not 10"
        ),
        "repeat with --only charge#1/crash-after/dynamodb.UpdateItem#1",
        "",
        (
            "the scenario fails when charge, attempt 1, dies after its handler has returned: "
            "AssertionError: charged 20, not 10"
        ),
        "repeat with --only charge#1/crash-end",
    ]
    assert '2026-01-01T00:00:00.000Z charge accepted {"id": "7"}' in rest[12]
    assert rest[13] == "  +0.000 s delivered twice by an injected fault"


def test_a_function_that_passes_all_is_worth_status_0(command, shop):
    status, out, err = command("explore", shop("charge_once"), *EVENT, "--check", "shop:check")
    assert (status, err) == (0, "")
    assert out.startswith("explored 8 failures in ")
    assert out.count("\n") == 1


def test_only_repeats_one_failure(command, shop):
    app, check = shop("charge"), ("--check", "shop:check")
    status, out, _ = command("explore", app, *EVENT, *check, "--only", "charge#1/crash-end")
    assert (status, out.partition(" in ")[0]) == (1, "explored 1 failure")
    status, out, _ = command(
        "explore", app, *EVENT, *check, "--only", "charge#1/crash-before/dynamodb.UpdateItem#1"
    )
    assert (status, out.partition(" in ")[0]) == (0, "explored 1 failure")


def test_bounds_are_taken(command, shop):
    arguments = ("explore", shop("charge"), *EVENT, "--check", "shop:check")
    status, out, _ = command(*arguments, "--kind", "throttle", "--kind", "delay", "--faults", "2")
    assert (status, out.partition(" in ")[0]) == (0, "explored 3 failures")
    status, out, _ = command(*arguments, "--limit", "1", "--function", "charge")
    assert (status, out.partition(" in ")[0]) == (1, "explored 1 of 8 failures")


@pytest.mark.slow
def test_workers_find_the_same_and_a_file_keeps_it(command, shop, tmp_path):
    arguments = ("explore", shop("charge"), *EVENT, *START, "--check", "shop:check")
    _, here, _ = command(*arguments)
    status, there, _ = command(*arguments, "--workers", "2", "--continue", str(tmp_path / "kept.jsonl"))
    assert status == 1
    assert there.splitlines()[1:] == here.splitlines()[1:]
    lines = (tmp_path / "kept.jsonl").read_text("utf-8").splitlines()
    assert len([json.loads(line) for line in lines]) == 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--check", "check"], "--check check: it is 'module:function', such as app:check"),
        (["--check", "shop:nothing"], "--check shop:nothing: module 'shop' has no attribute 'nothing'"),
        (["--check", "nowhere:check"], "--check nowhere:check: No module named 'nowhere'"),
        (
            ["--check", "shop:HANDLERS"],
            "--check shop:HANDLERS: it is a function that raises if something is wrong",
        ),
        (["--check", "shop:check", "--kind", "flood"], "kinds are crash, timeout, duplicate, system_error"),
        (["--check", "shop:check", "--only", "charge"], "'charge' is not the name of a fault"),
        (["--check", "shop:check", "--faults", "0"], "faults is a whole number from 1, not 0"),
        (["--check", "shop:check", "--invoke", "refund"], "there is no function refund; there are: charge"),
        (["--check", "shop:check", "--event", "none.json"], "--event none.json: No such file or directory"),
    ],
)
def test_what_can_t_be_run_is_told_in_one_line(command, shop, arguments, message):
    status, out, err = command("explore", shop("charge"), *EVENT, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"destmock: {message}")


def test_a_file_of_another_scenario_is_refused(command, shop, tmp_path):
    kept = ("--check", "shop:check", "--continue", str(tmp_path / "kept.jsonl"))
    command("explore", shop("charge"), *EVENT, *kept)
    status, _, err = command("explore", shop("charge_once"), *EVENT, *kept)
    assert status == 2
    assert "is of another scenario" in err


def test_an_app_is_needed(command, write):
    status, _, err = command("explore", write("empty.yaml", "Resources: {}"), "--check", "shop:check")
    assert (status, err) == (2, "destmock: name an app (.py); see destmock explore --help\n")
