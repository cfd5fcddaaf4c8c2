"""A test that puts back `sys.modules` takes away no module that a mock has brought in."""

import importlib
import sys
from unittest.mock import patch

import boto3
import pytest

from destmock import mock_destinations
from tests.programs import printed

RECEIVED = """
    import json, sys
    from unittest.mock import patch
    import boto3
    from destmock import mock_destinations
    from moto import mock_aws

    def received():
        sns, sqs = (boto3.client(name, region_name="us-east-1") for name in ("sns", "sqs"))
        url = sqs.create_queue(QueueName="queue")["QueueUrl"]
        topic = sns.create_topic(Name="topic")["TopicArn"]
        queue = "arn:aws:sqs:us-east-1:123456789012:queue"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        sns.publish(TopicArn=topic, Message="text")
        return json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])["Message"]
"""


def test_what_a_service_has_stays_in_the_same_mock():
    said = printed(f"""{RECEIVED}
    with mock_destinations():
        with patch.dict(sys.modules, {{"some_driver": object()}}):
            received()
            boto3.client("scheduler").create_schedule_group(Name="group")
        print(len(boto3.client("sns").list_topics()["Topics"]))
        print(len(boto3.client("scheduler").list_schedule_groups()["ScheduleGroups"]))
    """)
    assert said.split() == ["1", "2"]


@pytest.mark.parametrize("later", ["mock_destinations", "mock_aws"])
def test_later_tests_find_cryptography_whole(later):
    """moto without destmock says "Algorithm must be a registered hash algorithm" in the second test."""
    said = printed(f"""{RECEIVED}
    with mock_destinations(), patch.dict(sys.modules, {{"some_driver": object()}}):
        print(received())
        first = sys.modules["cryptography.x509"]
        spec = first.__spec__
    assert "moto.sns" not in sys.modules
    assert sys.modules["cryptography.x509"] is first
    finders = [*sys.meta_path]
    with mock_destinations(), patch.dict(sys.modules, {{"cryptography.x509": None}}):
        del sys.modules["cryptography.x509"]
        print(received())
        assert sys.modules["cryptography.x509"] is first
    assert first.__spec__ is spec and spec.loader is first.__loader__
    assert sys.meta_path == finders
    with {later}():
        print(received())
    """)
    assert said.split() == ["text", "text", "text"]


def test_cryptography_is_whole_without_a_mock_too():
    said = printed(f"""{RECEIVED}
    with mock_destinations(), patch.dict(sys.modules, {{"some_driver": object()}}):
        received()
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    print(len(key.sign(b"text", padding.PKCS1v15(), hashes.SHA256())))
    """)
    assert said == "256\n"


@pytest.mark.parametrize("later", ["mock_destinations", "mock_aws"])
def test_later_tests_have_code_in_buckets(later):
    """moto's Lambda stays in the process, and S3 is imported anew."""
    said = printed(f"""
        import sys
        from unittest.mock import patch
        import boto3
        from destmock import mock_destinations
        from moto import mock_aws
        from tests.runtime.deployed import returns, role, zipped

        def deployed():
            s3 = boto3.client("s3", region_name="us-east-1")
            s3.create_bucket(Bucket="bucket")
            s3.put_object(Bucket="bucket", Key="key", Body=zipped(returns("1")))
            code = {{"S3Bucket": "bucket", "S3Key": "key"}}
            return boto3.client("lambda", region_name="us-east-1").create_function(
                FunctionName="work", Role=role(), Runtime="python3.12", Handler="work.handle", Code=code
            )["CodeSize"] > 0

        with patch.dict(sys.modules, {{"some_driver": object()}}), mock_destinations():
            print(deployed())
        with mock_destinations():
            print(deployed())
        with {later}():
            print(deployed())
    """)
    assert said.split() == ["True", "True", "True"]


def test_a_list_of_finders_that_comes_back_later_has_no_say():
    finders = sys.meta_path
    with mock_destinations():
        within = [*sys.meta_path]
    outside = [*sys.meta_path]
    sys.meta_path = within
    try:
        for _ in range(2):
            with mock_destinations():
                boto3.client("sns").create_topic(Name="topic")
        assert [type(each) for each in sys.meta_path] == [type(each) for each in outside]
    finally:
        sys.meta_path = finders


@mock_destinations
def test_a_module_that_is_to_be_executed_anew_is():
    boto3.client("sns").list_topics()
    utils = importlib.import_module("moto.sns.utils")
    own = utils.make_arn_for_topic
    assert importlib.reload(utils).make_arn_for_topic is not own


@mock_destinations
def test_a_copy_that_lies_elsewhere_is_another_module(tmp_path, monkeypatch):
    boto3.client("sns").list_topics()
    own = importlib.import_module("cryptography.x509")
    (tmp_path / "cryptography").mkdir()
    (tmp_path / "cryptography" / "__init__.py").write_text("MINE = True\n")
    with patch.dict(sys.modules):
        for name in [name for name in sys.modules if name.startswith("cryptography")]:
            del sys.modules[name]
        monkeypatch.syspath_prepend(tmp_path)
        assert importlib.import_module("cryptography").MINE
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("cryptography.x509")
    assert importlib.import_module("cryptography.x509") is own


def test_a_mock_s_modules_are_its_own():
    """What a test has put in the place of a library is not in a service's module after the mock."""
    said = printed("""
        import sys
        from types import SimpleNamespace
        from unittest.mock import patch
        import boto3
        from destmock import mock_destinations

        stub = SimpleNamespace(exceptions=SimpleNamespace(RequestException=ValueError), Response=object)
        with mock_destinations(), patch.dict(sys.modules, {"requests": stub}):
            boto3.client("sns").create_topic(Name="topic")
        with mock_destinations():
            boto3.client("sns").create_topic(Name="topic")
            print(sys.modules["moto.sns.models"].requests.__name__)
    """)
    assert said == "requests\n"


def test_a_handler_that_is_the_first_to_load_cryptography_takes_it_nowhere(tmp_path):
    """Also where it lies among the user's own files."""
    (tmp_path / "keeper.py").write_text(
        "import boto3, sys\n"
        "def handle(event, context):\n"
        "    boto3.client('sns').create_topic(Name='topic')\n"
        "    sys.exit()\n"
    )
    (tmp_path / "cryptography").symlink_to(next(iter(importlib.import_module("cryptography").__path__)))
    said = printed(f"""{RECEIVED}
    sys.path.insert(0, {str(tmp_path)!r})
    for _ in range(2):
        with mock_destinations(handlers={{"keeper": "keeper:handle"}}, strict=False):
            boto3.client("lambda").invoke(FunctionName="keeper", Payload=b"1")
            print(received(), sys.modules["cryptography"].__file__.startswith({str(tmp_path)!r}))
    """)
    assert said.splitlines() == ["text True", "text True"]
