"""Resources of moto's own models: they take and give names as on AWS, where moto passes resources around."""

import ast
import inspect
import json
import textwrap

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.cloudformation import parsing

from destmock._cloudformation.resources.theirs import WANTED_RESOURCES
from tests.cloudformation.deployed import ROLE, attribute, resource

ANYTHING_S = {name for kind in (str, list, dict, int, bytes) for name in dir(kind)}
NETWORK = {
    "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
    "Net": resource("AWS::EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.0.0.0/24"),
}
DATABASE = {
    "AllocatedStorage": 5,
    "DBInstanceClass": "db.t3.micro",
    "DBInstanceIdentifier": "orders",
    "Engine": "mysql",
    "MasterUsername": "root",
    "MasterUserPassword": "password1",
}
WAREHOUSE = {
    "ClusterType": "single-node",
    "DBName": "orders",
    "MasterUsername": "root",
    "MasterUserPassword": "Password1",
    "NodeType": "dc2.large",
}


@pytest.fixture
def create(cloudformation):
    """Creates a stack, and answers its resources' physical ids."""

    def make(resources, name="shop"):
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
        listed = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}

    return make


def read_from_properties(expression):
    """The property that an expression reads: `properties["A"]`, or `properties.get("A")`."""
    match expression:
        case ast.Subscript(value=ast.Name(id="properties" | "props"), slice=ast.Constant(value=name)):
            return name
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="properties" | "props"), attr="get"),
            args=[ast.Constant(value=name), *_],
        ):
            return name
        case _:
            return None


def properties_used_as_resources(model):
    """The properties of which a model's source reads attributes that no text, list or object has.

    Those that it asks `isinstance` about aren't meant: such a model takes a name as well.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(model.create_from_cloudformation_json)))
    variables = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=variable)], value=value) if read_from_properties(value):
                variables[variable] = read_from_properties(value)
            case (
                ast.comprehension(target=ast.Name(id=each), iter=ast.Name(id=variable))
                | ast.For(target=ast.Name(id=each), iter=ast.Name(id=variable))
            ) if variable in variables:
                variables[each] = variables[variable]
    checked = {
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance"
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and ast.unparse(node.value) not in checked
            and node.attr not in ANYTHING_S
        ):
            found = read_from_properties(node.value)
            if found is None and isinstance(node.value, ast.Name):
                found = variables.get(node.value.id)
            if found is not None:
                yield found


def test_each_model_that_takes_a_resource_where_aws_takes_its_name_is_known():
    """The walk sees all of moto's models, so that an upgrade of moto shows a new one."""
    wanted = {}
    for kind, model in parsing.get_model_map().items():
        found = tuple(sorted(set(properties_used_as_resources(model))))
        if found:
            wanted[kind] = found
    assert wanted == WANTED_RESOURCES


@pytest.mark.parametrize("referred", [True, False], ids=["by Ref", "by name"])
def test_a_database_takes_its_groups(create, referred):
    groups = {
        **NETWORK,
        "Inside": resource("AWS::RDS::DBSecurityGroup", GroupDescription="x"),
        "Nets": resource(
            "AWS::RDS::DBSubnetGroup",
            DBSubnetGroupName="nets",
            DBSubnetGroupDescription="x",
            SubnetIds=[{"Ref": "Net"}],
        ),
    }
    names = create(groups, "groups")
    inside, nets = ({"Ref": "Inside"}, {"Ref": "Nets"}) if referred else (names["Inside"], "nets")
    database = resource("AWS::RDS::DBInstance", **DATABASE, DBSecurityGroups=[inside], DBSubnetGroupName=nets)
    if referred:
        groups["Nets"]["Properties"]["DBSubnetGroupName"] = nets_name = "own-nets"
        names = create({**groups, "Database": database})
    else:
        nets_name = "nets"
        create({"Database": database})
    [found] = boto3.client("rds").describe_db_instances()["DBInstances"]
    assert found["DBSubnetGroup"]["DBSubnetGroupName"] == nets_name
    assert [each["DBSecurityGroupName"] for each in found["DBSecurityGroups"]] == [names["Inside"]]


@pytest.mark.parametrize("name", [{"Ref": "Nets"}, "shop-nets"], ids=["by Ref", "by name"])
def test_a_warehouse_takes_its_subnet_group(create, name):
    if name == "shop-nets":
        subnet = boto3.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        boto3.client("redshift").create_cluster_subnet_group(
            ClusterSubnetGroupName=name, Description="x", SubnetIds=[subnet]
        )
    nets = resource("AWS::Redshift::ClusterSubnetGroup", Description="x", SubnetIds=[{"Ref": "Net"}])
    warehouse = resource("AWS::Redshift::Cluster", **WAREHOUSE, ClusterSubnetGroupName=name)
    made = create({**NETWORK, "Nets": nets, "Warehouse": warehouse})
    [found] = boto3.client("redshift").describe_clusters()["Clusters"]
    assert found["ClusterIdentifier"] == made["Warehouse"]
    assert found["ClusterSubnetGroupName"] == (name if name == "shop-nets" else made["Nets"])


