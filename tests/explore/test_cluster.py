"""An exploration that a cluster's workers share: Dask's, over real sockets."""

from datetime import datetime, timezone
from importlib.util import find_spec

import pytest

from destmock import explore
from tests.conftest import needs
from tests.explore.scenarios import count, counted_once
from tests.explore.test_workers import told


@pytest.fixture
def client():
    needs(find_spec("distributed") and "there", "distributed (pip install '.[cluster]')")
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp://") as cluster,
        Client(cluster) as client,
    ):
        yield client


OPTIONS = {"handlers": {"count": count}, "start": datetime(2026, 1, 1, tzinfo=timezone.utc), "faults": 2}


@pytest.fixture
def alone():
    """What one process finds, before the cluster's heart beats in it: a mock's clock would stop that."""
    return explore.report(counted_once, **OPTIONS)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Dask's own
def test_a_cluster_finds_the_same_as_one_process(alone, client):
    there = explore.report(counted_once, executor=client.get_executor(), **OPTIONS)
    assert told(there) == told(alone)
    assert there.tried > 20
