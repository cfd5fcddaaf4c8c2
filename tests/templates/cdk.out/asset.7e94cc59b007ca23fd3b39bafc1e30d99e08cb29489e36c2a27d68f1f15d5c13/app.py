"""Parses an uploaded invoice."""

import json
import os

import boto3


def handler(event, context):
    [record] = event["Records"]
    place = {"Bucket": record["s3"]["bucket"]["name"], "Key": record["s3"]["object"]["key"]}
    invoice = json.loads(boto3.client("s3").get_object(**place)["Body"].read())
    return {"table": os.environ["TABLE_NAME"], "total": invoice["net"] + invoice["tax"]}
