"""`destmock run --record`: production's failures, understood here."""

import io
import json
import sys

import pytest

from destmock._cli.main import main

APP = """
def place_order(event, context):
    if event["quantity"] > 3:
        raise ValueError("only 3 left")

HANDLERS = {"orders": place_order}
"""
ID = "8ce636e4-5806-4724-b8ef-c06f5448664a"


def record(quantity=20, **response):
    error = {"errorMessage": "only 3 left", "errorType": "ValueError", **response}
    return {
        "version": "1.0",
        "requestContext": {
            "requestId": ID,
            "functionArn": "arn:aws:lambda:eu-west-1:999999999999:function:orders:$LATEST",
            "condition": "RetriesExhausted",
        },
        "requestPayload": {"quantity": quantity},
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": error,
    }


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(APP)

    def command(kept, *arguments):
        (tmp_path / "record.json").write_text(json.dumps(kept))
        status = main(["run", "app.py", "--record", "record.json", *arguments])
        return status, capsys.readouterr()

    return command


def test_the_same_error_is_told_with_its_line(run):
    status, printed = run(record())
    kept, replayed, accepted, *rest = printed.out.splitlines()
    assert kept == f"kept:     orders {ID}, RetriesExhausted: ValueError: only 3 left"
    assert replayed == "replayed: orders: the same error: ValueError: only 3 left"
    assert 'accepted {"quantity": 20}' in accepted
    assert '>    4         raise ValueError("only 3 left")' in rest
    assert any(line.endswith('app.py", line 4, in place_order') for line in rest)
    assert status == 1


@pytest.mark.parametrize(
    ("kept", "verdict", "status"),
    [
        (record(quantity=1), "orders: it succeeded this time", 0),
        (record(errorMessage="sold out"), "orders: another error: ValueError: only 3 left", 1),
    ],
)
def test_another_end_is_told_too(run, kept, verdict, status):
    ended, printed = run(kept)
    assert (printed.out.splitlines()[1], ended) == (f"replayed: {verdict}", status)


def test_all_messages_of_a_queue_are_replayed(run):
    messages = [{"Body": json.dumps(record(quantity=number))} for number in (1, 20)]
    status, printed = run({"Messages": messages}, "--json")
    told = json.loads(printed.out)
    assert [each["sameError"] for each in told["replays"]] == [False, True]
    assert [each["event"] for each in told["invocations"]] == [{"quantity": 1}, {"quantity": 20}]
    assert told["replays"][1]["recordRequestId"] == ID
    assert status == 1


def test_a_record_is_read_from_standard_input(run, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(record()).encode())))
    assert main(["run", "app.py", "--record", "-"]) == 1
    assert "the same error" in capsys.readouterr().out


def test_the_debugger_stops_where_the_handler_failed(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("p event\nq\n"))
    _, printed = run(record(), "--pdb")
    assert "app.py(4)place_order()" in printed.out
    assert "{'quantity': 20}" in printed.out


def test_the_debugger_has_nothing_to_show_of_a_success(run):
    status, printed = run(record(quantity=1), "--pdb")
    assert printed.out.splitlines()[-1] == "there is no failure to stop at"
    assert status == 0


@pytest.mark.parametrize(
    ("kept", "arguments", "told"),
    [
        ({}, (), "--record record.json: this is neither an invocation record nor a dead-letter message"),
        (record(), ("--invoke", "nobody"), "there is no function nobody"),
    ],
)
def test_what_cannot_be_replayed_is_refused(run, kept, arguments, told):
    status, printed = run(kept, *arguments)
    assert status == 2
    assert told in printed.err


def test_a_file_that_is_not_there_is_refused(run, capsys):
    run(record())
    assert main(["run", "app.py", "--record", "none.json"]) == 2
    assert "--record none.json: No such file or directory" in capsys.readouterr().err
    assert main(["run", "app.py", "--pdb"]) == 2
    assert "--pdb needs --record" in capsys.readouterr().err
