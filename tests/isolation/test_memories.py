"""What mocks keep for later ones is given up when none is expected, and made again if one comes."""

import textwrap

import boto3
import pytest

from destmock import mock_destinations
from destmock._isolation.memories import forget
from tests.programs import printed


def test_a_mock_that_begins_afterwards_makes_everything_again():
    for _ in range(2):
        with mock_destinations():
            for _ in range(3):
                url = boto3.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
            assert boto3.client("sqs").list_queues()["QueueUrls"] == [url]
        forget()


def test_in_the_midst_of_a_mock_nobody_notices(destmock):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    forget()
    sqs.send_message(QueueUrl=url, MessageBody="1")
    boto3.resource("sqs").Queue(url).send_message(MessageBody="2")
    assert len(boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 2
    presigned = boto3.client("s3").generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "k"})
    assert presigned.startswith("https://bucket.s3.amazonaws.com/k")


@pytest.mark.slow
def test_pytest_s_session_ends_without_models_of_services(pytester):
    pytester.makeconftest(
        textwrap.dedent("""
            import sys

            def pytest_unconfigure():
                models = sys.modules.get("destmock._isolation.model_files")
                print("kept:", models and models.found_in.cache_info().currsize)
        """)
    )
    pytester.makepyfile("def test_passes(): pass")
    pytester.runpytest_subprocess("-n0", "-s").stdout.fnmatch_lines(["kept: None"])
    pytester.makepyfile("""
        import boto3
        from destmock import mock_destinations

        @mock_destinations
        def test_passes():
            boto3.client("sqs").create_queue(QueueName="orders")
    """)
    pytester.runpytest_subprocess("-n0", "-s").stdout.fnmatch_lines(["kept: 0"])


def test_nothing_that_was_read_from_botocore_s_files_is_left():
    program = """
        import gc
        import boto3
        from botocore.model import ServiceModel
        from botocore.regions import EndpointResolver
        from destmock import mock_destinations
        from destmock._isolation.memories import forget

        with mock_destinations():
            boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="orders")
        boto3.setup_default_session()
        forget()
        gc.collect()
        print([each for each in gc.get_objects() if type(each) in (ServiceModel, EndpointResolver)])
    """
    assert printed(program) == "[]\n"


def test_the_loader_reads_a_model_again():
    with mock_destinations():
        boto3.client("sqs")
        loader = boto3.Session()._loader
        before = loader.load_service_model("sqs", "service-2")
        assert loader.load_service_model("sqs", "service-2") is before
        forget()
        again = loader.load_service_model("sqs", "service-2")
        assert again == before
        assert again is not before
