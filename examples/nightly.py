"""A nightly job that sleeps and fails; its record waits in a delayed queue, which a worker reads.

It all takes a night of virtual time, and some milliseconds of real time.
"""

import json
import time
from datetime import datetime, timedelta, timezone

import boto3

from destmock import mock_destinations

START = datetime(2026, 1, 1, 18, tzinfo=timezone.utc)


def export(event, context):
    print(f"exporting what was sold until {event['time']}")
    time.sleep(600)  # nobody waits for this
    raise TimeoutError("the warehouse does not answer")


def page(event, context):
    for message in event["Records"]:
        record = json.loads(message["body"])
        print(f"{datetime.now(timezone.utc):%H:%M:%S}: {record['responsePayload']['errorMessage']}")


@mock_destinations(start=START)
def main(destmock):
    destmock.handler("export", export, timeout=900)
    destmock.handler("page", page)
    lam, sqs, events = (boto3.client(name) for name in ("lambda", "sqs", "events"))

    url = sqs.create_queue(QueueName="failed", Attributes={"DelaySeconds": "60"})["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lam.create_event_source_mapping(FunctionName="page", EventSourceArn=queue)
    lam.put_function_event_invoke_config(
        FunctionName="export", DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    events.put_rule(Name="nightly", ScheduleExpression="cron(0 2 * * ? *)")
    function = lam.get_function(FunctionName="export")["Configuration"]["FunctionArn"]
    events.put_targets(Rule="nightly", Targets=[{"Id": "export", "Arn": function}])

    destmock.advance(timedelta(hours=12))

    [night] = destmock.invocations
    for attempt in night.attempts:
        print(f"{attempt.started_at:%H:%M:%S}: attempt {attempt.number}: {attempt.exception}")
    print(destmock.timeline())


if __name__ == "__main__":
    main()
