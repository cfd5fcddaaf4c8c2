"""Stacks made through boto3: created, updated, deleted."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from destmock import mock_destinations
from tests.cloudformation.deployed import (
    ACCOUNT,
    ORDERS,
    attribute,
    everything,
    function,
    resource,
)


@pytest.fixture
def create(cloudformation):
    """Creates a stack through boto3, and answers its resources' physical ids."""

    def make(resources, name="shop", **sections):
        body = json.dumps({"Resources": resources, **sections})
        cloudformation.create_stack(StackName=name, TemplateBody=body)
        return physical(cloudformation, name)

    return make


@pytest.fixture
def change(cloudformation):
    """Updates the stack."""

    def make(resources, name="shop"):
        body = json.dumps({"Resources": resources})
        cloudformation.update_stack(StackName=name, TemplateBody=body)
        return physical(cloudformation, name)

    return make


def physical(cloudformation, name):
    listed = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}


def test_create_stack_configures_destinations(create, lam, records):
    config = resource(
        "AWS::Lambda::EventInvokeConfig",
        FunctionName={"Ref": "F"},
        Qualifier="$LATEST",
        MaximumRetryAttempts="0",
        DestinationConfig={"OnSuccess": {"Destination": attribute("Q")}},
    )
    made = create({"Config": config, "F": function(), "Q": resource("AWS::SQS::Queue", QueueName="done")})
    lam.invoke(FunctionName=made["F"], InvocationType="Event", Payload=b'{"id": 7}')
    [record] = records("done")
    assert record["responsePayload"] == {"id": 7}
    assert made["Config"] == f"{made['F']}|$LATEST"


def test_an_update_replaces_or_changes_and_then_removes(create, change, lam):
    def config(**more):
        common = {"FunctionName": {"Ref": "F"}, "Qualifier": "$LATEST"}
        return resource("AWS::Lambda::EventInvokeConfig", **common, **more)

    def configs():
        return lam.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]

    name = create({"F": function(), "Config": config(MaximumRetryAttempts=0)})["F"]
    assert [each["MaximumRetryAttempts"] for each in configs()] == [0]
    change({"F": function(Timeout=7), "Config": config(MaximumEventAgeInSeconds=60)})
    [found] = configs()
    assert (found.get("MaximumRetryAttempts"), found["MaximumEventAgeInSeconds"]) == (None, 60)
    assert lam.get_function_configuration(FunctionName=name)["Timeout"] == 7
    change({"F": function(Timeout=7)})
    assert configs() == []


def test_functions_versions_and_aliases_are_updated(create, change, lam):
    def alias(version, **more):
        given = {
            "FunctionName": {"Ref": "F"},
            "Name": "live",
            "FunctionVersion": attribute(version, "Version"),
        }
        return resource("AWS::Lambda::Alias", **given, **more)

    def versions(*names):
        return {
            name: {**resource("AWS::Lambda::Version", FunctionName={"Ref": "F"}), "DependsOn": "F"}
            for name in names
        }

    tags = [{"Key": "a", "Value": "1"}]
    before = {"F": function(Tags=tags, ReservedConcurrentExecutions=5), **versions("V1"), "Live": alias("V1")}
    name = create(before)["F"]
    weights = {"AdditionalVersionWeights": [{"FunctionVersion": "1", "FunctionWeight": 0.25}]}
    code = {"ZipFile": "def handler(event, context):\n    return 2\n"}
    after = {"F": function(Code=code, Tags=[{"Key": "b", "Value": 2}]), **versions("V1", "V2")}
    change({**after, "Live": alias("V1")})
    change({**after, "Live": alias("V2", RoutingConfig=weights)})
    found = lam.get_function(FunctionName=name)
    assert found["Tags"] == {"b": "2"}
    assert "Concurrency" not in found
    live = lam.get_alias(FunctionName=name, Name="live")
    assert live["RoutingConfig"] == {"AdditionalVersionWeights": {"1": 0.25}}
    assert lam.invoke(FunctionName=name)["Payload"].read() == b"2"


