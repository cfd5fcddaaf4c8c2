"""Parameters are refused in a mock as botocore refuses them: with its report, or not at all."""

import datetime as dt
import io
from types import SimpleNamespace

import boto3
import botocore.session
import botocore.validate
import pytest
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidationDecorator, ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

OPERATIONS = [
    ("sqs", "SendMessage"),
    ("sqs", "SendMessageBatch"),
    ("sns", "Publish"),
    ("lambda", "Invoke"),
    ("lambda", "CreateFunction"),
    ("dynamodb", "PutItem"),
    ("s3", "PutObject"),
    ("s3", "PutBucketNotificationConfiguration"),
    ("events", "PutEvents"),
    ("bedrock-runtime", "Converse"),  # documents
    ("iot-data", "Publish"),
    ("cloudwatch", "PutMetricData"),
]
NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
ODD = st.sampled_from(
    [None, "", "a", b"", b"a", 0, -1, 1, 1.5, True, [], ["a"], (), ("a",), {}, {"a": 1}, set(), object()]
)


class Text(str):
    """A kind of string of a user's."""

    __slots__ = ()


def values(shape, depth=0):
    """Values that are mostly right for a shape, and odd ones."""
    kind = shape.type_name
    if kind == "structure":
        right = structures(shape, depth)
    elif kind == "list":
        right = st.lists(values(shape.member, depth + 1), max_size=2) if depth < 6 else st.just([])
        right |= right.map(tuple)
    elif kind == "map":
        right = st.dictionaries(st.text(max_size=2), values(shape.value, depth + 1), max_size=2)
    else:
        right = {
            "string": st.text(max_size=3) | st.builds(Text),
            "integer": st.integers(-2, 2),
            "long": st.integers(-2, 2),
            "boolean": st.booleans(),
            "blob": st.sampled_from([b"a", bytearray(b"a"), "a", io.BytesIO(b"a")]),
            "timestamp": st.sampled_from(
                [dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc), "2026-01-01", 1, "never"]
            ),
        }.get(kind, st.floats())
    return st.integers(0, 19).flatmap(lambda chance: ODD if chance == 0 else right)


def structures(shape, depth):
    if depth > 4:
        return st.just({})
    required = shape.metadata.get("required", [])
    members = {name: values(member, depth + 1) for name, member in shape.members.items()}
    names = st.lists(st.sampled_from(sorted(members)), max_size=3) if members else st.just([])
    some = st.tuples(names, st.integers(0, 9)).map(
        lambda drawn: {*drawn[0], *(required if drawn[1] else required[1:])}
    )
    return some.flatmap(lambda chosen: st.fixed_dictionaries({name: members[name] for name in chosen}))


class Serializer:
    """Takes what is right."""

    def serialize_to_request(self, parameters, operation_model):
        return parameters, operation_model


def report(params, shape):
    """What botocore says of them, or sends."""
    checking, model = (
        ParamValidationDecorator(ParamValidator(), Serializer()),
        SimpleNamespace(input_shape=shape),
    )
    try:
        sent, of_model = checking.serialize_to_request(params, model)
    except Exception as error:  # some it doesn't expect
        return repr(error)
    assert (sent is params, of_model is model) == (True, True)
    return "sent"


def shape_of(session, service, operation):
    return session.get_service_model(service).operation_model(operation).input_shape


@pytest.fixture(scope="module")
def shapes():
    session = botocore.session.get_session()
    return [shape_of(session, *operation) for operation in OPERATIONS]


@given(st.data())
def test_what_is_wrong_is_told_as_without_the_mock(shapes, data):
    shape = data.draw(st.sampled_from(shapes))
    params = data.draw(values(shape))
    without = report(params, shape)
    with mock_destinations():
        assert report(params, shape) == without


def test_a_model_that_a_test_has_changed_is_gone_by(destmock):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    shape = sqs.meta.service_model.operation_model("SendMessage").input_shape.members["MessageBody"]
    before = shape.metadata
    try:
        shape.metadata = {"min": 3}
        with pytest.raises(ParamValidationError, match="valid min length: 3"):
            sqs.send_message(QueueUrl=url, MessageBody="ab")
    finally:
        shape.metadata = before
    sqs.send_message(QueueUrl=url, MessageBody="ab")


def test_a_validator_of_a_user_s_own_has_its_say(destmock, monkeypatch):
    class Strict(ParamValidator):
        def validate(self, params, shape):
            report = super().validate(params, shape)
            if params["QueueName"].isupper():
                report.report("QueueName", "invalid length", param=params["QueueName"], min_allowed=1)
            return report

    sqs = boto3.client("sqs")
    monkeypatch.setattr(sqs._serializer, "_param_validator", Strict())
    sqs.create_queue(QueueName="orders")
    with pytest.raises(ParamValidationError, match="QueueName"):
        sqs.create_queue(QueueName="ORDERS")


def test_an_operation_without_parameters_takes_none(destmock):
    with pytest.raises(ParamValidationError, match="Unknown parameter"):
        boto3.client("sts").get_caller_identity(Name="n")
    model = SimpleNamespace(input_shape=None)
    checking = ParamValidationDecorator(ParamValidator(), Serializer())
    assert checking.serialize_to_request({"any": 1}, model) == ({"any": 1}, model)


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (ParamValidator, "validate"),
        (ParamValidator, "_validate"),
        (ParamValidator, "_validate_structure"),
        (ParamValidator, "_validate_string"),
        (botocore.validate, "range_check"),
        (ParamValidationDecorator, "serialize_to_request"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_each_step_is_asked_where_a_test_has_put_its_own(owner, step, inside):
    assert is_asked(owner, step, lambda: boto3.client("sqs").create_queue(QueueName="orders"), inside=inside)
