"""A debugger in a handler talks to whoever sits at the terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """\
import unittest, boto3
from destmock import mock_destinations

def orders(event, context):
    found = 6 * 7
    STOP
    found += 0
    return found

class TestOrders(unittest.TestCase):
    @mock_destinations(handlers={"orders": orders})
    def test_it(self, destmock):
        answer = boto3.client("lambda").invoke(FunctionName="orders", LogType="Tail")
        assert answer["Payload"].read() == b"42"
        assert "(Pdb)" not in destmock.runs[0].logs

if __name__ == "__main__":
    TestOrders("test_it").debug()
"""
WAYS = {
    "script": ["program.py"],
    "unittest": ["-m", "unittest", "program"],
    "pytest -s": ["-m", "pytest", "-s", "-n0", "-p", "no:cacheprovider", "-c", "/dev/null", "program.py"],
    "pytest": ["-m", "pytest", "-n0", "-p", "no:cacheprovider", "-c", "/dev/null", "program.py"],
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_debugger_prompts_and_answers(way, tmp_path, monkeypatch):
    stop = "import pdb; pdb.set_trace()" if way == "unittest" else "breakpoint()"
    (tmp_path / "program.py").write_text(PROGRAM.replace("STOP", stop))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    command = [sys.executable, *WAYS[way]]
    done = subprocess.run(
        command, input="p found\nc\n", cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(Pdb) 42" in done.stdout
    assert "orders()" in done.stdout
