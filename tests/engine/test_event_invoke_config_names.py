"""EventInvokeConfigs of functions, versions and aliases, in every spelling, which come and go."""

import boto3
import pytest

from destmock import outcomes
from tests.engine.config_calls import (
    ACCOUNT,
    ARN,
    ORDERS,
    create,
    get,
    invalid,
    listed,
    publish,
    put,
    refusal,
    settings_of,
)

NO_FUNCTION = ("ResourceNotFoundException", 404, "The function doesn't exist.")


def no_config(arn):
    return ("ResourceNotFoundException", 404, f"The function {arn} doesn't have an EventInvokeConfig")


# What doesn't exist


@ORDERS
@pytest.mark.parametrize(
    "name", ["doesnotexist", ARN.replace("orders", "doesnotexist"), "orders:live", "orders:1"]
)
def test_C8_put_and_update_of_what_does_not_exist(lam, name):
    assert (
        refusal(lam.put_function_event_invoke_config, FunctionName=name, MaximumRetryAttempts=0)
        == NO_FUNCTION
    )
    found = refusal(lam.update_function_event_invoke_config, FunctionName=name, MaximumRetryAttempts=0)
    assert found == NO_FUNCTION


@ORDERS
@pytest.mark.parametrize("name", ["doesnotexist", ARN.replace("orders", "doesnotexist")])
def test_C8_a_list_of_an_unknown_function(lam, name):
    assert refusal(lam.list_function_event_invoke_configs, FunctionName=name) == NO_FUNCTION


@ORDERS
@pytest.mark.parametrize("operation", ["get", "delete"])
@pytest.mark.parametrize("name", ["orders", "doesnotexist"])
@pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
def test_C9_get_and_delete_do_not_tell_what_is_missing(lam, operation, name, qualifier):
    """Function, qualifier or configuration: it is one text for all."""
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    arguments = {} if qualifier is None else {"Qualifier": qualifier}
    expected = no_config(f"{ARN.replace('orders', name)}:{qualifier or '$LATEST'}")
    assert refusal(call, FunctionName=name, **arguments) == expected


@ORDERS
def test_C10_an_alias_or_version_that_does_not_exist(lam, versions):
    put(lam, MaximumRetryAttempts=0)
    both = (lam.put_function_event_invoke_config, lam.update_function_event_invoke_config)
    for call in both:
        for qualifier in ("nosuch", "999999"):
            found = refusal(call, FunctionName="orders", Qualifier=qualifier, MaximumRetryAttempts=0)
            assert found == NO_FUNCTION
    for call in (lam.get_function_event_invoke_config, lam.delete_function_event_invoke_config):
        assert refusal(call, FunctionName="orders", Qualifier="nosuch") == no_config(f"{ARN}:nosuch")


@ORDERS
def test_C10_deleting_twice(lam):
    put(lam, MaximumRetryAttempts=0)
    lam.delete_function_event_invoke_config(FunctionName="orders")
    for call in (lam.delete_function_event_invoke_config, lam.get_function_event_invoke_config):
        assert refusal(call, FunctionName="orders") == no_config(f"{ARN}:$LATEST")


@ORDERS
@pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
def test_C11_an_update_of_a_configuration_that_does_not_exist(lam, versions, qualifier):
    arguments = {} if qualifier is None else {"Qualifier": qualifier}
    call = lam.update_function_event_invoke_config
    found = refusal(call, FunctionName="orders", MaximumRetryAttempts=0, **arguments)
    assert found == no_config(f"{ARN}:{qualifier or '$LATEST'}")
    assert listed(lam) == []


# Names and qualifiers


def spelt(qualifier):
    """Every way to name `orders`, with the qualifier in the name and apart from it."""
    names = ("orders", "function:orders", f"{ACCOUNT}:function:orders", ARN)
    if qualifier is None:
        return [{"FunctionName": name} for name in names]
    return [{"FunctionName": f"{name}:{qualifier}"} for name in names] + [
        {"FunctionName": name, "Qualifier": qualifier} for name in names
    ]


@ORDERS
@pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
def test_C12_every_spelling_names_the_same_configuration(lam, versions, qualifier):
    arn = f"{ARN}:{qualifier or '$LATEST'}"
    for arguments in spelt(qualifier):
        assert lam.put_function_event_invoke_config(**arguments, MaximumRetryAttempts=1)["FunctionArn"] == arn
        for other in spelt(qualifier):
            lam.update_function_event_invoke_config(**other, MaximumEventAgeInSeconds=60)
            found = lam.get_function_event_invoke_config(**other)
            assert (found["FunctionArn"], found["MaximumRetryAttempts"]) == (arn, 1)
        assert listed(lam) == [arn]
        lam.delete_function_event_invoke_config(**arguments)
        assert listed(lam) == []


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update", "get", "delete"])
@pytest.mark.parametrize("name", ["orders:1", "orders:$LATEST", f"{ARN}:live", "doesnotexist:1"])
def test_C12_two_qualifiers_that_differ(lam, operation, name):
    arguments = {"MaximumRetryAttempts": 0} if operation in ("put", "update") else {}
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    assert refusal(call, FunctionName=name, Qualifier="2", **arguments) == invalid(
        "The derived qualifier from the function name does not match the specified qualifier."
    )


@ORDERS
def test_C12_the_same_qualifier_twice(lam, versions):
    assert put(lam, "orders:live", Qualifier="live", MaximumRetryAttempts=0)["FunctionArn"] == f"{ARN}:live"


