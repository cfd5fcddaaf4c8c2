"""`destmock serve` in a process of its own, for the tests of it."""

import contextlib
import re
import threading
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).parents[2]
#: The last line before it serves.
LAST = "Ctrl-C ends it."


class Served:
    """A running `destmock serve`: what it has printed at its start, and clients for it."""

    def __init__(self, process):
        self.process = process
        self.start = [*iter(self.line, LAST)]
        self.url = re.fullmatch(r"destmock \S+ serves AWS at (http://[0-9.]+:\d+)", self.start[0])[1]

    def line(self):
        line = self.process.stdout.readline()
        assert line, f"it has ended: {self.process.stderr.read()}"
        return line.rstrip("\n")

    def client(self, service):
        config = Config(retries={"total_max_attempts": 1})
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, "us-east-1", endpoint_url=self.url, config=config, **keys)

    def end(self, how):
        """Answers its exit status, and the rest of what it prints."""
        self.process.send_signal(how)
        out, err = self.process.communicate()
        return self.process.returncode, out.splitlines(), err


@contextlib.contextmanager
def serving(forks, *arguments):
    process = forks.start("-m", "destmock", "serve", "--port", "0", *arguments, cwd=ROOT)
    guard = threading.Timer(300, process.kill)  # what never comes fails the test
    guard.start()
    try:
        yield Served(process)
    finally:
        guard.cancel()
        process.kill()
        if process.returncode is None:
            process.communicate()
