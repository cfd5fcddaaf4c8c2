"""Calls of other services that an API makes itself, without any function."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

from destmock._services.apigateway import json_protocol
from destmock._services.apigateway.json_protocol import SerializationError, answer_body
from destmock._services.clients import Clients, in_account
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from destmock._engine.simulation import Simulation

_URI = re.compile(r"arn:[^:]+:apigateway:([^:]+):([^:]+):(path|action)/(.*)")
#: The services by API Gateway's names for them, boto3's name, and the operations that an API may call.
_SERVICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "sqs": ("sqs", ("SendMessage",)),
    "sns": ("sns", ("Publish",)),
    "events": ("events", ("PutEvents",)),
    "kinesis": ("kinesis", ("PutRecord", "PutRecords")),
    "states": ("stepfunctions", ("StartExecution",)),
    "dynamodb": (
        "dynamodb",
        (
            "BatchExecuteStatement",
            "BatchGetItem",
            "BatchWriteItem",
            "DeleteItem",
            "DescribeTable",
            "ExecuteStatement",
            "ExecuteTransaction",
            "GetItem",
            "ListTables",
            "PutItem",
            "Query",
            "Scan",
            "TransactGetItems",
            "TransactWriteItems",
            "UpdateItem",
        ),
    ),
}
#: What an HTTP API calls the same operations.
_SUBTYPES: Mapping[str, tuple[str, str]] = {
    "SQS-SendMessage": ("sqs", "SendMessage"),
    "EventBridge-PutEvents": ("events", "PutEvents"),
    "Kinesis-PutRecord": ("kinesis", "PutRecord"),
    "StepFunctions-StartExecution": ("states", "StartExecution"),
}
_OK = 200
#: The types of DynamoDB's errors on the wire, where it isn't the one that knows them.
_ERROR_TYPES = {
    "AccessDeniedException": "com.amazon.coral.service#",
    "SerializationException": "com.amazon.coral.service#",
    "ValidationException": "com.amazon.coral.validate#",
}
_MEMBERS = ("MessageId", "MD5OfMessageBody", "MD5OfMessageAttributes", "SequenceNumber")
_ATTRIBUTE = re.compile(
    r"MessageAttributes?\.(?:entry\.)?(\d+)\.(Name|Value\.(?:StringValue|DataType|BinaryValue))"
)


class _Services:
    """The clients that one mock's APIs use."""

    def __init__(self, _simulation: Simulation) -> None:
        self.clients = Clients()


def is_left_out(uri: str) -> bool:
    """Whether the service of a URI isn't called here."""
    found = _URI.fullmatch(uri)
    return found is None or found[2] not in _SERVICES


def call(
    simulation: Simulation,
    account: str,
    uri: str,
    body: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
) -> tuple[int, str]:
    """Call what a REST API's URI, headers and body name; returns the service's status and JSON."""
    found = _URI.fullmatch(uri)
    assert found is not None  # the caller has asked `is_left_out`
    region, service, kind, rest = found.groups()
    target = headers.get("x-amz-target", "").rpartition(".")[2]
    if target or not _is_form(service):
        action = target or rest.strip("/")
        return _called(simulation, account, region, service, action, body)
    form = {**query, **dict(parse_qsl(body, keep_blank_values=True))}
    action = form.get("Action") or (rest.partition("&")[0] if kind == "action" else "")
    parameters = _of_form(form)
    if service == "sqs":
        parameters.setdefault("QueueUrl", rest.strip("/"))
        parameters["QueueUrl"] = _queue_url(simulation, account, region, parameters["QueueUrl"])
    return _called(simulation, account, region, service, action, parameters)