def test_a_stage_takes_its_deployment(create):
    api = resource("AWS::ApiGateway::RestApi", Name="orders")
    method = resource(
        "AWS::ApiGateway::Method",
        RestApiId={"Ref": "Api"},
        ResourceId=attribute("Api", "RootResourceId"),
        HttpMethod="GET",
        AuthorizationType="NONE",
        Integration={"Type": "HTTP", "IntegrationHttpMethod": "GET", "Uri": "https://example.com"},
    )
    deployment = {**resource("AWS::ApiGateway::Deployment", RestApiId={"Ref": "Api"}), "DependsOn": "Get"}
    made = create({"Api": api, "Get": method, "Now": deployment})
    [found] = boto3.client("apigateway").get_deployments(restApiId=made["Api"])["items"]
    assert made["Now"] == found["id"]


def test_ref_gives_a_thing_s_own_name(create):
    made = create({"Lamp": resource("AWS::IoT::Thing", ThingName="lamp")})
    assert made["Lamp"] == "lamp"


def test_ref_gives_an_access_point_s_id(create):
    files = resource("AWS::EFS::FileSystem")
    point = resource("AWS::EFS::AccessPoint", FileSystemId={"Ref": "Files"})
    made = create({"Files": files, "Point": point})
    [found] = boto3.client("efs").describe_access_points()["AccessPoints"]
    assert made["Point"] == found["AccessPointId"]


STATES = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
#: Resources, and the attributes of the last that moto's models leave out: what AWS's API says they are.
ATTRIBUTES = {
    "state machine": (
        {"R": resource("AWS::StepFunctions::StateMachine", RoleArn=ROLE, DefinitionString=STATES)},
        {"Arn": ("stepfunctions", "list_state_machines", "stateMachines", "stateMachineArn")},
    ),
    "access point": (
        {
            "Files": resource("AWS::EFS::FileSystem"),
            "R": resource("AWS::EFS::AccessPoint", FileSystemId={"Ref": "Files"}),
        },
        {
            "Arn": ("efs", "describe_access_points", "AccessPoints", "AccessPointArn"),
            "AccessPointId": ("efs", "describe_access_points", "AccessPoints", "AccessPointId"),
        },
    ),
    "file system": (
        {"R": resource("AWS::EFS::FileSystem")},
        {
            "Arn": ("efs", "describe_file_systems", "FileSystems", "FileSystemArn"),
            "FileSystemId": ("efs", "describe_file_systems", "FileSystems", "FileSystemId"),
        },
    ),
    "target group": (
        {**NETWORK, "R": resource("AWS::ElasticLoadBalancingV2::TargetGroup", VpcId={"Ref": "Vpc"})},
        {
            "TargetGroupArn": ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
            "TargetGroupName": ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
        },
    ),
    "parameter": (
        {"R": resource("AWS::SSM::Parameter", Type="String", Value="x")},
        {"Type": ("ssm", "describe_parameters", "Parameters", "Type")},
    ),
    "key": (
        {"R": resource("AWS::KMS::Key", KeyPolicy={})},
        {"KeyId": ("kms", "list_keys", "Keys", "KeyId")},
    ),
    "volume": (
        {"R": resource("AWS::EC2::Volume", AvailabilityZone="us-east-1a", Size=8)},
        {"VolumeId": ("ec2", "describe_volumes", "Volumes", "VolumeId")},
    ),
}


@pytest.mark.parametrize(("resources", "attributes"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_an_attribute_is_what_the_service_says(cloudformation, resources, attributes):
    outputs = {name: {"Value": attribute("R", name)} for name in attributes}
    body = json.dumps({"Resources": resources, "Outputs": outputs})
    cloudformation.create_stack(StackName="shop", TemplateBody=body)
    [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    for output in stack["Outputs"]:
        service, operation, listed, member = attributes[output["OutputKey"]]
        [found] = getattr(boto3.client(service), operation)()[listed]
        assert output["OutputValue"] == found[member]


def test_a_security_group_s_network_is_an_attribute(create):
    group = resource("AWS::EC2::SecurityGroup", GroupDescription="x", VpcId={"Ref": "Vpc"})
    name = resource("AWS::SSM::Parameter", Type="String", Value=attribute("Group", "VpcId"))
    made = create({**NETWORK, "Group": group, "Name": name})
    [found] = boto3.client("ssm").get_parameters(Names=[made["Name"]])["Parameters"]
    assert found["Value"] == made["Vpc"]


@pytest.mark.parametrize("kind", ["AWS::EFS::AccessPoint", "AWS::EFS::FileSystem"])
def test_an_attribute_that_there_is_none_of(create, kind):
    files = {"Files": resource("AWS::EFS::FileSystem"), "R": resource(kind)}
    if kind.endswith("AccessPoint"):
        files["R"]["Properties"]["FileSystemId"] = {"Ref": "Files"}
    files["Name"] = resource("AWS::SSM::Parameter", Type="String", Value=attribute("R", "Nope"))
    with pytest.raises(ClientError, match="resource R does not support attribute type Nope in Fn::GetAtt"):
        create(files)
