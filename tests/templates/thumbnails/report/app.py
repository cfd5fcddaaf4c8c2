"""Reports an image that nobody could resize."""

from urllib.parse import unquote_plus


def handler(event, context):
    return {"failed": unquote_plus(event["requestPayload"]["Records"][0]["s3"]["object"]["key"])}
