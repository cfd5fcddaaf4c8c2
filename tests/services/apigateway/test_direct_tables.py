"""DynamoDB behind an API, without a function."""

import json

import boto3
import pytest

from destmock.errors import UnsupportedError
from tests.services.apigateway.apis import Rest
from tests.services.front_doors.clients import by_urllib3

JSON = {"Content-Type": "application/json"}
PREFIX = "com.amazonaws.dynamodb.v20120810#"
BYTES = bytes([0, 1, 254, 255])


@pytest.fixture
def dynamodb(destmock):
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return client


@pytest.fixture
def ask(dynamodb):
    """Makes an API whose method calls an operation, asks it, and answers the status and the body."""

    def ask(action, template, body=b"{}", **given):
        uri = f"arn:aws:apigateway:us-east-1:dynamodb:{action}"
        templates = {"application/json": template if isinstance(template, str) else json.dumps(template)}
        given = {"responses": [{"statusCode": "200"}], **given}
        api = Rest().method(
            "POST",
            "/{id}",
            type="AWS",
            integrationHttpMethod="POST",
            uri=uri,
            requestTemplates=templates,
            **given,
        )
        got = by_urllib3("POST", f"{api.deploy()}/7", JSON, body)
        return got.status, json.loads(got.body)

    return ask


def of_table(**given):
    return {"TableName": "orders", **given}


def item(**attributes):
    return {"id": {"S": "7"}, **attributes}


def stored(dynamodb):
    return dynamodb.get_item(TableName="orders", Key=item()).get("Item")


def test_an_item_is_put_read_changed_and_deleted(dynamodb, ask):
    key = {"id": {"S": "$input.params('id')"}}
    amount = {"N": "$input.path('$.amount')"}
    assert ask("action/PutItem", of_table(Item={**key, "amount": amount}), b'{"amount": 5}') == (200, {})
    assert stored(dynamodb) == item(amount={"N": "5"})
    assert ask("action/GetItem", of_table(Key=key)) == (200, {"Item": item(amount={"N": "5"})})
    change = {
        "UpdateExpression": "ADD amount :more",
        "ExpressionAttributeValues": {":more": {"N": "2"}},
        "ReturnValues": "UPDATED_NEW",
    }
    assert ask("action/UpdateItem", of_table(Key=key, **change)) == (
        200,
        {"Attributes": {"amount": {"N": "7"}}},
    )
    assert ask("action/DeleteItem", of_table(Key=key)) == (200, {})
    assert ask("action/GetItem", of_table(Key=key)) == (200, {})


def test_values_of_each_type_are_as_they_stand_on_the_wire(dynamodb, ask):
    attributes = {
        "bytes": {"B": "AAH+/w=="},
        "all": {"BS": ["AAH+/w=="]},
        "map": {"M": {"inside": {"L": [{"B": "AAH+/w=="}, {"N": "1.50"}, {"NULL": True}, {"BOOL": False}]}}},
        "name": {"S": "é"},
    }
    assert ask("action/PutItem", of_table(Item=item(**attributes))) == (200, {})
    assert stored(dynamodb)["bytes"] == {"B": BYTES}
    assert stored(dynamodb)["map"]["M"]["inside"]["L"][0] == {"B": BYTES}
    status, found = ask("action/Scan", of_table())
    assert (status, found) == (200, {"Items": [item(**attributes)], "Count": 1, "ScannedCount": 1})


def test_several_items_at_once_and_a_query(dynamodb, ask):
    puts = [{"PutRequest": {"Item": {"id": {"S": each}}}} for each in ("7", "8")]
    status, answer = ask("action/BatchWriteItem", {"RequestItems": {"orders": puts}})
    assert (status, answer["UnprocessedItems"]) == (200, {})
    keys = {"RequestItems": {"orders": {"Keys": [item(), {"id": {"S": "9"}}]}}}
    assert ask("action/BatchGetItem", keys)[1]["Responses"] == {"orders": [item()]}
    query = of_table(KeyConditionExpression="id = :id", ExpressionAttributeValues={":id": {"S": "8"}})
    assert ask("action/Query", query)[1]["Items"] == [{"id": {"S": "8"}}]
    writes = [{"Delete": of_table(Key=item())}, {"Put": of_table(Item={"id": {"S": "9"}})}]
    assert ask("action/TransactWriteItems", {"TransactItems": writes})[0] == 200
    assert stored(dynamodb) is None
    got = ask("action/TransactGetItems", {"TransactItems": [{"Get": of_table(Key={"id": {"S": "9"}})}]})
    assert got == (200, {"Responses": [{"Item": {"id": {"S": "9"}}}]})


def test_a_statement_in_partiql(dynamodb, ask):
    dynamodb.put_item(TableName="orders", Item=item(amount={"N": "5"}))
    statement = {"Statement": "SELECT amount FROM orders WHERE id = ?", "Parameters": [{"S": "7"}]}
    assert ask("action/ExecuteStatement", statement) == (200, {"Items": [{"amount": {"N": "5"}}]})


