"""Pays what lies in the queue: those payments of a batch that fail are read again, the others are not."""

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from refunds import settings
from refunds.ledger import close_refund
from refunds.model import Payment
from refunds.observing import logger, metrics, tracer

SNS = boto3.client("sns", region_name="eu-west-1")
PROCESSOR = BatchProcessor(event_type=EventType.SQS)


class NoAccountError(Exception):
    """Nobody knows where the customer's money should go."""


@tracer.capture_method
def pay(record):
    payment = Payment.model_validate_json(record.body)
    if payment.customer.startswith("nobody"):
        raise NoAccountError(payment.customer)
    if close_refund(payment.order_id):
        metrics.add_metric("Paid", "Count", 1)
        SNS.publish(
            TopicArn=settings.CUSTOMERS,
            Message=f"{payment.cents / 100:.2f} EUR for {payment.order_id} are on their way",
            MessageAttributes={"customer": {"DataType": "String", "StringValue": payment.customer}},
        )


@metrics.log_metrics
@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event, context):
    return process_partial_response(event=event, record_handler=pay, processor=PROCESSOR, context=context)
