"""`diagram()`: a flowchart in Mermaid's language."""

import json
import re
from datetime import datetime, timezone
from pathlib import Path

import boto3
import first_trial
import pytest

from destmock import mock_destinations, outcomes
from destmock._pictures.graph import Edge, Graph, Node
from destmock._pictures.mermaid import encoded, flowchart

README = Path(__file__).parents[2] / "destmock" / "_pictures" / "README.md"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"


def put(lam, name, qualifier=None, **destinations):
    config = {key: {"Destination": arn} for key, arn in destinations.items()}
    extra = {} if qualifier is None else {"Qualifier": qualifier}
    lam.put_function_event_invoke_config(FunctionName=name, DestinationConfig=config, **extra)


def invoke(lam, name, payload=b"{}"):
    lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def edges(destmock):
    """The edges of the diagram, with labels in place of the ids."""
    text = destmock.diagram()
    names = dict(re.findall(r'^    (n\d+)[^\w ]+"(.*)"[^\w ]+$', text, re.MULTILINE))
    found = re.findall(r'^    (n\d+) (\S+)\|"(.*)"\| (n\d+)$', text, re.MULTILINE)
    return [(names[start], arrow, label, names[end]) for start, arrow, label, end in found]


@pytest.mark.destmock(handlers={"orders": outcomes({"ok": 1}, ValueError("no stock")), "ship": outcomes(1)})
def test_each_way_is_labelled_with_its_condition_and_how_often_it_was_taken(destmock, lam, make_queue):
    put(lam, "orders", OnSuccess=f"{FUNCTION}ship", OnFailure=make_queue("failed"))
    put(lam, "ship", OnFailure=make_queue("failed"))
    invoke(lam, "orders")
    invoke(lam, "orders")
    assert destmock.diagram() == (
        "flowchart LR\n"
        '    n0(["Invoke"])\n'
        '    n1["orders"]\n'
        '    n2["ship"]\n'
        '    n3[/"SQS queue failed"/]\n'
        '    n0 -->|"2"| n1\n'
        '    n1 -->|"On success 1"| n2\n'
        '    n1 -->|"RetriesExhausted 1"| n3\n'
        '    n2 -->|"On failure 0"| n3\n'
    )


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("no stock"))})
def test_a_dead_letter_queue_is_dashed(destmock, lam, make_queue):
    lam.update_function_configuration(
        FunctionName="orders", DeadLetterConfig={"TargetArn": make_queue("dead")}
    )
    assert edges(destmock) == [("orders", "-.->", "Dead letter 0", "SQS queue dead")]
    invoke(lam, "orders")
    assert ("orders", "-.->", "Dead letter 1", "SQS queue dead") in edges(destmock)


@pytest.mark.destmock(handlers={"orders": outcomes(1)}, strict=False)
def test_what_did_not_arrive_is_marked(destmock, lam, sqs, make_queue):
    put(lam, "orders", OnSuccess=make_queue("done"))
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="done")["QueueUrl"])
    invoke(lam, "orders")
    assert ("orders", "-->", "On success 1 (1 FAILED)", "SQS queue done") in edges(destmock)
    assert "linkStyle 1 stroke:#b3261e" in destmock.diagram()


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_a_way_of_an_alias_has_its_name(destmock, lam, make_queue):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    put(lam, "orders", qualifier="live", OnSuccess=make_queue("done"))
    lam.invoke(FunctionName="orders", Qualifier="live", InvocationType="Event")
    assert edges(destmock) == [
        ("Invoke", "-->", "live: 1", "orders"),
        ("orders", "-->", "live: On success 1", "SQS queue done"),
    ]


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("no stock"))})
def test_an_event_that_nobody_was_told_of_is_counted_at_its_function(destmock, lam):
    invoke(lam, "orders")
    assert '["orders<br/>1 dropped"]' in destmock.diagram()


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_what_a_mapping_reads_is_the_same_node_as_the_destination(destmock, lam, sqs, make_queue):
    queue = make_queue("jobs", VisibilityTimeout="30")
    destmock.handler("first", outcomes(1))
    put(lam, "first", OnSuccess=queue)
    lam.create_event_source_mapping(FunctionName="orders", EventSourceArn=queue)
    invoke(lam, "first")
    assert edges(destmock) == [
        ("Invoke", "-->", "1", "first"),
        ("first", "-->", "On success 1", "SQS queue jobs"),
        ("SQS queue jobs", "-->", "1", "orders"),
    ]


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_namesakes_are_told_apart_by_region(destmock):
    for region in ("eu-west-1", "us-east-1"):
        boto3.client("lambda", region_name=region).invoke(FunctionName="orders", InvocationType="Event")
    assert '["orders (eu-west-1, 123456789012)"]' in destmock.diagram()
    assert '["orders (us-east-1, 123456789012)"]' in destmock.diagram()


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_a_function_that_nobody_has_called_is_there(destmock):
    assert destmock.diagram() == 'flowchart LR\n    n0["orders"]\n'


def test_it_can_be_had_after_the_mock_has_ended():
    with mock_destinations(handlers={"orders": outcomes(1)}) as destmock:
        lam, sqs = boto3.client("lambda"), boto3.client("sqs")
        sqs.create_queue(QueueName="done")
        put(lam, "orders", OnFailure="arn:aws:sqs:us-east-1:123456789012:done")
        invoke(lam, "orders")
        before = destmock.diagram()
    assert "On failure 0" in before
    assert destmock.diagram() == before


def test_it_is_the_same_on_every_run():
    def run():
        start = datetime(2026, 1, 1, tzinfo=timezone.utc)
        with mock_destinations(handlers={"b": outcomes(1), "a": outcomes(1)}, start=start) as destmock:
            for name in ("b", "a"):
                invoke(boto3.client("lambda"), name)
            return destmock.diagram()

    assert run() == run()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ('a"b', "a#34;b"),
        ("<script>", "#60;script#62;"),
        ("a]b", "a#93;b"),
        ("50%#35;", "50#37;#35;35#59;"),
        ("`x`", "#96;x#96;"),
        ("one\ntwo\x00\ud800", "one#65533;two#65533;#65533;"),
        ("1. x - y", "1#46; x #45; y"),
        ("日本-é", "日本-é"),
        ("\u202e", "#8238;"),
    ],
)
def test_a_name_cannot_break_out_of_its_label(name, expected):
    assert encoded(name) == expected
    text = flowchart(Graph((Node("key", "source", name),), (Edge("key", "key", "OnSuccess", name),)))
    assert text.splitlines()[1:] == [f'    n0(["{expected}"])', f'    n0 -->|"{expected}: On success 0"| n0']


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_the_readme_can_hold_it(destmock, lam):
    """It is ASCII for ASCII names, with nothing that ends a code block."""
    invoke(lam, "orders", json.dumps({"a": "```"}).encode())
    assert destmock.diagram().isascii()
    assert "`" not in destmock.diagram()


def test_the_readme_s_diagram_is_that_of_the_first_trial():
    handlers = {
        "destination-sample": first_trial.destination_sample,
        "sample-success": first_trial.on_success,
        "sample-failure": first_trial.on_failure,
        "sample-success-2": first_trial.on_success,
    }
    with mock_destinations(handlers=handlers) as destmock:
        first_trial.main.__wrapped__(destmock)
    [block] = re.findall(r"^```mermaid\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert block == destmock.diagram()
