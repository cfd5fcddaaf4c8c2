"""Three functions in a row, each the destination of the one before: where did the parcel get stuck?"""

import boto3

from destmock import mock_destinations

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"


def pack(event, context):
    return {"parcel": event["order"]}


def send(event, context):
    return {"sent": event["responsePayload"]["parcel"]}


def notify(event, context):
    message = f"no address for {event['responsePayload']['sent']}"
    raise LookupError(message)


@mock_destinations(handlers={"pack": pack, "send": send, "notify": notify})
def main(destmock):
    lam = boto3.client("lambda")
    for name, following in ("pack", "send"), ("send", "notify"):
        lam.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": FUNCTION + following}}
        )
    lam.put_function_event_invoke_config(FunctionName="notify", MaximumRetryAttempts=1)

    lam.invoke(FunctionName="pack", InvocationType="Event", Payload=b'{"order": 7}')

    for invocation in destmock.invocations:
        print(f"{invocation.function_name}: {invocation.condition} ({invocation.source})")
    [drop] = destmock.drops
    error = drop.invocation.attempts[-1].exception
    print(f"nobody was told that {drop.function_name} failed: {error!r}")


if __name__ == "__main__":
    main()
