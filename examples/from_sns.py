"""SNS invokes a function; its failure lands in a queue, with the notification as the request."""

import json

import boto3

from destmock import mock_destinations


def send_mail(event, context):
    raise ConnectionError(f"no mail server for {event['Records'][0]['Sns']['Subject']}")


@mock_destinations(handlers={"mailer": send_mail})
def main():
    lam, sns, sqs = boto3.client("lambda"), boto3.client("sns"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="unsent")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lam.put_function_event_invoke_config(
        FunctionName="mailer", DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    topic = sns.create_topic(Name="welcome")["TopicArn"]
    mailer = lam.get_function(FunctionName="mailer")["Configuration"]["FunctionArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=mailer)

    sns.publish(TopicArn=topic, Subject="Welcome", Message="Hello, Ann")

    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    notification = record["requestPayload"]["Records"][0]["Sns"]
    print(f"{record['requestContext']['condition']}: {record['responsePayload']['errorMessage']}")
    print(f"the message was {notification['Message']!r} to {notification['TopicArn']}")


if __name__ == "__main__":
    main()