def test_settings_that_an_update_leaves_out_go_back_to_their_defaults(create, change, lam, sqs):
    dead = {"deadLetterTargetArn": attribute("D"), "maxReceiveCount": 3}
    queues = {"D": resource("AWS::SQS::Queue", MessageRetentionPeriod=60)}
    queues["Q"] = resource("AWS::SQS::Queue", DelaySeconds=5, RedrivePolicy=dead)
    target, variables = {"TargetArn": attribute("D")}, {"Variables": {"TABLE": "b"}}
    made = create({**queues, "F": function(DeadLetterConfig=target, Environment=variables, Timeout=9)})
    change({"D": resource("AWS::SQS::Queue"), "Q": resource("AWS::SQS::Queue"), "F": function()})
    configuration = lam.get_function_configuration(FunctionName=made["F"])
    assert configuration["Timeout"] == 3
    assert "DeadLetterConfig" not in configuration
    assert "Environment" not in configuration
    attributes = sqs.get_queue_attributes(QueueUrl=made["Q"], AttributeNames=["All"])["Attributes"]
    assert attributes["DelaySeconds"] == "0"
    assert "RedrivePolicy" not in attributes


@pytest.mark.parametrize("updated", [True, False])
def test_a_stack_that_was_made_before_the_mock_began(updated):
    template = {"Resources": {"Q": resource("AWS::SQS::Queue", VisibilityTimeout=5)}}
    with mock_aws():
        cloudformation, sqs = boto3.client("cloudformation", "us-east-1"), boto3.client("sqs", "us-east-1")
        cloudformation.create_stack(StackName="early", TemplateBody=json.dumps(template))
        with mock_destinations():
            if updated:
                template["Resources"]["Q"]["Properties"]["VisibilityTimeout"] = 6
                cloudformation.update_stack(StackName="early", TemplateBody=json.dumps(template))
            cloudformation.delete_stack(StackName="early")
        assert "QueueUrls" not in sqs.list_queues()


