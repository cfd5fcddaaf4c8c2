"""CDK's own functions behind custom resources, which are in JavaScript: the same in Python.

They run as any handler does, and invoke the app's functions.
https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html
"""

from __future__ import annotations

import json
import os
import re
import time
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError

from destmock._cloudformation.provider_answers import NotMadeError, answering
from destmock._cloudformation.resources.api import fitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from destmock._cloudformation.templates import Template

    Event = dict[str, Any]

_ON_EVENT, _IS_COMPLETE = "USER_ON_EVENT_FUNCTION_ARN", "USER_IS_COMPLETE_FUNCTION_ARN"
_FRAMEWORK = "framework.onEvent"
#: How the logical ids of CDK's own functions begin.
_SDK_CALLS = "AWS679f53fac002430cb0da5b7982bd2287"
_TRIGGERS = "AWSCDKTriggerCustomResourceProviderCustomResourceProviderHandler"
#: In seconds: how often the framework asks whether a resource is complete.
_INTERVAL = 5
_PHYSICAL_ID = "PHYSICAL:RESOURCEID:"
#: Services that the SDK of JavaScript has other names for than boto3.
_SERVICES = {
    "cloudwatchevents": "events",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "cognitoidentityserviceprovider": "cognito-idp",
    "configservice": "config",
    "eventbridge": "events",
    "sfn": "stepfunctions",
}


def providers(template: Template) -> dict[str, Callable[[Event, Any], None]]:
    """The handlers of the template's functions that are CDK's own, by logical id."""
    found: dict[str, Callable[[Event, Any], None]] = {}
    for name, function in template.functions.items():
        properties = function.get("Properties", {})
        if str(properties.get("Runtime")).startswith("python"):
            continue
        if properties.get("Handler") == _FRAMEWORK:
            found[name] = partial(answering, _framework)
        elif name.startswith(_SDK_CALLS):
            found[name] = partial(answering, _sdk_call)
        elif name.startswith(_TRIGGERS):
            found[name] = partial(answering, _trigger)
    return found


def _invoked(function: str, event: Event, invocation_type: str = "RequestResponse") -> Any:
    """Invoke one of the app's functions. Raises `NotMadeError` with its error, as CDK words it."""
    answer: Any = boto3.client("lambda").invoke(
        FunctionName=function, InvocationType=cast("Any", invocation_type), Payload=json.dumps(event).encode()
    )
    text = answer["Payload"].read()
    payload: Any = json.loads(text) if text else {}
    if "FunctionError" in answer:
        name = function.rsplit(":", maxsplit=1)[-1]
        message = f"{payload.get('errorMessage', 'error')}\n\nLogs: /aws/lambda/{name}\n"
        raise NotMadeError(message)
    return payload


def _framework(event: Event, context: Any) -> Event:
    """The provider framework: the app's `onEvent`, and its `isComplete` until that says so."""
    event.setdefault("ResourceProperties", {})
    result = _invoked(os.environ[_ON_EVENT], event) or {}
    default = event["RequestId"] if event["RequestType"] == "Create" else event["PhysicalResourceId"]
    made: Event = {**event, **result, "PhysicalResourceId": result.get("PhysicalResourceId") or default}
    if event["RequestType"] == "Delete" and made["PhysicalResourceId"] != event["PhysicalResourceId"]:
        message = (
            f'DELETE: cannot change the physical resource ID from "{event["PhysicalResourceId"]}" to '
            f'"{made["PhysicalResourceId"]}" during deletion'
        )
        raise NotMadeError(message)
    function = os.environ.get(_IS_COMPLETE)
    if function:
        made["Data"] = {**(made.get("Data") or {}), **_completed(function, made, context)}
    return {name: made[name] for name in ("PhysicalResourceId", "Data", "NoEcho") if name in made}


def _completed(function: str, made: Event, context: Any) -> Event:
    while True:
        answer = _invoked(function, made) or {}
        if answer.get("IsComplete"):
            data: Event = answer.get("Data") or {}
            return data
        if answer.get("Data"):
            message = '"Data" is not allowed if "IsComplete" is "False"'
            raise NotMadeError(message)
        if context.get_remaining_time_in_millis() <= _INTERVAL * 2000:
            message = "Operation timed out"
            raise NotMadeError(message)
        time.sleep(_INTERVAL)  # in virtual time


