"""How the tests of the runtime run a function, once or as an event."""

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"


def ok(event, context):
    return {"ok": event}


def invoke(lam, payload=b"{}", name="orders", **kwargs):
    """A synchronous invocation: boto3's answer, and the bytes of the result."""
    answer = lam.invoke(FunctionName=name, Payload=payload, **kwargs)
    return answer, answer["Payload"].read()


def send(lam, payload=b"{}", name="orders"):
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    return answer["ResponseMetadata"]["RequestId"]


def route(lam, arn, name="orders", **others):
    """One attempt, and its record goes to the ARN, whatever comes of it."""
    config = {key: {"Destination": arn} for key in ("OnSuccess", "OnFailure")}
    lam.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig=config, **{"MaximumRetryAttempts": 0, **others}
    )


def request_id_of(answer):
    return answer["ResponseMetadata"]["RequestId"]


class CustomError(Exception):
    pass
