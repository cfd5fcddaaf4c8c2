"""destmock beside what one would use instead: `python tests/benchmarks/side_by_side.py`.

The same handler, the same events, and the time until every record has been received from the queue. What
isn't installed here is installed from PyPI into virtual environments that are thrown away. Not part of CI.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

HANDLER = """
def handle(event, context):
    if event["fails"]:
        raise ValueError("no stock")
    return {"ok": True}
"""
#: What is measured: does the handler fail, and how often is it tried again (`None`: as often as by default)?
CASES = {
    "OnSuccess": (False, 0),
    "OnFailure, no retries": (True, 0),
    "OnFailure, default retries": (True, None),
}
#: Every record of AWS's has these.
MEMBERS = {
    "version",
    "timestamp",
    "requestContext.requestId",
    "requestContext.functionArn",
    "requestContext.condition",
    "requestContext.approximateInvokeCount",
    "requestPayload",
    "responseContext.statusCode",
    "responseContext.executedVersion",
    "responsePayload",
}
#: Who receives nothing for so many seconds gives up.
PATIENCE = 15
#: A tool, the distribution that it is in, and what to install for it; nothing: it is installed here.
TOOLS = {
    "destmock": ("destmock", None),
    "moto": ("moto", "moto[awslambda,sqs]"),
    "moto, use_docker False": ("moto", "moto[awslambda,sqs]"),
    "moto server": ("moto", "moto[awslambda,server,sqs]"),
    "moto server, use_docker False": ("moto", "moto[awslambda,server,sqs]"),
    "ministack": ("ministack", "ministack"),
}


@contextlib.contextmanager
def running(tool):
    """Starts a tool; answers the options of the clients that talk to it."""
    if tool == "destmock":
        from destmock import mock_destinations

        with mock_destinations(strict=False):
            yield {}
    elif tool.startswith("moto server"):
        with server("moto_server", "-H", "127.0.0.1", "-p", "{port}") as url:
            if tool.endswith("False"):
                import requests

                requests.post(f"{url}/moto-api/config", json={"lambda": {"use_docker": False}}, timeout=9)
            yield {"endpoint_url": url}
    elif tool.startswith("moto"):
        from moto import mock_aws

        with mock_aws(config={"lambda": {"use_docker": not tool.endswith("False")}}):
            yield {}
    else:
        with server("ministack", GATEWAY_PORT="{port}") as url:
            yield {"endpoint_url": url}


@contextlib.contextmanager
def server(command, *arguments, **variables):
    """A server of this virtual environment, on a free port, once it answers."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    given = {name: value.format(port=port) for name, value in variables.items()}
    process = subprocess.Popen(
        [Path(sys.executable).with_name(command), *(argument.format(port=port) for argument in arguments)],
        env={**os.environ, **given},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def measure(tool, events):
    """Each case's time, how many records came, and what was wrong with them."""
    import boto3

    found = {}
    for case, (fails, retries) in CASES.items():
        with running(tool) as options:
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
            clients = [boto3.client(name, **keys, **options) for name in ("lambda", "sqs", "iam")]
            found[case] = run(*clients, events, fails=fails, retries=retries)
    return {"version": version(TOOLS[tool][0]), "cases": found}


def run(lam, sqs, iam, events, *, fails, retries):
    queue = make(lam, sqs, iam, retries)
    began = time.perf_counter()
    try:
        for number in range(events):
            payload = json.dumps({"number": number, "fails": fails}).encode()
            lam.invoke(FunctionName="orders", InvocationType="Event", Payload=payload)
    except Exception as error:  # whatever a tool has to say
        return {"seconds": None, "records": 0, "note": f"invoke: {type(error).__name__}: {error}"[:160]}
    sent, records = time.perf_counter() - began, {}
    newest = time.perf_counter()
    while len(records) < events and time.perf_counter() - newest < PATIENCE:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            record = json.loads(message["Body"])
            records[record["requestPayload"]["number"]] = record
            newest = time.perf_counter()
    complete = len(records) == events
    return {
        "seconds": newest - began if complete else None,
        "sending": sent,
        "records": len(records),
        "note": "" if not records else differences(records[0], 1 if not fails or retries == 0 else 3),
    }


def make(lam, sqs, iam, retries):
    """The function, and the queue that its records go to, which stay hidden once they are received."""
    hidden = {"VisibilityTimeout": "43200"}
    queue = sqs.create_queue(QueueName="records", Attributes=hidden)["QueueUrl"]
    wanted = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    policy = {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", HANDLER)
    lam.create_function(
        FunctionName="orders",
        Runtime="python3.12",
        Handler="app.handle",
        Role=role,
        Code={"ZipFile": code.getvalue()},
    )
    lam.get_waiter("function_active_v2").wait(FunctionName="orders")
    destination = {"Destination": wanted["Attributes"]["QueueArn"]}
    lam.put_function_event_invoke_config(
        FunctionName="orders",
        DestinationConfig={"OnSuccess": destination, "OnFailure": destination},
        **({} if retries is None else {"MaximumRetryAttempts": retries}),
    )
    return queue


def differences(record, attempts):
    """What AWS's record would have had."""
    members = {
        f"{name}.{inner}" if name.endswith("Context") else name
        for name, value in record.items()
        for inner in (value if name.endswith("Context") else [""])
    }
    wrong = [f"no {name}" for name in sorted(MEMBERS - members)]
    counted = record["requestContext"].get("approximateInvokeCount")
    if counted != attempts:
        wrong.append(f"approximateInvokeCount {counted}, not {attempts}")
    return ", ".join(wrong)


def measured(tool, events, environments):
    """The same by a Python that has the tool."""
    wanted = TOOLS[tool][1]
    python = Path(sys.executable)
    if wanted is not None:
        python = environments / wanted / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", environments / wanted], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", wanted, "boto3"], check=True)
    command = [python, __file__, "--events", str(events), "--measure", tool]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        note = done.stderr.strip().splitlines()[-1]
        return {"version": "", "cases": {case: {"note": note} for case in CASES}}
    *said, found = done.stdout.splitlines()
    said += done.stderr.splitlines()
    answer = json.loads(found)
    for values in answer["cases"].values():
        if not values["records"] and not values["note"]:
            answered = "every event is answered 202, no record comes"
            values["note"] = next((line[:160] for line in said if line.startswith("error")), answered)
    return answer


def machine():
    """What the figures are from."""
    model = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    today = datetime.now(tz=timezone.utc)
    docker = shutil.which("docker")
    there = docker and subprocess.run([docker, "info"], check=False, capture_output=True).returncode == 0
    return (
        f"{today:%Y-%m-%d}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores {model}, "
        f"Python {platform.python_version()}, {'with' if there else 'without'} Docker"
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=500)
    arguments.add_argument("--tool", choices=TOOLS, action="append", help="only this one; may be repeated")
    arguments.add_argument("--measure", choices=TOOLS, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.events)))
        return
    print(f"{given.events} events; {machine()}\n")
    print("| tool | version | case | seconds | records | missing |\n| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as environments:
        for tool in given.tool or TOOLS:
            found = measured(tool, given.events, Path(environments))
            for case, values in found["cases"].items():
                seconds = values.get("seconds")
                took = "-" if seconds is None else f"{seconds:.2f}"
                row = (tool, found["version"], case, took, values.get("records", 0), values["note"])
                print("|", " | ".join(map(str, row)), "|", flush=True)


if __name__ == "__main__":
    main()
