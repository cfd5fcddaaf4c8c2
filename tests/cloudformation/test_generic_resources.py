"""Resources that moto's CloudFormation has no model for, made by their services' own operations."""

import io
import json
import warnings

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import mock_destinations
from destmock._cloudformation.resources.schemas import schemas
from tests.cloudformation.deployed import ROLE, attribute, resource

TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
POOL = resource("AWS::Cognito::UserPool")
IN_POOL = {"UserPoolId": {"Ref": "Pool"}}
GROUP = resource("AWS::Logs::LogGroup", LogGroupName="orders")
ALARM = {
    "AlarmName": "failures",
    "ComparisonOperator": "GreaterThanThreshold",
    "Dimensions": [{"Name": "QueueName", "Value": "failed"}],
    "EvaluationPeriods": 1,
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Namespace": "AWS/SQS",
    "Period": 60,
    "Statistic": "Maximum",
    "Threshold": 0,
}


def each(answer, key, **found):
    """Whether one of the listed resources has these values."""
    return any(found.items() <= one.items() for one in answer[key])


#: Type -> its properties, the other resources that it needs, and how its service tells that it is there.
MADE = {
    "AWS::AmazonMQ::Broker": (
        {
            "AutoMinorVersionUpgrade": False,
            "BrokerName": "b",
            "DeploymentMode": "SINGLE_INSTANCE",
            "EngineType": "ACTIVEMQ",
            "HostInstanceType": "mq.t2.micro",
            "PubliclyAccessible": False,
            "Users": [{"Username": "u", "Password": "passwordpassword"}],
        },
        {},
        lambda c, ref: c("mq").describe_broker(BrokerId=ref)["HostInstanceType"] == "mq.t2.micro",
    ),
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        {
            "MaxCapacity": 5,
            "MinCapacity": 1,
            "ResourceId": "table/orders",
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
            "ServiceNamespace": "dynamodb",
        },
        {},
        lambda c, ref: (
            ref == "table/orders|dynamodb:table:ReadCapacityUnits|dynamodb"
            and each(
                c("application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb"),
                "ScalableTargets",
                MaxCapacity=5,
            )
        ),
    ),
    "AWS::Backup::BackupPlan": (
        {
            "BackupPlan": {
                "BackupPlanName": "p",
                "BackupPlanRule": [{"RuleName": "r", "TargetBackupVault": {"Ref": "Vault"}}],
            }
        },
        {"Vault": resource("AWS::Backup::BackupVault", BackupVaultName="v")},
        lambda c, ref: (
            ("DeletionDate" not in (plan := c("backup").get_backup_plan(BackupPlanId=ref)))
            and plan["BackupPlan"]["Rules"][0]["TargetBackupVaultName"] == "v"
        ),
    ),
    "AWS::Budgets::Budget": (
        {
            "Budget": {
                "BudgetName": "b",
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": 1, "Unit": "USD"},
            }
        },
        {},
        lambda c, ref: each(
            c("budgets").describe_budgets(AccountId="123456789012"), "Budgets", BudgetName="b"
        ),
    ),
    "AWS::CertificateManager::Certificate": (
        {"DomainName": "example.com", "ValidationMethod": "DNS"},
        {},
        lambda c, ref: (
            c("acm").describe_certificate(CertificateArn=ref)["Certificate"]["DomainName"] == "example.com"
        ),
    ),
    "AWS::CloudFront::Distribution": (
        {
            "DistributionConfig": {
                "Aliases": ["shop.example.com"],
                "DefaultCacheBehavior": {
                    "ForwardedValues": {"QueryString": False},
                    "TargetOriginId": "o",
                    "ViewerProtocolPolicy": "allow-all",
                },
                "Enabled": False,
                "Origins": [{"Id": "o", "DomainName": "x.s3.amazonaws.com", "S3OriginConfig": {}}],
            }
        },
        {},
        lambda c, ref: (
            c("cloudfront").get_distribution(Id=ref)["Distribution"]["DistributionConfig"]["Aliases"]["Items"]
            == ["shop.example.com"]
        ),
    ),
    "AWS::CloudWatch::Alarm": (
        {**ALARM, "AlarmActions": [TOPIC]},
        {},
        lambda c, ref: each(
            c("cloudwatch").describe_alarms(AlarmNames=[ref]),
            "MetricAlarms",
            AlarmActions=[TOPIC],
            Threshold=0.0,
        ),
    ),
    "AWS::Cognito::IdentityPool": (
        {"AllowUnauthenticatedIdentities": True},
        {},
        lambda c, ref: c("cognito-identity").describe_identity_pool(IdentityPoolId=ref)[
            "AllowUnauthenticatedIdentities"
        ],
    ),
    "AWS::Cognito::UserPool": (
        {
            "AutoVerifiedAttributes": ["email"],
            "Policies": {"PasswordPolicy": {"MinimumLength": 12}},
            "UserPoolTags": {"a": "b"},
        },
        {},
        lambda c, ref: (
            c("cognito-idp").describe_user_pool(UserPoolId=ref)["UserPool"]["Policies"]["PasswordPolicy"][
                "MinimumLength"
            ]
            == 12
        ),
    ),
    "AWS::Cognito::UserPoolClient": (
        {**IN_POOL, "GenerateSecret": True, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]},
        {"Pool": POOL},
        lambda c, ref: any(
            client["ClientId"] == ref
            for pool in c("cognito-idp").list_user_pools(MaxResults=9)["UserPools"]
            for client in c("cognito-idp").list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]
        ),
    ),
    "AWS::Cognito::UserPoolDomain": (
        {**IN_POOL, "Domain": "shop"},
        {"Pool": POOL},
        lambda c, ref: (
            c("cognito-idp")
            .describe_user_pool_domain(Domain=ref)["DomainDescription"]["UserPoolId"]
            .startswith("us-east-1_")
        ),
    ),
    "AWS::EC2::NetworkAcl": (
        {"VpcId": {"Ref": "Vpc"}, "Tags": [{"Key": "a", "Value": "b"}]},
        {"Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16")},
        lambda c, ref: each(
            c("ec2").describe_network_acls(NetworkAclIds=[ref]), "NetworkAcls", NetworkAclId=ref
        ),
    ),
    "AWS::EC2::PrefixList": (
        {"AddressFamily": "IPv4", "MaxEntries": 5, "PrefixListName": "offices"},
        {},
        lambda c, ref: each(
            c("ec2").describe_managed_prefix_lists(PrefixListIds=[ref]),
            "PrefixLists",
            PrefixListName="offices",
            State="create-complete",
        ),
    ),
    "AWS::Events::ApiDestination": (
        {
            "ConnectionArn": attribute("Login"),
            "HttpMethod": "POST",
            "InvocationEndpoint": "https://example.com/hook",
            "InvocationRateLimitPerSecond": 10,
        },
        {
            "Login": resource(
                "AWS::Events::Connection",
                AuthorizationType="API_KEY",
                AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}},
            )
        },
        lambda c, ref: (
            c("events").describe_api_destination(Name=ref)["InvocationEndpoint"] == "https://example.com/hook"
        ),
    ),
    "AWS::Glue::Table": (
        {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": "Base"},
            "TableInput": {"Name": "t", "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "string"}]}},
        },
        {
            "Base": resource(
                "AWS::Glue::Database",
                CatalogId={"Ref": "AWS::AccountId"},
                DatabaseInput={"Name": "orders"},
            )
        },
        lambda c, ref: (
            c("glue").get_table(DatabaseName="orders", Name=ref)["Table"]["StorageDescriptor"]["Columns"][0][
                "Name"
            ]
            == "a"
        ),
    ),
    "AWS::KinesisFirehose::DeliveryStream": (
        {
            "DeliveryStreamType": "DirectPut",
            "ExtendedS3DestinationConfiguration": {"BucketARN": attribute("Kept"), "RoleARN": ROLE},
        },
        {"Kept": resource("AWS::S3::Bucket")},
        lambda c, ref: ref in c("firehose").list_delivery_streams()["DeliveryStreamNames"],
    ),
    "AWS::Logs::LogStream": (
        {"LogGroupName": {"Ref": "Group"}},
        {"Group": GROUP},
        lambda c, ref: each(
            c("logs").describe_log_streams(logGroupName="orders"), "logStreams", logStreamName=ref
        ),
    ),
    "AWS::Logs::MetricFilter": (
        {
            "FilterPattern": "ERROR",
            "LogGroupName": {"Ref": "Group"},
            "MetricTransformations": [{"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}],
        },
        {"Group": GROUP},
        lambda c, ref: each(
            c("logs").describe_metric_filters(logGroupName="orders"),
            "metricFilters",
            filterName=ref,
            filterPattern="ERROR",
        ),
    ),
    "AWS::MSK::Cluster": (
        {
            "BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1"], "InstanceType": "kafka.t3.small"},
            "ClusterName": "m",
            "KafkaVersion": "3.5.1",
            "NumberOfBrokerNodes": 2,
        },
        {},
        lambda c, ref: c("kafka").describe_cluster(ClusterArn=ref)["ClusterInfo"]["ClusterName"] == "m",
    ),
    "AWS::OpenSearchService::Domain": (
        {"EngineVersion": "OpenSearch_2.5", "ClusterConfig": {"InstanceCount": 1}},
        {},
        lambda c, ref: (
            c("opensearch").describe_domain(DomainName=ref)["DomainStatus"]["EngineVersion"]
            == "OpenSearch_2.5"
        ),
    ),
    "AWS::Pipes::Pipe": (
        {"RoleArn": ROLE, "Source": "arn:aws:sqs:us-east-1:123456789012:q", "Target": TOPIC},
        {},
        lambda c, ref: c("pipes").describe_pipe(Name=ref)["Target"] == TOPIC,
    ),
    "AWS::RDS::DBCluster": (
        {"Engine": "aurora-mysql", "MasterUsername": "u", "MasterUserPassword": "password1"},
        {},
        lambda c, ref: each(c("rds").describe_db_clusters(), "DBClusters", DBClusterIdentifier=ref),
    ),
    "AWS::ResourceGroups::Group": (
        {"Name": "g", "ResourceQuery": {"Type": "CLOUDFORMATION_STACK_1_0"}},
        {},
        lambda c, ref: (
            json.loads(
                c("resource-groups").get_group_query(GroupName=ref)["GroupQuery"]["ResourceQuery"]["Query"]
            )["StackIdentifier"]
            == c("cloudformation").describe_stacks()["Stacks"][0]["StackId"]
        ),
    ),
    "AWS::SES::ConfigurationSet": (
        {"Name": "cs"},
        {},
        lambda c, ref: (
            c("sesv2").get_configuration_set(ConfigurationSetName=ref)["ConfigurationSetName"] == "cs"
        ),
    ),
    "AWS::SES::EmailIdentity": (
        {"EmailIdentity": "shop@example.com"},
        {},
        lambda c, ref: (
            c("sesv2").get_email_identity(EmailIdentity=ref)["IdentityType"]
            and ref in c("ses").list_identities()["Identities"]
        ),
    ),
    "AWS::SES::Template": (
        {"Template": {"SubjectPart": "Thanks", "TextPart": "x"}},
        {},
        lambda c, ref: c("ses").get_template(TemplateName=ref)["Template"]["SubjectPart"] == "Thanks",
    ),
    "AWS::ServiceDiscovery::HttpNamespace": (
        {"Name": "shop"},
        {},
        lambda c, ref: each(c("servicediscovery").list_namespaces(), "Namespaces", Id=ref, Name="shop"),
    ),
    "AWS::StepFunctions::Activity": (
        {"Name": "pack"},
        {},
        lambda c, ref: each(c("stepfunctions").list_activities(), "activities", activityArn=ref),
    ),
    "AWS::WAFv2::WebACL": (
        {
            "DefaultAction": {"Allow": {}},
            "Scope": "REGIONAL",
            "VisibilityConfig": {
                "CloudWatchMetricsEnabled": True,
                "MetricName": "m",
                "SampledRequestsEnabled": True,
            },
        },
        {},
        lambda c, ref: each(c("wafv2").list_web_acls(Scope="REGIONAL"), "WebACLs", Id=ref),
    ),
}


