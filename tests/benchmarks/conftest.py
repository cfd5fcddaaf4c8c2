"""Prints the ratios at the end of a benchmark run: machines are noisy, ratios of one run are less so."""

import pytest

UNIT = "bench_unit"
#: What else is compared with what.
BASES = {
    "bench_start_stop": "bench_mock_aws",
    "bench_event_into_queue_after": "bench_event_into_queue_after[100-None]",
    "bench_newest_invocation_of": "bench_newest_invocation_of[100]",
}


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    medians = {bench.name: bench.stats.median for bench in session.benchmarks} if session else {}
    if not medians:
        return
    terminalreporter.section("ratios of the medians")
    for name, median in medians.items():
        base = next((first for start, first in BASES.items() if name.startswith(start)), UNIT)
        if base in medians:
            ratio = median / medians[base]
            terminalreporter.line(f"{name:45} {median * 1e6:10.1f} us  {ratio:6.2f} x {base}")
