"""Keeps what could not be accepted: the records of failed events, each as an object in S3."""

import json

import boto3

from refunds import settings
from refunds.observing import logger

S3 = boto3.client("s3", region_name="eu-west-1")


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def handler(event, context):
    context_of_request = event["requestContext"]
    key = f"failed/{context_of_request['requestId']}.json"
    S3.put_object(Bucket=settings.STATEMENTS, Key=key, Body=json.dumps(event["requestPayload"]))
    logger.error("kept", extra={"key": key, "condition": context_of_request["condition"]})
    return key
