"""Whole processes: `python -m pytest -n0 tests/benchmarks/bench_suite.py`."""

import subprocess
import sys

import pytest

#: Modules of small tests that send a message through a topic and a queue: nothing that moto alone can't do.
TESTS = """
import json
import boto3
import pytest
from {module} import {mock}


@pytest.mark.parametrize("number", range(200))
@{mock}
def test_a_message_comes_through(number):
    sqs, sns, _ = (boto3.client(name, region_name="us-east-1") for name in ("sqs", "sns", "s3"))
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="jobs")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message=str(number))
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == str(number)
"""
#: Sends events into one queue and prints how much memory the process has had at most, in megabytes.
EVENTS = """
import boto3
from destmock import mock_destinations

with mock_destinations(handlers={{"ok": lambda event, context: event}}, history={history}):
    boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="records")
    lam = boto3.client("lambda", region_name="us-east-1")
    arn = "arn:aws:sqs:us-east-1:123456789012:records"
    lam.put_function_event_invoke_config(
        FunctionName="ok", DestinationConfig={{"OnSuccess": {{"Destination": arn}}}}
    )
    for _ in range({number}):
        lam.invoke(FunctionName="ok", InvocationType="Event", Payload=b"{{}}")
with open("/proc/self/status") as status:  # what `resource` says is the parent's, too
    [peak] = [line.split()[1] for line in status if line.startswith("VmHWM")]
print(int(peak) / 1024)
"""


def python(*arguments, **options):
    done = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True, **options)
    return done.stdout


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("mock", ["mock_aws", "mock_destinations"])
def bench_two_hundred_small_tests(benchmark, tmp_path, mock, workers):
    """A whole test run of its own each time, without any option of this one's: by workers, or without."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    module = "moto" if mock == "mock_aws" else "destmock"
    (tmp_path / "test_module.py").write_text(TESTS.format(module=module, mock=mock))
    run = ["-m", "pytest", "-q", f"-n{workers}", "-p", "no:randomly", "-p", "no:cacheprovider"]
    said = benchmark.pedantic(python, run, {"cwd": tmp_path}, rounds=1 if mock == "mock_aws" else 3)
    assert "200 passed" in said


@pytest.mark.parametrize(
    "statement",
    ["pass", "import boto3, moto", "import destmock", "from destmock import mock_destinations"],
)
def bench_process_that_runs(benchmark, statement):
    benchmark.pedantic(python, ["-c", statement], rounds=5, warmup_rounds=1)


@pytest.mark.parametrize(("number", "history"), [(0, None), (10_000, None), (10_000, 100)])
def bench_memory_of_events(benchmark, number, history):
    """The time is beside the point: the peak is in the ratios' last column."""
    program = EVENTS.format(number=number, history=history)
    peak = benchmark.pedantic(python, ["-c", program], rounds=1)
    benchmark.extra_info["peak"] = f"{float(peak):.0f} MB"
