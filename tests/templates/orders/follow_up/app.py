"""Says of a failed order whom to ask about it."""

import os


def handler(event, context):
    return {
        "ask": os.environ["OWNER"],
        "about": event["requestPayload"]["Records"][0]["s3"]["object"]["key"],
        "because": event["responsePayload"]["errorMessage"],
    }
