"""Parameters that are lists, and outputs that are no text."""

import json

import boto3
import pytest

from tests.cloudformation.deployed import resource

QUEUE = {"Q": resource("AWS::SQS::Queue")}
JOINED = {"Joined": {"Value": {"Fn::Join": ["-", {"Ref": "Given"}]}}}


@pytest.fixture
def outputs(cloudformation):
    """Creates or updates a stack with one parameter; answers its outputs, and the parameter's value."""

    def make(kind, outputs, default=None, call="create_stack", **given):
        parameter = {"Type": kind} if default is None else {"Type": kind, "Default": default}
        body = {"Parameters": {"Given": parameter}, "Resources": QUEUE, "Outputs": outputs}
        parameters = [{"ParameterKey": "Given", **given}] if given else []
        text = json.dumps(body)
        getattr(cloudformation, call)(StackName="shop", TemplateBody=text, Parameters=parameters)
        [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
        found = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        return found, stack["Parameters"][0]["ParameterValue"]

    return make


@pytest.mark.parametrize("kind", ["CommaDelimitedList", "List<String>", "List<AWS::EC2::Subnet::Id>"])
def test_a_list_is_a_list_without_spaces_around_its_parts(outputs, kind):
    assert outputs(kind, JOINED, "a, b ,c") == ({"Joined": "a-b-c"}, "a, b ,c")
    renewed = outputs(kind, JOINED, call="update_stack", ParameterValue="d, e")
    assert renewed == ({"Joined": "d-e"}, "d, e")


def test_a_list_of_numbers(outputs):
    first = {"First": {"Value": {"Fn::Select": [1, {"Ref": "Given"}]}}}
    assert outputs("List<Number>", first, "1, 2.5, -3") == ({"First": "2.5"}, "1, 2.5, -3")


def test_the_previous_value_of_a_list_is_used_again(outputs):
    outputs("CommaDelimitedList", JOINED, ParameterValue="a, b")
    again = {"Again": {"Value": {"Fn::Select": [1, {"Ref": "Given"}]}}}
    assert outputs("CommaDelimitedList", again, call="update_stack", UsePreviousValue=True)[0] == {
        "Again": "b"
    }


@pytest.mark.parametrize(("value", "text"), [(5, "5"), (2.5, "2.5")])
def test_an_output_may_be_a_number(outputs, value, text):
    assert outputs("String", {"Number": {"Value": value}}, "x")[0] == {"Number": text}


def test_the_length_of_a_list_may_be_an_output(destmock, tmp_path):
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Resources": QUEUE,
        "Outputs": {"Length": {"Value": {"Fn::Length": [1, 2]}}},
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))
    assert destmock.deploy(path).outputs == {"Length": "2"}


@pytest.mark.parametrize(
    ("kind", "default", "value"),
    [
        ("String", "test", "test"),
        ("Number", 5, "5"),
        ("AWS::SSM::Parameter::Value<String>", "/stage", "live"),
    ],
)
def test_the_previous_value_may_be_the_default(outputs, destmock, kind, default, value):
    boto3.client("ssm").put_parameter(Name="/stage", Value="live", Type="String")
    given = {"Given": {"Value": {"Fn::Sub": "${Given}"}}}
    assert outputs(kind, given, default)[0] == {"Given": value}
    other = {"Other": {"Value": {"Fn::Sub": "${Given}"}}}
    assert outputs(kind, other, default, "update_stack", UsePreviousValue=True)[0] == {"Other": value}


def test_a_previous_value_outlives_the_updates_that_use_it(outputs):
    given = {"Given": {"Value": {"Ref": "Given"}}}
    outputs("String", given, "test", ParameterValue="live")
    for default in ("new", "newer"):
        found = outputs("String", given, default, "update_stack", UsePreviousValue=True)
        assert found == ({"Given": "live"}, "live")
