"""The templates of the tests, and what was made of them."""

from pathlib import Path

import boto3

TEMPLATES = Path(__file__).parents[1] / "templates"
ORDERS, THUMBNAILS = TEMPLATES / "orders.yaml", TEMPLATES / "thumbnails" / "template.yaml"
ROLE = "arn:aws:iam::123456789012:role/any"
ACCOUNT = "123456789012"


def function(**properties):
    """A function with a line of code in the template."""
    code = {"ZipFile": "def handler(event, context):\n    return event\n"}
    common = {"Code": code, "Handler": "index.handler", "Runtime": "python3.12", "Role": ROLE}
    return {"Type": "AWS::Lambda::Function", "Properties": {**common, **properties}}


def resource(kind, **properties):
    return {"Type": kind, "Properties": properties}


def attribute(name, of="Arn"):
    return {"Fn::GetAtt": [name, of]}


def everything():
    """All that stacks make, in every service that the templates use."""
    calls = {
        "lambda": ("list_functions", "list_event_source_mappings", "list_layers"),
        "sqs": ("list_queues",),
        "sns": ("list_topics", "list_subscriptions"),
        "s3": ("list_buckets",),
        "events": ("list_rules",),
        "logs": ("describe_log_groups",),
        "iam": ("list_roles",),
        "ssm": ("describe_parameters",),
        "dynamodb": ("list_tables",),
        "cloudformation": ("list_exports",),
    }
    found = {}
    for service, operations in calls.items():
        for operation in operations:
            answer = getattr(boto3.client(service), operation)()
            found[operation] = [
                x for key, x in answer.items() if key not in ("ResponseMetadata", "Owner") and x
            ]
    found["list_roles"] = [x for x in found["list_roles"] if x is not False]
    return found