@ORDERS
def test_C13_every_qualifier_has_a_configuration_of_its_own(lam, versions):
    for age, qualifier in enumerate(("$LATEST", "1", "2", "live"), start=60):
        put(lam, Qualifier=qualifier, MaximumEventAgeInSeconds=age)
    found = [get(lam, Qualifier=qualifier) for qualifier in ("$LATEST", "1", "2", "live")]
    assert [config["MaximumEventAgeInSeconds"] for config in found] == [60, 61, 62, 63]
    lam.delete_function_event_invoke_config(FunctionName="orders", Qualifier="1")
    assert listed(lam) == [f"{ARN}:$LATEST", f"{ARN}:2", f"{ARN}:live"]
    assert get(lam, Qualifier="live") == found[3]


@ORDERS
def test_C13_a_published_version_has_no_configuration(lam):
    put(lam, MaximumRetryAttempts=0)
    version = publish(lam)
    found = refusal(lam.get_function_event_invoke_config, FunctionName="orders", Qualifier=version)
    assert found == no_config(f"{ARN}:1")
    assert get(lam)["MaximumRetryAttempts"] == 0


@ORDERS
def test_C20_latest_is_the_unqualified_record(lam):
    answer = put(lam, MaximumRetryAttempts=0)
    assert get(lam, Qualifier="$LATEST") == get(lam) == answer
    lam.delete_function_event_invoke_config(FunctionName="orders", Qualifier="$LATEST")
    assert refusal(lam.get_function_event_invoke_config, FunctionName="orders") == no_config(f"{ARN}:$LATEST")


@ORDERS
def test_regions_do_not_share_configurations(lam):
    put(lam, MaximumRetryAttempts=0)
    other = boto3.client("lambda", region_name="eu-west-1")
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders:$LATEST"
    assert refusal(other.get_function_event_invoke_config, FunctionName="orders") == no_config(arn)
    assert put(other, MaximumRetryAttempts=1)["FunctionArn"] == arn
    assert get(lam)["MaximumRetryAttempts"] == 0


# Functions, versions and aliases that come and go


@ORDERS
def test_a_deleted_function_has_no_configuration(lam):
    put(lam, MaximumRetryAttempts=0)
    lam.delete_function(FunctionName="orders")
    assert refusal(lam.get_function_event_invoke_config, FunctionName="orders") == no_config(f"{ARN}:$LATEST")
    assert refusal(lam.list_function_event_invoke_configs, FunctionName="orders") == NO_FUNCTION


@ORDERS
def test_a_function_made_anew_has_no_configuration_of_the_one_before(lam, versions):
    for qualifier in ("$LATEST", "1", "live"):
        put(lam, Qualifier=qualifier, MaximumRetryAttempts=0)
    lam.delete_function(FunctionName="orders")
    create(lam)
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="$LATEST")
    assert listed(lam) == []
    for qualifier in ("$LATEST", "1", "live"):
        found = refusal(lam.get_function_event_invoke_config, FunctionName="orders", Qualifier=qualifier)
        assert found == no_config(f"{ARN}:{qualifier}")
    assert settings_of(put(lam, MaximumEventAgeInSeconds=60)) == {
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }
    assert listed(lam) == [f"{ARN}:$LATEST"]


@ORDERS
def test_a_handler_registered_again_after_the_deletion_begins_without_a_configuration(destmock, lam):
    put(lam, MaximumRetryAttempts=0)
    lam.delete_function(FunctionName="orders")
    destmock.handler("orders", outcomes(2))
    assert listed(lam) == []


@ORDERS
def test_a_handler_registered_again_keeps_the_configuration(destmock, lam):
    answer = put(lam, MaximumRetryAttempts=0)
    destmock.handler("orders", outcomes(2))
    assert get(lam) == answer


@ORDERS
def test_I1_new_code_and_settings_keep_the_configuration(lam):
    answer = put(lam, MaximumRetryAttempts=0)
    lam.update_function_code(FunctionName="orders", ZipFile=b"other code")
    lam.update_function_configuration(FunctionName="orders", Timeout=10)
    assert get(lam) == answer


@ORDERS
def test_a_deleted_alias_loses_its_configuration(lam, versions):
    put(lam, Qualifier="live", MaximumRetryAttempts=0)
    lam.delete_alias(FunctionName="orders", Name="live")
    assert listed(lam) == []
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="2")
    found = refusal(lam.get_function_event_invoke_config, FunctionName="orders", Qualifier="live")
    assert found == no_config(f"{ARN}:live")


@ORDERS
def test_an_alias_that_moves_keeps_its_configuration(lam, versions):
    answer = put(lam, Qualifier="live", MaximumRetryAttempts=0)
    lam.update_alias(FunctionName="orders", Name="live", FunctionVersion="2")
    assert get(lam, Qualifier="live") == answer


@ORDERS
def test_a_deleted_version_loses_its_configuration_and_no_other(lam, versions):
    for qualifier in ("$LATEST", "2"):
        put(lam, Qualifier=qualifier, MaximumRetryAttempts=0)
    lam.delete_function(FunctionName="orders", Qualifier="2")
    assert listed(lam) == [f"{ARN}:$LATEST"]
    found = refusal(lam.get_function_event_invoke_config, FunctionName="orders", Qualifier="2")
    assert found == no_config(f"{ARN}:2")
