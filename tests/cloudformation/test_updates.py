"""Updates of stacks: what follows from a value that has changed, and what stays of what has gone."""

import json

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import attribute, function, resource

QUEUE = resource("AWS::SQS::Queue")
STAGE = {"Stage": {"Type": "String", "Default": "test"}}
LIVE = {"Live": {"Fn::Equals": [{"Ref": "Stage"}, "live"]}}


@pytest.fixture
def stack(cloudformation):
    """Creates or updates the stack, with a stage; answers the resources' physical ids."""

    def make(resources, call="update_stack", stage=None, **sections):
        body = json.dumps({"Resources": resources, **sections})
        given = [] if stage is None else [{"ParameterKey": "Stage", "ParameterValue": stage}]
        getattr(cloudformation, call)(StackName="shop", TemplateBody=body, Parameters=given)
        listed = cloudformation.list_stack_resources(StackName="shop")["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}

    return make


def queues(sqs):
    return sqs.list_queues().get("QueueUrls", [])


def setting(sqs, url, name):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]


def test_what_refers_to_a_replaced_resource_follows_it(stack, lam):
    resources = {
        "Q": resource("AWS::SQS::Queue", QueueName="first"),
        "F": function(Environment={"Variables": {"URL": {"Ref": "Q"}}}),
        "M": resource(
            "AWS::Lambda::EventSourceMapping", EventSourceArn=attribute("Q"), FunctionName={"Ref": "F"}
        ),
    }
    before = stack(resources, "create_stack")
    after = stack({**resources, "Q": resource("AWS::SQS::Queue", QueueName="second")})
    assert before["F"] == after["F"]
    configuration = lam.get_function_configuration(FunctionName=after["F"])
    assert configuration["Environment"]["Variables"]["URL"] == after["Q"]
    [mapping] = lam.list_event_source_mappings()["EventSourceMappings"]
    assert mapping["EventSourceArn"].endswith(":second")


def test_what_refers_to_nothing_that_has_changed_is_left_alone(stack, destmock, lam):
    resources = {
        "F": function(),
        "V": resource("AWS::Lambda::Version", FunctionName={"Ref": "F"}),
        "P": resource("AWS::SSM::Parameter", Type="String", Value=attribute("F")),
    }
    before = stack(resources, "create_stack")
    changed = function(Timeout=9)
    assert stack({**resources, "F": changed}) == before
    assert len(lam.list_versions_by_function(FunctionName=before["F"])["Versions"]) == 2
    [parameter] = boto3.client("ssm").describe_parameters()["Parameters"]
    assert parameter["Version"] == 1


@pytest.mark.parametrize(
    ("seconds", "test", "live"),
    [
        ({"Fn::If": ["Live", 7, 8]}, "8", "7"),
        ({"Fn::FindInMap": ["Seconds", {"Ref": "Stage"}, "of"]}, "3", "4"),
        ({"Fn::FindInMap": ["Seconds", {"Fn::Sub": "${Stage}"}, "of"]}, "3", "4"),
    ],
)
def test_a_parameter_changes_what_follows_from_it(stack, sqs, seconds, test, live):
    sections = {
        "Parameters": STAGE,
        "Conditions": LIVE,
        "Mappings": {"Seconds": {"test": {"of": 3}, "live": {"of": 4}}},
    }
    resources = {"Q": resource("AWS::SQS::Queue", VisibilityTimeout=seconds)}
    url = stack(resources, "create_stack", **sections)["Q"]
    assert setting(sqs, url, "VisibilityTimeout") == test
    stack(resources, stage="live", **sections)
    assert setting(sqs, url, "VisibilityTimeout") == live


def test_a_name_that_is_filled_in_with_a_parameter_replaces_the_resource(stack, sqs):
    resources = {"Q": resource("AWS::SQS::Queue", QueueName={"Fn::Sub": "orders-${Stage}"})}
    stack(resources, "create_stack", Parameters=STAGE)
    url = stack(resources, stage="live", Parameters=STAGE)["Q"]
    assert url.endswith("/orders-live")
    assert queues(sqs) == [url]


def test_a_mapping_changes_what_reads_it(stack, sqs):
    def sections(seconds):
        return {"Mappings": {"Seconds": {"any": {"of": seconds}}}}

    resources = {"Q": resource("AWS::SQS::Queue", DelaySeconds={"Fn::FindInMap": ["Seconds", "any", "of"]})}
    url = stack(resources, "create_stack", **sections(1))["Q"]
    stack(resources, **sections(2))
    assert setting(sqs, url, "DelaySeconds") == "2"


def test_a_condition_that_changes_makes_and_removes_its_resources(stack, sqs):
    sections = {"Parameters": STAGE, "Conditions": LIVE}
    resources = {"Always": QUEUE, "Sometimes": {**QUEUE, "Condition": "Live"}}
    stack(resources, "create_stack", **sections)
    assert len(queues(sqs)) == 1
    made = stack(resources, stage="live", **sections)
    assert queues(sqs) == [made["Always"], made["Sometimes"]]
    stack(resources, stage="test", **sections)
    assert queues(sqs) == [made["Always"]]


