"""Reports an image that nobody could resize."""


def handler(event, context):
    return {"failed": event["requestPayload"]["Records"][0]["s3"]["object"]["key"]}
