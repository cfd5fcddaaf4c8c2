"""What the tests of this folder share."""

import boto3

# pytester forgets what a run inside this one is the first to import: there would be two Flasks.
import moto.moto_server.werkzeug_app  # noqa: F401
import pytest


@pytest.fixture
def client(destmock_server):
    """Makes clients of the endpoint."""

    def make(service, **options):
        return boto3.client(service, endpoint_url=destmock_server.url, **options)

    return make
