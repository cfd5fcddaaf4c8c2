"""What AWS refuses of functions, aliases and permissions, and moto takes; provisioned concurrency."""

import json
import re

import boto3
import pytest

from tests.api.invocations import ARN, echo, publish, refusal

pytestmark = pytest.mark.destmock(handlers={"orders": echo})
INVALID, CONFLICT, MISSING = (
    "InvalidParameterValueException",
    "ResourceConflictException",
    "ResourceNotFoundException",
)

BAD_NAMES = (
    "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: "
    "[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]"
)


@pytest.fixture
def change(lam):
    """Asks for a change of the function's configuration, and answers how it was refused."""

    def change(**settings):
        return refusal(lam.update_function_configuration, FunctionName="orders", **settings)

    return change


# Settings


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"Timeout": 901}, "Value '901' at 'timeout' {}have value less than or equal to 900"),
        ({"MemorySize": 10_241}, "Value '10241' at 'memorySize' {}have value less than or equal to 10240"),
        (
            {"EphemeralStorage": {"Size": 10_241}},
            "Value '10241' at 'ephemeralStorage.size' {}have value less than or equal to 10240",
        ),
        ({"Environment": {"Variables": {"1ST": "x"}}}, BAD_NAMES),
        ({"Handler": "a b"}, r"Value 'a b' at 'handler' {}satisfy regular expression pattern: [^\s]+"),
        (
            {"Description": "x" * 257},
            f"Value '{'x' * 257}' at 'description' {{}}have length less than or equal to 256",
        ),
    ],
)
def test_settings_out_of_range_are_refused(change, settings, found):
    constraint = "failed to satisfy constraint: Member must "
    text = f"1 validation error detected: {found.format(constraint)}"
    assert change(**settings) == ("ValidationException", 400, text)


def test_a_new_function_s_name_and_settings_are_told_together(lam):
    given = {"FunctionName": "a b", "Role": "arn:aws:iam::123456789012:role/r", "Timeout": 901}
    code, _, text = refusal(lam.create_function, **given, Code={"ZipFile": b"x"})
    assert code == "ValidationException"
    assert text.startswith("2 validation errors detected: Value 'a b' at 'functionName' failed")


def test_a_role_is_an_arn_of_one(lam, change):
    before = lam.get_function_configuration(FunctionName="orders")["Role"]
    code, _, text = change(Role="shop")
    assert code == "ValidationException"
    assert text.startswith("1 validation error detected: Value 'shop' at 'role' failed to satisfy constraint")
    assert lam.get_function_configuration(FunctionName="orders")["Role"] == before


@pytest.mark.parametrize("given", [{"Handler": "a.b"}, {"Runtime": "python3.13"}, {}])
def test_a_function_of_a_zip_has_a_handler_and_a_runtime(lam, given):
    given = {"FunctionName": "new", "Role": "arn:aws:iam::123456789012:role/r", **given}
    text = "Runtime and Handler are mandatory parameters for functions created with deployment packages."
    assert refusal(lam.create_function, **given, Code={"ZipFile": b"x"}) == (INVALID, 400, text)


def test_reserved_variables_are_refused(change):
    code, status, text = change(Environment={"Variables": {"STAGE": "x", "AWS_REGION": "x", "_HANDLER": "y"}})
    assert (code, status) == (INVALID, 400)
    assert text == (
        "Lambda was unable to configure your environment variables because the environment variables you "
        "have provided contains reserved keys that are currently not supported for modification. Reserved "
        "keys used in this request: AWS_REGION, _HANDLER"
    )


def test_variables_have_at_most_4_kb(lam, change):
    most = "x" * (4_096 - len('{"BIG":""}'))
    lam.update_function_configuration(FunctionName="orders", Environment={"Variables": {"BIG": most}})
    code, _, text = change(Environment={"Variables": {"BIG": f"{most}x"}})
    assert code == INVALID
    assert text.endswith(f'provided exceeded the 4KB limit. String measured: {{"BIG":"{most}x"}}')