def call_subtype(
    simulation: Simulation, account: str, region: str, subtype: str, parameters: Mapping[str, Any]
) -> tuple[int, str]:
    """Call what an HTTP API's integration subtype names; returns the service's status and its answer.

    SQS answers in XML there, and in JSON behind a REST API.
    """
    if subtype not in _SUBTYPES:
        message = f"destmock does not simulate the integration {subtype} of an HTTP API"
        raise UnsupportedError(message)
    service, action = _SUBTYPES[subtype]
    given = {name: value for name, value in parameters.items() if value is not None and name != "Region"}
    region = parameters.get("Region") or region
    if service == "sqs" and "DelaySeconds" in given:
        given["DelaySeconds"] = int(given["DelaySeconds"])
    for name in ("MessageAttributes", "MessageSystemAttributes"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    if service == "states":
        given = {name[0].lower() + name[1:]: value for name, value in given.items()}
    if service == "kinesis":
        given["Data"] = str(given.get("Data", "")).encode()
    if service == "events":
        resources = given.pop("Resources", None)
        given = {"Entries": [{**given, **({"Resources": json.loads(resources)} if resources else {})}]}
    status, text = _called(simulation, account, region, service, action, given)
    return status, _as_xml(json.loads(text)) if service == "sqs" and status == _OK else text


def _called(
    simulation: Simulation, account: str, region: str, service: str, action: str, given: str | dict[str, Any]
) -> tuple[int, str]:
    """Call an operation with its body, or with boto3's parameters."""
    name, actions = _SERVICES[service]
    if action not in actions:
        message = f"destmock does not simulate an API's call of {service}: {action or 'no action'}"
        raise UnsupportedError(message)
    client = simulation.part(_Services).clients.of(name, region)
    try:
        if isinstance(given, str):
            shape = client.meta.service_model.operation_model(action).input_shape
            given = json_protocol.parameters(shape, given)
        with in_account(account):
            answer = getattr(client, xform_name(action))(**given)
    except SerializationError as error:
        told = {"Message": str(error)} if str(error) else {}
        return 400, answer_body({"__type": "com.amazon.coral.service#SerializationException", **told})
    except ClientError as error:
        code = error.response["Error"]["Code"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status, answer_body(
            {"__type": _error_type(service, code), **json_protocol.error_members(error)}
        )
    except ParamValidationError as error:
        kind = _error_type(service, "ValidationException")
        return 400, answer_body({"__type": kind, "message": str(error)})
    metadata = answer.pop("ResponseMetadata")
    if given.get("ReturnConsumedCapacity", "NONE") == "NONE":
        answer.pop("ConsumedCapacity", None)  # moto's UpdateItem has it always
    return _OK, answer_body(_SHOWN.get(service, _as_it_is)(action, answer, metadata["RequestId"]))


def _error_type(service: str, code: str) -> str:
    """What a service calls its error on the wire."""
    if service != "dynamodb":
        return code
    return _ERROR_TYPES.get(code, "com.amazonaws.dynamodb.v20120810#") + code


def _is_form(service: str) -> bool:
    return service in ("sqs", "sns")


def _of_form(form: Mapping[str, str]) -> dict[str, Any]:
    """A form's fields as parameters of boto3's; a message's attributes have numbers there."""
    parameters: dict[str, Any] = {}
    attributes: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        found = _ATTRIBUTE.fullmatch(name)
        if found is not None:
            attributes.setdefault(found[1], {})[found[2]] = value
        elif name == "DelaySeconds":
            parameters[name] = int(value)
        elif name not in ("Action", "Version"):
            parameters[name] = value
    if attributes:
        parameters["MessageAttributes"] = {
            each["Name"]: {
                part.partition(".")[2]: value for part, value in each.items() if part.startswith("Value.")
            }
            for each in attributes.values()
        }
    return parameters


def _queue_url(simulation: Simulation, account: str, region: str, given: str) -> str:
    """The queue of a path, `123456789012/orders` or `orders`, or of a URL."""
    if "://" in given:
        return given
    owner, _, name = given.rpartition("/")
    client = simulation.part(_Services).clients.of("sqs", region)
    try:
        with in_account(owner or account):
            url: str = client.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError:
        return f"https://sqs.{region}.amazonaws.com/{owner or account}/{name}"
    return url


def _of_sqs(action: str, answer: dict[str, Any], request_id: str) -> dict[str, Any]:
    result = {
        "MD5OfMessageAttributes": answer.get("MD5OfMessageAttributes"),
        "MD5OfMessageBody": answer["MD5OfMessageBody"],
        "MD5OfMessageSystemAttributes": None,
        "MessageId": answer["MessageId"],
        "SequenceNumber": answer.get("SequenceNumber"),
    }
    inside = {"ResponseMetadata": {"RequestId": request_id}, f"{action}Result": result}
    return {f"{action}Response": inside}


def _as_xml(answer: dict[str, Any]) -> str:
    response = answer["SendMessageResponse"]
    result, request_id = response["SendMessageResult"], response["ResponseMetadata"]["RequestId"]
    members = "".join(f"<{name}>{result[name]}</{name}>" for name in _MEMBERS if result.get(name) is not None)
    return (
        '<?xml version="1.0"?><SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">'
        f"<SendMessageResult>{members}</SendMessageResult>"
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></SendMessageResponse>"
    )


def _of_sns(action: str, answer: dict[str, Any], request_id: str) -> dict[str, Any]:
    result = {"MessageId": answer["MessageId"], "SequenceNumber": answer.get("SequenceNumber")}
    inside = {f"{action}Result": result, "ResponseMetadata": {"RequestId": request_id}}
    return {f"{action}Response": inside}


def _as_it_is(_action: str, answer: dict[str, Any], _request_id: str) -> dict[str, Any]:
    return answer


_SHOWN: Mapping[str, Callable[[str, dict[str, Any], str], dict[str, Any]]] = {
    "sqs": _of_sqs,
    "sns": _of_sns,
}
