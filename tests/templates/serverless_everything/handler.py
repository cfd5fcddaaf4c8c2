"""Functions behind every kind of event that the Serverless Framework has."""

import json


def rest(event, context):
    """Answers the id of a path, or what the framework's own template has made of the request."""
    return {"statusCode": 200, "body": json.dumps(event.get("pathParameters"))}


def http(event, context):
    return {"statusCode": 200, "body": "http"}


def allow(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    return {"principalId": "u", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def socket(event, context):
    return {"statusCode": 200}


def worker(event, context):
    return event
