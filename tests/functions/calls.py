"""How the tests of handlers and functions call them."""

import json

ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"


def ok(event, context):
    return {"ok": event}


def invoke(lam, name="orders", payload=b"{}", **kwargs):
    """The parsed result of a synchronous invocation."""
    return json.loads(lam.invoke(FunctionName=name, Payload=payload, **kwargs)["Payload"].read())


def send(lam, name="orders", payload=b"{}", **kwargs):
    return lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)


def names(lam):
    return [function["FunctionName"] for function in lam.list_functions()["Functions"]]
