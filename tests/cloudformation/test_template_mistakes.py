"""Templates with a mistake: refused with AWS's words, and nothing is made."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import outcomes

SAM = "Transform: AWS::Serverless-2016-10-31\n"
QUEUE = "Q: {Type: AWS::SQS::Queue"
#: A template's text, and what is said of it.
MISTAKES = {
    "Ref": (
        f"Resources: {{{QUEUE}, Properties: {{QueueName: !Ref Nope}}}}}}",
        "dependencies [Nope] in the Res",
    ),
    "Sub": (f"Resources: {{{QUEUE}, Properties: {{QueueName: !Sub '${{Nope}}'}}}}}}", "dependencies [Nope]"),
    "GetAtt": (
        f"Resources: {{{QUEUE}, Properties: {{QueueName: !GetAtt Nope.Arn}}}}}}",
        "Template error: instance of Fn::GetAtt references undefined resource Nope",
    ),
    "Ref in Outputs": (
        f"Resources: {{{QUEUE}}}}}\nOutputs: {{A: {{Value: !Ref Nope}}}}",
        "Template format error: Unresolved resource dependencies [Nope] in the Outputs block of the template",
    ),
    "GetAtt in Outputs": (
        f"Resources: {{{QUEUE}}}}}\nOutputs: {{A: {{Value: !GetAtt Nope.Arn}}}}",
        "instance of Fn::GetAtt references undefined resource Nope",
    ),
    "DependsOn": (f"Resources: {{{QUEUE}, DependsOn: Nope}}}}", "Unresolved resource dependencies [Nope]"),
    "If": (
        f"Resources: {{{QUEUE}, Properties: {{QueueName: !If [Nope, a, b]}}}}}}",
        "Template format error: Unresolved condition dependency Nope in the Resources block of the template",
    ),
    "Condition": (f"Resources: {{{QUEUE}, Condition: Nope}}}}", "Unresolved condition dependency Nope"),
    "Condition of a condition": (
        f"Conditions: {{A: !Not [{{Condition: Nope}}]}}\nResources: {{{QUEUE}}}}}",
        "Unresolved condition dependency Nope in the Conditions block",
    ),
    "Ref in a condition": (
        f"Conditions: {{A: !Equals [!Ref Q, b]}}\nResources: {{{QUEUE}}}}}",
        "Unresolved dependencies [Q]. Cannot reference resources in the Conditions block",
    ),
    "FindInMap": (
        f"Resources: {{{QUEUE}, Properties: {{QueueName: !FindInMap [Nope, a, b]}}}}}}",
        "Template error: Mapping named 'Nope' is not present in the 'Mappings' section of template.",
    ),
    "circle": (
        f"Resources: {{{QUEUE}, DependsOn: R}}, R: {{Type: AWS::SQS::Queue, DependsOn: Q}}}}",
        "Circular dependency between resources: [Q, R]",
    ),
    "circle of conditions": (
        f"Conditions: {{A: !Not [{{Condition: A}}]}}\nResources: {{{QUEUE}}}}}",
        "Circular dependency between conditions: [A]",
    ),
    "Properties": (f"Resources: {{{QUEUE}, Properties: }}}}", "[/Resources/Q/Properties] 'null' values are"),
    "a property": (
        f"Resources: {{{QUEUE}, Properties: {{Tags: [null]}}}}}}",
        "[/Resources/Q/Properties/Tags/0] 'null' values are not allowed in templates",
    ),
    "Parameters": (f"Parameters:\nResources: {{{QUEUE}}}}}", "[/Parameters] 'null' values are not allowed"),
    "Mappings": (f"Mappings:\nResources: {{{QUEUE}}}}}", "[/Mappings] 'null' values are not allowed"),
    "Conditions": (f"Conditions:\nResources: {{{QUEUE}}}}}", "[/Conditions] 'null' values are not allowed"),
    "Outputs": (f"Outputs:\nResources: {{{QUEUE}}}}}", "[/Outputs] 'null' values are not allowed"),
    "a list": (f"Outputs: []\nResources: {{{QUEUE}}}}}", "Template format error: /Outputs must be an object"),
    "no resources": (
        "Resources: {}",
        "Template format error: At least one Resources member must be defined.",
    ),
    "a section": (
        f"Output: {{}}\nResources: {{{QUEUE}}}}}",
        "Invalid template property or properties [Output]",
    ),
    "an attribute": (
        f"Resources: {{{QUEUE}, Propertys: {{}}}}}}",
        "Invalid template resource property 'Propertys' of the resource Q",
    ),
    "a call": (
        f"Resources: {{{QUEUE}, Properties: {{Tags: !If [A, b]}}}}}}",
        "Template error: every Fn::If object requires a list of 3 values",
    ),
    "a path": (
        f"Resources: {{{QUEUE}, Properties: {{QueueName: {{'Fn::GetAtt': Q}}}}}}}}",
        "Template error: every Fn::GetAtt object requires a list of 2 values or a string",
    ),
    "a substitution": (
        f"Resources: {{{QUEUE}, Properties: {{QueueName: !Sub ['${{A}}']}}}}}}",
        "Template error: every Fn::Sub object requires a list of 2 values or a string",
    ),
    "no type": (f"Parameters: {{A: {{}}}}\nResources: {{{QUEUE}}}}}", "A has no Type"),
    "no value": (f"Outputs: {{A: {{}}}}\nResources: {{{QUEUE}}}}}", "A has no Value"),
    "no default": (
        f"Parameters: {{A: {{Type: String, Default: }}}}\nResources: {{{QUEUE}}}}}",
        "[/Parameters/A/Default] 'null' values are not allowed in templates",
    ),
    "an expression as Condition": (
        f"Resources: {{{QUEUE}, Condition: !Equals [a, b]}}}}",
        "Every Condition member must be a string; that of Q is not",
    ),
    "no condition": (
        f"Conditions: {{A: text}}\nResources: {{{QUEUE}}}}}",
        "Conditions can only be boolean operations on parameters and other conditions; A is not",
    ),
    "a function": (
        f"Resources: {{{QUEUE}, Properties: {{QueueName: {{'Fn::Foo': x}}}}}}}}",
        "Encountered unsupported function: Fn::Foo Supported functions are: [Fn::And, ",
    ),
    "a tag": (f"Resources: {{{QUEUE}, Properties: {{QueueName: !Foo x}}}}}}", "!Foo is no short form"),
    "YAML": (f"Resources: {{{QUEUE}", "YAML not well-formed. while parsing a flow mapping"),
    "JSON": ('{"Resources": {', "YAML not well-formed"),
}

NO_STREAM = """
Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
  P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !GetAtt T.StreamArn}}