def test_a_change_set_makes_the_same_resources(cloudformation, lam):
    settings = {"FunctionName": {"Ref": "F"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0}
    config = resource("AWS::Lambda::EventInvokeConfig", **settings)
    body = json.dumps({"Resources": {"F": function(FunctionName="orders"), "Config": config}})
    given = {"StackName": "shop", "ChangeSetName": "first"}
    cloudformation.create_change_set(**given, ChangeSetType="CREATE", TemplateBody=body)
    cloudformation.execute_change_set(**given)
    assert lam.get_function_event_invoke_config(FunctionName="orders")["FunctionArn"].endswith("$LATEST")


def test_a_stack_that_can_not_be_deleted_has_failed_and_stays(create, cloudformation, sqs):
    s3 = boto3.client("s3")
    exported = {"Name": {"Value": {"Ref": "B"}, "Export": {"Name": "bucket"}}}
    bucket = resource("AWS::S3::Bucket", BucketName="uploads")
    create({"B": bucket, "Q": resource("AWS::SQS::Queue")}, Outputs=exported)
    s3.put_object(Bucket="uploads", Key="a", Body=b"")
    cloudformation.delete_stack(StackName="shop")
    [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    [event, *_] = cloudformation.describe_stack_events(StackName="shop")["StackEvents"]
    assert (stack["StackStatus"], event["ResourceStatus"]) == ("DELETE_FAILED", "DELETE_FAILED")
    assert event["ResourceStatusReason"] == "The following resource(s) failed to delete: [B]. "
    assert "QueueUrls" not in sqs.list_queues()
    s3.delete_object(Bucket="uploads", Key="a")
    cloudformation.delete_stack(StackName="shop")
    assert cloudformation.describe_stacks()["Stacks"] == []
    assert s3.list_buckets()["Buckets"] == []
    assert cloudformation.list_exports()["Exports"] == []


def test_queues_topics_and_subscriptions_are_updated(create, change, sqs, sns):
    def subscription(**more):
        given = {"TopicArn": {"Ref": "T"}, "Protocol": "sqs", "Endpoint": attribute("Q")}
        return resource("AWS::SNS::Subscription", **given, **more)

    def topic(name):
        return resource("AWS::SNS::Topic", DisplayName=name)

    made = create(
        {
            "Q": resource("AWS::SQS::Queue", VisibilityTimeout=5),
            "T": topic("one"),
            "S": subscription(FilterPolicy={"a": ["b"]}, RawMessageDelivery="true"),
        }
    )
    changed = change(
        {"Q": resource("AWS::SQS::Queue", VisibilityTimeout="7"), "T": topic("two"), "S": subscription()}
    )
    assert changed == made
    attributes = sqs.get_queue_attributes(QueueUrl=made["Q"], AttributeNames=["VisibilityTimeout"])
    assert attributes["Attributes"] == {"VisibilityTimeout": "7"}
    assert sns.get_topic_attributes(TopicArn=made["T"])["Attributes"]["DisplayName"] == "two"
    found = sns.get_subscription_attributes(SubscriptionArn=made["S"])["Attributes"]
    assert found["RawMessageDelivery"] == "false"
    assert not json.loads(found.get("FilterPolicy") or "{}")


def test_a_subscription_s_policy_may_change_together_with_its_scope(create, change, sns):
    def parts(**given):
        topic = {"TopicArn": {"Ref": "T"}, "Protocol": "sqs", "Endpoint": attribute("Q")}
        subscription = resource("AWS::SNS::Subscription", **topic, **given)
        return {"Q": resource("AWS::SQS::Queue"), "T": resource("AWS::SNS::Topic"), "S": subscription}

    made = create(parts(FilterPolicy={"a": ["b"]}))
    change(parts(FilterPolicy={"a": {"b": ["c"]}}, FilterPolicyScope="MessageBody"))
    found = sns.get_subscription_attributes(SubscriptionArn=made["S"])["Attributes"]
    assert (json.loads(found["FilterPolicy"]), found["FilterPolicyScope"]) == (
        {"a": {"b": ["c"]}},
        "MessageBody",
    )
    change(parts(FilterPolicy={"a": ["c"]}))
    found = sns.get_subscription_attributes(SubscriptionArn=made["S"])["Attributes"]
    assert found["FilterPolicyScope"] == "MessageAttributes"


def test_rules_and_log_groups_are_updated(create, change, logs):
    def rule(*targets):
        given = [{"Id": target, "Arn": attribute(target)} for target in targets]
        return resource("AWS::Events::Rule", EventPattern={"source": ["shop"]}, Targets=given)

    queues = {name: resource("AWS::SQS::Queue") for name in ("A", "B", "C")}
    made = create({**queues, "R": rule("A", "B"), "L": resource("AWS::Logs::LogGroup", RetentionInDays=7)})
    change({**queues, "R": rule("B", "C"), "L": resource("AWS::Logs::LogGroup")})
    targets = boto3.client("events").list_targets_by_rule(Rule=made["R"])["Targets"]
    assert sorted(target["Id"] for target in targets) == ["B", "C"]
    [group] = logs.describe_log_groups()["logGroups"]
    assert "retentionInDays" not in group


def test_buckets_are_updated(create, change):
    def bucket(**more):
        return resource("AWS::S3::Bucket", BucketName="uploads", **more)

    def configured():
        answer = s3.get_bucket_notification_configuration(Bucket="uploads")
        return {key for key in answer if key != "ResponseMetadata"}

    s3, queue = boto3.client("s3"), {"Q": resource("AWS::SQS::Queue")}
    to_queue = [{"Event": "s3:ObjectRemoved:*", "Queue": attribute("Q")}]
    notifying = {"QueueConfigurations": to_queue}
    create({**queue, "B": bucket(NotificationConfiguration=notifying, Tags=[{"Key": "a", "Value": "b"}])})
    assert configured() == {"QueueConfigurations"}
    change({**queue, "B": bucket(VersioningConfiguration={"Status": "Enabled"})})
    assert configured() == set()
    assert s3.get_bucket_versioning(Bucket="uploads")["Status"] == "Enabled"
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket="uploads")


@pytest.mark.parametrize(("region", "place"), [("us-east-1", "-us-east-1"), ("us-east-2", ".us-east-2")])
def test_the_address_of_a_bucket_s_website_is_that_of_its_region(destmock, region, place):
    cloudformation = boto3.client("cloudformation", region)
    output = {"Url": {"Value": {"Fn::GetAtt": ["B", "WebsiteURL"]}}}
    template = {"Resources": {"B": resource("AWS::S3::Bucket", BucketName="site")}, "Outputs": output}
    cloudformation.create_stack(StackName="site", TemplateBody=json.dumps(template))
    [stack] = cloudformation.describe_stacks(StackName="site")["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == f"http://site.s3-website{place}.amazonaws.com"


def test_a_bucket_s_events_reach_event_bridge(create, records):
    bridge = {"EventBridgeConfiguration": {"EventBridgeEnabled": "true"}}
    target = {"Id": "q", "Arn": attribute("Q")}
    create(
        {
            "B": resource("AWS::S3::Bucket", BucketName="uploads", NotificationConfiguration=bridge),
            "Q": resource("AWS::SQS::Queue", QueueName="seen"),
            "R": resource(
                "AWS::Events::Rule", EventPattern={"detail-type": ["Object Created"]}, Targets=[target]
            ),
        }
    )
    boto3.client("s3").put_object(Bucket="uploads", Key="a.txt", Body=b"")
    assert [event["detail"]["object"]["key"] for event in records("seen")] == ["a.txt"]


def test_managed_policies(create, change):
    def policy(action, *roles):
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
        }
        attached = [{"Ref": role} for role in roles]
        return resource("AWS::IAM::ManagedPolicy", PolicyDocument=document, Roles=attached)

    def attached():
        answer = iam.list_entities_for_policy(PolicyArn=made["P"])["PolicyRoles"]
        return {role["RoleName"] for role in answer}

    iam = boto3.client("iam")
    roles = {name: resource("AWS::IAM::Role", AssumeRolePolicyDocument={}) for name in ("A", "B")}
    made = create({**roles, "P": policy("s3:*", "A")})
    assert attached() == {made["A"]}
    change({**roles, "P": policy("sqs:*", "B")})
    assert attached() == {made["B"]}
    change(roles)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_cdk_s_notifications_leave_those_of_others_alone(create, change):
    """Without `Managed`, which is how CDK treats a bucket that it has only imported."""

    def notifications(queue):
        below = {"Key": {"FilterRules": [{"Name": "prefix", "Value": queue}]}}
        told = {"Events": ["s3:ObjectCreated:*"], "QueueArn": attribute(queue), "Filter": below}
        config = {"QueueConfigurations": [told]}
        properties = {"BucketName": "uploads", "NotificationConfiguration": config, "Managed": "false"}
        return resource("Custom::S3BucketNotifications", ServiceToken="arn", **properties)

    def queues():
        answer = s3.get_bucket_notification_configuration(Bucket="uploads")
        return {each["QueueArn"].split("-")[-2] for each in answer.get("QueueConfigurations", [])}

    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="uploads")
    own = {name: resource("AWS::SQS::Queue") for name in ("A", "B", "C")}
    create({**own, "First": notifications("A")})
    change({**own, "First": notifications("A"), "Second": notifications("B")})
    assert queues() == {"A", "B"}
    change({**own, "First": notifications("A"), "Second": notifications("C")})
    assert queues() == {"A", "C"}
    change({**own, "First": notifications("A")})
    assert queues() == {"A"}