def test_capacity_is_told_to_who_asks_for_it(dynamodb, ask):
    change = {"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "b"}}}
    assert ask("action/UpdateItem", of_table(Key=item(), **change)) == (200, {})
    change["ReturnConsumedCapacity"] = "TOTAL"
    answer = ask("action/UpdateItem", of_table(Key=item(), **change))[1]
    assert answer["ConsumedCapacity"]["TableName"] == "orders"


def test_a_table_in_another_region(destmock):
    client = boto3.client("dynamodb", region_name="eu-west-1")
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    api = Rest().method(
        "GET",
        "/",
        type="AWS",
        integrationHttpMethod="POST",
        uri="arn:aws:apigateway:eu-west-1:dynamodb:action/ListTables",
        requestTemplates={"application/json": "{}"},
        responses=[{"statusCode": "200"}],
    )
    assert json.loads(by_urllib3("GET", api.deploy()).body) == {"TableNames": ["orders"]}


def test_templates_make_the_answer_from_the_items(dynamodb, ask):
    dynamodb.put_item(TableName="orders", Item=item(amount={"N": "5"}))
    template = (
        "#set($found = $input.path('$'))[#foreach($each in $found.Items)"
        '{"id":"$each.id.S","amount":$each.amount.N}#if($foreach.hasNext),#end#end]'
    )
    response = {"statusCode": "200", "responseTemplates": {"application/json": template}}
    assert ask("action/Scan", of_table(), responses=[response]) == (200, [{"id": "7", "amount": 5}])


def test_a_target_header_names_the_operation(dynamodb, ask):
    target = {"integration.request.header.X-Amz-Target": "'DynamoDB_20120810.GetItem'"}
    dynamodb.put_item(TableName="orders", Item=item())
    assert ask("path//", of_table(Key=item()), requestParameters=target) == (200, {"Item": item()})


def test_a_write_reaches_the_table_s_stream_and_its_function(destmock, dynamodb, ask, lam):
    seen = []
    destmock.handler("f", lambda event, context: seen.append(event["Records"][0]["dynamodb"]["NewImage"]))
    stream = dynamodb.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    lam.create_event_source_mapping(EventSourceArn=stream, FunctionName="f", StartingPosition="LATEST")
    assert ask("action/PutItem", of_table(Item=item(amount={"N": "5"}))) == (200, {})
    assert seen == [item(amount={"N": "5"})]


ERRORS = [{"statusCode": "200"}, {"statusCode": "409", "selectionPattern": "4\\d\\d"}]


def test_an_error_is_as_on_the_wire_and_chooses_the_answer(dynamodb, ask):
    missing = {"__type": f"{PREFIX}ResourceNotFoundException", "message": "Requested resource not found"}
    assert ask("action/Scan", {"TableName": "missing"}, responses=ERRORS) == (409, missing)
    dynamodb.put_item(TableName="orders", Item=item(bytes={"B": BYTES}))
    condition = {
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    status, answer = ask("action/PutItem", of_table(Item=item(), **condition), responses=ERRORS)
    assert (status, answer) == (
        409,
        {
            "__type": f"{PREFIX}ConditionalCheckFailedException",
            "message": "The conditional request failed",
            "Item": item(bytes={"B": "AAH+/w=="}),
        },
    )
    put = {"Put": of_table(Item=item(), ConditionExpression="attribute_not_exists(id)")}
    status, answer = ask("action/TransactWriteItems", {"TransactItems": [put]}, responses=ERRORS)
    assert (status, answer["__type"]) == (409, f"{PREFIX}TransactionCanceledException")
    assert answer["CancellationReasons"][0]["Code"] == "ConditionalCheckFailed"
    assert answer["Message"].startswith("Transaction cancelled")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"N": 5}, "NUMBER_VALUE cannot be converted to String"),
        ({"S": 1.5}, "DECIMAL_VALUE cannot be converted to String"),
        ({"S": True}, "TRUE_VALUE cannot be converted to String"),
        ({"S": {"S": "a"}}, "Start of structure or map found where not expected"),
        ({"S": ["a"]}, "Unrecognized collection type class java.lang.String"),
        ({"BOOL": "true"}, "Unexpected token received from parser"),
        ({"L": "a"}, "Unexpected field type"),
        ({"B": "abc"}, "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
        ({"B": 5}, "only base-64-encoded strings are convertible to bytes"),
        ("a", "Unexpected value type in payload"),
    ],
)
def test_a_value_of_the_wrong_type_is_no_item(dynamodb, ask, value, message):
    kind = "com.amazon.coral.service#SerializationException"
    got = ask("action/PutItem", of_table(Item=item(amount=value)), responses=ERRORS)
    assert got == (409, {"__type": kind, "Message": message})
    assert stored(dynamodb) is None


def test_a_body_that_is_no_json_and_one_that_lacks_the_table(ask):
    kind = "com.amazon.coral.service#SerializationException"
    for body in ("{", "[]", '"a"'):
        assert ask("action/Scan", body, responses=ERRORS) == (409, {"__type": kind})
    status, answer = ask("action/Scan", {"Unknown": 1}, responses=ERRORS)
    assert (status, answer["__type"]) == (409, "com.amazon.coral.validate#ValidationException")
    assert "TableName" in answer["message"]


def test_another_operation_is_refused_by_name(ask):
    with pytest.raises(UnsupportedError, match="dynamodb: DeleteTable"):
        ask("action/DeleteTable", of_table())
