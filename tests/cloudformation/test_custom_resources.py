"""Custom resources: their functions are invoked as by CloudFormation, and answer over HTTPS."""

import json
import textwrap

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import ACCOUNT, attribute, function, resource

#: By library: how an answer gets to the event's ResponseURL.
WAYS = {
    "cfnresponse": "import cfnresponse\ndef put(event, body):\n    pass\n",
    "urllib": """
        from urllib.request import Request, urlopen
        def put(event, body):
            with urlopen(Request(event["ResponseURL"], data=body.encode(), method="PUT")) as answer:
                return answer.status
        """,
    "urllib3": """
        import urllib3
        http = urllib3.PoolManager()
        def put(event, body):
            return http.request("PUT", event["ResponseURL"], body=body).status
        """,
    "urllib3, in chunks": """
        import urllib3
        def put(event, body):
            parts = iter([body[:10].encode(), body[10:].encode()])
            return urllib3.PoolManager().request("PUT", event["ResponseURL"], body=parts).status
        """,
    "http.client": """
        from http.client import HTTPSConnection
        from urllib.parse import urlsplit
        def put(event, body):
            url = urlsplit(event["ResponseURL"])
            connection = HTTPSConnection(url.hostname)
            connection.request("PUT", f"{url.path}?{url.query}", body, {"content-type": ""})
            return connection.getresponse().status
        """,
    "requests": """
        import requests
        def put(event, body):
            return requests.put(event["ResponseURL"], data=body).status_code
        """,
}
#: Answers as the properties say, by urllib3, and tells a queue of each event.
PROVIDER = (
    textwrap.dedent(WAYS["urllib3"])
    + """
import json
import boto3

def handler(event, context):
    queue = boto3.client("sqs").get_queue_url(QueueName="events")["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(event))
    told = event["ResourceProperties"]
    if event["RequestType"] in told.get("Fails", []):
        answer = {"Status": "FAILED", "Reason": "out of stock"}
    else:
        answer = {"Status": "SUCCESS", "Data": {"Price": told.get("Price"), "Shelf.Row": "7"}}
    identity = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"PhysicalResourceId": told.get("Id", "lamp"), **identity}
    if event["RequestType"] not in told.get("Silent", []):
        put(event, json.dumps(answer))
    elif told.get("Raises"):
        raise ValueError(told["Raises"])
"""
)


