"""What Firehose makes of a function's answer, and where it writes what has failed."""

import base64
import json
import re
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._aws.transformation import Failure, error_prefix, results

IDS = ["1", "2"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["1", "2", "Ok", "Dropped", "eA==", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["records", "recordId", "result", "data"]), inner, max_size=4)
    ),
    max_leaves=8,
)
RECORD = st.fixed_dictionaries({}, optional={"recordId": VALUES, "result": VALUES, "data": VALUES})
AT = datetime(2018, 8, 7, 9, 30, 5, tzinfo=timezone.utc)


@given(VALUES | st.lists(RECORD).map(lambda records: {"records": records}))
def test_each_record_has_a_result_whatever_the_answer(answer):
    found = results(json.dumps(answer).encode(), IDS)
    assert len(found) == len(IDS)
    assert all(each is None or isinstance(each, (bytes, Failure)) for each in found)


@given(st.lists(st.tuples(st.sampled_from(["Ok", "Dropped", "ProcessingFailed"]), st.binary()), max_size=5))
def test_a_right_answer_decides_each_record_by_itself_in_any_order(wanted):
    ids = [str(number) for number in range(len(wanted))]
    records = [
        {"recordId": number, "result": result, "data": base64.b64encode(data).decode()}
        for number, (result, data) in zip(ids, wanted, strict=True)
    ]
    found = results(json.dumps({"records": records[::-1]}).encode(), ids)
    for (result, data), each in zip(wanted, found, strict=True):
        assert (each == data) is (result == "Ok")
        assert (each is None) is (result == "Dropped")
        assert isinstance(each, Failure) is (result == "ProcessingFailed")


@pytest.mark.parametrize(
    ("prefix", "errors", "evaluated"),
    [
        ("", None, "processing-failed/2018/08/07/09/"),
        ("in", None, "in/processing-failed/2018/08/07/09/"),
        ("in/", "bad/", "bad/processing-failed/2018/08/07/09/"),
        ("!{timestamp:yyyy}", "bad/!{firehose:error-output-type}/", "bad/processing-failed/"),
        (
            "",
            "!{timestamp:'year='yyyy'/month='MM'/day='dd'/hour='HH}/!{firehose:error-output-type}",
            "year=2018/month=08/day=07/hour=09/processing-failed",
        ),
        (
            "",
            "!{timestamp:yy-M-d H''m 'o''clock' ss D}!{firehose:random-string}",
            "18-8-7 9'30 o'clock 05 219x",
        ),
    ],
)
def test_the_prefix_of_failed_records(prefix, errors, evaluated):
    assert error_prefix(prefix, errors, AT, lambda: "x") == evaluated


@pytest.mark.parametrize(
    ("prefix", "errors", "told"),
    [
        ("!{partitionKeyFromLambda:shop}/", None, "wants an ErrorOutputPrefix"),
        ("", "!{partitionKeyFromLambda:shop}/", "'!{partitionKeyFromLambda:shop}'"),
        ("", "!{firehose:shop}/", "'!{firehose:shop}'"),
        ("", "!{timestamp:yyyy", "'!{timestamp:yyyy'"),
        ("", "!{timestamp:MMM}/", "'MMM' in the time 'MMM'"),
    ],
)
def test_what_can_not_be_evaluated_is_named(prefix, errors, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        error_prefix(prefix, errors, AT, lambda: "x")
