"""The names that CloudFormation generates: `<stack>-<logical id>-<twelve characters>`."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from moto.cloudformation.models import cloudformation_backends

#: The longest name of a type, where that is shorter than a stack's and a resource's names may add up to.
_LONGEST = {
    "AWS::Batch::ComputeEnvironment": 128,
    "AWS::Batch::JobDefinition": 128,
    "AWS::Batch::JobQueue": 128,
    "AWS::ElasticLoadBalancing::LoadBalancer": 32,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 32,
    "AWS::ElasticLoadBalancingV2::TargetGroup": 32,
    "AWS::Events::Archive": 48,
    "AWS::Events::Rule": 64,
    "AWS::IAM::Group": 128,
    "AWS::IAM::InstanceProfile": 128,
    "AWS::IAM::ManagedPolicy": 128,
    "AWS::IAM::Policy": 128,
    "AWS::IAM::Role": 64,
    "AWS::IAM::User": 64,
    "AWS::IoT::Policy": 128,
    "AWS::IoT::Thing": 128,
    "AWS::Kinesis::Stream": 128,
    "AWS::Lambda::Function": 64,
    "AWS::Lambda::LayerVersion": 140,
    "AWS::Lambda::Permission": 100,
    "AWS::RDS::DBInstance": 63,
    "AWS::RDS::DBCluster": 63,
    "AWS::Redshift::Cluster": 63,
    "AWS::S3::Bucket": 63,
    "AWS::SQS::Queue": 75,  # with room for `.fifo`
    "AWS::SageMaker::Endpoint": 63,
    "AWS::SageMaker::EndpointConfig": 63,
    "AWS::SageMaker::Model": 63,
    "AWS::SageMaker::NotebookInstance": 63,
    "AWS::Scheduler::Schedule": 64,
    "AWS::Scheduler::ScheduleGroup": 64,
    "AWS::StepFunctions::StateMachine": 80,
}
_DEFAULT_LONGEST = 250
#: The types whose names have no capital letters.
_LOWER = {
    "AWS::ECR::Repository",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBSecurityGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::Redshift::Cluster",
    "AWS::Redshift::ClusterParameterGroup",
    "AWS::Redshift::ClusterSubnetGroup",
    "AWS::S3::Bucket",
}
_SUFFIX = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SUFFIX_LENGTH = 12


def generated(resource_type: str, logical_id: str, resources_map: Any) -> str:
    """A name that no earlier resource has had, and that is the same on every run.

    It follows from the stack, the logical id, and how many names the logical id has had in this mock.
    """
    account, region = resources_map["AWS::AccountId"], resources_map["AWS::Region"]
    stack = resources_map["AWS::StackName"].replace(":", "-")  # of a StackSet
    asked = f"{account}/{region}/{stack}/{logical_id}"
    number = _count(account, region, asked)
    suffix = _suffix(asked if number == 0 else f"{asked}/{number}")
    room = _LONGEST.get(resource_type, _DEFAULT_LONGEST) - _SUFFIX_LENGTH - 2
    stack = stack[: max(room - len(logical_id), room // 2)]
    parts = (stack.rstrip("-"), logical_id[: room - len(stack)], suffix)
    name = "-".join(part for part in parts if part)
    while "--" in name:  # some services refuse two hyphens in a row
        name = name.replace("--", "-")
    return name.lower() if resource_type in _LOWER else name


def _count(account: str, region: str, asked: str) -> int:
    """How many names were generated for this before; moto forgets it with all its stacks."""
    names: Counter[str] = vars(cloudformation_backends[account][region]).setdefault(
        "_destmock_names", Counter()
    )
    number = names[asked]
    names[asked] += 1
    return number


def _suffix(text: str) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    characters = []
    for _ in range(_SUFFIX_LENGTH):
        number, place = divmod(number, len(_SUFFIX))
        characters.append(_SUFFIX[place])
    return "".join(characters)
