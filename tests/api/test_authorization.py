"""moto's IAM authorisation, once a test has turned it on, holds for Lambda's calls as for all others."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core import set_initial_no_auth_action_count

from destmock import mock_destinations, outcomes

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"


def user_s_client(*statements):
    """A Lambda client of a user with a policy; it takes three calls."""
    iam = boto3.client("iam", "us-east-1")
    iam.create_user(UserName="buyer")
    document = json.dumps({"Version": "2012-10-17", "Statement": [*statements]})
    iam.put_user_policy(UserName="buyer", PolicyName="policy", PolicyDocument=document)
    key = iam.create_access_key(UserName="buyer")["AccessKey"]
    return boto3.client(
        "lambda",
        "us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def statement(effect, action, resource="*"):
    return {"Effect": effect, "Action": action, "Resource": resource}


def invoke(lam, **arguments):
    lam.invoke(FunctionName="orders", InvocationType="Event", **arguments)


ELSE = statement("Allow", "sqs:*")
DENIED = "User: arn:aws:iam::123456789012:user/buyer is not authorized to perform: "


@set_initial_no_auth_action_count(3)
def run(statements, call):
    with mock_destinations({"orders": outcomes({"ok": 1})}) as destmock:
        lam = user_s_client(*statements)
        try:
            call(lam)
        finally:
            assert len(destmock.invocations) in {0, 1}
    return len(destmock.invocations)


def test_A25_a_user_without_the_permission_may_not_invoke():
    with pytest.raises(ClientError) as caught:
        run([ELSE], invoke)
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert "Type" not in error
    assert error["Error"]["Message"] == (
        f"{DENIED}lambda:InvokeFunction on resource: {ARN} because no identity-based policy allows the "
        "lambda:InvokeFunction action"
    )


def test_A25_an_explicit_deny_wins():
    statements = [statement("Allow", "lambda:*"), statement("Deny", "lambda:InvokeFunction")]
    with pytest.raises(ClientError, match=r"with an explicit deny in an identity-based policy$"):
        run(statements, invoke)


def test_A25_a_grant_of_the_function_does_not_cover_a_qualifier():
    statements = [statement("Allow", "lambda:InvokeFunction", ARN)]
    assert run(statements, invoke) == 1
    with pytest.raises(ClientError, match=r"function:orders:\$LATEST because no identity-based policy"):
        run(statements, lambda lam: invoke(lam, Qualifier="$LATEST"))


def test_who_may_not_invoke_is_told_so_before_a_name_is_looked_at():
    with pytest.raises(ClientError, match=r"lambda:InvokeFunction on resource: \* because"):
        run([ELSE], lambda lam: lam.invoke(FunctionName="n/a"))
    with pytest.raises(ClientError, match=r"'n/a' at 'functionName' failed"):
        run([statement("Allow", "lambda:*")], lambda lam: lam.invoke(FunctionName="n/a"))


def test_a_user_with_the_permission_may():
    assert run([statement("Allow", "lambda:InvokeFunction")], invoke) == 1


def test_the_calls_of_an_event_invoke_config_want_their_own_permission():
    def get(lam):
        lam.get_function_event_invoke_config(FunctionName="orders")

    with pytest.raises(ClientError, match="perform: lambda:GetFunctionEventInvokeConfig on resource"):
        run([ELSE], get)
    with pytest.raises(ClientError, match="doesn't have an EventInvokeConfig"):
        run([statement("Allow", "lambda:GetFunctionEventInvokeConfig")], get)


def test_the_account_s_settings_want_their_permission():
    with pytest.raises(ClientError, match=r"perform: lambda:GetAccountSettings on resource: \* because"):
        run([ELSE], lambda lam: lam.get_account_settings())
    assert run([statement("Allow", "lambda:GetAccountSettings")], lambda lam: lam.get_account_settings()) == 0


def test_without_it_nobody_is_asked():
    with mock_destinations({"orders": outcomes({"ok": 1})}) as destmock:
        invoke(user_s_client(ELSE))
    assert len(destmock.invocations) == 1
