"""When and where the tests of the services happen, and what more than one of them needs."""

from datetime import datetime, timezone

ACCOUNT, REGION = "123456789012", "us-east-1"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MS = int(START.timestamp() * 1000)
REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}

#: The settings of a broker of Amazon MQ, which boto3 and templates call the same.
BROKER_SETTINGS = {
    "BrokerName": "b",
    "DeploymentMode": "SINGLE_INSTANCE",
    "EngineType": "ACTIVEMQ",
    "EngineVersion": "5.15.14",
    "HostInstanceType": "mq.t2.micro",
    "PubliclyAccessible": True,
    "Users": [{"Username": "u", "Password": "p" * 12}],
}
