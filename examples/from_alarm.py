"""A CloudWatch alarm invokes a function when its state changes."""

import boto3

from destmock import mock_destinations


def page(event, context):
    alarm = event["alarmData"]
    if alarm["state"]["value"] == "ALARM":
        raise ConnectionError(f"nobody answers the phone for {alarm['alarmName']}")
    return "all is well"


@mock_destinations(handlers={"page": page})
def main(destmock):
    arn = boto3.client("lambda").get_function(FunctionName="page")["Configuration"]["FunctionArn"]
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="failed-orders",
        Namespace="AWS/Lambda",
        MetricName="AsyncEventsDropped",
        Dimensions=[{"Name": "FunctionName", "Value": "orders"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[arn],
        OKActions=[arn],
    )

    cloudwatch.set_alarm_state(AlarmName="failed-orders", StateValue="ALARM", StateReason="a drill")
    cloudwatch.set_alarm_state(AlarmName="failed-orders", StateValue="OK", StateReason="it is over")

    for invocation in destmock.invocations:
        print(f"{invocation.source}: {invocation.condition}, {len(invocation.attempts)} attempts")


if __name__ == "__main__":
    main()