def test_layers_are_at_most_five_and_each_once(change):
    arns = [f"arn:aws:lambda:us-east-1:123456789012:layer:l{number}:1" for number in range(6)]
    assert change(Layers=arns) == (INVALID, 400, "Cannot reference more than 5 layers.")
    code, _, text = change(Layers=[arns[0], f"{arns[0][:-1]}2"])
    assert code == INVALID
    assert text.startswith("Two different versions of the same layer are not allowed to be referenced")


# Versions and aliases


def test_latest_an_alias_and_a_version_in_use_are_not_deleted(lam):
    """https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html"""
    first, second, third = publish(lam), publish(lam), publish(lam)
    weights = {"AdditionalVersionWeights": {second: 0.1}}
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=first, RoutingConfig=weights)

    def delete(qualifier):
        return refusal(lam.delete_function, FunctionName="orders", Qualifier=qualifier)[:2]

    assert delete("$LATEST") == delete("live") == (INVALID, 400)
    assert delete(first) == delete(second) == (CONFLICT, 409)
    lam.delete_function(FunctionName="orders", Qualifier=third)
    lam.delete_alias(FunctionName="orders", Name="live")
    lam.delete_function(FunctionName="orders", Qualifier=first)
    assert [one["Version"] for one in lam.list_versions_by_function(FunctionName="orders")["Versions"]] == [
        "$LATEST",
        second,
    ]


@pytest.mark.parametrize(
    ("settings", "code", "text"),
    [
        ({"Name": "7"}, "ValidationException", r"'7' at 'name' .* pattern: \(\?!\^\[0-9\]\+\$\)"),
        ({"weights": {"2": 1.5}}, "ValidationException", r"'\{2=1.5\}' at .*: Map value must satisfy"),
        ({"weights": {"live": 0.5}}, "ValidationException", r"'\{live=0.5\}' at .*: Map keys must satisfy"),
        ({"weights": {"1": 0.5}}, INVALID, "Function version 1 is already included in routing"),
        ({"weights": {"2": 0.1, "3": 0.1}}, INVALID, "AdditionalVersionWeights cannot be greater than 1"),
        ({"weights": {"2": 0.1}, "FunctionVersion": "$LATEST"}, INVALID, r"\$LATEST is not supported"),
        ({"weights": {"9": 0.1}}, MISSING, f"Function not found: {ARN}:9"),
    ],
)
def test_an_alias_that_could_not_be_is_refused(lam, settings, code, text):
    publish(lam), publish(lam), publish(lam)
    weights = settings.pop("weights", {})
    given = {"FunctionName": "orders", "Name": "live", "FunctionVersion": "1", **settings}
    if weights:
        given["RoutingConfig"] = {"AdditionalVersionWeights": weights}
    found = refusal(lam.create_alias, **given)
    assert found[0] == code
    assert re.search(text, found[2])


def test_the_weights_of_an_alias_that_is_changed_are_checked_too(lam):
    publish(lam), publish(lam)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    weights = {"AdditionalVersionWeights": {"1": 0.5}}
    assert refusal(lam.update_alias, FunctionName="orders", Name="live", RoutingConfig=weights)[0] == INVALID


def test_an_alias_that_is_there_is_a_conflict_by_its_own_class(lam):
    given = {"FunctionName": "orders", "Name": "live", "FunctionVersion": publish(lam)}
    lam.create_alias(**given)
    with pytest.raises(lam.exceptions.ResourceConflictException, match=f"already exists: {ARN}:live"):
        lam.create_alias(**given)


def test_a_function_that_is_not_there_has_no_versions(lam):
    gone = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:gone"
    assert refusal(lam.list_versions_by_function, FunctionName="gone") == (MISSING, 404, gone)


# Permissions


def allow(lam, name, **others):
    given = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", **others}
    lam.add_permission(FunctionName="orders", StatementId=name, **given)


