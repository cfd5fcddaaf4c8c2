"""Makes a thumbnail of an uploaded image."""

from imaging import size


def handler(event, context):
    key = event["Records"][0]["s3"]["object"]["key"]
    return {"key": key, "size": size(key)}
