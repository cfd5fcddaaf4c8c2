"""Places the order that lies in an uploaded object."""

import os
from urllib.parse import unquote_plus

import boto3
from pricing import price


def handler(event, context):
    [record] = event["Records"]
    bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
    order = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return {"stage": os.environ["STAGE"], "key": key, "total": price(order)}
