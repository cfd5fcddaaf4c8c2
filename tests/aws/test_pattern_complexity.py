"""Which patterns have too many wildcards: by what AWS took and refused, and by a count of places."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock._aws import pattern_check
from destmock._aws.pattern_tokens import PatternError

REFUSED = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after "
    "a wildcard character"
)
STACKS = [f"*:stack/{name}/*" for name in ("Shared", "Web", "Data", "Monitoring")]
SYNCED = ["*/datasync/*.bif", "*/datasync/*.tif", "*/datasync/*.tiff", "*/datasync/*.svs"]
MOST = 10


def refused(*wildcards, operator="wildcard"):
    return refusal({"detail": {"key": [{operator: each} for each in wildcards]}}) is not None


def refusal(pattern):
    try:
        pattern_check.check(json.dumps(pattern))
    except PatternError as error:
        return str(error)
    return None


@pytest.mark.parametrize("taken", [STACKS[:3], SYNCED[:2], ["*.bif", "*.tiff", "*.tif", "*.svs"], ["*"]])
def test_what_aws_took(taken):
    assert not refused(*taken)


@pytest.mark.parametrize("too_many", [STACKS, SYNCED])
def test_what_aws_refused(too_many):
    assert refusal({"source": [{"wildcard": each} for each in too_many]}) == REFUSED


def test_characters_that_repeat_behind_a_wildcard_make_it_worse():
    assert not refused("*abcdefghijklmno*")
    assert refused("*aaaaaaaaaaaaaaa*")
    assert not refused("aaaaaaaaaaaaaaa*")


def test_an_escaped_asterisk_is_no_wildcard():
    assert not refused("\\*".join("a" * 12))
    assert refused("*".join("a" * 12))


def test_wildcards_of_different_fields_are_counted_apart():
    fields = {"a": STACKS[:2], "b": STACKS[2:]}
    assert refusal({name: [{"wildcard": w} for w in some] for name, some in fields.items()}) is None
    both = [{"a": [{"wildcard": w} for w in STACKS[:2]]}, {"a": [{"wildcard": w} for w in STACKS[2:]]}]
    assert refusal({"$or": both}) == REFUSED
    assert refusal({"a": [{"anything-but": {"wildcard": ["*".join("a" * 12)]}}]}) == REFUSED


def places(wildcard, value):
    """How many of a pattern's own places the value may be at, when it has been read."""
    tokens = ['"', *wildcard, '"']
    now = {0}
    for character in value:
        after = set()
        for place in now:
            ahead = {place, *((place + 1,) if tokens[place : place + 1] == ["*"] else ())}
            for each in ahead:
                if each < len(tokens) and tokens[each] == "*":
                    after.add(each)
                elif each < len(tokens) and tokens[each] == character:
                    after.add(each + 1)
        now = after
    return now


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "ab", "aa"]), min_size=1, max_size=9))
def test_a_pattern_that_few_values_are_in_the_middle_of_is_taken(parts):
    wildcard = "*" + "*".join(parts)
    values = itertools.product("ab", repeat=5)
    most = max(len(places(wildcard, ['"', *value])) for value in values)
    assert refused(wildcard) or most <= MOST
