"""Bodies of requests to REST APIs, validated against models."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from destmock._services.apigateway.model_errors import in_words
from destmock.errors import UnsupportedError
from tests.services.apigateway.apis import Rest, echo, invocations
from tests.services.front_doors.clients import by_urllib3

JSON = {"Content-Type": "application/json"}
ORDER = {
    "type": "object",
    "required": ["id", "lines"],
    "properties": {"id": {"type": "string", "minLength": 1}, "lines": {"type": "array"}},
}
INVALID = (400, {"message": "Invalid request body"})
NO_TYPE = "does not match any allowed primitive type"
GOOD, WRONG = b'{"id": "7", "lines": []}', b'{"id": "7"}'


@pytest.fixture
def api(destmock):
    destmock.handler("f", echo)
    return Rest()


@pytest.fixture
def checked(api):
    """Makes a model and a method that wants it; answers the URL."""

    def make(schema=ORDER, models=None, verb="POST", **settings):
        if schema is not None:
            api.client.create_model(
                restApiId=api.id, name="Order", contentType="application/json", schema=text_of(schema)
            )
        wanted = {"validateRequestBody": True, **settings}
        validator = api.client.create_request_validator(restApiId=api.id, name="v", **wanted)["id"]
        models = {"application/json": "Order"} if models is None else models
        method = {"requestModels": models, "requestValidatorId": validator}
        return api.proxy(verb, "/orders", method=method).deploy() + "/orders"

    return make


def text_of(schema):
    return schema if isinstance(schema, str) else json.dumps(schema)


def message(got):
    return got.status, json.loads(got.body)


def test_a_body_that_fits_reaches_the_function_and_another_does_not(destmock, checked):
    url = checked()
    for body in (WRONG, b"[]", b'"a"', b"null", b"no JSON", b"{", b'{"id": "", "lines": []}'):
        got = by_urllib3("POST", url, JSON, body)
        assert message(got) == INVALID
        assert got.header("x-amzn-errortype") == "BadRequestException"
    assert destmock.runs == []
    assert by_urllib3("POST", url, JSON, GOOD).status == 200
    assert len(destmock.runs) == 1


def test_the_method_shows_its_models(api, checked):
    checked()
    method = api.client.get_method(restApiId=api.id, resourceId=api.resource("/orders"), httpMethod="POST")
    assert method["requestModels"] == {"application/json": "Order"}


def test_an_empty_body_is_an_object_without_members(checked):
    assert message(by_urllib3("POST", checked(), JSON)) == INVALID


def test_a_request_without_a_body_passes_a_model_that_wants_nothing(checked):
    url = checked(None, {"application/json": "Empty"}, verb="GET")
    assert by_urllib3("GET", url).status == 200
    assert message(by_urllib3("GET", url, JSON, b"[]")) == INVALID


@pytest.mark.parametrize(
    ("models", "kind", "refused"),
    [
        ({"application/json": "Order"}, None, True),
        ({"application/json": "Order"}, "application/json; charset=utf-8", True),
        ({"application/json": "Order"}, "text/plain", False),
        ({"application/vnd.shop+json": "Order"}, "application/json", False),
        ({"$default": "Order"}, "text/plain", True),
        ({"$default": "Empty", "text/plain": "Order"}, "text/plain", True),
        ({"$default": "Empty", "text/plain": "Order"}, "application/json", False),
        ({}, "application/json", False),
    ],
)
def test_the_content_type_chooses_the_model(checked, models, kind, refused):
    got = by_urllib3("POST", checked(models=models), {"Content-Type": kind} if kind else {}, WRONG)
    assert got.status == (400 if refused else 200)


def test_only_what_the_validator_says_is_validated(checked, api):
    url = checked(validateRequestBody=False, validateRequestParameters=True)
    assert by_urllib3("POST", url, JSON, WRONG).status == 200
    validator = api.client.create_request_validator(restApiId=api.id, name="w", validateRequestBody=True)
    method = {
        "requestParameters": {"method.request.querystring.id": True},
        "requestValidatorId": validator["id"],
    }
    url = api.proxy("GET", "/", method=method).deploy()
    assert by_urllib3("GET", url).status == 200


def test_parameters_are_validated_before_the_body(api):
    client, place = api.client, {"restApiId": api.id}
    client.create_model(**place, name="Order", contentType="application/json", schema=json.dumps(ORDER))
    both = {"validateRequestBody": True, "validateRequestParameters": True}
    validator = client.create_request_validator(**place, name="v", **both)["id"]
    method = {
        "requestParameters": {"method.request.querystring.id": True},
        "requestModels": {"application/json": "Order"},
        "requestValidatorId": validator,
    }
    url = api.proxy("POST", "/", method=method).deploy()
    missing = {"message": "Missing required request parameters: [id]"}
    assert message(by_urllib3("POST", url, JSON, WRONG)) == (400, missing)
    assert message(by_urllib3("POST", f"{url}?id=1", JSON, WRONG)) == INVALID


def test_a_model_refers_to_another(api, checked):
    line = {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}
    api.client.create_model(
        restApiId=api.id, name="Line", contentType="application/json", schema=json.dumps(line)
    )
    address = f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Line"
    own = {"definitions": {"line": {"$ref": address}}}
    url = checked({**own, "properties": {"lines": {"items": {"$ref": "#/definitions/line"}}}})
    assert by_urllib3("POST", url, JSON, b'{"lines": [{"sku": "a"}]}').status == 200
    assert message(by_urllib3("POST", url, JSON, b'{"lines": [{"sku": 1}]}')) == INVALID


def test_what_a_deployment_has_is_validated_until_the_next_one(api, checked):
    url = checked()
    api.client.create_model(
        restApiId=api.id, name="Order", contentType="application/json", schema='{"type": "array"}'
    )
    assert by_urllib3("POST", url, JSON, GOOD).status == 200
    api.deploy()
    assert message(by_urllib3("POST", url, JSON, GOOD)) == INVALID


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ("{", "Expecting property name"),
        ({"type": "thing"}, "'thing' is not valid"),
        ({"$ref": "https://apigateway.amazonaws.com/restapis/other/models/Line"}, "other/models/Line"),
        ({"$ref": "https://example.com/schema.json"}, "example.com"),
    ],
)
def test_a_model_that_is_no_schema_is_told(checked, schema, told):
    url = checked(schema)
    with pytest.raises(UnsupportedError, match=rf"against the model Order: .*{told}"):
        by_urllib3("POST", url, JSON, GOOD)


def test_a_method_s_validator_and_models_must_be_there(api):
    with pytest.raises(ClientError, match=r"BadRequest.*Invalid Request Validator identifier specified"):
        api.proxy("GET", "/", method={"requestValidatorId": "missing"})
    with pytest.raises(ClientError, match=r"BadRequest.*Invalid model identifier specified: Missing"):
        api.proxy("GET", "/", method={"requestModels": {"application/json": "Missing"}})


def test_a_gateway_response_tells_why(api, checked):
    template = (
        '{"error": $context.error.messageString, "why": "$context.error.validationErrorString",'
        ' "kind": "$context.error.responseType"}'
    )
    api.client.put_gateway_response(
        restApiId=api.id,
        responseType="BAD_REQUEST_BODY",
        statusCode="422",
        responseTemplates={"application/json": template},
    )
    url = checked()
    why = '[object has missing required properties (["id","lines"])]'
    answer = {"error": "Invalid request body", "why": why, "kind": "BAD_REQUEST_BODY"}
    assert message(by_urllib3("POST", url, JSON, b'{"a": 1}')) == (422, answer)


@pytest.mark.parametrize(
    ("schema", "body", "text"),
    [
        ({"type": "integer"}, "a", f'instance type (string) {NO_TYPE} (allowed: ["integer"])'),
        ({"type": "number"}, None, f'instance type (null) {NO_TYPE} (allowed: ["integer","number"])'),
        ({"enum": ["a", "b"]}, "c", 'instance value ("c") not found in enum (possible values: ["a","b"])'),
        ({"minLength": 2}, "c", 'string "c" is too short (length: 1, required minimum: 2)'),
        ({"maxLength": 1}, "cd", 'string "cd" is too long (length: 2, maximum allowed: 1)'),
        ({"pattern": "^a$"}, "b", 'ECMA 262 regex "^a$" does not match input string "b"'),
        ({"minimum": 1}, 0, "numeric instance is lower than the required minimum (minimum: 1, found: 0)"),
        ({"maximum": 1}, 2, "numeric instance is greater than the required maximum (maximum: 1, found: 2)"),
        (
            {"minimum": 1, "exclusiveMinimum": True},
            1,
            "numeric instance is not strictly greater than the required minimum 1",
        ),
        (
            {"maximum": 1, "exclusiveMaximum": True},
            1,
            "numeric instance is not strictly lower than the required maximum 1",
        ),
        ({"multipleOf": 2}, 3, "remainder of division is not zero (3 / 2)"),
        (
            {"minItems": 1},
            [],
            "array is too short: must have at least 1 elements but instance has 0 elements",
        ),
        ({"maxItems": 0}, [1], "array is too long: must have at most 0 elements but instance has 1 elements"),
        ({"uniqueItems": True}, [1, 1], "array must not contain duplicate elements"),
        ({"minProperties": 1}, {}, "object has too few properties (found 0 but schema requires at least 1)"),
        (
            {"maxProperties": 0},
            {"a": 1},
            "object has too many properties (found 1 but schema requires at most 0)",
        ),
        (
            {"additionalProperties": False, "properties": {"a": {}}},
            {"c": 1, "b": 1, "a": 1},
            'object instance has properties which are not allowed by the schema: ["b","c"]',
        ),
    ],
)
def test_the_words_for_each_keyword(schema, body, text):
    assert in_words(Draft4Validator(schema).iter_errors(body)) == f"[{text}]"


def test_what_is_inside_is_told_only_if_the_outside_is_right():
    inside = {"a": {"type": "string"}, "b": {"maximum": 1}}
    schema = {"required": ["c"], "properties": inside}
    wrong = {"a": 1, "b": 2}
    assert (
        in_words(Draft4Validator(schema).iter_errors(wrong))
        == '[object has missing required properties (["c"])]'
    )
    both = in_words(Draft4Validator({"properties": inside}).iter_errors(wrong))
    assert both == (
        f'[instance type (integer) {NO_TYPE} (allowed: ["string"]), '
        "numeric instance is greater than the required maximum (maximum: 1, found: 2)]"
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=3),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from("abc"), inside, max_size=3),
)
SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null"]),
            "required": st.lists(st.sampled_from("abc"), min_size=1, unique=True),
            "minLength": st.integers(0, 2),
            "maximum": st.integers(-2, 2),
            "enum": st.lists(st.integers(0, 2) | st.text("ab", max_size=1), min_size=1, unique=True),
        },
    ),
    lambda inside: st.fixed_dictionaries(
        {"properties": st.dictionaries(st.sampled_from("abc"), inside, max_size=2)},
        optional={"items": inside},
    ),
    max_leaves=4,
)


@given(schema=SCHEMAS, body=VALUES)
def test_any_error_has_words(schema, body):
    errors = list(Draft4Validator(schema).iter_errors(body))
    words = in_words(errors)
    assert (words == "[]") == (not errors)


PROXY = {"type": "aws_proxy", "httpMethod": "POST", "uri": invocations("f")}
SCHEMAS_OF_DOCUMENTS = {
    "Order": {
        "type": "object",
        "required": ["lines"],
        "properties": {"lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/Line"}}},
    },
    "Line": {"type": "object", "properties": {"minItems": {"type": "integer"}}},
}
CHECKS = {
    "x-amazon-apigateway-request-validators": {
        "body": {"validateRequestBody": True, "validateRequestParameters": False},
        "nothing": {"validateRequestBody": False, "validateRequestParameters": False},
    },
    "x-amazon-apigateway-request-validator": "body",
}


def operation(schema, **more):
    return {
        "parameters": [{"in": "body", "name": "order", "schema": schema}],
        "x-amazon-apigateway-integration": PROXY,
        **more,
    }


SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "shop", "version": "1"},
    **CHECKS,
    "paths": {
        "/named": {"post": operation({"$ref": "#/definitions/Order"})},
        "/inline": {"post": operation({"type": "object", "required": ["lines"]})},
        "/list": {
            "post": operation(
                {"type": "array", "items": {"$ref": "#/definitions/Line"}}, consumes=["text/json"]
            )
        },
        "/unchecked": {
            "post": operation(
                {"$ref": "#/definitions/Order"}, **{"x-amazon-apigateway-request-validator": "nothing"}
            )
        },
    },
    "definitions": SCHEMAS_OF_DOCUMENTS,
}


def openapi():
    """The same in OpenAPI 3; one of the bodies is a component."""
    schemas = json.loads(json.dumps(SCHEMAS_OF_DOCUMENTS).replace("#/definitions", "#/components/schemas"))
    paths, bodies = {}, {}
    for path, item in json.loads(json.dumps(SWAGGER["paths"])).items():
        method = item["post"]
        [body] = method.pop("parameters")
        schema = json.loads(json.dumps(body["schema"]).replace("#/definitions", "#/components/schemas"))
        kinds = method.pop("consumes", ["application/json"])
        bodies[path[1:]] = {"content": {kind: {"schema": schema} for kind in kinds}}
        method["requestBody"] = bodies[path[1:]]
        paths[path] = {"post": method}
    paths["/named"]["post"]["requestBody"] = {"$ref": "#/components/requestBodies/named"}
    components = {"schemas": schemas, "requestBodies": bodies}
    info = {"openapi": "3.0.1", "info": SWAGGER["info"]}
    return {**info, **CHECKS, "paths": paths, "components": components}


@pytest.mark.parametrize("document", [SWAGGER, openapi()], ids=["swagger", "openapi"])
def test_a_document_s_bodies_are_validated(destmock, document):
    destmock.handler("f", echo)
    client = boto3.client("apigateway")
    api = client.import_rest_api(body=json.dumps(document))["id"]
    client.create_deployment(restApiId=api, stageName="prod")
    url = f"https://{api}.execute-api.us-east-1.amazonaws.com/prod"

    def status(path, body, kind="application/json"):
        return by_urllib3("POST", f"{url}/{path}", {"Content-Type": kind}, body).status

    assert status("named", b'{"lines": [{"minItems": 1}]}') == 200
    assert status("named", b'{"lines": [{"minItems": "a"}]}') == 400
    assert status("named", b'{"lines": []}') == 200  # an import leaves minItems out
    assert status("named", b"{}") == 400
    assert status("inline", b"{}") == 400
    assert status("inline", b'{"lines": 1}') == 200
    assert status("list", b"{}") == 200
    assert status("list", b"{}", "text/json") == 400
    assert status("list", b'[{"minItems": 1}]', "text/json") == 200
    assert status("unchecked", b"no JSON") == 200

    models = {each["name"]: json.loads(each["schema"]) for each in client.get_models(restApiId=api)["items"]}
    assert models["Line"] == SCHEMAS_OF_DOCUMENTS["Line"]
    lines = models["Order"]["properties"]["lines"]
    address = f"https://apigateway.amazonaws.com/restapis/{api}/models/Line"
    assert lines == {"type": "array", "items": {"$ref": address}}
    found = client.get_resources(restApiId=api, embed=["methods"])["items"]
    methods = {each["path"]: each["resourceMethods"]["POST"] for each in found if "resourceMethods" in each}
    assert methods["/named"]["requestModels"] == {"application/json": "Order"}
    [name] = methods["/inline"]["requestModels"].values()
    assert name in models
