"""What the tests of the services that invoke functions share."""

import json

from tests.services.places import ACCOUNT, REGION

ORDERS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"


def below(prefix, name="prefix"):
    """The filter of a bucket's notification."""
    return {"Filter": {"Key": {"FilterRules": [{"Name": name, "Value": prefix}]}}}


def notify(s3, *, on, prefix="", suffix="", **others):
    given = {"prefix": prefix, "suffix": suffix}
    rules = [{"Name": name, "Value": value} for name, value in given.items() if value]
    configuration = {"LambdaFunctionArn": ORDERS, "Events": on}
    if rules:
        configuration["Filter"] = {"Key": {"FilterRules": rules}}
    s3.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{**configuration, "Id": "to-orders"}],
            **others,
        },
    )


def rule(events, pattern, *targets, name="shop", **settings):
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), **settings)
    events.put_targets(Rule=name, Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)])


def put(events, detail=None, *, source="shop", **entry):
    entry = {"Source": source, "DetailType": "Order", "Detail": json.dumps(detail or {}), **entry}
    return events.put_events(Entries=[entry])["Entries"][0]
