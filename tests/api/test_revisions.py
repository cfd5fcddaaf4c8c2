"""The RevisionId of functions, versions and aliases, and what is refused by an old one.

https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
"""

import pytest

from tests.api.invocations import echo, publish, refusal
from tests.runtime.deployed import zipped

pytestmark = pytest.mark.destmock(handlers={"orders": echo})
TEXT = (
    "The Revision Id provided does not match the latest Revision Id. Call the {} API to retrieve the latest "
    "Revision Id"
)
STALE = ("PreconditionFailedException", 412, TEXT.format("GetFunction/GetAlias"))
STATEMENT = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}


@pytest.fixture
def revision(lam):
    """Answers the RevisionId of the function, or of its version or alias."""

    def revision(**qualifier):
        return lam.get_function_configuration(FunctionName="orders", **qualifier)["RevisionId"]

    return revision


@pytest.fixture
def live(lam):
    """Makes an alias, and answers its RevisionId whenever it is called."""
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=publish(lam))
    return lambda: lam.get_alias(FunctionName="orders", Name="live")["RevisionId"]


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("update_function_configuration", {"MemorySize": 256}),
        ("update_function_code", {"ZipFile": zipped("def handler(event, context): pass")}),
        ("publish_version", {}),
    ],
)
def test_a_change_goes_by_the_latest_revision_and_makes_another_one(lam, revision, operation, given):
    first, change = revision(), getattr(lam, operation)
    assert refusal(change, FunctionName="orders", **given, RevisionId="old") == STALE
    assert revision() == first
    change(FunctionName="orders", **given, RevisionId=first)
    assert revision() != first
    assert refusal(change, FunctionName="orders", **given, RevisionId=first) == STALE


def test_the_answer_of_an_update_has_the_new_revision(lam, revision):
    assert lam.update_function_configuration(FunctionName="orders", Timeout=9)["RevisionId"] == revision()
    code = zipped("def handler(event, context): pass")
    assert lam.update_function_code(FunctionName="orders", ZipFile=code)["RevisionId"] == revision()


def test_a_refused_update_leaves_the_revision(lam, revision):
    first = revision()
    assert refusal(lam.update_function_configuration, FunctionName="orders", Timeout=901)[1] == 400
    assert revision() == first


def test_a_version_has_a_revision_of_its_own(lam, revision):
    first = revision()
    version = lam.publish_version(FunctionName="orders")
    assert len({first, revision(), version["RevisionId"]}) == 3
    lam.update_function_configuration(FunctionName="orders", MemorySize=256)
    assert revision(Qualifier=version["Version"]) == version["RevisionId"]


def test_nothing_new_to_publish_is_no_change(lam, revision):
    lam.publish_version(FunctionName="orders")
    latest = revision()
    lam.publish_version(FunctionName="orders")
    assert revision() == latest


def test_an_alias_goes_by_its_own_revision(lam, live, revision):
    first, function = live(), revision()
    change = {"FunctionName": "orders", "Name": "live", "Description": "blue"}
    assert refusal(lam.update_alias, **change, RevisionId="old") == STALE
    assert refusal(lam.update_alias, **change, RevisionId=function) == STALE
    assert lam.get_alias(FunctionName="orders", Name="live")["Description"] == ""
    assert lam.update_alias(**change, RevisionId=first)["RevisionId"] == live() != first
    assert revision() == function


def test_a_policy_has_the_revision_of_its_function(lam, revision):
    first = revision()
    given = {"FunctionName": "orders", **STATEMENT}
    assert refusal(lam.add_permission, **given, RevisionId="old") == (*STALE[:2], TEXT.format("GetPolicy"))
    lam.add_permission(**given, RevisionId=first)
    second = lam.get_policy(FunctionName="orders")["RevisionId"]
    assert first != second == revision()
    remove = {"FunctionName": "orders", "StatementId": "s3"}
    assert refusal(lam.remove_permission, **remove, RevisionId=first) == STALE
    lam.remove_permission(**remove, RevisionId=second)
    assert revision() != second


def test_a_policy_of_an_alias_has_the_alias_s_revision(lam, live, revision):
    first, function = live(), revision()
    lam.add_permission(FunctionName="orders:live", **STATEMENT, RevisionId=first)
    policy = lam.get_policy(FunctionName="orders", Qualifier="live")
    assert first != policy["RevisionId"] == live()
    assert '"Resource":"arn:aws:lambda:us-east-1:123456789012:function:orders:live"' in policy["Policy"]
    assert revision() == function


def test_code_is_published_if_it_is_the_one_that_is_named(lam):
    latest = lam.get_function_configuration(FunctionName="orders")["CodeSha256"]
    code, status, text = refusal(lam.publish_version, FunctionName="orders", CodeSha256="zzz")
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert text == (
        f"CodeSHA256 (zzz) is different from current CodeSHA256 in $LATEST ({latest}). "
        "Please try again with the CodeSHA256 in $LATEST."
    )
    assert lam.publish_version(FunctionName="orders", CodeSha256=latest)["Version"] == "1"


def test_what_is_not_there_is_not_found_whatever_revision_is_given(lam):
    gone = {"FunctionName": "gone", "RevisionId": "old"}
    for call in (lam.update_function_configuration, lam.publish_version):
        assert refusal(call, **gone)[:2] == ("ResourceNotFoundException", 404)
    change = {"FunctionName": "orders", "Name": "live", "RevisionId": "old"}
    assert refusal(lam.update_alias, **change)[:2] == ("ResourceNotFoundException", 404)


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"Action": "invoke"}, "ValidationException", "'invoke' at 'action' failed to satisfy constraint"),
        ({"StatementId": "a b"}, "ValidationException", "'a b' at 'statementId' failed to satisfy"),
        ({"Principal": "s3"}, "InvalidParameterValueException", "The provided principal was invalid."),
        ({"Qualifier": "$LATEST"}, "InvalidParameterValueException", "adding policies for $LATEST."),
    ],
)
def test_a_statement_that_aws_refuses_is_refused(lam, given, code, text):
    found = refusal(lam.add_permission, **{"FunctionName": "orders", **STATEMENT, **given})
    assert found[:2] == (code, 400)
    assert text in found[2]
    assert refusal(lam.get_policy, FunctionName="orders")[:2] == ("ResourceNotFoundException", 404)
