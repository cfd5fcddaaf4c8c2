"""Prints the ratios at the end of a benchmark run: machines are noisy, ratios of one run are less so."""

import pytest

UNIT, MOCK_AWS = "bench_unit", "bench_mock_aws"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    medians = {bench.name: bench.stats.median for bench in session.benchmarks} if session else {}
    if not medians:
        return
    terminalreporter.section("ratios of the medians")
    for name, median in medians.items():
        base = MOCK_AWS if name.startswith("bench_start_stop") else UNIT
        if base in medians:
            ratio = median / medians[base]
            terminalreporter.line(f"{name:45} {median * 1e6:10.1f} us  {ratio:6.2f} x {base}")
