"""Templates with the transform `AWS::LanguageExtensions`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
"""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import function, resource

QUEUE = resource("AWS::SQS::Queue", QueueName={"Fn::Sub": "jobs-${Colour}"})


@pytest.fixture
def deploy(destmock, tmp_path):
    def deploy(resources, transform="AWS::LanguageExtensions", parameters=None, **sections):
        body = {"Transform": transform, "Resources": resources, **sections}
        file = tmp_path / "shop.json"
        file.write_text(json.dumps(body), "utf-8")
        return destmock.deploy(file, parameters=parameters or {})

    return deploy


def queues(sqs):
    return sorted(url.rsplit("/", 1)[1] for url in sqs.list_queues().get("QueueUrls", []))


@pytest.mark.parametrize("values", [["Red", "Green"], {"Ref": "Colours"}, {"Fn::FindInMap": ["M", "A", "B"]}])
def test_a_loop_makes_a_resource_of_each_value(deploy, sqs, values):
    stack = deploy(
        {"Fn::ForEach::Queues": ["Colour", values, {"Queue${Colour}": QUEUE}]},
        Parameters={"Colours": {"Type": "CommaDelimitedList", "Default": "Blue"}},
        Mappings={"M": {"A": {"B": ["Red", "Green"]}}},
        parameters={"Colours": "Red,Green"},
    )
    assert queues(sqs) == ["jobs-Green", "jobs-Red"]
    assert sorted(stack.resources) == ["QueueGreen", "QueueRed"]


def test_loops_in_loops_and_in_properties_conditions_and_outputs(deploy, sns):
    names = {"Fn::Join": ["-", [{"Ref": "Team"}, {"Ref": "Kind"}]]}
    topic = resource("AWS::SNS::Topic", TopicName=names, Tags=[{"Key": "k", "Value": "${Team}"}])
    inner = {"Fn::ForEach::Kinds": ["Kind", ["new", "old"], {"T${Team}${Kind}": topic}]}
    variables = {"Fn::ForEach::Variables": ["V", ["ONE", "TWO"], {"${V}": "is ${V}"}]}
    made = function(Environment={"Variables": variables})
    stack = deploy(
        {"Fn::ForEach::Teams": ["Team", ["a", "b"], inner], "F": made},
        Conditions={"Fn::ForEach::Is": ["T", ["a", "b"], {"Is${T}": {"Fn::Equals": ["${T}", "a"]}}]},
        Outputs={
            "Fn::ForEach::Outputs": [
                "T",
                ["a", "b"],
                {"Out${T}": {"Condition": "Is${T}", "Value": {"Ref": "T${T}new"}}},
            ]
        },
    )
    topics = sorted(each["TopicArn"].rsplit(":", 1)[1] for each in sns.list_topics()["Topics"])
    assert topics == ["a-new", "a-old", "b-new", "b-old"]
    assert set(stack.outputs) == {"Outa"}
    configuration = boto3.client("lambda").get_function_configuration(FunctionName=stack.resources["F"])
    assert configuration["Environment"]["Variables"] == {"ONE": "is ONE", "TWO": "is TWO"}


def test_a_logical_id_leaves_out_what_it_may_not_have(deploy):
    topic = resource("AWS::SNS::Topic", DisplayName={"Fn::Sub": "${Name}"})
    stack = deploy({"Fn::ForEach::Topics": ["Name", ["a-b", "c.d"], {"T&{Name}": topic}]})
    assert sorted(stack.resources) == ["Tab", "Tcd"]


def test_lengths_and_policies(deploy, sqs):
    queue = resource("AWS::SQS::Queue", QueueName="q", DelaySeconds={"Fn::Length": {"Ref": "Names"}})
    policies = {"DeletionPolicy": {"Ref": "Policy"}, "UpdateReplacePolicy": {"Ref": "AWS::NoValue"}}
    parameters = {
        "Names": {"Type": "CommaDelimitedList", "Default": "a,b,c"},
        "Policy": {"Type": "String", "Default": "Retain"},
    }
    deploy({"Q": {**queue, **policies}}, Parameters=parameters)
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
    assert asked["Attributes"]["DelaySeconds"] == "3"
    boto3.client("cloudformation").delete_stack(StackName="shop")
    assert queues(sqs) == ["q"]


def test_what_a_mapping_does_not_have_has_a_default(deploy):
    def found(key):
        return {"Fn::FindInMap": ["M", key, "Size", {"DefaultValue": {"Ref": "Q"}}]}

    stack = deploy(
        {"Q": resource("AWS::SQS::Queue", QueueName="q")},
        Mappings={"M": {"dev": {"Size": "small"}}},
        Parameters={"Stage": {"Type": "String", "Default": "prod"}},
        Outputs={"Dev": {"Value": found("dev")}, "Other": {"Value": found({"Ref": "Stage"})}},
    )
    assert dict(stack.outputs) == {"Dev": "small", "Other": stack.resources["Q"]}


def test_it_comes_before_sam(deploy, destmock):
    pytest.importorskip("samtranslator")
    code = "def handler(event, context): return context.function_name"
    made = {
        "FunctionName": "work-${N}",
        "InlineCode": code,
        "Handler": "index.handler",
        "Runtime": "python3.12",
    }
    loop = {"F${N}": resource("AWS::Serverless::Function", **made)}
    transforms = ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]
    deploy({"Fn::ForEach::Functions": ["N", ["1", "2"], loop]}, transforms)
    answer = boto3.client("lambda").invoke(FunctionName="work-2")
    assert json.load(answer["Payload"]) == "work-2"


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        ({"Fn::ForEach::Q": ["Colour", ["a"]]}, "Fn::ForEach layout is incorrect"),
        ({"Fn::ForEach::Q": {"Colour": ["a"]}}, "Fn::ForEach layout is incorrect"),
        ({"Fn::ForEach::Q": ["Colour", {"Ref": "Nobody"}, {"Q": QUEUE}]}, "Q could not be resolved"),
        ({"Fn::ForEach::Q": ["Colour", [{"Ref": "Nobody"}], {"Q": QUEUE}]}, "Q could not be resolved"),
        ({"Fn::ForEach::Q": ["Colour", ["a", "b"], {"Q": QUEUE}]}, "makes Q, which is there already"),
        ({"Fn::ForEach::Q": ["AWS::Region", ["a"], {"Q": QUEUE}]}, "has a meaning already"),
        ({"Q": {**QUEUE, "DeletionPolicy": {"Fn::If": ["a", "b", "c"]}}}, "DeletionPolicy could not be"),
        ({"Q": resource("AWS::SQS::Queue", DelaySeconds={"Fn::Length": "a"})}, "Fn::Length could not be"),
    ],
)
def test_what_can_not_be_transformed(deploy, sqs, resources, told):
    with pytest.raises(ValueError, match=f"Transform AWS::LanguageExtensions failed with: .*{told}"):
        deploy(resources)
    assert queues(sqs) == []


def test_a_template_for_boto3_is_refused_by_the_name_of_its_transform(destmock):
    body = {"Transform": "AWS::LanguageExtensions", "Resources": {"Q": resource("AWS::SQS::Queue")}}
    with pytest.raises(ClientError, match="Transform AWS::LanguageExtensions: destmock transforms"):
        boto3.client("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(body))