"""


@pytest.fixture
def deploy(destmock, tmp_path):
    """Deploys a template's text."""

    def run(text, **options):
        path = tmp_path / "shop.yaml"
        path.write_text(text)
        return destmock.deploy(path, **options)

    return run


@pytest.fixture
def create(destmock):
    def run(text, name="shop"):
        boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=text)

    return run


def left():
    """The stacks that are listed, deleted ones included, and what they could have made."""
    stacks = boto3.client("cloudformation").list_stacks()["StackSummaries"]
    return stacks, boto3.client("sqs").list_queues().get("QueueUrls", [])


TWICE = """
Resources:
  Q:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: first
      QueueName: last
"""
TWICE_IN_JSON = """{"Resources": {"Q": {
    "Type": "AWS::SQS::Queue", "Properties": {"QueueName": "first", "QueueName": "last"}
}}}"""
DESCRIBED = "Resources: {Q: {Type: 'AWS::SQS::Queue', Description: x, Properties: {QueueName: last}}}"


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (TWICE, r"the key QueueName twice \(again in line 7\)"),
        (TWICE_IN_JSON, r"the key QueueName twice \(in one object\)"),
        (DESCRIBED, "the Description of the resource Q stands beside its Type"),
    ],
    ids=["a key twice in YAML", "a key twice in JSON", "a description beside the type"],
)
@pytest.mark.parametrize("way", ["create", "deploy"])
def test_a_slip_that_cloudformation_overlooks_is_a_warning(request, way, text, warning):
    with pytest.warns(UserWarning, match=warning):
        request.getfixturevalue(way)(text)
    [url] = boto3.client("sqs").list_queues()["QueueUrls"]
    assert url.endswith("/last")


