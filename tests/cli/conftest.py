"""What the tests of this folder share."""

from functools import partial
from textwrap import dedent

import pytest

import destmock._cli.run  # noqa: F401 - what a test with pytester is first to import is forgotten after it
from destmock._cli.main import main
from tests.cli.served import serving


@pytest.fixture
def command(capsys, monkeypatch, tmp_path):
    """Runs a command in a directory of its own; answers status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        try:
            status = main([str(each) for each in arguments])
        except SystemExit as end:  # argparse's way
            status = end.code
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def write(tmp_path):
    """Writes a file and answers its name."""

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
        return name

    return write


@pytest.fixture
def app(write):
    """An app with two functions, of which one fails."""
    return write(
        "app.py",
        """
        def place(event, context):
            print("placing", event["id"])
            return {"placed": event["id"]}

        def audit(event, context):
            raise ValueError("no such account")

        HANDLERS = {"orders": place, "audit": audit}
        """,
    )


@pytest.fixture
def served(forks):
    """Serves with these arguments while its `with` block lasts."""
    return partial(serving, forks)
