"""The diagrams in Mermaid itself (npm's `mermaid`), as a browser draws them."""

import os
from pathlib import Path

import boto3
import pytest

from destmock import mock_destinations, outcomes
from destmock._pictures.graph import Edge, Graph, Node
from destmock._pictures.mermaid import flowchart
from tests.conftest import needs

KINDS = ("source", "lambda", "sqs", "sns", "events", "s3", "other")
NAMES = [
    'a"b]c}d)e',
    "<script>alert('ran')</script>",
    "<img src=x onerror=alert('ran')>",
    "50%#35;",
    "`code` **bold**",
    "}}|",
    "日本 ünïcödé",
    "end",
    "a;b",
    "click n0 call alert('ran')",
    "%%{init: {}}%%",
    "&lt;&amp;",
    "$$x^2$$",
    "- list",
    "1. x",
]


@pytest.fixture(scope="module")
def draw(chromium):
    """Draws a diagram, and answers the words in it."""
    modules = os.environ.get("DESTMOCK_NODE_MODULES", "")
    script = Path(modules, "mermaid", "dist", "mermaid.min.js")
    needs(modules and script.is_file() and str(script), "npm's mermaid (in DESTMOCK_NODE_MODULES)")
    page, seen = chromium.new_page(), []
    page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.add_script_tag(path=script)

    def draw(text):
        return page.evaluate(
            """async (text) => {
                mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
                const { svg } = await mermaid.render("drawn", text);
                document.body.innerHTML = svg;
                return document.querySelector("svg").textContent;
            }""",
            text,
        )

    yield draw
    page.close()
    assert seen == []


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_drawn_as_it_is(draw, name):
    nodes = tuple(Node(kind, kind, name) for kind in KINDS)
    edges = tuple(Edge("lambda", kind, "OnSuccess", name, (("Success", 1),), 1) for kind in KINDS[2:])
    words = draw(flowchart(Graph(nodes, edges)))
    assert words.count(name) == len(nodes) + len(edges)


@pytest.mark.parametrize("name", ["one\ntwo", "\x00\ud800\u202e"])
def test_names_that_no_text_can_hold_are_drawn_without_harm(draw, name):
    assert "Function" not in draw(flowchart(Graph((Node("key", "lambda", name),), ())))


def test_a_story_is_drawn(draw):
    with mock_destinations(handlers={"orders": outcomes(ValueError("no")), "audit": outcomes(1)}) as destmock:
        lam = boto3.client("lambda")
        audit = "arn:aws:lambda:us-east-1:123456789012:function:audit"
        lam.put_function_event_invoke_config(
            FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": audit}}
        )
        lam.invoke(FunctionName="orders", InvocationType="Event")
        words = draw(destmock.diagram())
    for part in ("Invoke", "orders", "audit", "RetriesExhausted 1"):
        assert part in words
