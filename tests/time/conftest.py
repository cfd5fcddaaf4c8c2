"""What tests of waits in handlers share."""

import pytest

from destmock._time.wall import real_ns
from tests.time.moments import seconds


@pytest.fixture
def nobody_waits_in_real_time():
    begun = real_ns()
    yield
    assert real_ns() - begun < 20e9


@pytest.fixture
def run(destmock, lam):
    """Runs code as a handler, and answers what it has noted."""

    def run(code, timeout=600):
        noted = []

        def note(what):
            noted.append((seconds(), what))

        destmock.handler("threaded", lambda event, context: code(note), timeout=timeout)
        lam.invoke(FunctionName="threaded", InvocationType="Event")
        return noted

    return run
