"""Secrets in templates: their values, their rotation, and where their database is."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import attribute, function, resource

SECRET = "AWS::SecretsManager::Secret"
GENERATED = {
    "SecretStringTemplate": '{"username": "shop"}',
    "GenerateStringKey": "password",
    "PasswordLength": 20,
    "ExcludePunctuation": True,
}
ROTATES = """
import boto3
def handler(event, context):
    secrets = boto3.client("secretsmanager")
    place = {"SecretId": event["SecretId"]}
    if event["Step"] == "createSecret":
        secrets.put_secret_value(
            **place, SecretString="rotated", ClientRequestToken=event["ClientRequestToken"],
            VersionStages=["AWSPENDING"],
        )
    elif event["Step"] == "finishSecret":
        versions = secrets.describe_secret(**place)["VersionIdsToStages"]
        [current] = [version for version, stages in versions.items() if "AWSCURRENT" in stages]
        secrets.update_secret_version_stage(
            **place, VersionStage="AWSCURRENT", RemoveFromVersionId=current,
            MoveToVersionId=event["ClientRequestToken"],
        )
"""


@pytest.fixture
def secrets(destmock):
    return boto3.client("secretsmanager")


def deploy(resources, call="create_stack"):
    cloudformation = boto3.client("cloudformation")
    getattr(cloudformation, call)(StackName="shop", TemplateBody=json.dumps({"Resources": resources}))
    listed = cloudformation.list_stack_resources(StackName="shop")["StackResourceSummaries"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}


def value(secrets, arn):
    return secrets.get_secret_value(SecretId=arn)["SecretString"]


def test_a_secret_has_the_password_that_the_template_asks_for(secrets):
    arn = deploy({"S": resource(SECRET, Name="db", GenerateSecretString=GENERATED)})["S"]
    found = json.loads(value(secrets, arn))
    assert found["username"] == "shop"
    assert len(found["password"]) == 20
    assert found["password"].isalnum()
    assert secrets.describe_secret(SecretId="db")["ARN"] == arn


def test_a_generated_value_alone_is_a_password(secrets):
    arn = deploy({"S": resource(SECRET, GenerateSecretString={"PasswordLength": 40})})["S"]
    assert len(value(secrets, arn)) == 40


def test_a_given_value_is_the_secret_s(secrets):
    arn = deploy({"S": resource(SECRET, SecretString="x", Tags=[{"Key": "a", "Value": "b"}])})["S"]
    assert value(secrets, arn) == "x"
    assert secrets.describe_secret(SecretId=arn)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_an_update_keeps_the_generated_value(secrets):
    arn = deploy({"S": resource(SECRET, GenerateSecretString=GENERATED)})["S"]
    before = value(secrets, arn)
    again = {"S": resource(SECRET, GenerateSecretString=GENERATED, Description="new")}
    assert deploy(again, "update_stack")["S"] == arn
    assert value(secrets, arn) == before
    assert secrets.describe_secret(SecretId=arn)["Description"] == "new"
    other = {**GENERATED, "PasswordLength": 30}
    deploy({"S": resource(SECRET, GenerateSecretString=other)}, "update_stack")
    assert len(json.loads(value(secrets, arn))["password"]) == 30


def test_a_secret_goes_for_good_with_its_stack(secrets):
    template = {"S": resource(SECRET, Name="db", SecretString="x")}
    deploy(template)
    boto3.client("cloudformation").delete_stack(StackName="shop")
    assert secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"] == []
    deploy(template)


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"SecretString": "x", "GenerateSecretString": {}}, "can't specify both SecretString and"),
        ({"GenerateSecretString": {"GenerateStringKey": "a"}}, "belong together"),
        (
            {"GenerateSecretString": {"GenerateStringKey": "a", "SecretStringTemplate": "x"}},
            "SecretStringTemplate is no JSON object",
        ),
    ],
)
def test_a_value_that_cannot_be_made_is_refused(secrets, properties, why):
    with pytest.raises(ClientError, match=why):
        deploy({"S": resource(SECRET, **properties)})
    assert secrets.list_secrets()["SecretList"] == []


def test_a_schedule_rotates_its_secret_at_once(secrets):
    schedule = resource(
        "AWS::SecretsManager::RotationSchedule",
        SecretId={"Ref": "S"},
        RotationLambdaARN=attribute("F"),
        RotationRules={"AutomaticallyAfterDays": 30},
    )
    arn = deploy(
        {"S": resource(SECRET, SecretString="first"), "F": function(Code={"ZipFile": ROTATES}), "R": schedule}
    )["S"]
    assert value(secrets, arn) == "rotated"
    assert secrets.describe_secret(SecretId=arn)["RotationEnabled"]


def test_a_database_s_place_is_written_into_its_secret(secrets):
    reference = "{{{{resolve:secretsmanager:${{S}}:SecretString:{}}}}}"
    database = resource(
        "AWS::RDS::DBInstance",
        AllocatedStorage=5,
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        MasterUsername={"Fn::Sub": reference.format("username")},
        MasterUserPassword={"Fn::Sub": reference.format("password")},
    )
    attached = resource(
        "AWS::SecretsManager::SecretTargetAttachment",
        SecretId={"Ref": "S"},
        TargetId={"Ref": "Db"},
        TargetType="AWS::RDS::DBInstance",
    )
    made = deploy({"S": resource(SECRET, GenerateSecretString=GENERATED), "Db": database, "A": attached})
    found = json.loads(value(secrets, made["S"]))
    assert (found["engine"], found["port"], found["username"]) == ("mysql", 3306, "shop")
    assert found["dbInstanceIdentifier"] == made["Db"]
    assert boto3.client("rds").describe_db_instances()["DBInstances"][0]["MasterUsername"] == "shop"