@pytest.fixture
def put(cloudformation):
    """Creates the stack of a provider and a thing, or updates it; answers the stack."""
    boto3.client("sqs").create_queue(QueueName="events")

    def make(properties, *, update=False, outputs=None, kind="Custom::Thing", **resources):
        thing = resource(kind, ServiceToken=attribute("F"), **properties)
        body = {"Resources": {"F": function(Code={"ZipFile": PROVIDER}), "Thing": thing, **resources}}
        if outputs:
            body["Outputs"] = outputs
        call = cloudformation.update_stack if update else cloudformation.create_stack
        call(StackName="shop", TemplateBody=json.dumps(body))
        [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
        return stack

    return make


def told():
    """The events that the provider has had since the last time."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="events")["QueueUrl"]
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def output(stack):
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@pytest.mark.parametrize("way", WAYS)
def test_the_function_answers_by_any_library(cloudformation, way):
    send = "cfnresponse.send(event, context, cfnresponse.SUCCESS, {'Way': 'any'}, 'made')"
    if way != "cfnresponse":
        send = (
            "assert put(event, json.dumps({'Status': 'SUCCESS', 'PhysicalResourceId': 'made', "
            "'Data': {'Way': 'any'}})) == 200"
        )
    code = f"{textwrap.dedent(WAYS[way])}\nimport json\ndef handler(event, context):\n    {send}\n"
    things = {name: resource("Custom::Thing", ServiceToken=attribute("F")) for name in ("Thing", "Second")}
    resources = {"F": function(Code={"ZipFile": code}), **things}
    outputs = {name: {"Value": attribute(name, "Way")} for name in things}
    body = json.dumps({"Resources": resources, "Outputs": outputs})
    cloudformation.create_stack(StackName="shop", TemplateBody=body)
    [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert output(stack) == {"Thing": "any", "Second": "any"}
    found = cloudformation.describe_stack_resource(StackName="shop", LogicalResourceId="Thing")
    assert found["StackResourceDetail"]["PhysicalResourceId"] == "made"


def test_the_event_of_a_creation(put):
    stack = put({"Size": 5, "Lit": True, "Parts": ["a", {"Count": 2}]})
    [event] = told()
    arn = event["ServiceToken"]
    assert arn.startswith(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:shop-F-")
    host = "https://cloudformation-custom-resource-response-useast1.s3"
    assert event.pop("ResponseURL").startswith(host)
    assert len(event.pop("RequestId")) == 36
    assert event == {
        "RequestType": "Create",
        "ServiceToken": arn,
        "StackId": stack["StackId"],
        "LogicalResourceId": "Thing",
        "ResourceType": "Custom::Thing",
        "ResourceProperties": {
            "ServiceToken": arn,
            "Size": "5",
            "Lit": "true",
            "Parts": ["a", {"Count": "2"}],
        },
    }


def test_an_answer_s_data_are_attributes(put, sqs):
    queue = resource("AWS::SQS::Queue", QueueName={"Fn::Sub": "costs-${Thing.Price}"})
    values = {"Price": attribute("Thing", "Price"), "Row": attribute("Thing", "Shelf.Row")}
    outputs = {name: {"Value": value} for name, value in {**values, "Id": {"Ref": "Thing"}}.items()}
    stack = put({"Price": "12", "Id": "lamp-1"}, outputs=outputs, Q=queue)
    assert output(stack) == {"Price": "12", "Row": "7", "Id": "lamp-1"}
    assert sqs.get_queue_url(QueueName="costs-12")


def test_an_attribute_that_the_answer_lacks(put):
    outputs = {"Colour": {"Value": attribute("Thing", "Colour")}}
    with pytest.raises(ClientError, match="Vendor response doesn't contain Colour key in object arn:"):
        put({}, outputs=outputs)


def test_the_general_type_is_one_as_well(put):
    put({}, kind="AWS::CloudFormation::CustomResource")
    assert [each["ResourceType"] for each in told()] == ["AWS::CloudFormation::CustomResource"]


def test_an_update_has_the_old_properties_and_the_physical_id(put):
    outputs = {"Price": {"Value": attribute("Thing", "Price")}}
    put({"Price": "12"}, outputs=outputs)
    told()
    stack = put({"Price": "15"}, update=True, outputs=outputs)
    [event] = told()
    token = event["ServiceToken"]
    assert event["RequestType"] == "Update"
    assert event["PhysicalResourceId"] == "lamp"
    assert event["ResourceProperties"] == {"ServiceToken": token, "Price": "15"}
    assert event["OldResourceProperties"] == {"ServiceToken": token, "Price": "12"}
    assert output(stack) == {"Price": "15"}


def test_another_physical_id_replaces_the_resource(put, cloudformation):
    put({"Id": "lamp"})
    told()
    put({"Id": "chair"}, update=True)
    events = [(each["RequestType"], each["PhysicalResourceId"]) for each in told()]
    assert events == [("Update", "lamp"), ("Delete", "lamp")]
    found = cloudformation.describe_stack_resource(StackName="shop", LogicalResourceId="Thing")
    assert found["StackResourceDetail"]["PhysicalResourceId"] == "chair"


def test_a_replaced_resource_that_is_not_deleted_fails_no_update(put, cloudformation):
    put({"Id": "lamp", "Fails": ["Delete"]})
    told()
    put({"Id": "chair"}, update=True)
    assert [each["RequestType"] for each in told()] == ["Update", "Delete"]
    [stack] = cloudformation.describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    found = cloudformation.describe_stack_resource(StackName="shop", LogicalResourceId="Thing")
    assert found["StackResourceDetail"]["PhysicalResourceId"] == "chair"


def test_the_same_properties_are_no_update(put):
    put({"Price": 12})
    told()
    put({"Price": "12"}, update=True)
    assert told() == []


@pytest.mark.parametrize("removed", ["with its stack", "with its function", "alone"])
def test_a_resource_is_deleted_while_its_function_is_there(put, cloudformation, removed):
    put({"Price": "12"}, Q=resource("AWS::SQS::Queue"))
    told()
    if removed == "with its stack":
        cloudformation.delete_stack(StackName="shop")
    else:
        kept = {"Q": resource("AWS::SQS::Queue")}
        if removed == "alone":
            kept["F"] = function(Code={"ZipFile": PROVIDER})
        cloudformation.update_stack(StackName="shop", TemplateBody=json.dumps({"Resources": kept}))
    [event] = told()
    assert event["RequestType"] == "Delete"
    assert event["PhysicalResourceId"] == "lamp"
    assert event["ResourceProperties"]["Price"] == "12"


def test_a_failed_creation_fails_the_stack_with_its_reason_and_is_deleted(put, cloudformation, lam):
    with pytest.raises(ClientError) as caught:
        put({"Fails": ["Create"]})
    created, deleted = told()
    assert str(caught.value).endswith(
        "Thing (Custom::Thing): Received response status [FAILED] from custom resource. "
        f"Message returned: out of stock (RequestId: {created['RequestId']})"
    )
    assert (deleted["RequestType"], deleted["PhysicalResourceId"]) == ("Delete", "lamp")
    assert cloudformation.describe_stacks()["Stacks"] == []
    assert lam.list_functions()["Functions"] == []


def test_a_failed_update_is_asked_for_once_and_rolled_back(put, cloudformation):
    put({"Price": "12"})
    told()
    with pytest.raises(ClientError, match=r"\[FAILED\] from custom resource. Message returned: out of stock"):
        put({"Price": "13", "Fails": ["Update"]}, update=True)
    failed, back = (
        (each["RequestType"], each["ResourceProperties"]["Price"], each["OldResourceProperties"]["Price"])
        for each in told()
    )
    assert (failed, back) == (("Update", "13", "12"), ("Update", "12", "13"))
    [stack] = cloudformation.describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    put({"Price": "14"}, update=True)
    [again] = told()
    assert again["OldResourceProperties"]["Price"] == "12"


def test_a_failed_deletion_is_told_with_its_reason_and_asked_for_once(put, cloudformation):
    put({"Fails": ["Delete"]}, Q=resource("AWS::SQS::Queue"))
    told()
    with pytest.raises(ClientError, match=r"\[FAILED\] from custom resource. Message returned: out of stock"):
        cloudformation.delete_stack(StackName="shop")
    assert [each["RequestType"] for each in told()] == ["Delete"]


def test_a_function_that_gives_no_answer(put):
    with pytest.raises(ClientError, match="did not receive a response from your custom resource") as caught:
        put({"Silent": ["Create", "Delete"], "Raises": "no lamps"})
    assert "no lamps" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("{'Status': 'SUCCESS', 'Data': {'A': 'x' * 5000}}", "Response object is too long"),
        ("{'Status': 'SUCCESS'}", "Invalid PhysicalResourceId"),
        ("{'Status': 'fine', 'PhysicalResourceId': 'a'}", "Invalid response object"),
        ("'SUCCESS'", "Invalid response object"),
    ],
)
def test_an_answer_that_cloudformation_refuses(cloudformation, answer, problem):
    code = (
        f"{textwrap.dedent(WAYS['requests'])}\nimport json\n"
        f"def handler(event, context):\n    put(event, json.dumps({answer}))\n"
    )
    thing = resource("Custom::Thing", ServiceToken=attribute("F"))
    body = {"Resources": {"F": function(Code={"ZipFile": code}), "Thing": thing}}
    with pytest.raises(ClientError, match=problem):
        cloudformation.create_stack(StackName="shop", TemplateBody=json.dumps(body))


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("nobody", "Invalid service token"),
        (f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:nobody", "Function not found"),
    ],
)
def test_a_service_token_that_leads_nowhere(cloudformation, token, problem):
    body = json.dumps({"Resources": {"Thing": resource("Custom::Thing", ServiceToken=token)}})
    with pytest.raises(ClientError, match=problem):
        cloudformation.create_stack(StackName="shop", TemplateBody=body)
