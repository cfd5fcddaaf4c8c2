"""Fixtures of the tests on what a mock keeps from the rest of the process."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def quick_collections():
    """Have the collector look only at what a module's tests make, not at all that the process has by then."""
    given(st.none())(
        lambda _: None
    )()  # hypothesis looks once for who holds its random numbers: not in what is frozen
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
