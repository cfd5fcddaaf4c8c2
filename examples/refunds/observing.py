"""The logger, tracer and metrics that all functions share."""

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger(service="refunds")
tracer = Tracer(service="refunds")
metrics = Metrics(namespace="Refunds", service="refunds")
