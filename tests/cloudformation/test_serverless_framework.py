"""What the Serverless Framework packages, `.serverless`, is deployed as it is."""

import json
import shutil

import boto3
import pytest
import urllib3

from tests.cloudformation.deployed import TEMPLATES

SHOP = TEMPLATES / "serverless_shop" / ".serverless"


@pytest.fixture
def package(tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(SHOP, tmp_path / ".serverless")


def change(file, edit):
    content = json.loads(file.read_text("utf-8"))
    edit(content)
    file.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.slow
def test_a_package_is_deployed_and_runs(destmock):
    stack = destmock.deploy(SHOP)
    assert stack.name == "shop-dev"
    answer = urllib3.PoolManager().request("POST", f"{stack.outputs['ServiceEndpoint']}/orders", body=b"lamp")
    assert answer.status == 202
    accepted, packed = destmock.runs
    assert (accepted.function_name, packed.function_name) == ("shop-dev-accept", "shop-dev-pack")
    assert packed.response == {"packed": 1}
    boto3.client("sns").publish(TopicArn=stack.resources["SNSTopicRestock"], Message="lamps")
    [message] = boto3.client("sqs").receive_message(QueueUrl=stack.outputs["UnpackedUrl"])["Messages"]
    record = json.loads(message["Body"])
    assert record["responsePayload"]["errorMessage"] == "the shelf is full"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    destmock.advance(86_400)
    assert destmock.runs[-1].source.startswith("EventBridge rule shop-dev-")


def test_handlers_replace_code_which_need_not_be_there(destmock, package):
    (package / "shop.zip").unlink()
    with pytest.raises(FileNotFoundError, match=r"Function: Code is .*shop\.zip, which isn't there"):
        destmock.deploy(package)
    both = {"shop-dev-accept": lambda event, context: "mine", "PackLambdaFunction": lambda event, context: 1}
    destmock.deploy(package, handlers=both)
    answer = boto3.client("lambda").invoke(FunctionName="shop-dev-accept")
    assert json.loads(answer["Payload"].read()) == "mine"


def test_the_stack_has_the_name_of_the_service_or_its_own(destmock, package):
    change(
        package / "serverless-state.json", lambda state: state["service"]["provider"].update(stackName="s")
    )
    assert destmock.deploy(package).name == "s"


def test_code_that_is_elsewhere_is_left_there(destmock, package):
    boto3.client("s3").create_bucket(Bucket="builds")
    boto3.client("s3").upload_file(package / "shop.zip", "builds", "built.zip")

    def edit(template):
        code = {"S3Bucket": "builds", "S3Key": "built.zip"}
        template["Resources"]["AcceptLambdaFunction"]["Properties"]["Code"] = code

    change(package / "cloudformation-template-update-stack.json", edit)
    stack = destmock.deploy(package)
    answer = urllib3.PoolManager().request("POST", f"{stack.outputs['ServiceEndpoint']}/orders", body=b"lamp")
    assert answer.status == 202


def test_a_directory_without_its_state_is_refused(destmock, package):
    (package / "serverless-state.json").unlink()
    with pytest.raises(ValueError, match=r"has no serverless-state\.json"):
        destmock.deploy(package)
