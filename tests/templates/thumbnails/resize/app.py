"""Makes a thumbnail of an uploaded image."""

from urllib.parse import unquote_plus

from imaging import size


def handler(event, context):
    key = unquote_plus(event["Records"][0]["s3"]["object"]["key"])
    return {"key": key, "size": size(key)}
