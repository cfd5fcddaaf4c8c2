"""Says of a failed order whom to ask about it."""

import os
from urllib.parse import unquote_plus


def handler(event, context):
    return {
        "ask": os.environ["OWNER"],
        "about": unquote_plus(event["requestPayload"]["Records"][0]["s3"]["object"]["key"]),
        "because": event["responsePayload"]["errorMessage"],
    }