@pytest.mark.parametrize(("text", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_a_file_with_a_mistake_is_named(deploy, tmp_path, text, problem):
    with pytest.raises(ValueError, match=r"shop\.yaml: ") as caught:
        deploy(text)
    assert problem in str(caught.value)
    assert left() == ([], [])


@pytest.mark.parametrize(("text", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_create_stack_refuses_the_same(create, text, problem):
    with pytest.raises(ClientError) as caught:
        create(text)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert problem in caught.value.response["Error"]["Message"]
    assert left() == ([], [])


def test_an_update_with_a_mistake_is_refused(create, destmock):
    create(f"Resources: {{{QUEUE}}}}}")
    with pytest.raises(ClientError, match=r"Unresolved resource dependencies \[Nope\]"):
        boto3.client("cloudformation").update_stack(StackName="shop", TemplateBody=MISTAKES["Ref"][0])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f"Mappings: {{M: {{}}}}\nResources: {{{QUEUE}, Properties: {{Tags: !FindInMap [M, x, b]}}}}}}",
            "Template error: Unable to get mapping for M::x::b",
        ),
        (
            f"Resources: {{{QUEUE}}}}}\nOutputs: {{A: {{Value: !GetAtt Q.Nope}}}}",
            "resource Queue does not support attribute type Nope in Fn::GetAtt",
        ),
        (
            f"Resources: {{{QUEUE}}}}}\nOutputs: {{A: {{Value: !ImportValue Nope}}}}",
            "No export named Nope found.",
        ),
        (
            f"Resources: {{{QUEUE}}}}}\nOutputs: {{A: {{Value: !Select [3, [a, b]]}}}}",
            "Template error: Fn::Select cannot select nonexistent value at index 3",
        ),
        (
            f"Resources: {{{QUEUE}}}}}\nOutputs: {{A: {{Value: !Select [0, !Cidr [10.0.0.1/16, 1]]}}}}",
            "Template error: Fn::Cidr of ['10.0.0.1/16', 1]: 10.0.0.1/16 has host bits set",
        ),
        (
            NO_STREAM,
            "resource T does not support attribute type StreamArn in Fn::GetAtt",
        ),
        (
            "Resources: {R: {Type: AWS::ApiGateway::RestApi}}",
            "R (AWS::ApiGateway::RestApi): Property 'Name' is missing",
        ),
    ],
)
def test_what_shows_while_the_stack_is_made(deploy, text, problem):
    with pytest.raises(ClientError) as caught:
        deploy(text)
    assert problem in caught.value.response["Error"]["Message"]
    assert left() == ([], [])


def test_what_shows_in_a_function_s_name(deploy):
    """Which is looked up before anything is made."""
    function = "F: {Type: AWS::Lambda::Function, Properties: {FunctionName: !FindInMap [M, x, b]}}"
    with pytest.raises(ValueError, match="Unable to get mapping for M::x::b"):
        deploy(f"Mappings: {{M: {{}}}}\nResources: {{{function}}}")


@pytest.mark.parametrize("kind", ["SQS::Queue", "SNS::Topic", "S3::Bucket", "Logs::LogGroup"])
def test_an_unknown_property(create, kind):
    with pytest.raises(ClientError, match=rf"R \(AWS::{kind}\): Encountered unsupported property Nope"):
        create(f"Resources: {{R: {{Type: 'AWS::{kind}', Properties: {{Nope: 1}}}}}}")


@pytest.mark.parametrize("name", ["my stack", "1st", "a.b", "x" * 129])
def test_a_stack_s_name(create, name):
    with pytest.raises(ClientError, match="at 'stackName' failed to satisfy constraint"):
        create(f"Resources: {{{QUEUE}}}}}", name)
    assert left() == ([], [])


@pytest.mark.parametrize(
    ("parameter", "value", "problem"),
    [
        ("Type: Number", "x", "must be a number; it is 'x'"),
        ("Type: Number, MinValue: 4", 3, "must be a number not less than 4; it is '3'"),
        ("Type: Number, MaxValue: 2", 3.5, "must be a number not greater than 2; it is '3.5'"),
        ("Type: List<Number>, MaxValue: 2", [1, 3], "must be a number not greater than 2; it is '1,3'"),
        ("Type: String, MinLength: 4", "abc", "must contain at least 4 characters; it is 'abc'"),
        ("Type: String, MaxLength: 2", "abc", "must contain at most 2 characters; it is 'abc'"),
        ("Type: String, Default: a", None, "is None; leave it out of parameters for its default"),
    ],
)
def test_a_parameter_s_value(deploy, parameter, value, problem):
    with pytest.raises(ValueError, match="Parameter 'P' ") as caught:
        deploy(f"Parameters: {{P: {{{parameter}}}}}\nResources: {{{QUEUE}}}}}", parameters={"P": value})
    assert problem in str(caught.value)


def test_values_that_fit(deploy, lam):
    kinds = "N: {Type: Number, MinValue: 1, MaxValue: 1.5}, S: {Type: String, MinLength: 3, MaxLength: 3}"
    text = f"Parameters: {{{kinds}}}\nResources: {{{QUEUE}, Properties: {{QueueName: !Ref S}}}}}}"
    assert deploy(text, parameters={"N": 1.5, "S": "abc"}).resources["Q"].endswith("/abc")


def test_parameters_of_another_type(deploy):
    with pytest.raises(TypeError, match="parameters must be a mapping of names to values"):
        deploy(f"Resources: {{{QUEUE}}}}}", parameters=[{"ParameterKey": "Stage", "ParameterValue": "dev"}])


def test_a_template_s_text_is_no_path(destmock):
    with pytest.raises(ValueError, match=r"takes the path of a template's file, not the template's text$"):
        destmock.deploy(f"AWSTemplateFormatVersion: '2010-09-09'\nResources: {{{QUEUE}}}}}")


def test_two_handlers_of_one_function(deploy):
    function = "F: {Type: AWS::Lambda::Function, Properties: {FunctionName: f, Role: r, Code: {ZipFile: x}}}"
    with pytest.raises(ValueError, match="handlers: 'F' and 'f' are the same function, F"):
        deploy(f"Resources: {{{function}}}", handlers={"F": outcomes(1), "f": outcomes(2)})


def test_create_stack_does_not_take_a_template_for_sam(create):
    function = "F: {Type: AWS::Serverless::Function, Properties: {InlineCode: x}}"
    with pytest.raises(ClientError, match="destmock transforms a template that its deploy"):
        create(f"{SAM}Resources: {{{function}}}")


def test_keys_are_text(deploy):
    """An account id is no number, least of all an octal one."""
    text = (
        "Mappings: {Names: {012345670123: {Name: other}, 123456789012: {Name: ours}}}\n"
        f"Resources: {{{QUEUE}, Properties: "
        "{QueueName: !FindInMap [Names, !Ref AWS::AccountId, Name]}}}"
    )
    assert deploy(text).resources["Q"].endswith("/ours")


def test_the_short_form_of_a_condition(create, sqs):
    create(
        "Conditions: {Yes: !Equals [a, a], Both: !And [!Condition 'Yes', !Equals [b, b]]}\n"
        f"Resources: {{{QUEUE}, Condition: Both}}}}"
    )
    assert len(sqs.list_queues()["QueueUrls"]) == 1


def test_names_that_are_no_references(deploy, lam):
    """Variables of a Sub, literals, and keys that look like functions."""
    properties = {
        "FunctionName": {"Fn::Sub": ["${Own}-${AWS::StackName}", {"Own": {"Ref": "AWS::Region"}}]},
        "Environment": {"Variables": {"ONE": {"Fn::Sub": "${!Literal}"}, "TWO": "${Text}"}},
        "Code": {"ZipFile": "def handler(event, context): pass"},
        "Role": "arn:aws:iam::123456789012:role/any",
    }
    settings = {"Handler": "index.handler", "Runtime": "python3.12"}
    body = {"F": {"Type": "AWS::Lambda::Function", "Properties": {**properties, **settings}}}
    assert deploy(json.dumps({"Resources": body})).resources["F"] == "us-east-1-shop"
    configuration = lam.get_function_configuration(FunctionName="us-east-1-shop")
    assert configuration["Environment"]["Variables"] == {"ONE": "${Literal}", "TWO": "${Text}"}
