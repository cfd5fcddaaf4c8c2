"""moto's own models of resources, made to give and to take the names that CloudFormation does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.utils import get_stack_from_s3_url
from moto.core.exceptions import ServiceException
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException

from destmock._cloudformation.resources.api import Api
from destmock._cloudformation.resources.model import stays_when_replaced
from destmock._cloudformation.resources.table_changes import change_table, set_time_to_live
from destmock._services.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The attribute of moto's resource that `Ref` gives on AWS, for the models that don't say it.
_IDS = {
    "AWS::ApiGateway::Deployment": "id",
    "AWS::AutoScaling::ScheduledAction": "scheduled_action_name",
    "AWS::EFS::AccessPoint": "access_point_id",
    "AWS::IoT::BillingGroup": "billing_group_name",
    "AWS::IoT::JobTemplate": "job_template_id",
    "AWS::IoT::Policy": "name",
    "AWS::IoT::RoleAlias": "role_alias",
    "AWS::IoT::Thing": "thing_name",
    "AWS::IoT::ThingType": "thing_type_name",
    "AWS::RDS::DBParameterGroup": "name",
    "AWS::RDS::DBSecurityGroup": "name",
    "AWS::RDS::DBSubnetGroup": "name",
    "AWS::Redshift::Cluster": "cluster_identifier",
    "AWS::Redshift::ClusterParameterGroup": "name",
    "AWS::Redshift::ClusterSubnetGroup": "cluster_subnet_group_name",
}
#: The properties in which a model of moto's wants another resource, where AWS wants its name.
WANTED_RESOURCES: Mapping[str, tuple[str, ...]] = {
    "AWS::RDS::DBInstance": ("DBSecurityGroups", "DBSubnetGroupName"),
    "AWS::Redshift::Cluster": ("ClusterSubnetGroupName",),
}
#: The attributes of `Fn::GetAtt` that moto's models leave out: what holds their values.
_ID = "physical_resource_id"
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "AWS::ApiGateway::Deployment": {"DeploymentId": _ID},
    "AWS::ApiGateway::Resource": {"ResourceId": _ID},
    "AWS::ApiGateway::RestApi": {"RestApiId": _ID},
    "AWS::Batch::ComputeEnvironment": {"ComputeEnvironmentArn": _ID},
    "AWS::Batch::JobQueue": {"JobQueueArn": _ID},
    "AWS::EC2::InternetGateway": {"InternetGatewayId": _ID},
    "AWS::EC2::NatGateway": {"NatGatewayId": _ID},
    "AWS::EC2::RouteTable": {"RouteTableId": _ID},
    "AWS::EC2::SecurityGroup": {"Id": _ID, "VpcId": "vpc_id"},
    "AWS::EC2::Subnet": {"CidrBlock": "cidr_block", "SubnetId": _ID, "VpcId": "vpc_id"},
    "AWS::EC2::Volume": {"VolumeId": _ID},
    "AWS::ECS::Service": {"ServiceArn": _ID},
    "AWS::ECS::TaskDefinition": {"TaskDefinitionArn": _ID},
    "AWS::EFS::AccessPoint": {"AccessPointId": _ID, "Arn": "access_point_arn"},
    "AWS::EFS::FileSystem": {"Arn": "file_system_arn", "FileSystemId": _ID},
    "AWS::EFS::MountTarget": {"Id": _ID, "IpAddress": "ip_address"},
    "AWS::ElasticLoadBalancingV2::Listener": {"ListenerArn": _ID},
    "AWS::ElasticLoadBalancingV2::ListenerRule": {"RuleArn": _ID},
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {"LoadBalancerArn": _ID},
    "AWS::ElasticLoadBalancingV2::TargetGroup": {"TargetGroupArn": _ID, "TargetGroupName": "name"},
    "AWS::KMS::Key": {"KeyId": _ID},
    "AWS::Route53::HostedZone": {"Id": _ID},
    "AWS::SSM::Parameter": {"Type": "parameter_type", "Value": "value"},
    "AWS::StepFunctions::StateMachine": {"Arn": _ID},
}
_NESTED, _OUTPUTS = "AWS::CloudFormation::Stack", "Outputs."
#: The models that replace a resource whose generated name is another one: a generated name stays.
_COMPARING_NAMES = ("AWS::ECR::Repository", "AWS::ECS::Cluster", "AWS::Events::Archive")
#: The properties whose change makes another resource, which moto's models don't know.
_RENAMED = {"AWS::IAM::Role": "RoleName", "AWS::Kinesis::Stream": "Name"}
#: The properties that have a default in CloudFormation, but not in moto's models.
_DEFAULTS = {"AWS::SSM::Document": {"DocumentFormat": "JSON"}}
#: The properties that may be an object in a template, and are text in moto's models.
_TEXTS = {"AWS::SSM::Document": ("Content",)}
#: The models that know only a name among the properties, never a generated one.
_NAMED_BY_PROPERTY = {"AWS::SSM::Parameter": "Name"}


def _delete_route_table(name: str, _template: object, account: str, region: str) -> None:
    """Delete a route table, for moto keeps it, and then refuses to delete its network."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - it takes long to import

    backend = ec2_backends[account][region]
    table = backend.get_route_table(name)
    for association in {*table.all_associations_ids} - {table.main_association_id}:
        backend.disassociate_route_table(association)
    backend.delete_route_table(name)


def _change_stack(api: Api, stack: Any, properties: dict[str, Any]) -> bool:
    """Update a nested stack; moto makes another one, without what the first one's tables have."""
    template = get_stack_from_s3_url(properties["TemplateURL"], api.account, get_partition(api.region))
    stack.update(template, parameters=properties.get("Parameters", {}))
    return True


