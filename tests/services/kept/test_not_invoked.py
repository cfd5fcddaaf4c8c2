"""What moto keeps and doesn't do is told by a warning, once."""

import json
import warnings

import boto3
import pytest

from tests.services.places import ACCOUNT, REGION

pytestmark = pytest.mark.destmock(handlers={"work": lambda event, context: event})
WORK = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


@pytest.fixture
def told():
    """Calls something; answers the texts of the warnings."""

    def told(call, *args, **kwargs):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            call(*args, **kwargs)
        return [str(each.message) for each in found]

    return told


@pytest.fixture
def cognito(destmock):
    return boto3.client("cognito-idp")


@pytest.fixture
def pool(cognito):
    """Makes a user pool with triggers; answers its id, and that of a client of it."""

    def pool(**triggers):
        made = cognito.create_user_pool(PoolName="shop", LambdaConfig=triggers)["UserPool"]["Id"]
        client = cognito.create_user_pool_client(
            UserPoolId=made,
            ClientName="web",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]
        return made, client

    return pool


def sign_up(cognito, client, name="ann"):
    cognito.sign_up(ClientId=client, Username=name, Password="Secret-99")


def sign_in(cognito, client, name="ann"):
    parameters = {"USERNAME": name, "PASSWORD": "Secret-99"}
    cognito.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)


def test_a_trigger_of_cognito_is_a_warning_when_it_would_have_run(told, cognito, pool):
    made, client = pool(PreSignUp=WORK, PostConfirmation=WORK, PreTokenGeneration=WORK)
    [text] = told(sign_up, cognito, client)
    assert text == (
        f"destmock keeps the trigger PreSignUp of the user pool shop, but SignUp does not invoke {WORK}: "
        "the test can invoke it itself"
    )
    assert told(sign_up, cognito, client, "bob") == []  # once is enough
    [text] = told(cognito.admin_confirm_sign_up, UserPoolId=made, Username="ann")
    assert "the trigger PostConfirmation" in text
    [text] = told(sign_in, cognito, client)
    assert "the trigger PreTokenGeneration" in text


def test_a_trigger_with_a_version_is_one_too(told, cognito, pool):
    made, client = pool(PreTokenGenerationConfig={"LambdaVersion": "V2_0", "LambdaArn": WORK})
    sign_up(cognito, client)
    cognito.admin_confirm_sign_up(UserPoolId=made, Username="ann")
    [text] = told(sign_in, cognito, client)
    assert f"does not invoke {WORK}" in text


def test_triggers_that_would_not_have_run_are_no_warning(told, cognito, pool):
    made, client = pool(UserMigration=WORK, DefineAuthChallenge=WORK, VerifyAuthChallengeResponse=WORK)
    assert told(sign_up, cognito, client) == []
    assert told(cognito.admin_confirm_sign_up, UserPoolId=made, Username="ann") == []
    assert told(sign_in, cognito, client) == []
    assert told(cognito.describe_user_pool, UserPoolId=made) == []

    def somebody_else():
        with pytest.raises(cognito.exceptions.ClientError):
            sign_in(cognito, client, "nobody")

    [text] = told(somebody_else)
    assert "the trigger UserMigration" in text


def test_a_message_to_who_has_signed_in_is_one_too(told, cognito, pool):
    made, client = pool()
    sign_up(cognito, client)
    cognito.admin_confirm_sign_up(UserPoolId=made, Username="ann")
    cognito.update_user_pool(UserPoolId=made, LambdaConfig={"CustomMessage": WORK})
    tokens = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": "Secret-99"},
    )["AuthenticationResult"]
    [text] = told(
        cognito.update_user_attributes,
        AccessToken=tokens["AccessToken"],
        UserAttributes=[{"Name": "email", "Value": "ann@example.com"}],
    )
    assert "the trigger CustomMessage of the user pool shop, but UpdateUserAttributes" in text


def test_a_pool_without_triggers_is_no_warning(told, cognito, pool):
    _, client = pool()
    assert told(sign_up, cognito, client) == []


def make_pipe(source, **settings):
    boto3.client("pipes").create_pipe(Name="p", Source=source, Target=WORK, RoleArn=ROLE, **settings)


