"""Runs the benchmarks in one process and prints them as a table of ratios.

Machines are noisy: it goes by the fastest round of each, and the ratios are those of one run.

python tests/benchmarks/table.py          # everything, which takes minutes
python tests/benchmarks/table.py --check  # what has a budget; exit status 1 when one is exceeded twofold
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
UNIT = "bench_unit"
#: How far beyond its budget a noisy machine may be.
NOISE = 2
#: How often those run that take less than a millisecond: another process may disturb any of the passes.
PASSES = 3
SEND = "bench_send_to_queue_with"
PUBLISH = "bench_publish_to_two_queues_with"
SCALE = "bench_event_into_queue_after"
READ = "bench_read_by_tens"
MODULE = "bench_two_hundred_small_tests"
PROCESS = "bench_process_that_runs"
CLIENT = "bench_first_client"
EXPLORED = "bench_hundred_explored_runs"


@dataclass(frozen=True)
class Row:
    """`base` is what the benchmark is compared with, `budget` the most that the ratio is meant to be."""

    what: str
    bench: str
    base: str = UNIT
    budget: float | None = None

    def line(self, times):
        time, base = times[self.bench], times[self.base]
        ratio = "" if self.bench == self.base else f"{time / base:.2f}"
        return f"| {self.what} | {_time(time)} | {ratio} | {self.budget or ''} |"

    def excess(self, times):
        """By how much too much; 1 is what the budget allows."""
        return times[self.bench] / times[self.base] / self.budget


ROWS = [
    Row("the unit: a boto3 `invoke` answered by a hook that does nothing", UNIT),
    Row("a synchronous `invoke`", "bench_synchronous"),
    Row("the same with 100 sleeps in the handler", "bench_hundred_sleeps", "bench_synchronous", 8),
    Row("one Event invocation, its record in SQS", "bench_event_into_queue", budget=2.5),
    Row(
        "the default retries, a failure record in SQS", "bench_three_attempts_and_a_failure_record", budget=5
    ),
    Row("the same without a destination", "bench_three_attempts_and_a_drop"),
    Row("a chain of ten functions", "bench_chain_of_ten"),
    Row("one Event invocation, SNS, two queues that subscribe", "bench_event_into_topic_with_two_queues"),
    Row(
        "one Event invocation after 10,000, against after 100",
        f"{SCALE}[10000-None]",
        f"{SCALE}[100-None]",
        1.2,
    ),
    Row("the same after 100,000", f"{SCALE}[100000-None]", f"{SCALE}[100-None]"),
    Row("moto's `mock_aws`: start and stop", "bench_mock_aws", "bench_mock_aws"),
    Row("`mock_destinations`: start and stop, against that", "bench_start_stop", "bench_mock_aws", 1.3),
    Row("the first `boto3.client` in a test under `mock_aws`", f"{CLIENT}[mock_aws]", f"{CLIENT}[mock_aws]"),
    Row("the same under `mock_destinations`", f"{CLIENT}[mock_destinations]", f"{CLIENT}[mock_aws]", 0.2),
    Row(
        "200 small tests: three clients, a queue, a topic, a message through both; `mock_aws`",
        f"{MODULE}[mock_aws-0]",
        f"{MODULE}[mock_aws-0]",
    ),
    Row("the same under `mock_destinations`", f"{MODULE}[mock_destinations-0]", f"{MODULE}[mock_aws-0]"),
    Row(
        "200 small tests by two workers of xdist, `mock_aws`",
        f"{MODULE}[mock_aws-2]",
        f"{MODULE}[mock_aws-2]",
    ),
    Row("the same under `mock_destinations`", f"{MODULE}[mock_destinations-2]", f"{MODULE}[mock_aws-2]"),
    Row("a durable function that waits for a day, ten times", "bench_ten_durable_waits"),
    Row("100 runs of an explored scenario: a function, two AWS calls, a queue", EXPLORED, EXPLORED),
    Row("the same by 1 process", f"{EXPLORED}_by_workers[1]", EXPLORED),
    Row("the same by 2 processes", f"{EXPLORED}_by_workers[2]", EXPLORED),
    Row("`send_message` with 10 in the queue", f"{SEND}[10]", f"{SEND}[10]"),
    Row("the same with 1,000", f"{SEND}[1000]", f"{SEND}[10]"),
    Row("`publish` to two queues with 10 in each", f"{PUBLISH}[10]", f"{PUBLISH}[10]"),
    Row("the same with 1,000", f"{PUBLISH}[1000]", f"{PUBLISH}[10]"),
    Row("500 messages read by tens", f"{READ}[keep-500]", f"{READ}[keep-500]"),
    Row("2,000 messages", f"{READ}[keep-2000]", f"{READ}[keep-500]"),
    Row("500 messages read and deleted", f"{READ}[delete-500]", f"{READ}[delete-500]"),
    Row("2,000 messages", f"{READ}[delete-2000]", f"{READ}[delete-500]"),
    Row(
        "a process that imports boto3 and moto",
        f"{PROCESS}[import boto3, moto]",
        f"{PROCESS}[import boto3, moto]",
    ),
    Row("one that imports destmock", f"{PROCESS}[import destmock]", f"{PROCESS}[import boto3, moto]"),
    Row(
        "one that imports `mock_destinations`",
        f"{PROCESS}[from destmock import mock_destinations]",
        f"{PROCESS}[import boto3, moto]",
    ),
]


class Wanted:
    """A plugin: runs what a table needs, and keeps the times of the fastest rounds, in seconds."""

    def __init__(self, names):
        self.names = names
        self.times = {}
        self.extra = []

    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if self.names is None or item.name in self.names]

    def pytest_sessionfinish(self, session):
        for bench in session.config._benchmarksession.benchmarks:
            self.times[bench.name] = min(bench.stats.min, self.times.get(bench.name, bench.stats.min))
            self.extra += [f"{bench.name}: {what} {value}" for what, value in bench.extra_info.items()]


def _time(seconds):
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} us"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only what has a budget")
    check = parser.parse_args().check
    rows = [row for row in ROWS if row.budget or not check]
    wanted = Wanted({name for row in rows for name in (row.bench, row.base)} if check else None)
    status = 0
    for files in ("bench_*.py", *["bench_budgets.py"] * (PASSES - 1)):
        paths = map(str, sorted(HERE.glob(files)))
        options = ["-q", "-n0", "-p", "no:randomly", "--benchmark-quiet"]
        status = status or pytest.main([*paths, *options], plugins=[wanted])
    print("\n| what | time | ratio | budget |\n| --- | --- | --- | --- |")
    for row in rows:
        if {row.bench, row.base} <= set(wanted.times):
            print(row.line(wanted.times))
    print("", *wanted.extra, sep="\n")
    for row in rows if check and not status else ():
        if row.excess(wanted.times) > NOISE:
            print(f"{row.what}: more than {NOISE} times its budget of {row.budget}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
