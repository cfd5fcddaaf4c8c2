"""A session's settings are looked for where botocore looks for them, each made when it is asked for."""

import copy

import boto3
import botocore.session
import pytest
from botocore.configprovider import (
    BOTOCORE_DEFAUT_SESSION_VARIABLES,
    BaseProvider,
    ConstantProvider,
    create_botocore_default_config_mapping,
)

NAMES = [*BOTOCORE_DEFAUT_SESSION_VARIABLES, "s3", "proxies_config"]


def store_of(session):
    return session.get_component("config_store")


def told(source):
    """A source of settings, and those that it asks one after the other."""
    kind = type(source).__name__
    if isinstance(source, BaseProvider):
        return kind, {name: told(part) for name, part in vars(source).items() if name != "_session"}
    if isinstance(source, (list, tuple)):
        return [told(part) for part in source]
    if isinstance(source, dict):
        return {name: told(part) for name, part in source.items()}
    return kind, "" if kind == "_Environ" else getattr(source, "__qualname__", repr(source))


@pytest.fixture
def session(destmock):
    return botocore.session.Session()


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_is_looked_for_where_botocore_looks_for_it(session, name):
    source = store_of(session).get_config_provider(name)
    assert told(source) == told(create_botocore_default_config_mapping(session)[name])
    assert source is store_of(session).get_config_provider(name)


def test_all_settings_are_there_in_botocore_s_order(session):
    mapping = store_of(session)._mapping
    assert list(mapping) == list(create_botocore_default_config_mapping(session)) == NAMES
    assert len(mapping) == len(NAMES)
    assert {name: told(source) for name, source in mapping.items()} == told(
        create_botocore_default_config_mapping(session)
    )


def test_a_setting_that_botocore_does_not_know_has_no_value(session):
    assert store_of(session).get_config_variable("unheard_of") is None
    with pytest.raises(KeyError):
        store_of(session)._mapping["unheard_of"]


def test_a_copy_has_all_of_them_and_goes_its_own_way(destmock):
    store = store_of(boto3.Session(region_name="eu-west-1")._session)
    twin = copy.copy(store)
    assert list(twin._mapping) == NAMES
    twin.set_config_provider("region", ConstantProvider("nowhere"))
    assert (twin.get_config_variable("region"), store.get_config_variable("region")) == (
        "nowhere",
        "eu-west-1",
    )


def test_a_deep_copy_has_all_of_them(session):
    store = store_of(session)
    for name in NAMES:  # what botocore's own sources ask can't be copied
        store.set_config_provider(name, ConstantProvider(name))
    twin = copy.deepcopy(store)
    assert [twin.get_config_variable(name) for name in NAMES] == NAMES
    assert twin.get_config_provider("region") is not store.get_config_provider("region")


def test_a_source_of_a_user_s_own_comes_first_and_can_be_taken_away(session):
    store_of(session).set_config_provider("region", ConstantProvider("eu-north-1"))
    assert session.get_config_variable("region") == "eu-north-1"
    assert session.create_client("sqs").meta.region_name == "eu-north-1"
    del store_of(session)._mapping["region"]
    assert session.get_config_variable("region") is None


def test_variables_of_the_environment_are_read_when_they_are_asked_for(session, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
    assert session.get_config_variable("max_attempts") == 9
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    assert session.get_config_variable("max_attempts") == 2
    session.set_config_variable("max_attempts", 4)
    assert session.get_config_variable("max_attempts") == 4