def deploy(resources, call="create_stack", outputs=None):
    """Make or change the stack, and answer its resources' physical ids, and its outputs."""
    cloudformation = boto3.client("cloudformation")
    template = {
        "Resources": resources,
        "Outputs": {name: {"Value": v} for name, v in (outputs or {}).items()},
    }
    getattr(cloudformation, call)(StackName="shop", TemplateBody=json.dumps(template))
    listed = cloudformation.list_stack_resources(StackName="shop")["StackResourceSummaries"]
    ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}
    [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    return ids, {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


def is_there(check, ref):
    try:
        return bool(check(boto3.client, ref))
    except (ClientError, KeyError):
        return False


@pytest.mark.parametrize("kind", MADE)
def test_a_resource_is_made_found_by_its_ref_and_deleted(destmock, kind):
    properties, others, check = MADE[kind]
    ids, _ = deploy({**others, "It": resource(kind, **properties)})
    assert check(boto3.client, ids["It"])
    boto3.client("cloudformation").delete_stack(StackName="shop")
    assert not is_there(check, ids["It"])


@pytest.mark.parametrize("kind", ["AWS::Cognito::UserPool", "AWS::Events::Connection", "AWS::WAFv2::WebACL"])
def test_every_attribute_of_a_type_has_a_value(destmock, kind):
    properties, others, _ = MADE.get(kind) or (
        MADE["AWS::Events::ApiDestination"][1]["Login"]["Properties"],
        {},
        0,
    )
    names = schemas()[kind].attributes
    outputs = {f"A{number}": attribute("It", name) for number, name in enumerate(names)}
    _, found = deploy({**others, "It": resource(kind, **properties)}, outputs=outputs)
    assert len(found) == len(names) > 2
    assert all(found.values())


def test_an_attribute_is_the_service_s_or_as_aws_writes_it(destmock):
    outputs = {name: attribute("Pool", name) for name in ("Arn", "ProviderName", "ProviderURL")}
    ids, found = deploy({"Pool": POOL}, outputs=outputs)
    [pool] = boto3.client("cognito-idp").list_user_pools(MaxResults=9)["UserPools"]
    assert pool["Id"] == ids["Pool"]
    assert found["Arn"].endswith(f":userpool/{pool['Id']}")
    assert found["ProviderName"] == f"cognito-idp.us-east-1.amazonaws.com/{pool['Id']}"
    assert found["ProviderURL"] == f"https://{found['ProviderName']}"


def test_an_attribute_that_the_type_lacks_is_refused(destmock):
    with pytest.raises(ClientError, match="does not support attribute type Colour"):
        deploy({"Pool": POOL}, outputs={"X": attribute("Pool", "Colour")})


def test_a_change_is_made_by_the_service_s_update(destmock):
    pool = {"Pool": POOL}
    before, _ = deploy({**pool, "C": resource("AWS::Cognito::UserPoolClient", **IN_POOL, ClientName="web")})
    after, _ = deploy(
        {
            **pool,
            "C": resource(
                "AWS::Cognito::UserPoolClient",
                **IN_POOL,
                ClientName="web",
                ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH"],
            ),
        },
        "update_stack",
    )
    assert before == after
    found = boto3.client("cognito-idp").describe_user_pool_client(
        UserPoolId=after["Pool"], ClientId=after["C"]
    )
    assert found["UserPoolClient"]["ExplicitAuthFlows"] == ["ADMIN_NO_SRP_AUTH"]


def test_a_put_changes_what_it_made(destmock):
    deploy({"A": resource("AWS::CloudWatch::Alarm", **ALARM)})
    deploy({"A": resource("AWS::CloudWatch::Alarm", **ALARM, TreatMissingData="ignore")}, "update_stack")
    [alarm] = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["TreatMissingData"]) == ("failures", "ignore")


def test_tags_change_by_the_operation_for_those_of_any_resource(destmock):
    pipe, _, _ = MADE["AWS::Pipes::Pipe"]
    deploy({"P": resource("AWS::Pipes::Pipe", **pipe, Name="p", Tags={"a": "1", "b": "2"})})
    deploy({"P": resource("AWS::Pipes::Pipe", **pipe, Name="p", Tags={"b": "3"})}, "update_stack")
    assert boto3.client("pipes").describe_pipe(Name="p")["Tags"] == {"b": "3"}


def test_a_property_that_only_a_new_resource_can_have_replaces_it(destmock):
    client = {"Pool": POOL, "C": resource("AWS::Cognito::UserPoolClient", **IN_POOL)}
    before, _ = deploy(client)
    client["C"] = resource("AWS::Cognito::UserPoolClient", **IN_POOL, GenerateSecret=True)
    after, _ = deploy(client, "update_stack")
    assert before["C"] != after["C"]
    found = boto3.client("cognito-idp").list_user_pool_clients(UserPoolId=after["Pool"])["UserPoolClients"]
    assert [one["ClientId"] for one in found] == [after["C"]]


def test_part_of_a_property_replaces_a_resource_too(destmock):
    budget = {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 1, "Unit": "USD"}}
    deploy({"B": resource("AWS::Budgets::Budget", Budget={**budget, "BudgetName": "old"})})
    deploy({"B": resource("AWS::Budgets::Budget", Budget={**budget, "BudgetName": "new"})}, "update_stack")
    found = boto3.client("budgets").describe_budgets(AccountId="123456789012")["Budgets"]
    assert [one["BudgetName"] for one in found] == ["new"]