def test_a_pipe_is_a_warning_when_its_source_gets_something(told, sqs):
    url = sqs.create_queue(QueueName="in")["QueueUrl"]
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:in"
    assert told(make_pipe, source) == []
    [text] = told(sqs.send_message, QueueUrl=url, MessageBody="hello")
    assert text == (
        f"destmock keeps the pipe p, but does not run it: what {source} gets does not reach {WORK}. "
        "An event source mapping reads it, with the same filters"
    )
    assert told(sqs.send_message, QueueUrl=url, MessageBody="hello") == []


def test_a_pipe_of_a_stream_is_one_and_a_stopped_one_is_none(told, kinesis, stream):
    make_pipe(stream, DesiredState="STOPPED")
    put = {"StreamName": "clicks", "Data": b"x", "PartitionKey": "p"}
    assert told(kinesis.put_record, **put) == []
    boto3.client("pipes").delete_pipe(Name="p")
    make_pipe(stream, Enrichment=f"{WORK}-2")
    [text] = told(kinesis.put_record, **put)
    assert f"does not reach {WORK}-2 and {WORK}." in text


def make_machine(resource):
    state = {"Type": "Task", "Resource": resource, "End": True}
    return boto3.client("stepfunctions").create_state_machine(
        name="m", definition=json.dumps({"StartAt": "A", "States": {"A": state}}), roleArn=ROLE
    )["stateMachineArn"]


@pytest.mark.parametrize(
    ("resource", "count"),
    [(WORK, 1), ("arn:aws:states:::lambda:invoke", 1), ("arn:aws:states:::sqs:sendMessage", 0)],
)
def test_an_execution_that_moto_does_not_execute_is_a_warning(told, resource, count):
    steps, machine = boto3.client("stepfunctions"), make_machine(resource)
    texts = told(steps.start_execution, stateMachineArn=machine)
    assert len(texts) == count
    assert all("the state machine m" in text and "execute_state_machine" in text for text in texts)
    assert told(steps.start_execution, stateMachineArn=machine) == []


def test_what_is_set_without_a_function_is_no_warning(told):
    assert told(boto3.client("appsync").create_graphql_api, name="a", authenticationType="API_KEY") == []


def put_config_rule():
    source = {
        "Owner": "CUSTOM_LAMBDA",
        "SourceIdentifier": WORK,
        "SourceDetails": [{"EventSource": "aws.config", "MessageType": "ScheduledNotification"}],
    }
    role = {"Version": "2012-10-17", "Statement": []}
    boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(role))
    boto3.client("config").put_config_rule(ConfigRule={"ConfigRuleName": "c", "Source": source})


def put_receipt_rule():
    ses = boto3.client("ses")
    ses.create_receipt_rule_set(RuleSetName="s")
    actions = [{"LambdaAction": {"FunctionArn": WORK}}]
    ses.create_receipt_rule(RuleSetName="s", Rule={"Name": "r", "Actions": actions})


def put_graphql_api():
    boto3.client("appsync").create_graphql_api(
        name="a", authenticationType="AWS_LAMBDA", lambdaAuthorizerConfig={"authorizerUri": WORK}
    )


def put_distribution():
    at = {"LambdaFunctionARN": f"{WORK}:1", "EventType": "origin-request"}
    origin = {"Id": "o", "DomainName": "x.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    boto3.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "c",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "o",
                "ViewerProtocolPolicy": "allow-all",
                "MinTTL": 0,
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                "LambdaFunctionAssociations": {"Quantity": 1, "Items": [at]},
            },
        }
    )


def put_window_task():
    ssm = boto3.client("ssm")
    window = ssm.create_maintenance_window(
        Name="win", Schedule="rate(1 day)", Duration=2, Cutoff=1, AllowUnassociatedTargets=True
    )["WindowId"]
    ssm.register_task_with_maintenance_window(
        WindowId=window, TaskArn=WORK, TaskType="LAMBDA", MaxConcurrency="1", MaxErrors="1"
    )


@pytest.mark.parametrize(
    ("put", "action"),
    [
        (put_config_rule, "PutConfigRule"),
        (put_receipt_rule, "CreateReceiptRule"),
        (put_graphql_api, "CreateGraphqlApi"),
        (put_distribution, "CreateDistribution"),
        (put_window_task, "RegisterTaskWithMaintenanceWindow"),
    ],
)
def test_a_function_that_nothing_invokes_is_a_warning_when_it_is_set(told, put, action):
    [text] = told(put)
    assert text.startswith(f"destmock keeps what {action} sets, but nothing invokes {WORK}")
