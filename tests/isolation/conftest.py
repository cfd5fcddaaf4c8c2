"""Fixtures of the tests on what a mock keeps from the rest of the process."""

import gc

import pytest


@pytest.fixture(scope="module")
def quick_collections():
    """Have the collector look only at what a module's tests make, not at all that the process has by then."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