def test_what_its_service_cannot_change_is_made_anew_with_its_name(destmock):
    crawler = {"Role": ROLE, "DatabaseName": "d", "Targets": {"S3Targets": [{"Path": "s3://b"}]}}
    before, _ = deploy({"C": resource("AWS::Glue::Crawler", **crawler)})
    after, _ = deploy({"C": resource("AWS::Glue::Crawler", **crawler, Description="new")}, "update_stack")
    assert before == after
    assert boto3.client("glue").get_crawler(Name=after["C"])["Crawler"]["Description"] == "new"


def test_a_property_without_a_parameter_is_named(destmock):
    names = {"Description": "d", "Colour": "red"}
    with pytest.warns(
        UserWarning, match=r"AWS::Pipes::Pipe: pipes's CreatePipe has no parameter for Colour;"
    ):
        deploy({"P": resource("AWS::Pipes::Pipe", **MADE["AWS::Pipes::Pipe"][0], Name="p", **names)})
    assert boto3.client("pipes").describe_pipe(Name="p")["Description"] == "d"


def test_what_the_service_refuses_is_refused_in_a_template(destmock):
    with pytest.raises(ClientError, match=r"C \(AWS::Cognito::UserPoolClient\): .*ResourceNotFoundException"):
        deploy({"C": resource("AWS::Cognito::UserPoolClient", UserPoolId="none")})
    with pytest.raises(ClientError, match="Missing required parameter in input"):
        deploy({"P": resource("AWS::Pipes::Pipe", Name="p")})


