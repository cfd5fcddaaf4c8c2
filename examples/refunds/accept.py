"""Takes a return and queues its payment, once for each order, however often the request comes."""

import json

import boto3
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)
from aws_lambda_powertools.utilities.parser import ValidationError, parse

from refunds import settings
from refunds.ledger import AlreadyOpenError, open_refund
from refunds.model import Return
from refunds.observing import logger, metrics, tracer

SQS = boto3.client("sqs", region_name="eu-west-1")
STORE = DynamoDBPersistenceLayer(
    table_name=settings.IDEMPOTENCY, boto3_client=boto3.client("dynamodb", region_name="eu-west-1")
)
CONFIG = IdempotencyConfig(event_key_jmespath="order_id", expires_after_seconds=3600, use_local_cache=False)


@metrics.log_metrics
@logger.inject_lambda_context(correlation_id_path="order_id")
@tracer.capture_lambda_handler
@idempotent(config=CONFIG, persistence_store=STORE)
def handler(event, context):
    try:
        returned = parse(event, Return)
    except ValidationError as error:
        logger.warning("refused", extra={"fields": [".".join(e["loc"]) for e in error.errors()]})
        metrics.add_metric("Refused", "Count", 1)
        return {"accepted": False, "why": "invalid"}
    if returned.cents > settings.MOST:
        return {"accepted": False, "why": "a human decides"}
    try:
        open_refund(returned.order_id, returned.customer, returned.cents)
    except AlreadyOpenError:
        return {"accepted": False, "why": "refunded before"}
    queue_payment(returned)
    metrics.add_metric("Accepted", "Count", 1)
    logger.info("accepted", extra={"cents": returned.cents})
    return {"accepted": True}


@tracer.capture_method
def queue_payment(returned):
    url = SQS.get_queue_url(QueueName=settings.PAYMENTS)["QueueUrl"]
    payment = returned.model_dump(exclude={"reason"})
    SQS.send_message(QueueUrl=url, MessageBody=json.dumps(payment))