#: How resources are changed that moto's models can't change; a function answers `False` for another resource.
_CHANGES = {"AWS::DynamoDB::Table": change_table, _NESTED: _change_stack}
#: What moto's models leave out of resources that they make.
_FINISHES = {"AWS::DynamoDB::Table": set_time_to_live}
#: How resources are deleted that moto's models leave.
_DELETIONS = {"AWS::EC2::RouteTable": _delete_route_table}


class _Name(str):
    """The name of a resource, which has the attributes that moto's models read a name from."""

    __slots__ = ()
    name = cluster_subnet_group_name = property(str.__str__)


def _refusal(resource: str, reason: object) -> ValidationError:
    """CloudFormation's error for a resource that its service refuses."""
    return ValidationError(message=f'{resource}: Resource handler returned message: "{reason}"')


class Theirs:
    """One of moto's own models."""

    def __init__(self, resource_type: str, model: Any) -> None:
        self._type = resource_type
        self._model = model

    def has_cfn_attr(self, name: str) -> bool:
        return name in _ATTRIBUTES.get(self._type, {}) or bool(self._model.has_cfn_attr(name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def create_from_cloudformation_json(
        self, name: str, template: dict[str, Any], account: str, region: str, **given: str
    ) -> Any:
        _name_resources(template)
        self._complete(template, name)
        resource = f"{given['LogicalId']} ({template['Type']})"
        try:
            made = self._make(name, template, account, region, **given)
        except KeyError as error:
            raise ValidationError(message=f"{resource}: Property {error} is missing") from error
        except ValidationError:  # it names the resource
            raise
        except (ServiceException, HTTPException) as error:
            raise _refusal(resource, getattr(error, "message", error)) from error
        return _identified(made, template["Type"], name)

    def _make(self, name: str, template: dict[str, Any], account: str, region: str, **given: str) -> Any:
        made = self._model.create_from_cloudformation_json(name, template, account, region, **given)
        if self._type in _FINISHES:
            _FINISHES[self._type](Api(account, region, Clients()), made, template["Properties"])
        return made

    @property
    def update_from_cloudformation_json(self) -> Any:
        """The model's update; if it is abstract it stays so, which tells moto that there is no update."""
        if self._type in _CHANGES:
            return self._change
        update = self._model.update_from_cloudformation_json
        if hasattr(update, "__isabstractmethod__"):
            return update

        def update_from_cloudformation_json(**given: Any) -> Any:
            template = given["cloudformation_json"]
            _name_resources(template)
            self._complete(template, given["original_resource"].physical_resource_id)
            kind = template["Type"]
            named = template["Properties"].get(_RENAMED.get(kind))
            if named not in (None, given["original_resource"].physical_resource_id):
                return self._replace(**given)
            if (
                kind in _COMPARING_NAMES
                and self._model.cloudformation_name_type() not in template["Properties"]
            ):
                given["new_resource_name"] = given["original_resource"].name
            return _identified(update(**given), kind, given["new_resource_name"])

        return update_from_cloudformation_json

    def _change(self, **given: Any) -> Any:
        """Change a resource as its service does, or make another one in its place."""
        template, before = given["cloudformation_json"], given["original_resource"]
        place = given["account_id"], given["region_name"]
        try:
            if _CHANGES[self._type](Api(*place, Clients()), before, template["Properties"]):
                return before
        except ClientError as error:
            resource = f"{before.logical_resource_id} ({self._type})"
            raise _refusal(resource, error.response["Error"]["Message"]) from error
        return self._replace(**given)

    def _replace(self, **given: Any) -> Any:
        template, before = given["cloudformation_json"], given["original_resource"]
        place = given["account_id"], given["region_name"]
        made = self._make(given["new_resource_name"], template, *place)
        if not stays_when_replaced(template):
            self._model.delete_from_cloudformation_json(before.physical_resource_id, template, *place)
        return made

    @property
    def delete_from_cloudformation_json(self) -> Any:
        """The model's deletion; if it is abstract, nothing has to be deleted."""
        own = _DELETIONS.get(self._type)
        return self._model.delete_from_cloudformation_json if own is None else own

    def _complete(self, template: dict[str, Any], name: str) -> None:
        """Give the model what it wants and CloudFormation needn't be told."""
        given = template["Properties"]
        texts = {
            key: json.dumps(given[key])
            for key in _TEXTS.get(self._type, ())
            if isinstance(given.get(key), dict)
        }
        template["Properties"] = {**_DEFAULTS.get(self._type, {}), **given, **texts}
        if self._type in _NAMED_BY_PROPERTY:
            template["Properties"].setdefault(_NAMED_BY_PROPERTY[self._type], name)


def attribute(resource: Any, name: str) -> Any:
    """The value of an attribute that moto's model leaves out; `None` if moto has to say it."""
    kind = getattr(resource, "cf_resource_type", "")
    outputs = getattr(resource, "output_map", None)  # an ignored one has none
    if kind == _NESTED and name.startswith(_OUTPUTS) and outputs is not None:
        output = outputs.get(name.removeprefix(_OUTPUTS))
        return None if output is None else output.value
    return getattr(resource, _ATTRIBUTES[kind][name]) if name in _ATTRIBUTES.get(kind, {}) else None


def _name_resources(template: dict[str, Any]) -> None:
    properties = template["Properties"]
    for name in WANTED_RESOURCES.get(template["Type"], ()):
        if name in properties:
            properties[name] = _named(properties[name])


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(each) for each in value]
    return _Name(value) if isinstance(value, str) else value


def _identified(made: Any, resource_type: str, name: str) -> Any:
    """The resource; one that has no physical id gets what `Ref` gives on AWS, or its generated name."""
    if not hasattr(made, "physical_resource_id"):
        made.physical_resource_id = getattr(made, _IDS[resource_type]) if resource_type in _IDS else name
    return made
