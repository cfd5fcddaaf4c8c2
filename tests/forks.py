"""Programs in processes of their own that needn't each import boto3 and moto: forks of one that has.

It has imported destmock, too. Run as a program, this file is that one process: it answers each line on its
standard input, which says what to run, with the process's id, or which to wait for, with its exit status.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


class Forks:
    """Runs programs; warnings are errors in them."""

    def __init__(self):
        command = [sys.executable, "-W", "error", __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **asked):
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def run(self, *arguments, cwd, given=""):
        """What `python` does with these arguments: a script or `-m` and a module, and what is for these."""
        with tempfile.TemporaryDirectory() as directory:
            streams = [Path(directory, name) for name in ("in", "out", "err")]
            streams[0].write_text(given, "utf-8")
            status = self.ask(wait=self._begin(arguments, cwd, streams))
            out, err = (stream.read_text("utf-8") for stream in streams[1:])
        return subprocess.CompletedProcess(arguments, status, out, err)

    def start(self, *arguments, cwd, environment=None):
        """The same, and answers while it runs."""
        with tempfile.TemporaryDirectory() as directory:
            streams = [Path(os.devnull), Path(directory, "out"), Path(directory, "err")]
            for stream in streams[1:]:
                os.mkfifo(stream)
            process = self._begin(arguments, cwd, streams, environment)
            return Fork(self, process, *(stream.open(encoding="utf-8") for stream in streams[1:]))

    def _begin(self, arguments, cwd, streams, environment=None):
        return self.ask(
            arguments=[*map(str, arguments)],
            cwd=str(cwd),
            environment=dict(os.environ if environment is None else environment),
            streams=[*map(str, streams)],
        )

    def close(self):
        self._process.communicate()


class Fork:
    """As much of `subprocess.Popen` as the tests use."""

    def __init__(self, forks, process, stdout, stderr):
        self._forks, self._process = forks, process
        self.stdout, self.stderr = stdout, stderr
        self.returncode = None

    def send_signal(self, number):
        if self.returncode is None:
            os.kill(self._process, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def communicate(self):
        with self.stdout, self.stderr:
            told = self.stdout.read(), self.stderr.read()
        self.returncode = self._forks.ask(wait=self._process)
        return told


def serve():
    """Forks for each line that asks for it; answers it in the child, and nothing in the parent at the end."""
    while line := sys.stdin.readline():
        asked = json.loads(line)
        if "wait" in asked:
            answer = os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                return asked
        print(answer, flush=True)
    return None


def become(arguments, cwd, environment, streams):
    """Does what the interpreter does that is started with these arguments."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, (path, mode) in enumerate(zip(streams, "rww", strict=True)):
        with open(path, mode) as file:  # noqa: PTH123 - its descriptor goes on
            os.dup2(file.fileno(), number)
    streams = [open(number, mode, closefd=False) for number, mode in enumerate("rww")]  # noqa: SIM115
    sys.stdin, sys.stdout, sys.stderr = streams
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        sys.path[0] = cwd
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path[0] = str(Path(arguments[0]).parent)
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    import boto3  # noqa: F401
    import moto.moto_server.werkzeug_app  # noqa: F401

    import destmock._mock.mock  # noqa: F401

    if asked := serve():
        become(**asked)
