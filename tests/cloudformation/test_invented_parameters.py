"""Parameters that nobody has given a value get one that their rules allow."""

import json
import re

import boto3
import pytest

from destmock import mock_destinations
from destmock._cloudformation.invented import invented

QUEUE = {"Q": {"Type": "AWS::SQS::Queue"}}


@pytest.fixture
def deploy(destmock, tmp_path):
    def run(declared, resources=QUEUE, **options):
        path = tmp_path / "shop.json"
        path.write_text(json.dumps({"Parameters": declared, "Resources": resources}))
        return destmock.deploy(path, **options)

    return run


def client(_service):
    """No service is needed for these."""
    raise AssertionError


@pytest.mark.parametrize(
    "pattern",
    [
        r"^fsvol-[A-Za-z0-9]+",
        r"^vpc-[0-9a-f]{17}$",
        r"[a-z]{3,10}",
        r"(dev|prod)-\d{2}",
        r"[^@]+@[^@]+\.[a-z]+",
        r"^arn:aws[a-z-]*:sns:.*$",
        r"\S+",
        r"^[A-Z0-9]{8}-(?:[a-f0-9]{4}-){3}[a-f0-9]{12}$",
        r"s3://[\w.-]+/?",
        r"",
    ],
)
def test_a_value_matches_the_pattern(pattern):
    parameter = {"Type": "String", "AllowedPattern": pattern}
    assert re.fullmatch(pattern.removesuffix("$") + ".*", invented("Some", parameter, client))


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ({"Type": "String", "AllowedValues": ["b", "a"]}, "b"),
        ({"Type": "Number"}, "1"),
        ({"Type": "Number", "MinValue": 7}, "7"),
        ({"Type": "Number", "MaxValue": 0}, "0"),
        ({"Type": "String", "MinLength": 16, "MaxLength": 16}, "inventedsomexxxx"),
        ({"Type": "String", "MaxLength": 4}, "inve"),
        ({"Type": "String"}, "invented-some"),
        ({"Type": "CommaDelimitedList"}, "invented-some"),
        ({"Type": "List<Number>", "MinValue": 3}, "3"),
    ],
)
def test_a_value_keeps_to_the_rules(parameter, value):
    found = invented("Some", parameter, client)
    assert found == value or (len(found) == 16 and parameter.get("MinLength") == 16)


def test_a_stack_says_what_was_invented(deploy):
    parameters = {
        "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]},
        "Email": {"Type": "String"},
        "Given": {"Type": "String"},
        "Default": {"Type": "String", "Default": "x"},
    }
    stack = deploy(parameters, parameters={"Given": "y"}, invent_parameters=True)
    assert stack.invented == {"Stage": "dev", "Email": "someone@example.com"}
    assert deploy({}, stack_name="other").invented == {}


def test_a_network_that_is_there_is_named(deploy):
    parameters = {
        "Vpc": {"Type": "AWS::EC2::VPC::Id"},
        "Nets": {"Type": "List<AWS::EC2::Subnet::Id>"},
        "SubnetIds": {"Type": "CommaDelimitedList"},
        "Group": {"Type": "AWS::EC2::SecurityGroup::Id"},
        "Zone": {"Type": "AWS::EC2::AvailabilityZone::Name"},
    }
    found = deploy(parameters, invent_parameters=True).invented
    ec2 = boto3.client("ec2")
    assert ec2.describe_vpcs(VpcIds=[found["Vpc"]])["Vpcs"]
    assert len(ec2.describe_subnets(SubnetIds=found["Nets"].split(","))["Subnets"]) == 2
    assert found["SubnetIds"] == found["Nets"]
    assert ec2.describe_security_groups(GroupIds=[found["Group"]])["SecurityGroups"]
    assert found["Zone"].startswith("us-east-1")


