"""The first-day trial by the real AWS CLI, against the real `destmock serve`."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import needs

pytestmark = pytest.mark.slow  # the AWS CLI takes a second for each command

ARN = "arn:aws:lambda:us-east-1:123456789012"


@pytest.fixture
def server(served):
    with served("examples/served_app.py") as running:
        yield running


@pytest.fixture
def shell(server, tmp_path):
    """Runs a line in a shell, in a directory of its own, and answers what it prints."""
    aws = needs(os.environ.get("DESTMOCK_AWS_CLI", shutil.which("aws")), "the AWS CLI")
    path = f"{Path(aws).parent}{os.pathsep}{os.environ['PATH']}"
    version = subprocess.run([aws, "--version"], capture_output=True, text=True, check=True).stdout
    raw = "--cli-binary-format raw-in-base64-out" if version.startswith("aws-cli/2") else ""
    exports = next(line for line in server.start if line.startswith("  export "))

    def run(line):
        script = f"{exports}\n{line.replace('RAW', raw)}"
        environment = {"PATH": path, "HOME": str(tmp_path), "AWS_PAGER": ""}
        done = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    return run


def test_the_line_to_paste_works_as_it_is(server, shell, tmp_path):
    [line] = [line for line in server.start if "aws lambda invoke" in line]
    assert '"StatusCode": 202' in shell(line)
    assert (tmp_path / "response.json").read_bytes() == b""
    lines = server.end(signal.SIGINT)[1]
    assert "destination-sample accepted {}" in lines[0]
    assert [line for line in lines if f"destination-sample -> {ARN}:function:sample-failure" in line]


def test_the_trial(server, shell, tmp_path):
    """A destination for each condition: 202, an empty file, and the record in the destination's log."""
    where = f"--endpoint-url {server.url} --function-name destination-sample"
    shell(
        f"aws lambda put-function-event-invoke-config {where} --destination-config "
        f"OnSuccess={{Destination={ARN}:function:sample-success}},"
        f"OnFailure={{Destination={ARN}:function:sample-failure}}"
    )
    for outcome in "true", "false":
        payload = f'{{"Success": {outcome}}}'
        printed = shell(
            f"aws lambda invoke {where} --invocation-type Event RAW --payload '{payload}' response.json"
        )
        assert '"StatusCode": 202' in printed
        assert (tmp_path / "response.json").read_bytes() == b""
    for name, condition in ("sample-success", "Success"), ("sample-failure", "RetriesExhausted"):
        log = shell(
            f"aws logs filter-log-events --endpoint-url {server.url} --log-group-name /aws/lambda/{name} "
            "--filter-pattern received --output text"
        )
        assert f'"condition": "{condition}"' in log
    status, lines, err = server.end(signal.SIGINT)
    assert (status, err) == (0, "")
    assert len([line for line in lines if "destination-sample attempt" in line]) == 4
    assert lines[-1] == "ended; no events were still queued"
