"""Whose credentials sign a call, and so its account: as under moto, but never the machine's own."""

import json
from datetime import datetime, timedelta, timezone

import boto3
import botocore.session
import pytest
from botocore.credentials import (
    CredentialProvider,
    Credentials,
    DeferredRefreshableCredentials,
    RefreshableCredentials,
)
from moto import mock_aws

from destmock import mock_destinations, outcomes

OTHER = "444455556666"


def assume():
    """The metadata of a role's credentials, as whoever refreshes them makes them."""
    made = boto3.client("sts", "us-east-1").assume_role(
        RoleArn=f"arn:aws:iam::{OTHER}:role/x", RoleSessionName="session"
    )["Credentials"]
    return {
        "access_key": made["AccessKeyId"],
        "secret_key": made["SecretAccessKey"],
        "token": made["SessionToken"],
        "expiry_time": made["Expiration"].isoformat(),
    }


def refreshable():
    return RefreshableCredentials.create_from_metadata(assume(), assume, "sts-assume-role")


def deferred():
    return DeferredRefreshableCredentials(refresh_using=assume, method="sts-assume-role")


def session_with(credentials):
    made = botocore.session.get_session()
    made._credentials = credentials
    return boto3.Session(botocore_session=made, region_name="us-east-1")


def account_of(session):
    return session.client("sts", "us-east-1").get_caller_identity()["Account"]


@pytest.mark.parametrize("make", [refreshable, deferred])
def test_credentials_that_are_fetched_are_in_their_role_s_account(make):
    handlers = {f"arn:aws:lambda:us-east-1:{OTHER}:function:orders": outcomes({"ok": 1})}
    with mock_destinations(handlers) as destmock:
        session = session_with(make())
        session.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        assert account_of(session) == OTHER
        assert f"/{OTHER}/q" in session.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    assert len(destmock.invocations) == 1


@pytest.mark.parametrize("make", [refreshable, deferred])
def test_they_are_fetched_again_when_virtual_time_has_passed(make):
    with mock_destinations() as destmock:
        session = session_with(make())
        assert account_of(session) == OTHER
        key = session.get_credentials().get_frozen_credentials().access_key
        destmock.advance(timedelta(days=1))
        assert account_of(session) == OTHER
        assert session.get_credentials().get_frozen_credentials().access_key != key


def test_older_credentials_are_used_as_they_are_and_not_fetched():
    def never():
        raise AssertionError("fetched")

    with mock_aws():
        metadata = assume()
        for hours in (1, -1):
            metadata["expiry_time"] = (datetime.now(timezone.utc) + timedelta(hours=hours)).isoformat()
            session = session_with(RefreshableCredentials.create_from_metadata(metadata, never, "sso"))
            with mock_destinations():
                assert account_of(session) == OTHER


def test_a_session_s_own_provider_is_asked():
    class Provider(CredentialProvider):
        METHOD = "mine"

        def load(self):
            return Credentials("AKIAMINE", "secret")

    with mock_destinations():
        made = botocore.session.get_session()
        made.get_component("credential_provider").insert_before("env", Provider())
        assert made.get_credentials().access_key == "AKIAMINE"
        assert boto3.Session(botocore_session=made).get_credentials().access_key == "AKIAMINE"
        assert boto3.Session().get_credentials().access_key == "FOOBARKEY"


# Profiles of a configuration file that the test names in the mock


@pytest.fixture
def name_profiles(tmp_path, monkeypatch):
    path = tmp_path / "config"
    path.write_text(
        f"""
        [default]
        region = eu-central-1
        [profile place]
        region = eu-west-3
        [profile keys]
        region = eu-north-1
        aws_access_key_id = AKIAKEYS
        aws_secret_access_key = secret
        [profile role]
        role_arn = arn:aws:iam::{OTHER}:role/x
        source_profile = keys
        """.replace("        ", "")
    )

    def name():
        monkeypatch.setenv("AWS_CONFIG_FILE", str(path))

    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    return name


