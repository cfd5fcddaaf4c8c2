"""Properties of a template become an operation's parameters."""

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._cloudformation.resources.fitting import Fitting

_MODELS = {
    name: botocore.session.get_session().get_service_model(name)
    for name in ("cloudwatch", "cognito-idp", "pipes")
}
OPERATIONS = {
    "PutMetricAlarm": _MODELS["cloudwatch"].operation_model("PutMetricAlarm").input_shape,
    "CreateUserPool": _MODELS["cognito-idp"].operation_model("CreateUserPool").input_shape,
    "CreatePipe": _MODELS["pipes"].operation_model("CreatePipe").input_shape,
}


def values(shape, depth=3):
    """Values of a shape, as botocore takes them."""
    kind = shape.type_name
    if kind == "structure":
        members = shape.members.items() if depth else ()
        return st.fixed_dictionaries({}, optional={name: values(each, depth - 1) for name, each in members})
    if kind == "list":
        return st.lists(values(shape.member, depth - 1), max_size=2)
    if kind == "map":
        return st.dictionaries(st.text(max_size=3), values(shape.value, depth - 1), max_size=2)
    return {"string": st.text(max_size=3), "boolean": st.booleans()}.get(kind, st.integers(0, 9))


@given(
    st.sampled_from(sorted(OPERATIONS)).flatmap(
        lambda name: st.tuples(st.just(name), values(OPERATIONS[name]))
    )
)
def test_parameters_by_their_own_names_stay_as_they_are(made):
    operation, parameters = made
    fitting = Fitting("Resource", ("resource",), {})
    assert fitting.parameters(parameters, OPERATIONS[operation]) == parameters
    assert fitting.left_out == []


@given(st.dictionaries(st.sampled_from(["Colour", "Taste", "Smell"]), st.integers(), min_size=1))
def test_what_fits_nowhere_is_left_out_by_its_name(properties):
    fitting = Fitting("Alarm", ("metricalarm", "alarm"), {})
    assert fitting.parameters({**properties, "AlarmName": "a"}, OPERATIONS["PutMetricAlarm"]) == {
        "AlarmName": "a"
    }
    assert set(fitting.left_out) == set(properties)


@pytest.mark.parametrize(
    ("given_property", "parameter"),
    [
        ({"UserPoolName": "a"}, {"PoolName": "a"}),
        ({"UserPoolTags": {"a": "b"}}, {"UserPoolTags": {"a": "b"}}),
        ({"UserPoolTags": [{"Key": "a", "Value": "b"}]}, {"UserPoolTags": {"a": "b"}}),
        ({"AliasAttributes": "email"}, {"AliasAttributes": ["email"]}),
        ({"poolName": "a"}, {"PoolName": "a"}),
        ({"AliasAttribute": ["email"]}, {"AliasAttributes": ["email"]}),
        ({"EmailVerificationMessage": {"a": 1}}, {"EmailVerificationMessage": '{"a": 1}'}),
    ],
)
def test_habits_of_cloudformation_are_understood(given_property, parameter):
    fitting = Fitting("UserPool", ("userpool", "pool", "user"), {})
    assert fitting.parameters(given_property, OPERATIONS["CreateUserPool"]) == parameter
    assert fitting.left_out == []


def test_a_property_inside_another_is_named_by_its_path():
    fitting = Fitting("Pipe", ("pipe",), {})
    properties = {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 1, "Colour": "red"}}}
    made = fitting.parameters(properties, OPERATIONS["CreatePipe"])
    assert made == {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 1}}}
    assert fitting.left_out == ["SourceParameters.SqsQueueParameters.Colour"]


def test_a_single_value_is_no_structure():
    fitting = Fitting("Pipe", ("pipe",), {})
    assert fitting.parameters({"Source": "a", "SourceParameters": "b"}, OPERATIONS["CreatePipe"]) == {
        "Source": "a"
    }
    assert fitting.left_out == ["SourceParameters"]