def test_a_parameter_of_systems_manager_is_stored(deploy):
    stored = {"Host": {"Type": "AWS::SSM::Parameter::Value<String>"}}
    resource = {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Host"}}}}
    stack = deploy(stored, resource, invent_parameters=True)
    assert stack.invented == {"Host": "/invented/Host"}
    value = boto3.client("ssm").get_parameter(Name="/invented/Host")["Parameter"]["Value"]
    assert stack.resources["Q"].endswith(value)


def test_values_are_only_invented_on_demand(deploy):
    with pytest.raises(
        ValueError, match=r"\[Stage\] must have values; pass parameters=.*invent_parameters=True"
    ):
        deploy({"Stage": {"Type": "String"}})


def test_the_same_values_are_invented_each_time(tmp_path):
    path = tmp_path / "shop.json"
    parameters = {"Vpc": {"Type": "AWS::EC2::VPC::Id"}, "Nets": {"Type": "List<AWS::EC2::Subnet::Id>"}}
    path.write_text(json.dumps({"Parameters": parameters, "Resources": QUEUE}))
    found = []
    for _ in range(2):
        with mock_destinations(seed=7) as destmock:
            found.append(destmock.deploy(path, invent_parameters=True).invented)
    assert found[0] == found[1]


# What a parameter is used for

FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Handler": "index.handler",
        "Runtime": "python3.13",
        "Role": "arn:aws:iam::123456789012:role/any",
        "Code": {"ZipFile": "def handler(event, context): return 1"},
    },
}


def test_a_layer_is_one_of_another_account(deploy):
    layered = {**FUNCTION, "Properties": {**FUNCTION["Properties"], "Layers": [{"Ref": "LayerArn"}]}}
    stack = deploy({"LayerArn": {"Type": "String"}}, {"F": layered}, invent_parameters=True)
    assert re.fullmatch(r"arn:aws:lambda:us-east-1:\d{12}:layer:invented:1", stack.invented["LayerArn"])
    [layer] = boto3.client("lambda").get_function(FunctionName=stack.resources["F"])["Configuration"][
        "Layers"
    ]
    assert layer["Arn"] == stack.invented["LayerArn"]


@pytest.mark.parametrize(
    ("name", "description", "service"),
    [("Source", "a Kinesis stream's", "kinesis"), ("Inbox", "of the queue", "sqs"), ("SqsArn", "", "sqs")],
)
def test_a_source_is_made(deploy, name, description, service):
    mapping = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": {"Ref": name},
            "FunctionName": {"Ref": "F"},
            **({"StartingPosition": "LATEST"} if service == "kinesis" else {}),
        },
    }
    declared = {name: {"Type": "String", "Description": description}}
    stack = deploy(declared, {"F": FUNCTION, "M": mapping}, invent_parameters=True)
    assert stack.invented[name].startswith(f"arn:aws:{service}:us-east-1:123456789012:")


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_is_as_long_as_what_is_selected_of_it(deploy, count):
    queues = {
        f"Q{place}": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": {"Fn::Join": ["-", ["q", place, {"Fn::Select": [place, {"Ref": "Names"}]}]]}
            },
        }
        for place in range(count)
    }
    stack = deploy({"Names": {"Type": "CommaDelimitedList"}}, queues, invent_parameters=True)
    assert len(stack.invented["Names"].split(",")) == count


def test_what_a_default_names_in_the_parameter_store_is_put_there(deploy):
    declared = {"Queue": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/queue"}}
    named = {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Queue"}}}}
    with pytest.raises(ValueError, match=r"Unable to fetch parameters \[/shop/queue\]"):
        deploy(declared, named)
    stack = deploy(declared, named, invent_parameters=True)
    assert stack.invented == {"Queue": "/shop/queue"}
    value = boto3.client("ssm").get_parameter(Name="/shop/queue")["Parameter"]["Value"]
    assert stack.resources["Q"].endswith(f"/{value}")


def test_a_value_with_rules_keeps_to_them_whatever_it_is_used_for(deploy):
    layered = {**FUNCTION, "Properties": {**FUNCTION["Properties"], "Layers": [{"Ref": "L"}]}}
    theirs = "arn:aws:lambda:eu-west-1:210987654321:layer:theirs:7"
    declared = {"L": {"Type": "String", "AllowedValues": [theirs]}}
    assert deploy(declared, {"F": layered}, invent_parameters=True).invented == {"L": theirs}
