"""The HTTP clients that reach front doors, each as one function: method, URL, headers and body in."""

import asyncio
import http.client
import urllib.error
import urllib.request
from importlib.util import find_spec
from urllib.parse import urlsplit

import requests
import urllib3

from tests.conftest import needs


class Got:
    """An answer, whichever client has got it."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = [(name.lower(), value) for name, value in headers]
        self.body = body

    def header(self, name):
        return ", ".join(value for key, value in self.headers if key == name.lower()) or None


def by_requests(method, url, headers=None, body=None):
    answer = requests.request(method, url, headers=headers, data=body, allow_redirects=False)
    return Got(answer.status_code, answer.raw.headers.items(), answer.content)


def by_urllib3(method, url, headers=None, body=None):
    answer = urllib3.PoolManager().request(method, url, headers=headers, body=body, redirect=False)
    return Got(answer.status, answer.headers.items(), answer.data)


def by_urllib(method, url, headers=None, body=None):
    asked = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(asked) as answer:
            return Got(answer.status, answer.getheaders(), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, error.headers.items(), error.read())


def by_http_client(method, url, headers=None, body=None):
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.netloc)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    return Got(answer.status, answer.getheaders(), answer.read())


def by_httpx(method, url, headers=None, body=None):
    needs(find_spec("httpx") and "there", "httpx (pip install '.[tests]')")
    import boto3
    import httpx

    boto3.client("sts").get_caller_identity()  # the test itself may be the first to import httpx
    answer = httpx.request(method, url, headers=headers, content=body)
    return Got(answer.status_code, answer.headers.multi_items(), answer.content)


def by_httpx_async(method, url, headers=None, body=None):
    needs(find_spec("httpx") and "there", "httpx (pip install '.[tests]')")
    import boto3
    import httpx

    boto3.client("sts").get_caller_identity()

    async def ask():
        async with httpx.AsyncClient() as client:
            answer = await client.request(method, url, headers=headers, content=body)
        return Got(answer.status_code, answer.headers.multi_items(), answer.content)

    return asyncio.run(ask())


CLIENTS = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "urllib": by_urllib,
    "http.client": by_http_client,
    "httpx": by_httpx,
    "httpx async": by_httpx_async,
}
