"""What is done every day, and on request."""


def handler(event, context):
    return {"tidied": event.get("detail", {}).get("bucket")}


def notify(event, context):
    return [record.get("body") or record["Sns"]["Message"] for record in event["Records"]]
