"""What the tests of this folder share."""

import pytest

from tests.runtime.deployed import deploy


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module that can be imported, and answers where its file is."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, source):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def create(lam):
    """`deploy`, inside the mock."""
    return deploy
