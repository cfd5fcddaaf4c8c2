"""The real AWS CLI and the real JavaScript SDK, against one running server; and eight clients at once."""

import json
import os
import shutil
import subprocess
import time
import zipfile
from functools import partial

import boto3
import pytest
from moto.sqs.models import sqs_backends

from destmock import serve
from tests.conftest import needs

pytestmark = pytest.mark.slow  # programs of other languages, and thousands of events

ACCOUNT, REGION = "123456789012", "us-east-1"
#: What the command line and other processes find; nothing of the machine's own settings.
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


def sample(event, context):
    print("received", json.dumps(event))
    if event.get("Success") is False:
        raise ValueError("failure from handler")
    return {"Success": True}


@pytest.fixture
def server():
    with serve(handlers={"destination-sample": sample}) as running:
        yield running


@pytest.fixture
def aws(server, tmp_path):
    """Runs the AWS CLI in a directory of its own, and answers what it prints, parsed."""
    command = needs(os.environ.get("DESTMOCK_AWS_CLI", shutil.which("aws")), "the AWS CLI")
    environment = {**KEYS, "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_PAGER": ""}

    def run(*arguments, status=0):
        done = subprocess.run(
            [command, *arguments, "--endpoint-url", server.url, "--output", "json"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == status, done.stderr
        return done.stderr if status else json.loads(done.stdout or "null")

    version = subprocess.run(
        [command, "--version"], capture_output=True, text=True, check=True, env=environment
    )
    run.raw = ("--cli-binary-format", "raw-in-base64-out") if version.stdout.startswith("aws-cli/2") else ()
    return run


class TestCommandLine:
    """The trial by the AWS CLI."""

    def test_the_trial(self, aws, tmp_path):
        queue = aws("sqs", "create-queue", "--queue-name", "failures")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures"
        name = ("--function-name", "destination-sample")
        wanted = {"OnSuccess": {}, "OnFailure": {"Destination": arn}}

        route = json.dumps({"OnFailure": {"Destination": arn}})
        put = aws("lambda", "put-function-event-invoke-config", *name, "--destination-config", route)
        assert put["DestinationConfig"] == wanted
        retries = ("--maximum-retry-attempts", "1")
        aws("lambda", "update-function-event-invoke-config", *name, *retries)

        payload = ("--payload", '{ "Success": false }', *aws.raw)
        answer = aws("lambda", "invoke", *name, "--invocation-type", "Event", *payload, "response.json")
        assert answer == {"StatusCode": 202}
        assert (tmp_path / "response.json").read_bytes() == b""

        [message] = aws("sqs", "receive-message", "--queue-url", queue)["Messages"]
        record = json.loads(message["Body"])
        assert record["requestContext"]["condition"] == "RetriesExhausted"
        assert record["requestContext"]["approximateInvokeCount"] == 2
        assert record["requestPayload"] == {"Success": False}
        assert record["responsePayload"]["errorMessage"] == "failure from handler"

        config = aws("lambda", "get-function-event-invoke-config", *name)
        assert (config["MaximumRetryAttempts"], config["DestinationConfig"]) == (1, wanted)
        listed = aws("lambda", "list-function-event-invoke-configs", *name)
        assert listed["FunctionEventInvokeConfigs"] == [config]

        logs = aws("logs", "filter-log-events", "--log-group-name", "/aws/lambda/destination-sample")
        texts = [event["message"] for event in logs["events"]]
        assert texts.count('received {"Success": false}\n') == 2

    def test_a_function_from_a_zip_and_its_trace(self, aws, tmp_path):
        with zipfile.ZipFile(tmp_path / "function.zip", "w") as package:
            package.writestr("app.py", "def handler(event, context):\n    return {'deployed': event}\n")
        role = aws("iam", "create-role", "--role-name", "r", "--assume-role-policy-document", "{}")["Role"][
            "Arn"
        ]
        begin = int(time.time())
        made = aws(
            *("lambda", "create-function", "--function-name", "zipped", "--runtime", "python3.13"),
            *("--handler", "app.handler", "--role", role, "--zip-file", "fileb://function.zip"),
            *("--tracing-config", "Mode=Active"),
        )
        assert made["FunctionArn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:zipped"
        payload = ("--payload", '{"a": 1}', *aws.raw)
        answer = aws("lambda", "invoke", "--function-name", "zipped", *payload, "out.json")
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        assert json.loads((tmp_path / "out.json").read_text()) == {"deployed": {"a": 1}}
        span = ("--start-time", str(begin - 600), "--end-time", str(begin + 600))
        [trace] = aws("xray", "get-trace-summaries", *span)["TraceSummaries"]
        assert trace["HasFault"] is False

    def test_errors(self, aws):
        invoke = ("lambda", "invoke", "--invocation-type", "Event", "out.json", "--function-name")
        assert "(ResourceNotFoundException)" in aws(*invoke, "nobody", status=255)
        put = ("lambda", "put-function-event-invoke-config", "--function-name", "destination-sample")
        text = aws(*put, "--maximum-retry-attempts", "3", status=255)
        assert "Member must have value less than or equal to 2" in text

    def test_files(self, aws, tmp_path):
        (tmp_path / "ü.txt").write_text("content")
        aws("s3api", "create-bucket", "--bucket", "files")
        aws("s3api", "put-object", "--bucket", "files", "--key", "a b/ü.txt", "--body", "ü.txt")
        aws("s3api", "get-object", "--bucket", "files", "--key", "a b/ü.txt", "back.txt")
        assert (tmp_path / "back.txt").read_text() == "content"


JAVASCRIPT = """
const {
  LambdaClient, InvokeCommand, GetFunctionEventInvokeConfigCommand, PutFunctionEventInvokeConfigCommand,
} = require("@aws-sdk/client-lambda");
const { SQSClient, CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } =
  require("@aws-sdk/client-sqs");

async function main() {
  const lambda = new LambdaClient({}), sqs = new SQSClient({});
  const FunctionName = "destination-sample";
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "from-javascript" }));
  const queue = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  await lambda.send(new PutFunctionEventInvokeConfigCommand({
    FunctionName,
    MaximumRetryAttempts: 0,
    DestinationConfig: {
      OnFailure: { Destination: queue.Attributes.QueueArn },
      OnSuccess: { Destination: queue.Attributes.QueueArn },
    },
  }));
  const config = await lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }));
  const invoked = [];
  for (const Success of [false, true]) {
    const Payload = JSON.stringify({ Success });
    const answer = await lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload }));
    invoked.push([answer.StatusCode, answer.$metadata.requestId]);
  }
  const synchronous = await lambda.send(new InvokeCommand({ FunctionName, Payload: "{}" }));
  const result = JSON.parse(Buffer.from(synchronous.Payload).toString());
  const records = [];
  while (records.length < 2) {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    for (const message of Messages ?? []) records.push(JSON.parse(message.Body));
  }
  let error;
  try {
    await lambda.send(new InvokeCommand({ FunctionName: "nobody", InvocationType: "Event" }));
  } catch (caught) {
    error = [caught.name, caught.$metadata.httpStatusCode, caught.message];
  }
  console.log(JSON.stringify({ retries: config.MaximumRetryAttempts, invoked, result, records, error }));
}

main();
"""


class TestJavaScript:
    """AWS's SDK for it, version 3."""

    def test_a_configuration_an_event_and_its_records(self, server, tmp_path):
        node = needs(shutil.which("node"), "node")
        modules = needs(os.environ.get("DESTMOCK_NODE_MODULES"), "the JavaScript SDK (DESTMOCK_NODE_MODULES)")
        script = tmp_path / "test.cjs"
        script.write_text(JAVASCRIPT)
        environment = {
            **KEYS,
            "AWS_ENDPOINT_URL": server.url,
            "AWS_REGION": REGION,
            "HOME": str(tmp_path),
            "NODE_PATH": modules,
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            [node, script], env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        events = {invocation.request_id: invocation for invocation in server.invocations}
        assert [status for status, _ in found["invoked"]] == [202, 202]
        conditions = [events[request_id].condition for _, request_id in found["invoked"]]
        assert conditions == ["RetriesExhausted", "Success"]
        assert [record["requestContext"]["condition"] for record in found["records"]] == conditions
        assert found["records"][0]["responsePayload"]["errorMessage"] == "failure from handler"
        assert (found["retries"], found["result"]) == (0, {"Success": True})
        missing = f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody:$LATEST"
        assert found["error"] == ["ResourceNotFoundException", 404, missing]


CLIENT = """
import sys

import boto3

url, me, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = boto3.client("lambda", endpoint_url=url)
for index in range(number):
    payload = f'{{"client": {me}, "number": {index}}}'.encode()
    answer = client.invoke(FunctionName="orders", InvocationType="Event", Payload=payload)
    assert answer["StatusCode"] == 202
"""


class TestLoad:
    """Eight processes at once."""

    def test_of_2000_events_none_is_lost(self, forks, tmp_path):
        clients, each = 8, 2000 // 8
        environment = {**os.environ, **KEYS, "HOME": str(tmp_path)}
        (tmp_path / "client.py").write_text(CLIENT)
        with serve(handlers={"orders": lambda event, context: None}) as server:
            boto3.client("sqs").create_queue(QueueName="done")
            route = {"OnSuccess": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:done"}}
            boto3.client("lambda").put_function_event_invoke_config(
                FunctionName="orders", DestinationConfig=route
            )
            client = partial(forks.start, tmp_path / "client.py", server.url, cwd=tmp_path)
            running = [client(me, each, environment=environment) for me in range(clients)]
            assert [process.communicate() for process in running] == [("", "")] * clients
            assert [process.returncode for process in running] == [0] * clients
            assert server.invocations.total == clients * each
            # moto's own copy: it takes minutes to receive them all, each after a look at all the others.
            messages = sqs_backends[ACCOUNT][REGION].queues["done"]._messages
            payloads = [json.loads(message.body)["requestPayload"] for message in messages]
        found = sorted((payload["client"], payload["number"]) for payload in payloads)
        assert found == [(me, number) for me in range(clients) for number in range(each)]
