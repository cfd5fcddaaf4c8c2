"""Secrets Manager runs a rotation's function once for each step."""

import boto3
import pytest

from destmock import NoHandlerError
from tests.services.rotation import ARN, rotation


def rotate(secrets, **settings):
    return secrets.rotate_secret(
        SecretId="password",
        RotationLambdaARN=ARN,
        RotationRules={"AutomaticallyAfterDays": 30},
        **settings,
    )


def test_a_rotation_runs_each_step_with_the_secret_s_arn(destmock, secrets, secret):
    handler, steps = rotation(secrets)
    destmock.handler("rotate", handler)
    token = rotate(secrets)["VersionId"]
    assert [event["Step"] for event in steps] == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert {event["SecretId"] for event in steps} == {secret}
    assert {event["ClientRequestToken"] for event in steps} == {token}
    assert secrets.get_secret_value(SecretId="password")["SecretString"] == "new"
    assert destmock.timeline().count("(Secrets Manager, ") == 4
    assert list(destmock.invocations) == []


@pytest.mark.parametrize("failing", ["createSecret", "setSecret", "testSecret", "finishSecret"])
def test_a_step_that_fails_ends_the_rotation_and_the_secret_stays(destmock, secrets, secret, failing):
    handler, steps = rotation(secrets, failing)
    destmock.handler("rotate", handler)
    assert rotate(secrets)["ARN"] == secret  # on AWS the call has answered before the rotation begins
    assert steps[-1]["Step"] == failing
    assert secrets.get_secret_value(SecretId="password")["SecretString"] == "old"


def test_a_throttled_rotation_does_nothing(destmock, secrets, secret):
    handler, steps = rotation(secrets)
    destmock.handler("rotate", handler)
    boto3.client("lambda").put_function_concurrency(FunctionName="rotate", ReservedConcurrentExecutions=0)
    rotate(secrets)
    assert steps == []
    assert secrets.get_secret_value(SecretId="password")["SecretString"] == "old"


def test_a_rotation_function_has_to_be_there(secrets, secret):
    with pytest.raises(secrets.exceptions.ResourceNotFoundException, match="not found for ARN"):
        rotate(secrets)


def test_a_rotation_function_has_to_have_a_handler(destmock, secrets, secret):
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    boto3.client("lambda").create_function(
        FunctionName="rotate", Runtime="nodejs20.x", Role=role, Handler="a.b", Code={"ZipFile": b"x"}
    )
    with pytest.raises(NoHandlerError, match="rotate"):
        rotate(secrets)


def test_a_rotation_without_an_arn_is_the_one_before_once_more(destmock, secrets, secret):
    handler, steps = rotation(secrets)
    destmock.handler("rotate", handler)
    rotate(secrets)
    secrets.rotate_secret(SecretId="password")
    assert len(steps) == 8
    assert secrets.get_secret_value(SecretId="password")["SecretString"] == "new"


def test_a_rotation_after_a_failed_one_succeeds(destmock, secrets, secret):
    destmock.handler("rotate", rotation(secrets, "testSecret")[0])
    rotate(secrets)
    destmock.handler("rotate", rotation(secrets)[0])
    secrets.rotate_secret(SecretId="password")
    assert secrets.get_secret_value(SecretId="password")["SecretString"] == "new"


def test_a_secret_without_a_rotation_function_is_refused_while_moto_finds_it_rotating(secrets, secret):
    [version] = secrets.describe_secret(SecretId="password")["VersionIdsToStages"]
    secrets.update_secret_version_stage(
        SecretId="password", VersionStage="AWSPENDING", MoveToVersionId=version
    )
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="Previous rotation"):
        secrets.rotate_secret(SecretId="password")
