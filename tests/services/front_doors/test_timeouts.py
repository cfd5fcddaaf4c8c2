"""How long clients wait for front doors: in virtual time, as long as they would on AWS."""

import time
import urllib.request
from importlib.util import find_spec

import boto3
import pytest
import requests
import urllib3

from tests.conftest import needs
from tests.services.apigateway.apis import Rest


def slow(event, context):
    time.sleep(10)
    return {"statusCode": 200, "body": "done"}


@pytest.fixture
def url(destmock, lam):
    destmock.handler("slow", slow, timeout=60)
    return lam.create_function_url_config(FunctionName="slow", AuthType="NONE")["FunctionUrl"]


def test_requests(url):
    assert requests.get(url, timeout=11).text == "done"
    assert requests.get(url, timeout=(1, None)).text == "done"
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=9)
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=(60, 9))


def test_urllib3_tries_again(destmock, url):
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        urllib3.PoolManager().request("GET", url, timeout=9, retries=2)
    assert len(destmock.runs) == 3


def test_urllib(url):
    with urllib.request.urlopen(url, timeout=11) as answer:
        assert answer.read() == b"done"
    with pytest.raises(TimeoutError):
        urllib.request.urlopen(url, timeout=9)


def test_httpx_waits_five_seconds_unless_it_is_told_otherwise(url):
    needs(find_spec("httpx") and "there", "httpx (pip install '.[tests]')")
    import httpx

    boto3.client("sts").get_caller_identity()
    assert httpx.get(url, timeout=11).text == "done"
    assert httpx.get(url, timeout=None).text == "done"
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(url)


def test_the_api_s_own_timeout_comes_first(destmock):
    destmock.handler("f", slow, timeout=60, duration=50)
    url = Rest().proxy("GET", "/").deploy()
    assert requests.get(url, timeout=30).status_code == 504
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=28)


def test_what_a_request_has_queued_runs_though_nobody_waits_for_the_answer(destmock, lam):
    def order(event, context):
        boto3.client("lambda").invoke(FunctionName="pack", InvocationType="Event")
        time.sleep(10)

    destmock.handler("order", order, timeout=60)
    destmock.handler("pack", lambda event, context: "packed")
    url = lam.create_function_url_config(FunctionName="order", AuthType="NONE")["FunctionUrl"]
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=1)
    [invocation] = destmock.invocations
    assert invocation.condition == "Success"
