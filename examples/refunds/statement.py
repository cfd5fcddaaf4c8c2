"""Writes the day's statement in the evening."""

import csv
import io
from datetime import datetime, timezone

import boto3

from refunds import settings
from refunds.ledger import all_refunds
from refunds.observing import logger, metrics

S3 = boto3.client("s3", region_name="eu-west-1")


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event, context):
    refunds = sorted(all_refunds(), key=lambda refund: refund["order_id"])
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["order", "cents", "state"])
    rows.writerows([refund["order_id"], refund["cents"], refund["state"]] for refund in refunds)
    key = f"{datetime.now(timezone.utc):%Y-%m-%d}.csv"
    S3.put_object(Bucket=settings.STATEMENTS, Key=key, Body=text.getvalue())
    metrics.add_metric("Open", "Count", sum(refund["state"] == "OPEN" for refund in refunds))
    return {"key": key, "refunds": len(refunds)}
