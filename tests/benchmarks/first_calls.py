"""What the first test of a process waits for, by service: the client, the first call, and the mock's end.

python tests/benchmarks/first_calls.py    # a minute on a machine that does nothing else
python tests/benchmarks/first_calls.py 5  # with so many processes for each time instead of 2

Each time is the smallest of all processes. In a process of its own, each service is used in a mock, and then
in a second one, whose times are those of all later tests.
"""

import json
import subprocess
import sys
from itertools import pairwise
from time import perf_counter

#: A call that needs nothing, by service.
CALLS = {
    "sqs": "list_queues",
    "sns": "list_topics",
    "s3": "list_buckets",
    "dynamodb": "list_tables",
    "lambda": "list_functions",
    "events": "list_rules",
    "iam": "list_roles",
    "ssm": "describe_parameters",
    "secretsmanager": "list_secrets",
    "stepfunctions": "list_state_machines",
    "ec2": "describe_vpcs",
    "cloudformation": "list_stacks",
}
STEPS = ("client", "call", "end")


def measured(mock, service):
    """The milliseconds of each step, in the first and in the second mock of this process."""
    import boto3
    import moto

    import destmock

    found = []
    for _ in range(2):
        active = {"mock_aws": moto.mock_aws, "mock_destinations": destmock.mock_destinations}[mock]()
        active.start()
        moments = [perf_counter()]
        client = boto3.client(service, region_name="us-east-1")
        moments.append(perf_counter())
        getattr(client, CALLS[service])()
        moments.append(perf_counter())
        active.stop()
        moments.append(perf_counter())
        found.append([(after - before) * 1000 for before, after in pairwise(moments)])
    return found


def smallest(mock, service, processes):
    command = [sys.executable, __file__, mock, service]
    runs = [json.loads(subprocess.check_output(command)) for _ in range(processes)]
    return [[min(times) for times in zip(*steps, strict=True)] for steps in zip(*runs, strict=True)]


def main(processes):
    mocks = ("mock_aws", "mock_destinations")
    print("|  | " + " | ".join(f"{which} {step}" for which in ("first", "later") for step in STEPS) + " |")
    print("| --- |" + " --- |" * 2 * len(STEPS))
    for service in CALLS:
        aws, ours = (smallest(mock, service, processes) for mock in mocks)
        cells = [
            f"{before:.1f} → {now:.1f} ms"
            for befores, nows in zip(aws, ours, strict=True)
            for before, now in zip(befores, nows, strict=True)
        ]
        print(f"| {service} | {' | '.join(cells)} |")


if __name__ == "__main__":
    given = sys.argv[1:]
    if given and given[0].startswith("mock_"):
        print(json.dumps(measured(*given)))
    else:
        main(int(given[0]) if given else 2)
