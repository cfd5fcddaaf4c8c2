"""Durable handlers without AWS's SDK, by the calls that the SDK makes: they run on every Python."""

import json

import boto3

CONFIG = {"ExecutionTimeout": 900}
YEAR = {"ExecutionTimeout": 31_622_400}
NAME = "orders:$LATEST"


class Run:
    """One invocation, as a durable handler sees it."""

    def __init__(self, event):
        self.arn = event["DurableExecutionArn"]
        self.token = event["CheckpointToken"]
        self.event = event
        first = event["InitialExecutionState"]["Operations"]
        self.operations = {operation["Id"]: operation for operation in first}
        self.input = json.loads(first[0]["ExecutionDetails"]["InputPayload"])

    def checkpoint(self, *updates, **more):
        answer = boto3.client("lambda").checkpoint_durable_execution(
            DurableExecutionArn=self.arn, CheckpointToken=self.token, Updates=list(updates), **more
        )
        self.token = answer.get("CheckpointToken")
        for operation in answer["NewExecutionState"]["Operations"]:
            self.operations[operation["Id"]] = operation
        return answer

    def status(self, name):
        return self.operations[name]["Status"] if name in self.operations else None

    def wait(self, seconds, name="wait"):
        """Begin to wait unless it was begun; returns whether it is over."""
        if self.status(name) is None:
            options = {"WaitOptions": {"WaitSeconds": seconds}}
            self.checkpoint(update(name, "WAIT", "START", SubType="Wait", **options))
        return self.status(name) == "SUCCEEDED"

    def callback(self, name="callback", **options):
        """Begin a callback unless it was begun; returns its operation."""
        if self.status(name) is None:
            self.checkpoint(update(name, "CALLBACK", "START", SubType="Callback", CallbackOptions=options))
        return self.operations[name]


def update(name, kind, action, **more):
    return {"Id": name, "Name": name, "Type": kind, "Action": action, **more}


def durable(body):
    """A handler of what a body does with a `Run`, and answers: `None` for not yet."""

    def handler(event, context):
        result = body(Run(event))
        if result is None:
            return {"Status": "PENDING"}
        if isinstance(result, Exception):
            error = {"ErrorMessage": str(result), "ErrorType": type(result).__name__}
            return {"Status": "FAILED", "Error": error}
        return {"Status": "SUCCEEDED", "Result": json.dumps(result)}

    return handler


def start(lam, payload=b"{}", name=NAME, **more):
    """Invoke asynchronously; returns the ARN of the execution."""
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **more)
    return answer["DurableExecutionArn"]


def history(lam, arn, **more):
    return lam.get_durable_execution_history(DurableExecutionArn=arn, **more)["Events"]


def kinds(lam, arn):
    return [event["EventType"] for event in history(lam, arn)]


def got(lam, arn):
    return lam.get_durable_execution(DurableExecutionArn=arn)
