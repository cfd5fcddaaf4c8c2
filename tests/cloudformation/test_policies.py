"""Resource policies of a template are stored by their services, and go with the stack."""

import io
import json
import zipfile

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import ACCOUNT, attribute, function, resource

ALLOW = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
TLS_ONLY = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::pictures/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.fixture
def s3(destmock):
    return boto3.client("s3")


@pytest.fixture
def put(cloudformation):
    """Creates the stack, or updates it; answers its resources' physical ids."""

    def make(resources, *, update=False):
        call = cloudformation.update_stack if update else cloudformation.create_stack
        call(StackName="shop", TemplateBody=json.dumps({"Resources": resources}))
        listed = cloudformation.list_stack_resources(StackName="shop")["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}

    return make


def document(*statements):
    return {"Version": "2012-10-17", "Statement": [*statements]}


def permission(principal="s3.amazonaws.com", name=None, **more):
    function_name = name or {"Ref": "F"}
    given = {"FunctionName": function_name, "Action": "lambda:InvokeFunction", "Principal": principal}
    return resource("AWS::Lambda::Permission", **given, **more)


def statements(lam, **function_name):
    return json.loads(lam.get_policy(**function_name)["Policy"])["Statement"]


# Lambda


def test_a_permission_s_statement_has_the_physical_id_as_its_sid(put, lam):
    arn = "arn:aws:s3:::pictures"
    made = put({"F": function(FunctionName="f"), "P": permission(SourceArn=arn, SourceAccount=ACCOUNT)})
    policy = json.loads(lam.get_policy(FunctionName="f")["Policy"])
    assert policy["Id"] == "default"
    assert policy["Statement"] == [
        {
            "Sid": made["P"],
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
            "Condition": {
                "ArnLike": {"AWS:SourceArn": arn},
                "StringEquals": {"AWS:SourceAccount": ACCOUNT},
            },
        }
    ]


def test_each_permission_has_a_statement_and_an_update_changes_its_principal(put, lam):
    resources = {"F": function(FunctionName="f"), "P": permission(), "Q": permission("sns.amazonaws.com")}
    before = put(resources)
    after = put({**resources, "P": permission("events.amazonaws.com")}, update=True)
    found = {each["Sid"]: each["Principal"]["Service"] for each in statements(lam, FunctionName="f")}
    assert found == {after["P"]: "events.amazonaws.com", after["Q"]: "sns.amazonaws.com"}
    assert before["Q"] == after["Q"]


def test_a_permission_that_is_removed_takes_its_statement_along(put, lam):
    resources = {"F": function(FunctionName="f")}
    put({**resources, "P": permission()})
    put(resources, update=True)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        lam.get_policy(FunctionName="f")


def test_a_permission_of_an_alias_is_the_alias_s_own(put, lam):
    alias = {"FunctionName": {"Ref": "F"}, "Name": "live", "FunctionVersion": attribute("V", "Version")}
    made = put(
        {
            "F": function(FunctionName="f"),
            "V": resource("AWS::Lambda::Version", FunctionName={"Ref": "F"}),
            "Live": resource("AWS::Lambda::Alias", **alias),
            "P": permission(name={"Ref": "Live"}),
        }
    )
    [found] = statements(lam, FunctionName="f", Qualifier="live")
    assert found["Resource"] == f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f:live"
    assert found["Sid"] == made["P"]


def test_a_permission_of_no_function_fails_the_stack(put):
    with pytest.raises(ClientError, match=r"P \(AWS::Lambda::Permission\).*Function not found"):
        put({"P": permission(name="nobody")})


def test_a_layer_s_permission(put, lam, cloudformation):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("python/common.py", "A = 1\n")
    layer = lam.publish_layer_version(LayerName="common", Content={"ZipFile": archive.getvalue()})
    arn = layer["LayerVersionArn"]
    shared = {"LayerVersionArn": arn, "Action": "lambda:GetLayerVersion", "Principal": "*"}
    put({"P": resource("AWS::Lambda::LayerVersionPermission", **shared)})
    policy = json.loads(lam.get_layer_version_policy(LayerName="common", VersionNumber=1)["Policy"])
    assert [each["Action"] for each in policy["Statement"]] == ["lambda:GetLayerVersion"]
    cloudformation.delete_stack(StackName="shop")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        lam.get_layer_version_policy(LayerName="common", VersionNumber=1)


# CloudWatch Logs and IAM


def test_a_policy_of_logs_is_put_changed_and_deleted(put, cloudformation):
    logs = boto3.client("logs")

    def policy(action):
        text = json.dumps(document({**ALLOW, "Action": action, "Resource": "*"}))
        return {"P": resource("AWS::Logs::ResourcePolicy", PolicyName="events", PolicyDocument=text)}

    def found():
        listed = logs.describe_resource_policies()["resourcePolicies"]
        return [
            (each["policyName"], json.loads(each["policyDocument"])["Statement"][0]["Action"])
            for each in listed
        ]

    put(policy("logs:PutLogEvents"))
    assert found() == [("events", "logs:PutLogEvents")]
    put(policy("logs:CreateLogStream"), update=True)
    assert found() == [("events", "logs:CreateLogStream")]
    cloudformation.delete_stack(StackName="shop")
    assert found() == []


def test_an_inline_policy_of_a_role(put):
    role = resource("AWS::IAM::Role", RoleName="worker", AssumeRolePolicyDocument=document())
    allowed = document({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"})
    inline = {"PolicyName": "send", "RoleName": {"Ref": "Role"}, "PolicyDocument": allowed}
    iam = boto3.client("iam")
    put({"Role": role, "P": resource("AWS::IAM::RolePolicy", **inline)})
    assert iam.get_role_policy(RoleName="worker", PolicyName="send")["PolicyDocument"] == allowed
    put({"Role": role}, update=True)
    assert iam.list_role_policies(RoleName="worker")["PolicyNames"] == []


# S3


def test_a_bucket_s_policy_is_stored_and_goes_again(put, s3):
    bucket = resource("AWS::S3::Bucket", BucketName="pictures")
    policy = resource("AWS::S3::BucketPolicy", Bucket={"Ref": "B"}, PolicyDocument=document(TLS_ONLY))
    made = put({"B": bucket, "P": policy})
    assert json.loads(s3.get_bucket_policy(Bucket="pictures")["Policy"]) == document(TLS_ONLY)
    assert made["P"] == "pictures"
    put({"B": bucket}, update=True)
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket="pictures")


# SQS, SNS and EventBridge


def test_a_queues_policy_is_that_of_each_queue_that_it_names(put, sqs):
    queues = {name: resource("AWS::SQS::Queue", QueueName=name) for name in ("A", "B")}
    sent = document({**ALLOW, "Action": "sqs:SendMessage", "Resource": "*"})

    def policy(*names):
        urls = [{"Ref": name} for name in names]
        return resource("AWS::SQS::QueuePolicy", Queues=urls, PolicyDocument=sent)

    def found(name):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        return json.loads(answer.get("Attributes", {}).get("Policy", "null"))

    put({**queues, "P": policy("A")})
    assert [found("A"), found("B")] == [sent, None]
    put({**queues, "P": policy("B")}, update=True)
    assert [found("A"), found("B")] == [None, sent]
    put(queues, update=True)
    assert [found("A"), found("B")] == [None, None]


def test_a_topic_that_loses_its_policy_has_sns_s_own_again(put, sns):
    topic = {"T": resource("AWS::SNS::Topic", TopicName="news")}
    published = document({**ALLOW, "Action": "sns:Publish", "Resource": "*"})
    arn = put(topic)["T"]

    def found():
        return json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])

    default = found()
    policy = resource("AWS::SNS::TopicPolicy", Topics=[{"Ref": "T"}], PolicyDocument=published)
    put({**topic, "P": policy}, update=True)
    assert found() == published
    put(topic, update=True)
    assert found() == default


@pytest.mark.parametrize("whole", [True, False])
def test_a_bus_s_policy_has_the_statement(put, cloudformation, whole):
    events = boto3.client("events")
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    other = {"AWS": "arn:aws:iam::444455556666:root"}
    statement = {"Effect": "Allow", "Principal": other, "Action": "events:PutEvents", "Resource": arn}
    parts = {"Action": "events:PutEvents", "Principal": "444455556666"}
    given = {"Statement": statement} if whole else parts
    made = put({"P": resource("AWS::Events::EventBusPolicy", StatementId="other", **given)})
    [found] = json.loads(events.describe_event_bus()["Policy"])["Statement"]
    assert found == {"Sid": "other", **statement}
    assert made["P"] == "default|other"
    cloudformation.delete_stack(StackName="shop")
    assert "Policy" not in events.describe_event_bus()