def test_a_statement_s_id_is_taken_once(lam):
    allow(lam, "s3")
    with pytest.raises(lam.exceptions.ResourceConflictException, match=r"The statement id \(s3\) provided"):
        allow(lam, "s3")


def test_a_function_and_each_alias_have_policies_of_their_own(lam):
    first = publish(lam)
    for alias in ("live", "test"):
        lam.create_alias(FunctionName="orders", Name=alias, FunctionVersion=first)

    def names(**qualifier):
        policy = lam.get_policy(FunctionName="orders", **qualifier)["Policy"]
        return [statement["Sid"] for statement in json.loads(policy)["Statement"]]

    allow(lam, "s3"), allow(lam, "s3", Qualifier="live"), allow(lam, "sns", Qualifier="live")
    assert (names(), names(Qualifier="live")) == (["s3"], ["s3", "sns"])
    assert refusal(lam.get_policy, FunctionName="orders", Qualifier="test")[0] == MISSING
    lam.update_alias(FunctionName="orders", Name="live", FunctionVersion=publish(lam))
    lam.remove_permission(FunctionName="orders", StatementId="s3", Qualifier="live")
    assert (names(), names(Qualifier="live")) == (["s3"], ["sns"])
    lam.remove_permission(FunctionName="orders", StatementId="s3")
    assert refusal(lam.get_policy, FunctionName="orders")[0] == MISSING


def test_what_is_not_there_to_remove(lam):
    def remove(function="orders", name="s3", **others):
        return refusal(lam.remove_permission, FunctionName=function, StatementId=name, **others)

    assert remove() == (MISSING, 404, "No policy is associated with the given resource.")
    allow(lam, "sns")
    assert remove() == (MISSING, 404, "Statement s3 is not found in resource policy.")
    assert remove("gone")[:2] == (MISSING, 404)
    assert remove(name="sns", RevisionId="old")[:2] == ("PreconditionFailedException", 412)
    gone = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:gone"
    assert refusal(lam.get_policy, FunctionName="gone") == (MISSING, 404, gone)


# Provisioned concurrency


def provision(lam, qualifier, number=2):
    return lam.put_provisioned_concurrency_config(
        FunctionName="orders", Qualifier=qualifier, ProvisionedConcurrentExecutions=number
    )


def test_provisioned_concurrency_is_kept(lam):
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=publish(lam))
    answer = provision(lam, "live")
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Status"]) == (202, "IN_PROGRESS")
    found = lam.get_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
    assert (found["Status"], found["AvailableProvisionedConcurrentExecutions"]) == ("READY", 2)
    [listed] = lam.list_provisioned_concurrency_configs(FunctionName="orders")[
        "ProvisionedConcurrencyConfigs"
    ]
    assert listed["FunctionArn"] == f"{ARN}:live"
    lam.delete_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
    with pytest.raises(lam.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        lam.get_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
    assert (
        lam.list_provisioned_concurrency_configs(FunctionName="orders")["ProvisionedConcurrencyConfigs"] == []
    )


def test_provisioned_concurrency_goes_with_its_alias(lam):
    version = publish(lam)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    provision(lam, "live")
    assert refusal(provision, lam=lam, qualifier=version)[:2] == (CONFLICT, 409)
    lam.delete_alias(FunctionName="orders", Name="live")
    provision(lam, version)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    assert refusal(provision, lam=lam, qualifier="live")[:2] == (CONFLICT, 409)
    found = lam.list_provisioned_concurrency_configs(FunctionName="orders")["ProvisionedConcurrencyConfigs"]
    assert [one["FunctionArn"] for one in found] == [f"{ARN}:{version}"]


def test_what_has_no_provisioned_concurrency(lam):
    assert refusal(provision, lam=lam, qualifier="$LATEST")[:2] == (INVALID, 400)
    assert refusal(provision, lam=lam, qualifier="9")[:2] == (MISSING, 404)
    listed = boto3.client("lambda").list_provisioned_concurrency_configs
    assert refusal(listed, FunctionName="gone")[:2] == (MISSING, 404)
