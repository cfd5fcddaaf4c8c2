"""What names a function, in all its spellings."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from destmock._aws.arn import (
    FUNCTION_NAME_PATTERN,
    Arn,
    FunctionName,
    FunctionRef,
    is_qualifier,
    parse_arn,
    parse_function_arn,
    parse_function_name,
)

regions = st.sampled_from(["us-east-1", "eu-central-2", "us-gov-west-1", "cn-north-1", "us-isob-east-1"])
accounts = st.from_regex(r"[0-9]{12}", fullmatch=True)
names = st.from_regex(r"[a-zA-Z0-9-_.]{1,64}", fullmatch=True)
versions = st.integers(1, 10**6).map(str)
aliases = st.from_regex(r"[a-zA-Z0-9-_]{1,32}", fullmatch=True)
qualifiers = st.none() | st.just("$LATEST") | versions | aliases
refs = st.builds(
    FunctionRef,
    st.sampled_from(["aws", "aws-cn", "aws-us-gov"]),
    accounts,
    regions,
    names,
    qualifiers,
)


def test_the_three_spellings_of_an_arn_of_a_function():
    """As invoked, without a qualifier, and as records write it (B13, E6)."""
    plain = FunctionRef("aws", "123456789012", "us-east-1", "orders")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    assert (plain.arn, plain.unqualified_arn, plain.qualified_arn) == (arn, arn, f"{arn}:$LATEST")
    live = FunctionRef("aws", "123456789012", "us-east-1", "orders", "live")
    assert (live.arn, live.unqualified_arn, live.qualified_arn) == (f"{arn}:live", arn, f"{arn}:live")
    assert live.unqualified == plain


@given(ref=refs)
def test_an_arn_reads_back_as_the_function_it_was_written_of(ref):
    assert parse_function_arn(ref.arn) == ref
    assert parse_function_arn(ref.unqualified_arn) == ref.unqualified
    qualified = parse_function_arn(ref.qualified_arn)
    assert qualified.unqualified == ref.unqualified
    assert qualified.qualifier == (ref.qualifier or "$LATEST")


@given(ref=refs)
def test_a_function_s_arn_is_an_arn_like_any_other(ref):
    parsed = parse_arn(ref.arn)
    assert (parsed.partition, parsed.service) == (ref.partition, "lambda")
    assert (parsed.region, parsed.account) == (ref.region, ref.account)
    assert str(parsed) == ref.arn


@given(ref=refs)
def test_every_spelling_that_aws_takes_names_the_same_function(ref):
    qualifier = "" if ref.qualifier is None else f":{ref.qualifier}"
    full = FunctionName(ref.partition, ref.region, ref.account, ref.name, ref.qualifier)
    partial = FunctionName(None, None, ref.account, ref.name, ref.qualifier)
    assert parse_function_name(f"{ref.unqualified_arn}{qualifier}") == full
    assert parse_function_name(f"{ref.account}:function:{ref.name}{qualifier}") == partial
    assert parse_function_name(f"function:{ref.name}{qualifier}") == FunctionName(
        None, None, None, ref.name, ref.qualifier
    )


@given(name=names, qualifier=qualifiers)
def test_a_bare_name_names_nothing_but_itself(name, qualifier):
    """Unless it looks like the beginning of a longer spelling, as for AWS's own pattern."""
    assume(name != "function" and not re.fullmatch(r"\d{12}|[a-z]{2}-.*-\d", name))
    text = name if qualifier is None else f"{name}:{qualifier}"
    assert parse_function_name(text) == FunctionName(None, None, None, name, qualifier)


_text = st.text(alphabet="arn:wslmbdfuctio-$LATES.19_ \n", max_size=60)


@given(text=_text | refs.map(lambda ref: ref.arn) | names)
def test_a_spelling_is_taken_exactly_when_aws_s_pattern_takes_it(text):
    """The pattern that AWS quotes in its validation error (A16)."""
    assert (parse_function_name(text) is not None) == (re.fullmatch(FUNCTION_NAME_PATTERN, text) is not None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "orders!",
        "orders:",
        "orders:live:1",
        "orders\n",
        "órders",
        "arn:aws:sqs:us-east-1:123456789012:orders",
        "١٢٣٤٥٦٧٨٩٠١٢:function:orders",
    ],
)
def test_what_names_no_function_is_none(text):
    assert parse_function_name(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "orders",
        "123456789012:function:orders",
        "arn:aws:lambda:us-east-1:123456789012:orders",
        "arn:aws:lambda:us-east-1:123456789012:layer:orders:1",
        "arn:aws:lambda:us-east-1::function:orders",
        "arn:aws:lambda::123456789012:function:orders",
        "arn:aws:lambda:us-east-1:123456789012:function:",
        "arn:aws:lambda:us-east-1:123456789012:function:orders:live:1",
        "arn:aws:sqs:us-east-1:123456789012:function:orders",
        "",
    ],
)
def test_only_a_full_function_arn_is_one(text):
    assert parse_function_arn(text) is None


@pytest.mark.parametrize("text", ["", "arn", "orders", "arn:aws:sqs:us-east-1:123456789012", "a:b:c:d:e:f"])
def test_what_is_not_an_arn_is_none(text):
    assert parse_arn(text) is None


def test_a_resource_may_have_colons_of_its_own():
    arn = "arn:aws:sns:eu-west-1:123456789012:topic:5bbf0ee4"
    assert parse_arn(arn) == Arn("aws", "sns", "eu-west-1", "123456789012", "topic:5bbf0ee4")


@given(qualifier=st.just("$LATEST") | versions | aliases)
def test_every_version_and_alias_is_a_qualifier(qualifier):
    assert is_qualifier(qualifier)


@pytest.mark.parametrize("text", ["", "live!", "live:1", "a b", "live\n", "ü"])
def test_what_no_version_or_alias_is_called_is_no_qualifier(text):
    assert not is_qualifier(text)


@given(ref=refs)
def test_references_are_values(ref):
    """They are keys of dictionaries, so they compare and hash by what they say."""
    twin = FunctionRef(ref.partition, ref.account, ref.region, ref.name, ref.qualifier)
    assert ref == twin
    assert hash(ref) == hash(twin)
    assert ref.unqualified == twin.unqualified


def test_a_changed_reference_has_arns_of_its_own():
    """A reference keeps its ARNs once they are asked for."""
    plain = FunctionRef("aws", "123456789012", "us-east-1", "orders")
    asked = plain.arn, plain.unqualified_arn, plain.qualified_arn
    live = plain._replace(qualifier="live")
    assert live.arn == live.qualified_arn == f"{asked[0]}:live"
    assert (live.unqualified_arn, live.unqualified.arn) == (asked[1], asked[0])
    assert live.unqualified == plain
    assert live.unqualified.qualified_arn == asked[2]
