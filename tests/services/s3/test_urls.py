"""Which URLs are S3's, and every other service's."""

import boto3
import pytest
from botocore.exceptions import BotoCoreError
from moto import mock_aws
from moto.backends import get_backend

from destmock import mock_destinations

OWN = "https://objects.example.org"
SERVICES = ("awslambda", "dynamodb", "s3", "sns", "sqs", "sts")


def store(endpoint=None):
    s3 = boto3.client("s3", "us-east-1", endpoint_url=endpoint)
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="a key", Body=b"it")
    return s3.get_object(Bucket="bucket", Key="a key")["Body"].read()


def test_an_endpoint_that_a_variable_names_is_s3_s_from_then_on(monkeypatch):
    with mock_destinations():
        assert store() == b"it"
        with pytest.raises(BotoCoreError):
            store(OWN)
        monkeypatch.setenv("MOTO_S3_CUSTOM_ENDPOINTS", OWN)
        assert store(OWN) == b"it"
        monkeypatch.delenv("MOTO_S3_CUSTOM_ENDPOINTS")
        with pytest.raises(BotoCoreError):
            store(OWN)
    with mock_aws():
        assert store() == b"it"


def urls(service):
    """The URLs of a service in one region, with what answers them."""
    backends = get_backend(service)["123456789012"]
    return backends[backends.regions[0]].urls


def test_a_service_answers_at_the_urls_that_moto_has_for_it(monkeypatch):
    def told(service):
        return {url: getattr(answer, "__qualname__", answer) for url, answer in urls(service).items()}

    with mock_aws():
        without = {service: told(service) for service in SERVICES}
    with mock_destinations():
        assert {service: told(service) for service in SERVICES} == without
        monkeypatch.setenv("MOTO_ENABLE_ISO_REGIONS", "true")
        assert all(len(told(service)) > len(without[service]) for service in SERVICES)
