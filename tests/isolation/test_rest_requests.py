"""A REST request in a mock is the one that botocore makes without it."""

import datetime as dt
import io

import boto3
import botocore.session
import pytest
from botocore import serialize
from botocore.serialize import BaseRestSerializer, RestJSONSerializer, create_serializer

from destmock import mock_destinations
from destmock._isolation import rest_requests
from tests.isolation.replaced import is_asked

SERVICES = [
    *("lambda", "s3", "iot-data", "bedrock-runtime", "mediastore-data", "glacier", "polly", "lex-runtime"),
    *("cloudfront", "route53", "apigateway", "ebs", "codeartifact", "medialive"),
]
PLAIN = [("lambda", "Invoke"), ("mediastore-data", "PutObject")]
VALUES = [
    {"string": "text", "blob": b"blob"},
    {"string": 'a b/ä~+:"%{x}', "blob": "text of a blob ä"},
    {"string": "", "blob": io.BytesIO(b"stream")},
    {"string": 1, "blob": None},
    {"string": None, "blob": bytearray(b"a")},
]
NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)


def value(shape, values):
    if shape.type_name in values:
        return values[shape.type_name]
    if shape.type_name == "list":
        return [value(shape.member, values)]
    if shape.type_name == "map":
        return {"k": value(shape.value, values)}
    return {"structure": {}, "timestamp": NEW_YEAR, "boolean": True}.get(shape.type_name, 2)


def requests(model):
    """Requests of all operations, with all parameters and the required ones."""
    serializer = create_serializer(model.protocol, include_validation=False)
    for name in model.operation_names:
        operation = model.operation_model(name)
        shape = operation.input_shape
        members = shape.members if shape else {}
        required = set(shape.metadata.get("required", ())) if shape else set()
        for chosen in (members, required):
            for values in VALUES:
                params = {each: value(members[each], values) for each in members if each in chosen}
                try:
                    request = serializer.serialize_to_request(params, operation)
                except Exception as error:
                    request = repr(error)
                if isinstance(request, dict) and params and not request["headers"]:
                    request["headers"]["x-of-one"] = "only"
                yield name, request, [*request] if isinstance(request, dict) else None


@pytest.mark.parametrize("service", SERVICES)
def test_each_operation_s_requests_are_those_without_the_mock(service):
    model = botocore.session.get_session().get_service_model(service)
    without = [*requests(model)]
    with mock_destinations():
        assert [*requests(model)] == without


@pytest.mark.parametrize(("service", "name"), PLAIN)
def test_plain_requests_are_made_in_one_go(destmock, monkeypatch, service, name):
    model = botocore.session.get_session().get_service_model(service)
    operation = model.operation_model(name)
    strings = [each for each, shape in operation.input_shape.members.items() if shape.type_name == "string"]
    assert rest_requests._request(operation, dict.fromkeys(strings, "text"))


STEPS = [
    *("serialize_to_request", "_render_uri_template", "_partition_parameters", "_serialize_payload"),
    *("_get_uri_and_query_string_value", "_has_streaming_payload", "_encode_payload"),
    *("_convert_header_value", "_create_default_request", "_expand_host_prefix"),
]


def refused():
    """Invoke a function that isn't there."""
    client = boto3.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="f", InvocationType="Event", Payload=b"1")


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("owner", "step"),
    [
        *((BaseRestSerializer, step) for step in STEPS),
        *((RestJSONSerializer, step) for step in (*STEPS, "_serialize_content_type")),
        *((serialize, step) for step in ("percent_encode", "is_json_value_header")),
    ],
)
def test_each_step_is_asked_where_a_test_has_put_its_own(owner, step, inside):
    assert is_asked(owner, step, refused, inside=inside)


@pytest.mark.parametrize("step", ["_partition_parameters", "_encode_payload"])
def test_a_step_of_one_serializer_is_asked(destmock, monkeypatch, step):
    client, asked = boto3.client("lambda"), []
    serializer = client._serializer._serializer
    real = getattr(serializer, step)
    monkeypatch.setattr(serializer, step, lambda *given: asked.append(step) or real(*given))
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="f", InvocationType="Event", Payload=b"1")
    assert asked


def test_a_serializer_of_a_user_s_own_has_its_say(destmock):
    class Shouting(RestJSONSerializer):
        def _encode_payload(self, body):
            return super()._encode_payload(body).upper()

    client = boto3.client("lambda")
    operation = client.meta.service_model.operation_model("Invoke")
    request = Shouting().serialize_to_request({"FunctionName": "f", "Payload": "a"}, operation)
    assert request["body"] == b"A"


def test_this_version_of_botocore_is_known():
    assert rest_requests.PATCHES
