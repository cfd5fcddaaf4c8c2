"""How the tests of the server speak to it."""

import contextlib
import http.client
from urllib.parse import urlsplit

# pytester forgets what a run inside this one is the first to import: there would be two Flasks.
import moto.moto_server.werkzeug_app  # noqa: F401

INVOCATIONS = "/2015-03-31/functions/orders/invocations"
CONFIG = "/2019-09-25/functions/orders/event-invoke-config"
SIGNED = "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def fail(event, context):
    raise ValueError("out of stock")


def port_of(server):
    return urlsplit(server.url).port


def ask(server, method, path, body=None, **headers):
    """A request by hand: status, headers and body of what comes back."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=30)
    with contextlib.closing(connection):
        connection.request(
            method, path, body, {key.replace("_", "-"): value for key, value in headers.items()}
        )
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
