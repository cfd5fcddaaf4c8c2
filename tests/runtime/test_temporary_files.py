"""What a function makes in /tmp is its environment's own: nobody else finds it, and its next attempt does."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from destmock import mock_destinations
from tests.runtime.deployed import deploy, invoke, returns


@pytest.fixture
def path():
    """A path in /tmp at which there is nothing."""
    path = Path(f"/tmp/orders-{uuid4()}")
    yield path
    assert not os.path.lexists(path), "it is there after the mock"


def write(path):
    path.write_text("1")


def write_bytes(path):
    with path.open("xb") as file:
        file.write(b"1")


def write_by_descriptor(path):
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))


def make_directories(path):
    (path / "a" / "b").mkdir(parents=True)
    (path / "a" / "b" / "c").touch()


def move(path):
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(b"1")
    shutil.move(file.name, path)


def make_a_link(path):
    path.symlink_to("/nowhere")


def write_from_within(path):
    os.chdir(path.parent)
    Path(path.name).write_text("1")


def write_for_a_program(path):
    path.mkdir()
    program = "import pathlib, sys; pathlib.Path(sys.argv[1], 'made').touch()"
    subprocess.run([sys.executable, "-c", program, path], check=True)
    assert (path / "made").exists()


WAYS = [
    write,
    write_bytes,
    write_by_descriptor,
    make_directories,
    move,
    make_a_link,
    write_from_within,
    write_for_a_program,
]


@pytest.mark.parametrize("make", WAYS)
def test_a_file_is_there_for_the_function_only(destmock, lam, path, make):
    seen = []

    def handler(event, context):
        seen.append(os.path.lexists(path))
        if not seen[-1]:
            make(path)

    destmock.handler("makes", handler)
    destmock.handler("looks", lambda event, context: os.path.lexists(path))
    for _ in range(2):
        assert invoke(lam, "makes") is None
        assert not os.path.lexists(path)
    assert seen == [False, True]
    assert invoke(lam, "looks") is False


def test_the_next_mock_finds_nothing(tmp_path, monkeypatch):
    """Nor does anything stay in the directory, which is another one on some machines."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / "orders"
    for _ in range(2):
        with mock_destinations() as destmock:
            destmock.handler("makes", lambda event, context: path.exists() or write(path))
            assert invoke(boto3.client("lambda"), "makes") is None
            assert [found.read_text() for found in tmp_path.glob("destmock-*/0") if found.is_file()] == ["1"]
        assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_test_s_stays_where_it_is(destmock, lam, path, tmp_path):
    write(path)

    def handler(event, context):
        assert path.read_text() == "1"
        path.write_text("2")
        (tmp_path / "made").write_text("3")

    destmock.handler("writes", handler)
    invoke(lam, "writes")
    assert (path.read_text(), (tmp_path / "made").read_text()) == ("2", "3")
    path.unlink()


def test_files_stay_with_an_environment_that_is_reset(destmock, lam, path):
    """AWS does not clear /tmp before the next initialisation; another version of the code begins without."""

    def handler(event, context):
        if path.exists():
            return "found"
        write(path)
        sys.exit(1)

    destmock.handler("exits", handler)
    assert invoke(lam, "exits")["errorType"] == "Runtime.ExitError"
    assert invoke(lam, "exits") == "found"
    destmock.handler("exits", lambda event, context: path.exists())
    assert invoke(lam, "exits") is False


def test_each_function_has_its_own_while_one_waits_for_another(destmock, lam, path):
    def outer(event, context):
        path.write_text("outer")
        answer = invoke(boto3.client("lambda"), "inner")
        return [answer, path.read_text()]

    def inner(event, context):
        found = path.exists()
        path.write_text("inner")
        return found

    destmock.handler("outer", outer)
    destmock.handler("inner", inner)
    assert invoke(lam, "outer") == [False, "outer"]
    assert not path.exists()


def test_deployed_code_and_modules_that_import_anew(path):
    source = (
        f"(lambda path: path.exists() or path.write_text('1'))(__import__('pathlib').Path({str(path)!r}))"
    )
    for _ in range(2):
        with mock_destinations():
            deploy(returns(source), "deployed")
            assert [invoke(boto3.client("lambda"), "deployed") for _ in range(2)] == [1, True]


def test_the_test_s_own_files_are_nobody_else_s(destmock, lam, path):
    """What the test opens is not noted, whichever handler has run."""
    destmock.handler("orders", lambda event, context: None)
    invoke(lam, "orders")
    write(path)
    invoke(lam, "orders")
    assert path.read_text() == "1"
    path.unlink()


def test_an_error_has_the_function_s_own_stack_trace(destmock, lam):
    destmock.handler("opens", lambda event, context: open("/missing/file"))  # noqa: PTH123, SIM115
    destmock.handler("makes", lambda event, context: os.mkdir("/missing/a", 0o700))  # noqa: PTH102
    for name in ("opens", "makes"):
        answer = invoke(lam, name)
        assert answer["errorType"] == "FileNotFoundError"
        assert [Path(__file__).name in frame for frame in answer["stackTrace"]] == [True]


def test_the_directory_is_not_looked_for_while_it_is_looked_for(destmock, lam, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)

    def handler(event, context):
        with tempfile.TemporaryDirectory() as directory:
            return os.path.isdir(directory)  # noqa: PTH112

    destmock.handler("makes", handler)
    assert invoke(lam, "makes") is True
