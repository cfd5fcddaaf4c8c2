"""Fixtures of the suite: clients are made inside each test, in the region that destmock falls back to."""

import gc
import json
import os
import shutil
import sys
from importlib.util import find_spec

import boto3
import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# A loaded machine is slow, and what fails in CI is to fail again.
settings.register_profile("suite", deadline=None, max_examples=50, derandomize="CI" in os.environ)
settings.load_profile("suite")

# Two hundred processes import destmock, boto3 and moto: each would compile them for itself.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The collector would look through all that is imported and all tests again and again: an eighth of the time.
gc.set_threshold(2_000, 20, 100)

#: A browser that stays at home.
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def needs(found: str | None, what: str) -> str:
    """A tool from outside of Python that a test needs; without it, the test is skipped, or fails in CI."""
    if found:
        return found
    if os.environ.get("DESTMOCK_ALL_TOOLS"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


@pytest.fixture(autouse=True)
def inner_runs_report_alike(monkeypatch):
    """pytest writes longer summaries where these are set."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def forks():
    """Runs programs in processes of their own, which have imported what takes a second already."""
    from tests.forks import Forks

    forks = Forks()
    yield forks
    forks.close()


@pytest.fixture
def lam(destmock):
    return boto3.client("lambda")


@pytest.fixture
def sqs(destmock):
    return boto3.client("sqs")


@pytest.fixture
def sns(destmock):
    return boto3.client("sns")


@pytest.fixture
def logs(destmock):
    return boto3.client("logs")


@pytest.fixture
def make_queue(sqs):
    """Makes a queue and answers its ARN."""

    def make(name, **attributes):
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        wanted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return wanted["Attributes"]["QueueArn"]

    return make


@pytest.fixture
def messages(sqs):
    """Everything that is in a queue (by name), as `receive_message` answers it."""

    def receive(name):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = []
        while batch := sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages"):
            found += batch
        return found

    return receive


@pytest.fixture
def records(messages):
    """The parsed bodies of everything that is in a queue (by name)."""

    def receive(name):
        return [json.loads(message["Body"]) for message in messages(name)]

    return receive


@pytest.fixture(scope="module")
def chromium():
    """A browser that has started before any mock."""
    path = needs(shutil.which("chromium"), "chromium")
    needs(find_spec("playwright") and "there", "playwright (pip install '.[browser]')")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def unchanged():
    """The streams and its own variable are pytest's to change between a fixture and its test."""
    from tests.promises.process import process  # which imports moto: not where tests are only handed out

    def seen():
        now = process()
        now["environment"].pop("PYTEST_CURRENT_TEST")
        return {**now, "streams": None}

    before = seen()
    yield
    assert seen() == before


@pytest.fixture
def machine(monkeypatch):
    """A developer's machine, full of settings."""
    from tests.promises.process import MACHINE

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in MACHINE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bare_machine(monkeypatch):
    """One that has none."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
