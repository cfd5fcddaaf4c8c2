"""Prints the ratios at the end of a benchmark run: machines are noisy, ratios of one run are less so."""

import pytest

UNIT = "bench_unit"
#: What else is compared with what.
BASES = {
    "bench_start_stop": "bench_mock_aws",
    "bench_event_into_queue_after": "bench_event_into_queue_after[100-None]",
    "bench_newest_invocation_of": "bench_newest_invocation_of[100]",
    "bench_send_to_queue_with": "bench_send_to_queue_with[10]",
    "bench_send_to_fifo_queue_with": "bench_send_to_fifo_queue_with[10]",
    "bench_read_by_tens[keep": "bench_read_by_tens[keep-500]",
    "bench_read_by_tens[delete": "bench_read_by_tens[delete-500]",
    "bench_publish_to_two_queues_with": "bench_publish_to_two_queues_with[10]",
    "bench_two_hundred_small_tests": "bench_two_hundred_small_tests[mock_aws]",
    "bench_process_that_runs": "bench_process_that_runs[import boto3, moto]",
    "bench_memory_of_events": "bench_memory_of_events[0-None]",
}


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    benchmarks = session.benchmarks if session else []
    medians = {bench.name: bench.stats.median for bench in benchmarks}
    if not medians:
        return
    terminalreporter.section("ratios of the medians")
    for name, median in medians.items():
        base = next((first for start, first in BASES.items() if name.startswith(start)), UNIT)
        if base in medians:
            ratio = median / medians[base]
            terminalreporter.line(f"{name:45} {median * 1e6:10.1f} us  {ratio:6.2f} x {base}")
    for bench in benchmarks:
        for what, value in bench.extra_info.items():
            terminalreporter.line(f"{bench.name:45} {what} {value}")
