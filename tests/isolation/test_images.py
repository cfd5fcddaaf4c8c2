"""EC2's images and their snapshots are there when somebody asks."""

import boto3
import pytest
from moto import mock_aws
from moto.ec2.models import amis, ec2_backends
from moto.moto_api._internal import mock_random

from destmock import mock_destinations
from destmock._isolation.random_texts import Seeding
from tests.programs import printed


def ec2(region="us-east-1"):
    return boto3.client("ec2", region)


def there(region="us-east-1"):
    """The ids and names of all images, and the number of snapshots: EC2's own answer takes seconds."""
    backend = ec2_backends["123456789012"][region]
    return {image.id: image.name for image in backend.amis.values()}, len(backend.snapshots)


@pytest.fixture
def known():
    """What moto has, for whoever has used EC2 once in the process."""
    with mock_aws():
        return there()


def test_a_test_that_asks_finds_what_moto_has(known):
    for _ in range(2):
        with mock_destinations():
            ec2().create_vpc(CidrBlock="10.0.0.0/16")
            assert there() == known


def test_an_instance_has_its_image_and_an_image_its_snapshot(known):
    with mock_destinations():
        [image] = ec2().describe_images(ImageIds=[min(known[0])])["Images"]
        [instance] = ec2().run_instances(ImageId=image["ImageId"], MinCount=1, MaxCount=1)["Instances"]
        made = ec2().create_image(InstanceId=instance["InstanceId"], Name="mine")["ImageId"]
        [own] = ec2().describe_images(ImageIds=[made])["Images"]
        snapshot = own["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        assert ec2().describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        assert len(there()[0]) == len(known[0]) + 1


def test_a_snapshot_of_the_test_s_own_is_one_of_them(known):
    with mock_destinations():
        volume = ec2().create_volume(Size=1, AvailabilityZone="us-east-1a")["VolumeId"]
        snapshot = ec2().create_snapshot(VolumeId=volume)["SnapshotId"]
        assert there()[1] == known[1] + 1
        ec2().delete_snapshot(SnapshotId=snapshot)
        assert there() == known


def test_a_mock_within_mock_aws_leaves_it_all_of_them(known):
    with mock_aws():
        with mock_destinations():
            ec2().create_vpc(CidrBlock="10.0.0.0/16")
        assert there() == known


@pytest.mark.parametrize("inside", [False, True])
def test_the_ids_of_a_seed_are_the_same_in_every_mock(known, inside):
    def drawn(mock):
        with mock:
            if inside:
                mock_random.seed(7)
            return ec2().create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"], mock_random.get_random_hex(20)

    made = [drawn(mock_destinations(seed=None if inside else 7)) for _ in range(2)]
    if inside:
        made.append(drawn(mock_aws()))
    assert len(set(made)) == 1
    with mock_destinations():
        assert not Seeding.is_done


def test_the_first_mock_that_uses_ec2_has_the_ids_of_later_ones():
    program = """
        import boto3
        from destmock import mock_destinations

        for _ in range(2):
            with mock_destinations(seed=7):
                print(boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
    """
    assert len(set(printed(program).split())) == 1


@pytest.mark.parametrize("seed", [None, 7])
def test_a_mock_that_ends_makes_none(seed, monkeypatch):
    with mock_destinations(seed=seed):
        ec2().describe_vpcs()
        held = ec2_backends["123456789012"]["us-east-1"]
        monkeypatch.setattr(amis.Ami, "__init__", lambda *_, **__: pytest.fail("moto makes one"))
    assert (held.amis, held.snapshots) == ({}, {})
    monkeypatch.undo()
    with mock_aws():
        assert there()[0]


def test_a_mock_that_was_begun_within_one_and_outlasts_it_has_all_of_them(known):
    """In a process of its own: moto leaves its credentials when mocks overlap so."""
    images = printed("""
        import boto3
        from moto import mock_aws
        from destmock import mock_destinations

        outer, inner = mock_destinations(), mock_aws()
        outer.start()
        boto3.client("ec2", "us-east-1").describe_vpcs()
        inner.start()
        outer.stop()
        from moto.ec2.models import ec2_backends
        print(len(ec2_backends["123456789012"]["us-east-1"].amis))
    """)
    assert int(images) == len(known[0])


@pytest.mark.parametrize("mock", [mock_aws, mock_destinations])
def test_what_is_seeded_after_ec2_was_used_draws_as_under_moto(known, mock):
    with mock():
        ec2().describe_vpcs()
        mock_random.seed(42)
        assert len(there()[0]) == len(known[0])
        drawn = mock_random.get_random_hex(20)
    mock_random.seed(42)
    assert mock_random.get_random_hex(20) == drawn