def test_a_resource_that_cannot_be_deleted_is_named_and_stays(destmock):
    server = resource("AWS::Cognito::UserPoolResourceServer", **IN_POOL, Identifier="i", Name="n")
    deploy({"Pool": POOL, "S": server})
    with pytest.warns(UserWarning, match="i stays, moto's cognito-idp can't delete it"):
        boto3.client("cloudformation").delete_stack(StackName="shop")


def test_a_resource_that_cannot_be_deleted_does_not_hide_why_the_stack_failed(destmock):
    server = resource("AWS::Cognito::UserPoolResourceServer", **IN_POOL, Identifier="i", Name="n")
    wrong = {**resource("AWS::Cognito::UserPoolClient", UserPoolId="none"), "DependsOn": "S"}
    with pytest.raises(ClientError, match=r"C \(AWS::Cognito::UserPoolClient\)"):
        deploy({"C": wrong, "Pool": POOL, "S": server})
    assert boto3.client("cognito-idp").list_user_pools(MaxResults=9)["UserPools"] == []


def test_a_resource_is_made_after_what_it_depends_on_though_a_ref_needs_it_earlier():
    """The API's deployment, which its stage refers to, waits for the method."""
    api = {"RestApiId": {"Ref": "Api"}}
    method = {**api, "ResourceId": attribute("Api", "RootResourceId"), "HttpMethod": "GET"}
    resources = {
        "Path": resource("AWS::SSM::Parameter", Type="String", Value={"Ref": "Now"}),
        "Now": {**resource("AWS::ApiGateway::Deployment", **api), "DependsOn": "Get"},
        "Api": resource("AWS::ApiGateway::RestApi", Name="shop"),
        "Get": resource(
            "AWS::ApiGateway::Method", **method, AuthorizationType="NONE", Integration={"Type": "MOCK"}
        ),
    }
    with mock_destinations():
        ids, _ = deploy(resources)
        [made] = boto3.client("apigateway").get_deployments(restApiId=ids["Api"])["items"]
        assert made["id"] == ids["Now"]