@pytest.mark.parametrize(
    ("profile", "region"),
    [(None, "eu-central-1"), ("place", "eu-west-3"), ("keys", "eu-north-1"), ("role", "us-east-1")],
)
def test_a_profile_says_the_region(name_profiles, profile, region):
    with mock_destinations():
        name_profiles()
        session = boto3.Session(profile_name=profile)
        assert session.region_name == session.client("sqs").meta.region_name == region
        assert boto3.Session(profile_name=profile, region_name="sa-east-1").region_name == "sa-east-1"


def test_the_region_of_the_environment_comes_before_a_profile_s(name_profiles, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ca-central-1")
    with mock_destinations():
        name_profiles()
        assert boto3.Session(profile_name="place").region_name == "ca-central-1"


@pytest.mark.parametrize(
    ("profile", "account"), [("place", "123456789012"), ("keys", "123456789012"), ("role", OTHER)]
)
def test_a_profile_says_the_account(name_profiles, profile, account):
    with mock_destinations():
        name_profiles()
        assert account_of(boto3.Session(profile_name=profile)) == account


def test_a_profile_s_keys_are_used(name_profiles):
    with mock_destinations():
        name_profiles()
        assert boto3.Session(profile_name="keys").get_credentials().access_key == "AKIAKEYS"


# Profiles of files that the test names before the mock


@pytest.fixture
def credentials_file(tmp_path, monkeypatch):
    """As moto's documentation has it: made-up keys in a file of the test's own."""
    path = tmp_path / "dummy_aws_credentials"
    path.write_text("[foo]\naws_access_key_id = mock\naws_secret_access_key = mock\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("mock", [mock_aws, mock_destinations])
def test_a_profile_of_a_file_named_before_the_mock_can_be_asked_for(credentials_file, mock):
    with mock(), mock():
        session = boto3.Session(profile_name="foo", region_name="eu-west-2")
        session.client("sqs").create_queue(QueueName="q")
        assert account_of(session) == "123456789012"
        assert session.available_profiles == ["foo"]


def test_a_profile_can_be_named_by_a_variable_too(credentials_file, monkeypatch):
    with mock_destinations():
        monkeypatch.setenv("AWS_PROFILE", "foo")
        assert boto3.Session().profile_name == "foo"
        assert boto3.client("sqs", "us-east-1").list_queues()


def test_a_profile_of_the_home_directory_can_be_asked_for(credentials_file, tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile foo]\nregion = eu-west-3\n[profile bar]\n")
    with mock_destinations():
        assert boto3.Session(profile_name="bar").get_credentials().access_key == "FOOBARKEY"


def test_nobody_else_sees_the_profiles(credentials_file):
    with mock_destinations():
        assert boto3.Session().available_profiles == []


def test_a_function_has_no_profiles(credentials_file):
    """For AWS's own has no such files."""
    handlers = {"orders": lambda event, context: boto3.Session(profile_name="foo").profile_name}
    with mock_destinations(handlers):
        answer = boto3.client("lambda", "us-east-1").invoke(FunctionName="orders")
        assert json.load(answer["Payload"])["errorType"] == "ProfileNotFound"


def test_what_a_test_puts_back_after_its_mock_finds_the_machine_s_credentials(monkeypatch, tmp_path):
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = MACHINE\naws_secret_access_key = secret\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    real = botocore.session.Session.get_credentials
    try:
        with pytest.MonkeyPatch.context() as patches, mock_destinations():
            patches.setattr(botocore.session.Session, "get_credentials", lambda _: None)
            assert boto3.Session().get_credentials() is None
        assert botocore.session.Session.get_credentials is not real
        assert boto3.Session().get_credentials().access_key == "MACHINE"
        with mock_destinations():
            assert boto3.Session().get_credentials().access_key != "MACHINE"
    finally:
        botocore.session.Session.get_credentials = real
