"""Deployed code as AWS takes it: within its limits, with the links and the executable files of its zip."""

import io
import stat
import zipfile

import pytest
from botocore.exceptions import ClientError

from tests.runtime.deployed import deploy, invoke, returns, zipped

LIMIT = 262_144_000
TOO_LARGE = rf"InvalidParameterValueException.*: Unzipped size must be smaller than {LIMIT} bytes$"


def of_size(size, files="def handle(event, context):\n    return 1\n"):
    """A zip that says that it has so many bytes more."""
    archive = io.BytesIO(zipped(files))
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("data", b"x")
        file.filelist[-1].file_size = size
    return archive.getvalue()


def refused(match=TOO_LARGE):
    return pytest.raises(ClientError, match=match)


def test_code_of_250_megabytes_is_refused_and_changes_nothing(destmock, lam):
    with refused():
        deploy(of_size(LIMIT), "new")
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        lam.get_function(FunctionName="new")
    deploy(returns("1"), "orders")
    before = lam.get_function(FunctionName="orders")["Configuration"]
    with refused():
        lam.update_function_code(FunctionName="orders", ZipFile=of_size(LIMIT))
    assert lam.get_function(FunctionName="orders")["Configuration"] == before
    assert invoke(lam) == 1
    lam.update_function_code(FunctionName="orders", ZipFile=of_size(LIMIT - 1000))


def test_layers_count_by_themselves_and_together_with_the_code(destmock, lam):
    with refused():
        lam.publish_layer_version(LayerName="layer", Content={"ZipFile": of_size(LIMIT)})
    layer = lam.publish_layer_version(LayerName="layer", Content={"ZipFile": of_size(LIMIT // 2)})
    assert layer["Version"] == 1
    deploy(of_size(LIMIT // 2), "orders")
    together = (
        rf"combined with layers exceeds the maximum allowed size of {LIMIT} bytes. The actual size is \d+ "
    )
    with refused(together):
        lam.update_function_configuration(
            FunctionName="orders", Layers=[layer["LayerVersionArn"]], Description="new"
        )
    configuration = lam.get_function(FunctionName="orders")["Configuration"]
    assert (configuration.get("Layers") or [], configuration["Description"]) == ([], "")
    with refused(together):
        deploy(of_size(LIMIT // 2), "another", Layers=[layer["LayerVersionArn"]])
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        lam.get_function(FunctionName="another")


HANDLER = """
import os, subprocess
import linked

def handle(event, context):
    root = os.environ["LAMBDA_TASK_ROOT"]
    program = subprocess.run([os.path.join(root, "program")], capture_output=True, text=True, check=True)
    in_folder = os.listdir(os.path.join(root, "folder"))
    return [linked.X, os.path.islink(linked.__file__), in_folder, program.stdout]
"""


def test_links_stay_links_and_programs_can_be_executed(destmock, lam):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content, mode in [
            ("linked.py", "real.py", stat.S_IFLNK | 0o777),
            ("folder", "package", stat.S_IFLNK | 0o777),
            ("handler.py", HANDLER, stat.S_IFREG | 0o644),
            ("real.py", "X = 5", stat.S_IFREG | 0o644),
            ("package/data", "", stat.S_IFREG | 0o644),
            ("program", "#!/bin/sh\necho ran", stat.S_IFREG | 0o755),
        ]:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            file.writestr(info, content)
    deploy(archive.getvalue(), "orders", Timeout=60)
    assert invoke(lam) == [5, True, ["data"], "ran\n"]


@pytest.mark.parametrize(
    "arn", ["layer", "arn:aws:sns:us-east-1:123456789012:topic", "arn:aws:lambda:x:1:layer"]
)
def test_a_layer_that_is_none_is_refused(destmock, lam, arn):
    deploy(returns("1"), "orders")
    match = rf"Value '\[{arn}\]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: \["
    with refused(match):
        deploy(returns("1"), "another", Layers=[arn])
    with refused(match):
        lam.update_function_configuration(FunctionName="orders", Layers=[arn])