def test_a_generated_name_has_no_letter_that_the_service_refuses(destmock):
    rule = resource("AWS::IoT::TopicRule", TopicRulePayload={"Sql": "SELECT * FROM 't'", "Actions": []})
    deploy({"Rule": rule})
    [found] = boto3.client("iot").list_topic_rules()["rules"]
    assert found["ruleName"].startswith("shop_Rule_")


def test_a_certificate_is_bound_to_a_policy_and_a_thing_of_iot(destmock):
    iot = boto3.client("iot")
    certificate = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    policy = resource("AWS::IoT::Policy", PolicyName="p", PolicyDocument={"Version": "2012-10-17"})
    bound = {"Principal": certificate}
    deploy(
        {
            "Policy": policy,
            "Thing": resource("AWS::IoT::Thing", ThingName="t"),
            "A": resource("AWS::IoT::PolicyPrincipalAttachment", PolicyName={"Ref": "Policy"}, **bound),
            "B": resource("AWS::IoT::ThingPrincipalAttachment", ThingName={"Ref": "Thing"}, **bound),
        }
    )
    assert iot.list_principal_policies(principal=certificate)["policies"][0]["policyName"] == "p"
    assert iot.list_thing_principals(thingName="t")["principals"] == [certificate]
    boto3.client("cloudformation").delete_stack(StackName="shop")
    assert iot.list_principal_policies(principal=certificate)["policies"] == []
    assert iot.list_principal_things(principal=certificate)["things"] == []