def test_a_resource_that_comes_again_is_made_again(stack, sqs):
    first = stack({"Q": QUEUE, "R": QUEUE}, "create_stack")
    stack({"R": QUEUE})
    again = stack({"Q": QUEUE, "R": QUEUE})
    assert again["Q"] != first["Q"]
    assert sorted(queues(sqs)) == sorted(again.values())


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_a_resource_that_an_update_leaves_out_may_stay(stack, sqs, policy):
    made = stack({"Q": {**QUEUE, "DeletionPolicy": policy}, "R": QUEUE}, "create_stack")
    assert stack({"R": QUEUE}).keys() == {"R"}
    assert made["Q"] in queues(sqs)


def test_what_is_replaced_may_stay(stack, sqs):
    kept = {"UpdateReplacePolicy": "Retain"}
    resources = {
        "Q": {**resource("AWS::SQS::Queue", QueueName="first"), **kept},
        "R": resource("AWS::SQS::Queue", QueueName="other"),
    }
    before = stack(resources, "create_stack")
    changed = {
        "Q": {**resource("AWS::SQS::Queue", QueueName="second"), **kept},
        "R": resource("AWS::SQS::Queue", QueueName="another"),
    }
    after = stack(changed)
    assert sorted(queues(sqs)) == sorted([before["Q"], *after.values()])


def test_a_custom_resource_that_is_replaced_may_stay(stack, destmock):
    asked = []

    def answer(event, context):
        asked.append(event["RequestType"])
        body = {"Status": "SUCCESS", "PhysicalResourceId": event["ResourceProperties"]["Name"]}
        return requests.put(event["ResponseURL"], json=body, timeout=5).status_code

    destmock.handler("make", answer)

    def made(name, **more):
        token = "arn:aws:lambda:us-east-1:123456789012:function:make"
        return {"C": {**resource("Custom::It", ServiceToken=token, Name=name), **more}}

    stack(made("a"), "create_stack")
    stack(made("b"))
    assert asked == ["Create", "Update", "Delete"]
    assert stack(made("c", UpdateReplacePolicy="Retain")) == {"C": "c"}
    assert asked[3:] == ["Update"]


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_a_resource_of_a_stack_that_is_deleted_may_stay(stack, cloudformation, sqs, policy):
    made = stack({"Q": {**QUEUE, "DeletionPolicy": policy}, "R": QUEUE}, "create_stack")
    cloudformation.delete_stack(StackName="shop")
    assert queues(sqs) == [made["Q"]]


@pytest.mark.parametrize("policy", ["Delete", "RetainExceptOnCreate"])
def test_a_creation_that_fails_removes_what_would_stay_later(stack, sqs, policy):
    wrong = resource("AWS::Lambda::EventSourceMapping", EventSourceArn=attribute("Q"), FunctionName="none")
    with pytest.raises(ClientError, match="Function does not exist"):
        stack({"Q": {**QUEUE, "DeletionPolicy": policy}, "M": wrong}, "create_stack")
    assert queues(sqs) == []


WRONG = resource("AWS::Lambda::EventSourceMapping", EventSourceArn=attribute("New"), FunctionName="none")


@pytest.fixture(params=["UpdateStack", "a change set"])
def refused_update(request, cloudformation):
    """Tries an update that a service refuses, in one of both ways."""

    def update(resources):
        given = {"StackName": "shop", "TemplateBody": json.dumps({"Resources": resources})}
        call = cloudformation.update_stack
        if request.param == "a change set":
            cloudformation.create_change_set(**given, ChangeSetName="it", ChangeSetType="UPDATE")
            call, given = cloudformation.execute_change_set, {"StackName": "shop", "ChangeSetName": "it"}
        with pytest.raises(ClientError, match="Function does not exist"):
            call(**given)

    return update


