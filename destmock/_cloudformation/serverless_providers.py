"""The Serverless Framework's own functions behind custom resources, which are in JavaScript, in Python.

They connect functions with buckets, user pools and buses that other stacks have made.
https://www.serverless.com/framework/docs/providers/aws/events/s3#using-existing-buckets
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import ClientError

from destmock._aws.arn import parse_function_arn
from destmock._cloudformation.provider_answers import NotMadeError, answering

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import FunctionRef
    from destmock._cloudformation.templates import Template

    Event = dict[str, Any]

#: How the logical ids of the framework's own functions begin.
_OWN = "CustomDashresourceDash"
_LONGEST_STATEMENT, _LONGEST_TARGET = 100, 64
#: Triggers of a user pool whose configuration is more than the function's ARN.
_SENDERS = ("CustomSMSSender", "CustomEmailSender")
#: What `describe_user_pool` answers and `update_user_pool` takes, but for the triggers.
_POOL_SETTINGS = (
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "MfaConfiguration",
    "Policies",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserPoolAddOns",
    "UserPoolTags",
    "VerificationMessageTemplate",
)


def providers(template: Template) -> dict[str, Callable[[Event, Any], None]]:
    """The handlers of the template's functions that are the framework's own, by logical id."""
    found: dict[str, Callable[[Event, Any], None]] = {}
    for name, function in template.functions.items():
        made = _BY_HANDLER.get(str(function.get("Properties", {}).get("Handler")))
        if made is not None and name.startswith(_OWN):
            found[name] = partial(answering, partial(_answered, *made))
    return found


def _answered(
    physical_id: str, make: Callable[[Event, FunctionRef], None], event: Event, context: Any
) -> Event:
    own = parse_function_arn(context.invoked_function_arn)
    assert own is not None
    function = event["ResourceProperties"].get("FunctionName", own.name)
    make(event, own._replace(name=function, qualifier=None))
    return {"PhysicalResourceId": physical_id}


def _bucket(event: Event, function: FunctionRef) -> None:
    """Notifications of a bucket; those of other functions stay."""
    client, properties = _client("s3"), event["ResourceProperties"]
    bucket = properties["BucketName"]
    source = {"SourceArn": f"arn:{function.partition}:s3:::{bucket}", "SourceAccount": function.account}
    _permit(event, function, "s3.amazonaws.com", bucket, **source)
    found = client.get_bucket_notification_configuration(Bucket=bucket)
    found.pop("ResponseMetadata", None)
    kept = [
        each
        for each in found.get("LambdaFunctionConfigurations", [])
        if not each["Id"].startswith(function.name)
    ]
    wanted = [] if event["RequestType"] == "Delete" else properties["BucketConfigs"]
    found["LambdaFunctionConfigurations"] = [*kept, *(_notification(function, each) for each in wanted)]
    client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=found)


def _notification(function: FunctionRef, config: Event) -> Event:
    digest = hashlib.md5(
        json.dumps(config, separators=(",", ":")).encode(), usedforsecurity=False
    ).hexdigest()
    made: Event = {
        "Id": f"{function.name}-{digest}",
        "LambdaFunctionArn": function.arn,
        "Events": [config["Event"]],
    }
    rules = [
        {"Name": name.lower(), "Value": value}
        for each in config.get("Rules") or ()
        for name, value in each.items()
    ]
    if rules:
        made["Filter"] = {"Key": {"FilterRules": rules}}
    return made


def _rule(event: Event, function: FunctionRef) -> None:
    """A rule on a bus, which is made with it unless its ARN was given."""
    client, config = _client("events"), event["ResourceProperties"]["EventBridgeConfig"]
    name, bus = config["RuleName"], config.get("EventBus")
    bus_name = bus.partition("/")[2] if bus and bus.startswith("arn") else bus
    place = {"EventBusName": bus_name} if bus_name else {}
    path = f"{bus_name}/{name}" if bus_name else name
    arn = f"arn:{function.partition}:events:{function.region}:{function.account}:rule/{path}"
    _permit(event, function, "events.amazonaws.com", name.lower(), SourceArn=arn)
    own_bus = bus_name if bus_name == bus else None
    if event["RequestType"] == "Delete":
        client.remove_targets(Rule=name, Ids=[_target_id(name)], **place)
        client.delete_rule(Name=name, **place)
        if own_bus:
            client.delete_event_bus(Name=own_bus)
        return
    if event["RequestType"] == "Create" and own_bus:
        client.create_event_bus(Name=own_bus)
    given = {
        "EventPattern": json.dumps(config["Pattern"]) if config.get("Pattern") else None,
        "ScheduleExpression": config.get("Schedule"),
        "State": config.get("State"),
    }
    client.put_rule(Name=name, **{key: value for key, value in given.items() if value}, **place)
    target = {"Id": _target_id(name), "Arn": function.arn}
    if config.get("Input"):
        target["Input"] = json.dumps(config["Input"])
    else:
        target.update({key: config[key] for key in ("InputPath", "InputTransformer") if config.get(key)})
    client.put_targets(Rule=name, Targets=[target], **place)


def _target_id(rule: str) -> str:
    whole = f"{rule}-target"
    if len(whole) <= _LONGEST_TARGET:
        return whole
    return f"{whole[:25]}{hashlib.md5(whole.encode(), usedforsecurity=False).hexdigest()}-target"


def _user_pool(event: Event, function: FunctionRef) -> None:
    """Triggers of a user pool; those of other functions stay."""
    client, properties = _client("cognito-idp"), event["ResourceProperties"]
    name = properties["UserPoolName"]
    pages = client.get_paginator("list_user_pools").paginate(MaxResults=60)
    pool_id = next((each["Id"] for page in pages for each in page["UserPools"] if each["Name"] == name), None)
    if pool_id is None:
        message = f"there is no user pool {name}"
        raise NotMadeError(message)
    arn = f"arn:{function.partition}:cognito-idp:{function.region}:{function.account}:userpool/{pool_id}"
    _permit(event, function, "cognito-idp.amazonaws.com", name.lower(), SourceArn=arn)
    pool = client.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    triggers = {
        trigger: value
        for trigger, value in pool.get("LambdaConfig", {}).items()
        if function.arn not in (value, value.get("LambdaArn") if isinstance(value, dict) else None)
    }
    for each in [] if event["RequestType"] == "Delete" else properties["UserPoolConfigs"]:
        triggers[each["Trigger"]] = function.arn
        if each["Trigger"] in _SENDERS:
            triggers[each["Trigger"]] = {
                "LambdaArn": function.arn,
                "LambdaVersion": each.get("LambdaVersion", "V1_0"),
            }
            triggers["KMSKeyID"] = each["KMSKeyID"]
    if not any(sender in triggers for sender in _SENDERS):
        triggers.pop("KMSKeyID", None)
    settings = {key: pool[key] for key in _POOL_SETTINGS if key in pool}
    client.update_user_pool(UserPoolId=pool_id, LambdaConfig=triggers, **settings)


def _logging_role(event: Event, function: FunctionRef) -> None:
    """The role by which API Gateway writes its logs: one for the account, which stays."""
    if event["RequestType"] != "Create":
        return
    role = event["ResourceProperties"].get("RoleArn")
    if not role:
        name = "serverlessApiGatewayCloudWatchRole"
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": ["apigateway.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        with contextlib.suppress(ClientError):  # another stack has made it
            _client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
        role = f"arn:{function.partition}:iam::{function.account}:role/{name}"
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    _client("apigateway").update_account(patchOperations=[change])


def _permit(event: Event, function: FunctionRef, principal: str, name: str, **source: str) -> None:
    """Let a service invoke the function, from the resource's creation to its deletion; its name is told."""
    client = _client("lambda")
    plain = re.sub(r"[.:*\s]", "", name)
    statement_id = f"{function.name}-{plain}"[:_LONGEST_STATEMENT]
    if event["RequestType"] == "Create":
        client.add_permission(
            FunctionName=function.name,
            StatementId=statement_id,
            Action="lambda:InvokeFunction",
            Principal=principal,
            **source,
        )
    elif event["RequestType"] == "Delete":
        client.remove_permission(FunctionName=function.name, StatementId=statement_id)


def _client(service: str) -> Any:
    return cast("Callable[[str], Any]", boto3.client)(service)


#: The physical id of each kind of resource, and what makes it, by the function's handler.
_BY_HANDLER: dict[str, tuple[str, Callable[[Event, FunctionRef], None]]] = {
    "api-gateway-cloud-watch-role/handler.handler": (
        "CustomResourceApiGatewayAccountCloudWatchRole",
        _logging_role,
    ),
    "cognito-user-pool/handler.handler": ("CustomResourceExistingCognitoUserPool", _user_pool),
    "event-bridge/handler.handler": ("CustomResourceEventBridge", _rule),
    "s3/handler.handler": ("CustomResourceExistingS3", _bucket),
}
