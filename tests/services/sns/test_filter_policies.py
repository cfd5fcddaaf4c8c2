"""The messages that a subscription's filter policy lets pass, and the policies that SNS refuses."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.places import ACCOUNT, REGION, START

pytestmark = pytest.mark.destmock(start=START)
SNS_PREFIX = "Invalid parameter: Attributes Reason: "
INBOX = f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox"
BODY = "MessageBody"


@pytest.fixture
def passes(sns, topic, make_queue, messages):
    """Whether a message reaches the queue of a subscription with the policy."""

    def passes(policy, message="m", scope="MessageAttributes", **attributes):
        given = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
        place = {"Protocol": "sqs", "Endpoint": make_queue("inbox")}
        made = sns.subscribe(TopicArn=topic, **place, Attributes=given)
        sns.publish(TopicArn=topic, Message=message, MessageAttributes=attributes)
        sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])
        return bool(messages("inbox"))

    return passes


def text(value):
    return {"DataType": "String", "StringValue": value}


def number(value):
    return {"DataType": "Number", "StringValue": value}


def array(*values):
    return {"DataType": "String.Array", "StringValue": json.dumps(values)}


@pytest.mark.parametrize(
    ("filters", "attribute", "wanted"),
    [
        ([{"cidr": "10.0.0.0/24"}], text("10.0.0.255"), True),
        ([{"cidr": "10.0.0.0/24"}], text("10.1.1.0"), False),
        ([{"anything-but": ["rugby", "tennis"]}], array("rugby", "baseball"), True),
        ([{"anything-but": ["rugby", "tennis"]}], array("rugby"), False),
        ([{"anything-but": {"prefix": "bas"}}], array("rugby"), True),
        ([{"anything-but": {"suffix": "ball"}}], text("baseball"), False),
        ([{"anything-but": {"suffix": "ball"}}], text("rugby"), True),
        ([{"equals-ignore-case": "Tennis"}], text("TENNIS"), True),
        ([{"prefix": "bas"}], array("rugby", "baseball"), True),
        ([{"numeric": ["=", 301.5]}], number("3.015e2"), True),
        ([{"numeric": [">", 0, "<=", 150]}], array(200, 100), True),
        ([{"numeric": ["=", 5]}], text("5"), False),
        ([{"anything-but": [100, 500]}], number("101"), True),
        ([{"anything-but": 100}], number("100"), False),
        (["12"], array(12), False),
        ([True, None], array(None), True),
        (["a"], text('["a"]'), False),
        ([{"exists": True}], {"DataType": "Binary", "BinaryValue": b"a"}, False),
        ([{"exists": False}], text("a"), False),
        ([100.123456789], number("100.1234567"), True),
        ([100.123456789], number("100.12345"), False),
        ([100, 500], {"DataType": "String.Array", "StringValue": "100"}, True),
    ],
)
def test_an_attribute_passes_as_aws_documents_it(passes, filters, attribute, wanted):
    assert passes({"interest": filters}, interest=attribute) == wanted


@pytest.mark.parametrize(
    ("policy", "body", "wanted"),
    [
        ({"total": [{"numeric": [">", 1]}]}, {"total": "150"}, False),
        ({"name": [{"prefix": "a"}]}, {"name": 1}, False),
        ({"name": [{"prefix": "a"}]}, {"name": ["b", "ab"]}, True),
        ({"name": [{"equals-ignore-case": "Ab"}]}, {"name": None}, False),
        ({"name": [{"equals-ignore-case": "Ab"}]}, {"name": "aB"}, True),
        ({"n": [2]}, {"n": ["a", 2]}, True),
        ({"a.b": ["c"]}, {"a": {"b": "c"}}, True),
        ({"a": {"b": [{"exists": False}]}}, {"a": {"c": 1}}, True),
        ({"a": {"b": [{"exists": False}]}}, {}, True),
        ({"$or": [{"a": [1]}, {"b": [{"exists": False}]}], "c": ["z"]}, {"c": "z", "b": 1, "a": 1}, True),
        ({"$or": [{"a": [1]}, {"b": [{"exists": False}]}], "c": ["z"]}, {"c": "z", "b": 1}, False),
        ({"a": ["b"]}, ["a"], False),
    ],
)
def test_a_body_passes_as_aws_documents_it(passes, policy, body, wanted):
    assert passes(policy, json.dumps(body), BODY) == wanted


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"key": [["value"]]}, "Match value must be String, number, true, false, or null{}10"),
        ({"key": [{"wrong-operator": True}]}, "Unrecognized match type wrong-operator{}31"),
        ({"key": [{"suffix": "value", "prefix": "value2"}]}, "Only one key allowed in match expression{}37"),
        ({"key": [{"suffix": None}]}, "suffix match pattern must be a string{}23"),
        ({"key": {"suffix": "value"}}, '"suffix" must be an object or an array{}19'),
        ({"key": [{"numeric": []}]}, "Invalid member in numeric match: ]{}22"),
        ({"key": [{"numeric": [">", 3, "<", 1]}]}, "Bottom must be less than top{}33"),
        ({"key": [{"exists": "no"}]}, "exists match pattern must be either true or false.{}20"),
    ],
)
def test_a_policy_is_refused_with_its_place_once_sns_has_left_out_the_spaces(sns, topic, policy, told):
    place = f'\n at [Source: (String)"{json.dumps(policy, separators=(",", ":"))}"; line: 1, column: '
    given = {"FilterPolicy": json.dumps(policy)}
    with pytest.raises(ClientError) as error:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=INBOX, Attributes=given)
    found = error.value.response["Error"]
    assert found["Code"] == "InvalidParameter"
    assert found["Message"] == f"{SNS_PREFIX}FilterPolicy: {told.format(place)}]"
    assert sns.list_subscriptions()["Subscriptions"] == []


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"a": {"b": ["c"]}}, "Filter policy scope MessageAttributes does not support nested filter policy"),
        ({key: ["x"] for key in "abcdef"}, "FilterPolicy: Filter policy can not have more than 5 keys"),
        ({"a": list(range(151))}, "FilterPolicy: Filter policy is too complex"),
        ({"a": list(range(10)), "b": list(range(16))}, "FilterPolicy: Filter policy is too complex"),
    ],
)
def test_a_policy_of_attributes_has_bounds(sns, topic, policy, told):
    given = {"FilterPolicy": json.dumps(policy)}
    with pytest.raises(ClientError) as error:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=INBOX, Attributes=given)
    assert error.value.response["Error"]["Message"] == SNS_PREFIX + told


def test_a_nested_policy_counts_its_depth_and_alternatives_are_added(sns, topic):
    """3 * 4 * 2 * 3 combinations are 72, and those of `$or` 75 + 76."""
    deep = {"a": {"b": {"c": list(range(4))}}, "d": {"e": list(range(3))}}
    either = {"$or": [{"a": list(range(75))}, {"b": list(range(75))}]}
    for policy in (deep, either):
        given = {"FilterPolicyScope": BODY, "FilterPolicy": json.dumps(policy)}
        made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=INBOX, Attributes=given)
        sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])
    either["$or"][1]["b"].append(75)
    for policy in ({**deep, "f": list(range(3))}, either):
        given = {"FilterPolicyScope": BODY, "FilterPolicy": json.dumps(policy)}
        with pytest.raises(ClientError, match="FilterPolicy: Filter policy is too complex"):
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=INBOX, Attributes=given)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("FilterPolicy", '{"a": [', "FilterPolicy: failed to parse JSON. Unexpected end-of-input"),
        ("FilterPolicy", '{"a": "b"}', 'FilterPolicy: "a" must be an object or an array\n at ['),
        (
            "FilterPolicyScope",
            "Body",
            "FilterPolicyScope: Invalid value [Body]. Please use either MessageBody",
        ),
    ],
)
def test_what_is_set_later_is_checked_too(sns, topic, subscription, name, value, told):
    with pytest.raises(ClientError) as error:
        sns.set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName=name, AttributeValue=value
        )
    assert error.value.response["Error"]["Message"].startswith(f"Invalid parameter: {told}")


def test_a_scope_that_is_set_later_counts_for_the_policy(sns, topic, make_queue, messages):
    given = {"FilterPolicy": '{"kind": ["order"]}'}
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("inbox"), Attributes=given)
    sns.set_subscription_attributes(
        SubscriptionArn=made["SubscriptionArn"], AttributeName="FilterPolicyScope", AttributeValue=BODY
    )
    sns.publish(TopicArn=topic, Message='{"kind": "order"}')
    assert len(messages("inbox")) == 1


def test_an_empty_policy_lets_everything_pass(sns, passes, topic, messages):
    assert passes({})


def test_a_subscription_that_is_there_keeps_its_attributes(sns, topic, make_queue):
    policy = json.dumps({"kind": ["order"]})
    place = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": make_queue("inbox")}
    arn = sns.subscribe(**place, Attributes={"FilterPolicy": policy})["SubscriptionArn"]
    same = {
        "FilterPolicy": '{"kind":["order"]}',
        "RawMessageDelivery": "false",
        "FilterPolicyScope": "MessageAttributes",
    }
    for attributes in ({}, same):
        assert sns.subscribe(**place, Attributes=attributes)["SubscriptionArn"] == arn
    for others in (
        {"FilterPolicy": '{"kind": ["bill"]}'},
        {"RawMessageDelivery": "true"},
        {"FilterPolicyScope": BODY},
    ):
        with pytest.raises(ClientError) as error:
            sns.subscribe(**place, Attributes=others)
        told = error.value.response["Error"]
        assert told["Code"] == "InvalidParameter"
        assert told["Message"] == f"{SNS_PREFIX}Subscription already exists with different attributes"
    kept = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["FilterPolicy"]
    assert json.loads(kept) == json.loads(policy)
