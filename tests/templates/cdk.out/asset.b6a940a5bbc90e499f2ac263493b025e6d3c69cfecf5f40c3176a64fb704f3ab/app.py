"""Tells the sender of an invoice that it was rejected."""


def handler(event, context):
    return {
        "rejected": event["requestPayload"]["Records"][0]["s3"]["object"]["key"],
        "error": event["responsePayload"]["errorType"],
    }