def test_mappings_layers_and_urls(create, change, lam):
    def mapping(**more):
        given = {"FunctionName": {"Ref": "F"}, "EventSourceArn": attribute("Q")}
        return resource("AWS::Lambda::EventSourceMapping", **given, **more)

    url = resource("AWS::Lambda::Url", TargetFunctionArn={"Ref": "F"}, AuthType="NONE")
    base = {"F": function(), "Q": resource("AWS::SQS::Queue"), "Url": url}
    made = create({**base, "M": mapping(BatchSize="3")})
    changed = change({**base, "M": mapping(BatchSize=4, Enabled=False)})
    assert changed == made
    found = lam.get_event_source_mapping(UUID=made["M"])
    assert (found["BatchSize"], found["State"]) == (4, "Disabled")
    assert lam.get_function_url_config(FunctionName=made["F"])["AuthType"] == "NONE"
    change({"F": function(), "Q": base["Q"]})
    assert lam.list_event_source_mappings()["EventSourceMappings"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        lam.get_function_url_config(FunctionName=made["F"])


def test_intrinsic_functions_that_moto_gets_wrong(create, lam):
    resources = {
        "F": function(
            Layers=[{"Ref": "AWS::NoValue"}],
            Environment={"Variables": {"ARN": {"Fn::GetAtt": "Q.Arn"}, "NONE": {"Ref": "AWS::NoValue"}}},
        ),
        "Q": resource("AWS::SQS::Queue", QueueName="q"),
    }
    name = create(resources)["F"]
    configuration = lam.get_function_configuration(FunctionName=name)
    assert configuration["Environment"]["Variables"] == {"ARN": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}


def test_a_failed_create_stack_leaves_no_stack(create, cloudformation):
    config = resource("AWS::Lambda::EventInvokeConfig", FunctionName="nobody", Qualifier="$LATEST")
    outputs = {"Url": {"Value": {"Ref": "Q"}, "Export": {"Name": "url"}}}
    with pytest.raises(ClientError, match=r"Config \(AWS::Lambda::EventInvokeConfig\): Resource handler"):
        create({"Q": resource("AWS::SQS::Queue"), "Config": config}, Outputs=outputs)
    assert not any(everything().values())
    create({"Q": resource("AWS::SQS::Queue")}, Outputs=outputs)


def test_create_stack_skips_what_moto_does_not_know(create):
    with pytest.warns(UserWarning, match="AWS::Kendra::Index but it's not supported"):
        made = create({"Graph": resource("AWS::Kendra::Index"), "Q": resource("AWS::SQS::Queue")})
    assert "Graph" not in made


def test_moto_s_cloudformation_is_as_before_afterwards():
    from moto.cloudformation import models, parsing

    def state():
        patched = (
            parsing.clean_json,
            parsing.ResourceMap.__init__,
            models.CloudFormationBackend.create_stack,
            models.Stack.parse_template,
            models.Stack._parse_template,
            models.ChangeSet._parse_template,
        )
        return dict(parsing.get_model_map()), patched, parsing.resource_class_from_type, parsing.NULL_MODELS

    before = state()
    with mock_destinations():
        with mock_destinations() as inner:
            inner.deploy(ORDERS)
            assert state() != before
        assert state() == before
        boto3.client("cloudformation").list_stacks()
        with mock_destinations() as inner:
            inner.deploy(ORDERS, stack_name="other", parameters={"Stage": "prod"})
        assert state() != before
    assert state() == before


def test_stacks_of_another_account(destmock):
    """The account of a role that was assumed, as moto keeps them apart."""
    role = {"RoleArn": "arn:aws:iam::111122223333:role/deployer", "RoleSessionName": "deploy"}
    given = boto3.client("sts").assume_role(**role)["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    body = json.dumps({"Resources": {"Q": resource("AWS::SQS::Queue", QueueName="theirs")}})
    boto3.client("cloudformation", **keys).create_stack(StackName="theirs", TemplateBody=body)
    assert boto3.client("sqs", **keys).list_queues()["QueueUrls"] == [
        "https://sqs.us-east-1.amazonaws.com/111122223333/theirs"
    ]
    assert "QueueUrls" not in boto3.client("sqs").list_queues()


def test_a_route_table_goes_with_its_stack_and_leaves_other_networks_alone(create, cloudformation):
    ec2 = boto3.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    before = [each["RouteTableId"] for each in ec2.describe_route_tables()["RouteTables"]]
    table = resource("AWS::EC2::RouteTable", VpcId=network)
    placed = {"SubnetId": subnet, "RouteTableId": {"Ref": "Routes"}}
    create({"Routes": table, "Placed": resource("AWS::EC2::SubnetRouteTableAssociation", **placed)})
    cloudformation.delete_stack(StackName="shop")
    assert [each["RouteTableId"] for each in ec2.describe_route_tables()["RouteTables"]] == before


def test_what_a_condition_leaves_out_is_not_listed(create, cloudformation):
    never = {"Never": {"Fn::Equals": ["a", "b"]}}
    left_out = {**resource("AWS::SQS::Queue"), "Condition": "Never"}
    made = create({"A": left_out, "Q": resource("AWS::SQS::Queue")}, Conditions=never)
    assert made.keys() == {"Q"}
    [described] = cloudformation.describe_stack_resources(StackName="shop")["StackResources"]
    assert described["LogicalResourceId"] == "Q"
    one = cloudformation.describe_stack_resource(StackName="shop", LogicalResourceId="Q")
    assert one["StackResourceDetail"]["PhysicalResourceId"] == made["Q"]


def test_what_a_failed_deletion_has_deleted_is_not_made_again_by_a_listing(create, cloudformation, sqs):
    made = create({"B": resource("AWS::S3::Bucket"), "Q": resource("AWS::SQS::Queue")})
    boto3.client("s3").put_object(Bucket=made["B"], Key="a", Body=b"")
    cloudformation.delete_stack(StackName="shop")
    assert physical(cloudformation, "shop") == {"B": made["B"]}
    assert "QueueUrls" not in sqs.list_queues()
