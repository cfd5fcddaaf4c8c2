"""moto's answers say what they say without the mock, in less time."""

from datetime import datetime, timezone

import boto3
import pytest
from moto import mock_aws
from moto.autoscaling.models import autoscaling_backends
from moto.core.model_instances import model_data
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker, get_serializer_class
from moto.core.utils import get_service_model
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.sqs.models import sqs_backends

from destmock import mock_destinations
from tests.programs import printed

SERVICES = ("cloudformation", "dynamodb", "lambda", "rds", "scheduler", "sqs")
REGIONS = ("us-east-1", "eu-west-1", "cn-north-1")


class DBInstance:
    """An object as moto's are, with attributes for an answer's members."""

    def __init__(self, members):
        self.__dict__.update(members)


class Renamed(DBInstance):
    """An object that has other names for some."""

    Meta = type("Meta", (), {"serialization_aliases": {"Status": "state", "QueueUrl": "address"}})


def members_of(shape, seen):
    """Each member of each structure in an answer, once, with its shape."""
    if shape is None or shape.name in seen:
        return
    seen.add(shape.name)
    if shape.type_name == "list":
        yield from members_of(shape.member, seen)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            member.parent = shape  # moto's serialiser notes it on its way down
            yield name, member
            yield from members_of(member, seen)


def picked(service):
    """What moto finds of each member, on objects that have it under each of its possible names."""
    model, seen = get_service_model(service), set()
    picker = XFormedAttributePicker(response_transformers={"Name": lambda value: f"<{value}>"})
    operations = [model.operation_model(name) for name in model.operation_names]
    serializer = get_serializer_class(service, model.protocol)(operations[0], value_picker=picker)
    for operation in operations:
        for key, shape in members_of(operation.output_shape, seen):
            for kind in (dict, DBInstance, Renamed):
                context = AttributePickerContext(obj=kind({}), key=key, shape=shape)
                names = {*picker.get_possible_keys(context)}
                for name in names:
                    yield key, kind, name, serializer.get_value(kind({name: "it"}), key, shape)
                yield key, kind, names, serializer.get_value(kind(dict.fromkeys(names)), key, shape)
                yield key, kind, None, serializer.get_value(kind({"other": 1}), key, shape)


@pytest.mark.parametrize("service", SERVICES)
def test_each_member_of_an_answer_is_found_under_the_names_that_moto_looks_for(service):
    without = [*picked(service)]
    with mock_destinations():
        assert [*picked(service)] == without
    assert {found for *_, found in without} >= {"it", None}


def test_a_service_has_the_same_regions_in_every_account():
    with mock_destinations():
        first, second = sqs_backends["123456789012"], sqs_backends["444455556666"]
        assert first.regions == second.regions
        assert first.regions is not second.regions
        assert {*REGIONS} <= {*first.regions}
        assert [first[region].region_name for region in REGIONS] == list(REGIONS)


def test_what_is_made_in_one_mock_is_in_no_other_one():
    for _ in range(2):
        with mock_destinations():
            sqs = boto3.client("sqs")
            assert "QueueUrls" not in sqs.list_queues()
            sqs.create_queue(QueueName="queue")
            assert len(sqs.list_queues()["QueueUrls"]) == 1
            assert list(sqs_backends) == ["123456789012"]
        assert dict(sqs_backends) == {}


def test_what_a_reset_makes_anew_is_reset_the_next_time():
    """To terminate an instance wakes other services, which ask for EC2 again while moto resets them."""
    for _ in range(2):
        with mock_destinations():
            west = boto3.client("ec2", "us-west-1")
            instance = west.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]
            west.terminate_instances(InstanceIds=[instance["InstanceId"]])
        with mock_destinations():
            east = boto3.client("ec2", "us-east-1")
            east.create_vpc(CidrBlock="10.0.0.0/16")
            assert len(east.describe_vpcs()["Vpcs"]) == 2


def networks_of_two_seeded_mocks(mock):
    """Auto Scaling asks for EC2 whenever moto resets it; the network of that was there before the seed."""
    with mock():
        boto3.client("ec2", "us-east-1").describe_vpcs()
        boto3.client("autoscaling", "us-east-1").describe_auto_scaling_groups()
    found = []
    for _ in range(2):
        with mock_destinations(seed=7):
            [network] = boto3.client("ec2", "us-east-1").describe_vpcs()["Vpcs"]
            found.append(network["VpcId"])
    return found


@pytest.mark.parametrize("mock", [mock_aws, mock_destinations])
def test_what_a_reset_makes_anew_has_no_part_in_the_ids_of_a_seed(mock):
    found = networks_of_two_seeded_mocks(mock)
    assert found[0] == found[1]


def test_nor_has_it_after_hundreds_of_mocks():
    """Each changes moto's classes, and Python 3.13.0 may go past a method after a thousand changes."""
    found = printed("""
        from moto import mock_aws
        from destmock import mock_destinations
        from tests.isolation.test_moto_answers import networks_of_two_seeded_mocks

        print(*networks_of_two_seeded_mocks(mock_aws))
        for _ in range(300):
            with mock_destinations():
                pass
        print(*networks_of_two_seeded_mocks(mock_aws))
    """)
    assert len({*found.split()}) == 1


def test_nothing_is_left_of_what_a_mock_has_used():
    with mock_destinations():
        boto3.client("ec2", "us-east-1").describe_vpcs()
        boto3.client("autoscaling", "us-east-1").describe_auto_scaling_groups()
        assert dict(ec2_backends)
    assert (dict(ec2_backends), dict(autoscaling_backends)) == ({}, {})


def test_a_backend_that_somebody_holds_is_as_new_after_the_mock():
    with mock_destinations():
        boto3.client("sqs").create_queue(QueueName="orders")
        held = sqs_backends["123456789012"]["us-east-1"]
        assert [*held.queues] == ["orders"]
    assert not held.queues


def test_a_model_that_takes_another_s_place_is_forgotten_as_well(monkeypatch):
    other = type("Queue", (), {"instances_tracked": []})
    with mock_destinations():
        pass
    monkeypatch.setitem(model_data["sqs"], "Queue", other)
    with mock_destinations():
        other.instances_tracked.append("of this mock")
    assert other.instances_tracked == []


def test_a_call_that_needs_nothing_of_iam_makes_none_of_it():
    with mock_destinations():
        boto3.client("sqs").list_queues()
        assert not iam_backends


def test_iam_knows_when_an_access_key_was_used_last():
    with mock_destinations(start=datetime(2026, 1, 1, tzinfo=timezone.utc)) as destmock:
        iam = boto3.client("iam")
        iam.create_user(UserName="ann")
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        own = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        destmock.advance(3600)
        boto3.client("sqs", region_name="eu-west-1", **own).list_queues()
        used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sqs", "eu-west-1")
    assert used["LastUsedDate"] == datetime(2026, 1, 1, 1, tzinfo=timezone.utc)