def _trigger(event: Event, _context: Any) -> Event:
    """A trigger: the function that it names, when it is made and when that has changed."""
    properties = event["ResourceProperties"]
    if event["RequestType"] != "Delete":
        _invoked(properties["HandlerArn"], {}, properties.get("InvocationType", "RequestResponse"))
    return {"PhysicalResourceId": event.get("PhysicalResourceId") or event["RequestId"]}


def _sdk_call(event: Event, _context: Any) -> Event:
    """One call of the SDK, as its resource has it for what CloudFormation asks."""
    given = event["ResourceProperties"].get(event["RequestType"])
    physical_id = event.get("PhysicalResourceId")
    if given is None:
        return {"PhysicalResourceId": physical_id or event["LogicalResourceId"]}
    call = json.loads(given)
    answer = _flat(_called(call, physical_id))
    wanted = call.get("physicalResourceId") or {}
    physical_id = wanted.get("id") or answer.get(wanted.get("responsePath", "")) or physical_id
    paths = call.get("outputPaths") or ([call["outputPath"]] if call.get("outputPath") else None)
    data = {
        name: value
        for name, value in answer.items()
        if paths is None or any(name == path or name.startswith(f"{path}.") for path in paths)
    }
    return {"PhysicalResourceId": str(physical_id or event["LogicalResourceId"]), "Data": data}


def _called(call: Event, physical_id: str | None) -> Event:
    """The service's answer, but for an error that the resource overlooks."""
    create = cast("Callable[..., Any]", boto3.client)
    client = create(_service(call["service"]), region_name=call.get("region"))
    operation = xform_name(_action(call["action"]))
    if operation not in client.meta.method_to_api_mapping:
        message = f"The service {call['service']} has no action {call['action']}"
        raise NotMadeError(message)
    name = client.meta.method_to_api_mapping[operation]
    shape = client.meta.service_model.operation_model(name).input_shape
    parameters = _with_physical_id(call.get("parameters") or {}, physical_id)
    try:
        answer: Event = getattr(client, operation)(**fitted(_renamed(parameters, shape), shape))
    except ClientError as error:
        overlooked = call.get("ignoreErrorCodesMatching")
        if overlooked is None or re.search(overlooked, error.response["Error"]["Code"]) is None:
            raise
        return {}
    answer.pop("ResponseMetadata", None)
    return answer


def _service(name: str) -> str:
    """boto3's name for a service of JavaScript's SDK: `DynamoDB`, or `@aws-sdk/client-dynamodb`."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower().rpartition("client-")[2])
    known = {
        re.sub(r"[^a-z0-9]", "", each): each
        for each in botocore.session.get_session().get_available_services()
    }
    found = _SERVICES.get(plain) or known.get(plain)
    if found is None:
        message = f"Package @aws-sdk/client-{plain} does not exist."
        raise NotMadeError(message)
    return found


def _action(name: str) -> str:
    name = name.removesuffix("Command")
    return name[0].upper() + name[1:]


def _renamed(parameters: Event, shape: Any) -> Event:
    """The parameters by the names of botocore's model; those of JavaScript may begin otherwise."""
    members = {name.lower(): name for name in getattr(shape, "members", ())}
    return {members.get(name.lower(), name): value for name, value in parameters.items()}


def _with_physical_id(value: Any, physical_id: str | None) -> Any:
    if isinstance(value, dict):
        return {name: _with_physical_id(part, physical_id) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_physical_id(part, physical_id) for part in value]
    return physical_id if value == _PHYSICAL_ID else value


def _flat(answer: Event) -> Event:
    """An answer with a path for each value: `Item.sku.S`, `Items.0.price`."""
    return dict(_values(answer, ""))


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    parts: Mapping[str, Any] | None = None
    if isinstance(value, dict):
        parts = value
    elif isinstance(value, list):
        parts = {str(number): each for number, each in enumerate(value)}
    if parts is None:
        yield path, _text(value)
        return
    for name, each in parts.items():
        yield from _values(each, f"{path}.{name}" if path else name)


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "read"):
        value = value.read()
    return value.decode(errors="replace") if isinstance(value, bytes) else value
