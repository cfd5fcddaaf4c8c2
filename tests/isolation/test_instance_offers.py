"""Which types of instances EC2 offers is read when somebody looks, and is what moto reads."""

import copy
import importlib
import json
import operator
import pickle
import sys
from functools import partial

import pytest

from destmock._isolation.instance_offers import _ReadWhenAsked, read_later
from destmock._isolation.when_imported import WhenImported
from tests.programs import printed

READ = {"region": {"us-east-1": [{"InstanceType": "t3.micro"}]}}
MODULE = "reads_offers"
SOURCE = """
from os import listdir
from pathlib import Path

OTHER = listdir(Path(__file__).parent / "other")
INSTANCE_TYPE_OFFERINGS = {}
for name in listdir(Path(__file__).parent / "instance_type_offerings"):
    INSTANCE_TYPE_OFFERINGS[name] = {"us-east-1": []}
"""
TWICE = 'NAMES = listdir(str(Path(__file__).parent / "instance_type_offerings"))\n'


def test_a_mock_that_looks_finds_what_moto_reads():
    plain = """
        import json
        from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

        print(json.dumps({place: dict(found) for place, found in INSTANCE_TYPE_OFFERINGS.items()}))
    """
    later = """
        import gzip, json
        import boto3
        from destmock import mock_destinations

        read, decompress = [], gzip.decompress
        gzip.decompress = lambda data: read.append(1) or decompress(data)
        with mock_destinations():
            ec2 = boto3.client("ec2", "us-east-1")
            ec2.describe_vpcs()
            few = len(read)
            offers = ec2.describe_instance_type_offerings()["InstanceTypeOfferings"]
            wanted = {"ImageId": "ami-12c6146b", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
            [run] = ec2.run_instances(**wanted)["Instances"]
        from moto.ec2.models.instances import INSTANCE_TYPE_OFFERINGS
        print(json.dumps([few, len(read), len(offers), run["InstanceType"]]))
        print(json.dumps({place: dict(found) for place, found in INSTANCE_TYPE_OFFERINGS.items()}))
    """
    (few, many, offers, kind), found = map(json.loads, printed(later).splitlines())
    known = json.loads(printed(plain))
    assert found == known
    assert few < sum(map(len, known.values())) <= many
    assert (offers, kind) == (len(known["region"]["us-east-1"]), "t3.micro")


@pytest.mark.parametrize(
    "look",
    [
        *(dict, len, list, bool, repr, copy.copy, copy.deepcopy, sorted, str),
        *(lambda found: found["region"], lambda found: found.get("region"), lambda found: "region" in found),
        *(lambda found: found == READ, partial(operator.eq, READ), lambda found: found != {}),
        *(lambda found: {**found}, lambda found: found | {"a": 1}, lambda found: {"a": 1} | found),
        *(lambda found: [*found.items()], lambda found: [*found.values()], lambda found: [*found.keys()]),
        *(lambda found: [*reversed(found)], lambda found: found.copy(), lambda found: found.pop("region")),
        *(
            lambda found: found.setdefault("region", 1),
            lambda found: found.popitem(),
            lambda found: found.clear(),
        ),
        lambda found: pickle.loads(pickle.dumps(found)),
        json.dumps,
    ],
)
def test_whatever_it_is_asked_it_answers_as_a_dictionary(look):
    read = []

    def reading():
        read.append(1)
        return copy.deepcopy(READ)

    found, known = _ReadWhenAsked(reading), copy.deepcopy(READ)
    assert look(found) == look(known)
    assert (found, read) == (known, [1])


@pytest.fixture
def executed(tmp_path, monkeypatch):
    """A module as moto's, of that source, imported in a mock."""

    def execute(source):
        for name in ("other/a", "instance_type_offerings/region"):
            (tmp_path / name).mkdir(parents=True)
        (tmp_path / f"{MODULE}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        with WhenImported({}, around={MODULE: read_later}).made():
            return importlib.import_module(MODULE)

    yield execute
    sys.modules.pop(MODULE, None)


def test_only_the_offers_are_read_later(executed):
    module = executed(SOURCE)
    assert type(module.INSTANCE_TYPE_OFFERINGS) is _ReadWhenAsked
    assert (module.OTHER, module.listdir.__module__) == (["a"], "posix")
    assert module.INSTANCE_TYPE_OFFERINGS == {"region": {"us-east-1": []}}


@pytest.mark.parametrize("source", [SOURCE + TWICE, SOURCE + "INSTANCE_TYPE_OFFERINGS['a'] = 1\n"])
def test_a_moto_that_reads_in_another_way_reads_at_once(executed, source):
    module = executed(source)
    assert type(module.INSTANCE_TYPE_OFFERINGS) is dict
    assert module.INSTANCE_TYPE_OFFERINGS["region"] == {"us-east-1": []}
    assert getattr(module, "NAMES", ["region"]) == ["region"]
    assert module.listdir.__module__ == "posix"
