"""An order waits three days for a human's approval, and ends in a queue.

The function is durable: Lambda keeps what its steps have done, and nothing runs while it waits. Once a day, a
schedule tells what is still to be decided on. Approved, an order goes to the queue of the warehouse. Rejected
or forgotten, it fails, and its dead-letter queue has it.
"""

import json

import boto3
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration, WaitForCallbackConfig

from destmock import mock_destinations

DAY = 86_400
#: What a human finds on the desk: the callback to answer, by order.
desk = {}


@durable_execution
def place_order(event, context):
    """Reserve, wait for somebody, ship."""
    shelf = context.step(lambda _: 12, name="reserve")
    who = context.wait_for_callback(
        lambda callback, _: desk.update({event["order"]: callback}),
        name="approval",
        config=WaitForCallbackConfig(timeout=Duration.from_days(3)),
    )
    text = f"order {event['order']}, shelf {shelf}, approved by {who}"
    context.step(lambda _: send("warehouse", text), name="ship")


def remind(event, context):
    """List the orders that nobody has decided on."""
    found = boto3.client("lambda").list_durable_executions_by_function(
        FunctionName="orders", Statuses=["RUNNING"], ReverseOrder=True
    )
    names = [execution["DurableExecutionName"] for execution in found["DurableExecutions"]]
    print(f"{event['time'][:10]}: {', '.join(names) or 'nothing'} to decide on")


def send(queue, text):
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=text)


def received(queue):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in found]


def make_queue(name):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


@mock_destinations
def main(destmock):
    lam, events = boto3.client("lambda"), boto3.client("events")
    destmock.handler("orders", place_order, durable_config={"ExecutionTimeout": 7 * DAY})
    destmock.handler("remind", remind)
    make_queue("warehouse")
    dead = make_queue("dead")
    lam.update_function_configuration(FunctionName="orders", DeadLetterConfig={"TargetArn": dead})
    events.put_rule(Name="each-day", ScheduleExpression="rate(1 day)")
    reminder = lam.get_function(FunctionName="remind")["Configuration"]["FunctionArn"]
    events.put_targets(Rule="each-day", Targets=[{"Id": "remind", "Arn": reminder}])

    for number in (1, 2, 3):
        lam.invoke(
            FunctionName="orders:$LATEST",
            InvocationType="Event",
            Payload=json.dumps({"order": number}).encode(),
            DurableExecutionName=f"order-{number}",
        )
    destmock.advance(1.5 * DAY)
    lam.send_durable_execution_callback_success(CallbackId=desk[1], Result=b"Ann")
    lam.send_durable_execution_callback_failure(CallbackId=desk[2], Error={"ErrorMessage": "too dear"})
    destmock.advance(2 * DAY)

    for run in destmock.runs.for_function("remind"):
        print(next(line for line in run.logs.splitlines() if "to decide on" in line))
    print(f"warehouse: {received('warehouse')}")
    print(f"dead: {received('dead')}")
    for execution in lam.list_durable_executions_by_function(FunctionName="orders", ReverseOrder=True)[
        "DurableExecutions"
    ]:
        arn = execution["DurableExecutionArn"]
        error = lam.get_durable_execution(DurableExecutionArn=arn).get("Error")
        why = "" if error is None else f": {error['ErrorMessage']}"
        print(f"{execution['DurableExecutionName']} {execution['Status']}{why}")


if __name__ == "__main__":
    main()
