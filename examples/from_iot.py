"""A rule of AWS IoT invokes a function with what a thermometer publishes."""

import boto3

from destmock import mock_destinations

BOILING = 100


def warn(event, context):
    if event["degrees"] > BOILING:
        raise ValueError(f"no room has {event['degrees']} degrees")
    return "fine"


@mock_destinations(handlers={"warn": warn})
def main(destmock):
    arn = boto3.client("lambda").get_function(FunctionName="warn")["Configuration"]["FunctionArn"]
    boto3.client("iot").create_topic_rule(
        ruleName="heat",
        topicRulePayload={
            "sql": "SELECT * FROM 'rooms/+/heat'",
            "actions": [{"lambda": {"functionArn": arn}}],
        },
    )

    thermometer = boto3.client("iot-data")
    thermometer.publish(topic="rooms/1/heat", payload=b'{"degrees": 21}')
    thermometer.publish(topic="rooms/2/heat", payload=b'{"degrees": 2100}')
    thermometer.publish(topic="rooms/2/light", payload=b'{"lux": 300}')

    for invocation in destmock.invocations:
        print(f"{invocation.source}: {invocation.condition}, {len(invocation.attempts)} attempts")


if __name__ == "__main__":
    main()