def test_an_update_that_fails_is_rolled_back(stack, cloudformation, sqs, refused_update):
    output = {"Url": {"Value": {"Ref": "Q"}, "Export": {"Name": "url"}}}
    template = {"Q": resource("AWS::SQS::Queue", VisibilityTimeout=5), "R": QUEUE}
    made = stack(template, "create_stack", Outputs=output)
    changed = {"Q": resource("AWS::SQS::Queue", VisibilityTimeout=9), "R": QUEUE}
    refused_update({**changed, "New": QUEUE, "M": WRONG})
    [described] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    assert described["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert described["Outputs"][0]["OutputValue"] == made["Q"]
    assert sorted(queues(sqs)) == sorted(made.values())
    assert setting(sqs, made["Q"], "VisibilityTimeout") == "5"
    kept = cloudformation.get_template(StackName="shop")["TemplateBody"]
    assert kept["Resources"] == template
    assert [each["Name"] for each in cloudformation.list_exports()["Exports"]] == ["url"]


def test_a_roll_back_brings_parameters_and_replaced_resources_back(stack, cloudformation, sqs):
    template = {"Q": resource("AWS::SQS::Queue", QueueName={"Fn::Sub": "orders-${Stage}"})}
    stack(template, "create_stack", Parameters=STAGE)
    with pytest.raises(ClientError, match="Function does not exist"):
        stack({**template, "New": QUEUE, "M": WRONG}, stage="live", Parameters=STAGE)
    assert [url.split("/")[-1] for url in queues(sqs)] == ["orders-test"]
    after = stack({**template, "New": QUEUE}, Parameters=STAGE)
    assert sorted(queues(sqs)) == sorted(after.values())
    assert after["Q"].endswith("/orders-test")


def test_an_update_with_a_wrong_template_leaves_the_stack_as_it_is(stack, cloudformation):
    stack({"Q": QUEUE}, "create_stack")
    with pytest.raises(ClientError, match="ValidationError"):
        stack({"Q": {"Typ": "AWS::SQS::Queue"}})
    [described] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    assert cloudformation.get_template(StackName="shop")["TemplateBody"]["Resources"] == {"Q": QUEUE}


def test_a_role_with_another_name_takes_its_policies_along(stack):
    iam = boto3.client("iam")
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    policy = resource("AWS::IAM::Policy", PolicyName="all", PolicyDocument=allowed, Roles=[{"Ref": "R"}])

    def role(name):
        return resource("AWS::IAM::Role", RoleName=name, AssumeRolePolicyDocument=allowed)

    stack({"R": role("first"), "P": policy}, "create_stack")
    assert stack({"R": role("second"), "P": policy})["R"] == "second"
    assert [each["RoleName"] for each in iam.list_roles()["Roles"]] == ["second"]
    assert iam.list_role_policies(RoleName="second")["PolicyNames"] == ["all"]


def test_a_stream_with_another_name_is_another_stream(stack):
    kinesis = boto3.client("kinesis")

    def resources(name, hours):
        stream = resource("AWS::Kinesis::Stream", Name=name, ShardCount=1, RetentionPeriodHours=hours)
        return {"S": stream, "P": resource("AWS::SSM::Parameter", Type="String", Value=attribute("S"))}

    stack(resources("first", 24), "create_stack")
    stack(resources("first", 48))
    described = kinesis.describe_stream_summary(StreamName="first")["StreamDescriptionSummary"]
    assert described["RetentionPeriodHours"] == 48
    made = stack(resources("second", 48))
    assert kinesis.list_streams()["StreamNames"] == ["second"]
    parameter = boto3.client("ssm").get_parameter(Name=made["P"])["Parameter"]
    assert parameter["Value"].endswith(":stream/second")


def test_a_nested_stack_is_updated_where_it_is(stack, cloudformation, sqs):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="templates")

    def nested(key, **properties):
        parameters = {"Stage": {"Type": "String"}}
        body = {
            "Parameters": parameters,
            "Resources": {"Q": resource("AWS::SQS::Queue", **properties)},
            "Outputs": {"Stage": {"Value": {"Fn::Sub": "${Q.QueueName} of ${Stage}"}}},
        }
        s3.put_object(Bucket="templates", Key=key, Body=json.dumps(body))
        url = f"https://templates.s3.amazonaws.com/{key}"
        given = {"Stage": {"Ref": "P"}}
        return {
            "N": resource("AWS::CloudFormation::Stack", TemplateURL=url, Parameters=given),
            "P": resource("AWS::SSM::Parameter", Type="String", Name=f"/{key}", Value="x"),
            "O": resource(
                "AWS::SSM::Parameter", Type="String", Name="/o", Value=attribute("N", "Outputs.Stage")
            ),
        }

    before = stack(nested("one"), "create_stack")
    [url] = queues(sqs)
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    after = stack(nested("two", VisibilityTimeout=9))
    assert after["N"] == before["N"]
    assert queues(sqs) == [url]
    assert setting(sqs, url, "VisibilityTimeout") == "9"
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1
    told = boto3.client("ssm").get_parameter(Name="/o")["Parameter"]["Value"]
    assert told == f"{url.split('/')[-1]} of /two"
    cloudformation.delete_stack(StackName="shop")
    assert queues(sqs) == []


def test_what_moto_can_not_change_stays_with_a_warning(stack):
    def resources(group):
        member = resource("AWS::IAM::User", UserName="ann", Groups=[{"Ref": "G"}])
        return {"G": resource("AWS::IAM::Group", GroupName=group), "U": member}

    stack(resources("first"), "create_stack")
    with pytest.warns(UserWarning, match="U stays as it was, though it refers to what has changed: .*exists"):
        made = stack(resources("second"))
    assert made == {"G": "second", "U": "ann"}


def test_a_resource_of_another_type_needs_another_name(stack, cloudformation, sqs):
    made = stack({"Q": QUEUE, "R": QUEUE}, "create_stack")
    message = "Update of resource type is not permitted. .* of the following resources: \\[Q\\]"
    with pytest.raises(ClientError, match=message):
        stack({"Q": resource("AWS::SNS::Topic"), "R": QUEUE})
    [described] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    assert queues(sqs) == [made["Q"], made["R"]]
