"""What an input transformer makes of an event, and which inputs EventBridge refuses."""

import pytest
from botocore.exceptions import ClientError

from tests.services.triggers import put, rule

PATHS = {
    "payload": "$.detail.payload",
    "tags": "$.detail.tags",
    "name": "$.detail.name",
    "count": "$.detail.count",
    "yes": "$.detail.yes",
    "missing": "$.detail.not.there",
}
DETAIL = {"payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}, "tags": ["ACTIVE", "INACTIVE"]}
DETAIL |= {"name": "Anna", "count": 3, "yes": True}


@pytest.fixture
def filled(events, make_queue, messages):
    """What a queue gets that is a rule's target with this template."""

    def filled(template):
        transformer = {"InputPathsMap": PATHS, "InputTemplate": template}
        rule(events, {"source": ["shop"]}, {"Arn": make_queue("seen"), "InputTransformer": transformer})
        put(events, DETAIL)
        return [message["Body"] for message in messages("seen")]

    return filled


@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('{"command": <missing>}', '{"command": ""}'),
        ('{"command": "<missing>"}', '{"command": ""}'),
        ('"detail <missing>"', '"detail "'),
    ],
)
def test_a_variable_whose_path_finds_nothing_is_the_empty_text(filled, template, body):
    assert filled(template) == [body]


@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('"Payload of <payload>"', '"Payload of {acc_id:0a787ecb-4015,sf_id:baz}"'),
        ('"Tags: <tags>"', '"Tags: [ACTIVE,INACTIVE]"'),
        ('"It is <yes>, <count> times"', '"It is true, 3 times"'),
        ('"<name> one"\n"<missing> two"', '"Anna one"\n" two"'),
    ],
)
def test_an_object_in_a_text_loses_its_quotes(filled, template, body):
    assert filled(template) == [body]


@pytest.mark.parametrize(
    "template",
    ['{"payload": "<payload>"}', '{"p": "users/<payload>", "b": <payload>}', '{"tags": "<tags>"}'],
)
def test_an_object_inside_quotes_makes_no_json_and_the_target_gets_nothing(filled, template):
    assert filled(template) == []


def test_an_object_outside_quotes_and_a_text_inside_them_are_json(filled):
    body = '{"all": {"acc_id":"0a787ecb-4015","sf_id":"baz"}, "who": "users/Anna"}'
    assert filled('{"all": <payload>, "who": "users/<name>"}') == [body]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"InputTransformer": {"InputPathsMap": {"a": "$.id"}, "InputTemplate": '"<a> <b>"'}},
            "InputTemplate for target 0 contains invalid placeholder <b>.",
        ),
        (
            {"Input": "{}", "InputPath": "$.detail"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target 0.",
        ),
        (
            {"InputPath": "$", "InputTransformer": {"InputTemplate": '"<aws.events.rule-name>"'}},
            "Only one of Input, InputPath, or InputTransformer must be provided for target 0.",
        ),
    ],
)
def test_inputs_that_put_targets_refuses(events, make_queue, target, message):
    with pytest.raises(ClientError) as caught:
        rule(events, {"source": ["shop"]}, {"Arn": make_queue("seen"), **target})
    assert caught.value.response["Error"] == {"Code": "ValidationException", "Message": message}
    assert events.list_targets_by_rule(Rule="shop")["Targets"] == []
