"""The Parameters and Secrets extension: what a handler's request to its own machine is answered."""

import base64
import json
import os
import textwrap
from urllib.parse import quote

import boto3
import pytest
import requests
import urllib3

from destmock.errors import NetworkError
from tests.runtime.deployed import deploy
from tests.services.front_doors.clients import CLIENTS

CLIENTS_OF_HTTP = {name: ask for name, ask in CLIENTS.items() if name != "http.client"}  # it asks by HTTPS
SECRETS = "http://localhost:2773/secretsmanager/get"
PARAMETERS = "http://localhost:2773/systemsmanager/parameters/get"


def token():
    return {"X-Aws-Parameters-Secrets-Token": os.environ["AWS_SESSION_TOKEN"]}


@pytest.fixture
def ssm(destmock):
    client = boto3.client("ssm")
    client.describe_parameters()  # moto's part is imported here, not in a handler's time
    return client


@pytest.fixture
def ask(destmock, lam, ssm):
    """Ask the extension in a handler."""

    def ask(url, headers=None, by=CLIENTS["urllib3"], **environment):
        def handler(event, context):
            for name, value in environment.items():
                os.environ[name] = value
            got.append(by("GET", url, token() if headers is None else headers))

        got = []
        destmock.handler("asks", handler)
        answer = lam.invoke(FunctionName="asks")
        assert "FunctionError" not in answer, answer["Payload"].read()
        return got[0]

    return ask


@pytest.fixture
def secret(destmock):
    return boto3.client("secretsmanager").create_secret(Name="shop/password", SecretString="old")


@pytest.mark.parametrize("by", CLIENTS_OF_HTTP.values(), ids=CLIENTS_OF_HTTP)
def test_a_handler_reads_a_secret(ask, secret, by):
    got = ask(f"{SECRETS}?secretId=shop%2Fpassword", by=by)
    assert got.status == 200
    answer = json.loads(got.body)
    assert (answer["SecretString"], answer["Name"]) == ("old", "shop/password")
    assert (answer["ARN"], answer["VersionId"]) == (secret["ARN"], secret["VersionId"])
    assert answer["VersionStages"] == ["AWSCURRENT"]
    assert (answer["SecretBinary"], answer["ResultMetadata"]) == (None, {})
    assert answer["CreatedDate"].endswith("Z")


def test_a_secret_by_arn_version_and_stage(ask, secret):
    client = boto3.client("secretsmanager")
    client.put_secret_value(SecretId="shop/password", SecretString="new")
    by_arn = f"{SECRETS}?secretId={quote(secret['ARN'], safe='')}"
    assert json.loads(ask(by_arn).body)["SecretString"] == "new"
    assert json.loads(ask(f"{by_arn}&versionId={secret['VersionId']}").body)["SecretString"] == "old"
    assert json.loads(ask(f"{by_arn}&versionStage=AWSPREVIOUS").body)["SecretString"] == "old"


def test_a_binary_secret_is_base64(ask):
    boto3.client("secretsmanager").create_secret(Name="key", SecretBinary=b"\x00\xff")
    assert base64.b64decode(json.loads(ask(f"{SECRETS}?secretId=key").body)["SecretBinary"]) == b"\x00\xff"


def test_a_handler_reads_a_parameter(ask, ssm):
    ssm.put_parameter(Name="/shop/size", Value="1", Type="String")
    ssm.put_parameter(Name="/shop/size", Value="2", Type="String", Overwrite=True)
    ssm.label_parameter_version(Name="/shop/size", ParameterVersion=1, Labels=["first"])
    url = f"{PARAMETERS}?name=%2Fshop%2Fsize"
    newest = json.loads(ask(url).body)
    assert newest["ResultMetadata"] == {}
    assert (newest["Parameter"]["Value"], newest["Parameter"]["Version"]) == ("2", 2)
    assert json.loads(ask(f"{url}&version=1").body)["Parameter"]["Value"] == "1"
    assert json.loads(ask(f"{url}&label=first").body)["Parameter"]["Value"] == "1"
    assert ask(f"{url}&label=first&version=1").status == 400


def test_a_secure_parameter_is_decrypted_if_asked(ask, ssm):
    ssm.put_parameter(Name="pin", Value="1234", Type="SecureString")
    assert json.loads(ask(f"{PARAMETERS}?name=pin&withDecryption=true").body)["Parameter"]["Value"] == "1234"
    assert json.loads(ask(f"{PARAMETERS}?name=pin").body)["Parameter"]["Value"] != "1234"
    assert ask(f"{PARAMETERS}?name=pin&withDecryption=please").status == 400


def test_a_request_without_the_function_s_token_is_refused(ask, secret):
    url = f"{SECRETS}?secretId=shop%2Fpassword"
    assert ask(url, {}).status == 401
    assert ask(url, {"X-Aws-Parameters-Secrets-Token": "another"}).status == 401


def test_the_log_says_what_the_client_is_not_told(destmock, ask):
    got = ask(f"{SECRETS}?secretId=missing")
    assert (got.status, got.body) == (400, b"an unexpected error occurred while executing request\n")
    assert "ResourceNotFoundException" in destmock.runs[-1].attempt.logs
    ask(f"{SECRETS}?secretId=missing", PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL="NONE")
    assert "ResourceNotFoundException" not in destmock.runs[-1].attempt.logs


@pytest.mark.parametrize("url", [SECRETS, PARAMETERS, f"{PARAMETERS}?name=missing"])
def test_a_request_that_names_nothing_that_is_there_is_refused(ask, url):
    assert ask(url).status == 400


def test_other_paths_are_not_there(ask):
    assert ask("http://localhost:2773/secrets?secretId=a").status == 404


def test_the_port_is_the_function_s(ask, secret):
    url = "http://localhost:2774/secretsmanager/get?secretId=shop%2Fpassword"
    assert ask(url, PARAMETERS_SECRETS_EXTENSION_HTTP_PORT="2774").status == 200


@pytest.mark.destmock(loopback=False)
def test_outside_of_a_handler_there_is_no_extension(secret):
    with pytest.raises(requests.ConnectionError, match="would have been reached over the network"):
        requests.get(f"{SECRETS}?secretId=shop%2Fpassword", timeout=1)
    with pytest.raises((urllib3.exceptions.HTTPError, NetworkError)):
        urllib3.PoolManager().request("GET", SECRETS, retries=False)


def test_it_does_not_serve_a_cold_start(destmock, lam, secret):
    code = """
        import os, urllib.error, urllib.request

        def password():
            headers = {"X-Aws-Parameters-Secrets-Token": os.environ["AWS_SESSION_TOKEN"]}
            url = "http://localhost:2773/secretsmanager/get?secretId=shop%2Fpassword"
            try:
                return urllib.request.urlopen(urllib.request.Request(url, headers=headers)).status
            except urllib.error.HTTPError as error:
                with error:
                    return [error.code, error.read().decode()]

        at_start = password()

        def handle(event, context):
            return [at_start, password()]
        """
    deploy(textwrap.dedent(code), name="early")
    answer = json.loads(lam.invoke(FunctionName="early")["Payload"].read())
    assert answer == [[400, "not ready to serve traffic, please wait\n"], 200]