def test_a_document_of_systems_manager_is_json_unless_it_says_otherwise(destmock):
    content = {"schemaVersion": "2.2", "description": "d", "mainSteps": []}
    deploy(
        {"Document": resource("AWS::SSM::Document", Content=content, DocumentType="Command", Name="orders")}
    )
    assert boto3.client("ssm").describe_document(Name="orders")["Document"]["DocumentFormat"] == "JSON"


def test_what_moto_s_model_refuses_is_told_with_the_resource(destmock):
    document = resource("AWS::SSM::Document", Content="{", DocumentType="Command", Name="orders")
    with pytest.raises(
        ClientError, match=r"Document \(AWS::SSM::Document\): Resource handler returned message"
    ):
        deploy({"Document": document})


def test_nobody_is_warned_without_a_reason(destmock):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for kind in ("AWS::CloudWatch::Alarm", "AWS::Cognito::UserPool", "AWS::RDS::DBCluster"):
            properties, others, _ = MADE[kind]
            boto3.client("cloudformation").create_stack(
                StackName=kind.split("::")[-1],
                TemplateBody=json.dumps({"Resources": {**others, "It": resource(kind, **properties)}}),
            )
    assert [each for each in caught if issubclass(each.category, UserWarning)] == []


def test_the_schemas_are_found_without_the_real_file_system(monkeypatch):
    """As a test has it that puts a made-up one in its place, pyfakefs for instance."""

    def nothing(path, *_, **__):
        raise FileNotFoundError(path)

    monkeypatch.setattr(io, "open", nothing)
    assert schemas.__wrapped__() == schemas()
