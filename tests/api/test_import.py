"""`import destmock` is quick, and what it imports later leaves the process as it was."""

import subprocess
import sys

import pytest

from tests.programs import printed


def test_the_package_alone_loads_neither_boto3_nor_moto():
    program = "import sys, destmock; print(*{'boto3', 'botocore', 'moto', 'asyncio'} & set(sys.modules))"
    assert printed(program).split() == []


@pytest.mark.parametrize("before", ["enable", "disable"])
def test_the_garbage_collector_is_as_it_was_once_something_is_imported(before):
    program = f"import gc; gc.{before}(); from destmock import mock_destinations; print(gc.isenabled())"
    assert printed(program).split() == [str(before == "enable")]


def test_the_garbage_collector_is_on_again_where_an_import_fails():
    program = (
        "import gc, sys; sys.modules['moto'] = None\n"
        "try:\n    from destmock import mock_destinations\n"
        "except ImportError:\n    print(gc.isenabled())"
    )
    assert printed(program).split() == ["True"]


def test_while_something_is_imported_nothing_is_collected():
    program = (
        "import gc; runs = []; import destmock\n"
        "gc.callbacks.append(lambda phase, info: runs.append(info['generation']))\n"
        "destmock.mock_destinations; gc.callbacks.clear(); print(len([run for run in runs if run == 2]))"
    )
    assert printed(program).split() == ["0"]


def test_what_few_tests_use_is_loaded_when_it_is_used():
    program = (
        "import sys\nfrom destmock import mock_destinations\n"
        "late = {'destmock._pictures.timeline', 'destmock._cloudformation'}\n"
        "with mock_destinations() as destmock:\n"
        "    print(*late & set(sys.modules))\n"
        "    destmock.timeline()\n"
        "    print(*late & set(sys.modules))\n"
    )
    assert printed(program).split() == ["destmock._pictures.timeline"]


@pytest.mark.parametrize(
    ("line", "told"), [("import pytest", "Success true"), ("import boto3", "Success false")]
)
def test_a_command_loads_pytest_only_for_an_app_that_imports_it(tmp_path, line, told):
    app = tmp_path / "app.py"
    app.write_text(
        f"import sys\n{line}\nHANDLERS = {{'f': lambda event, context: 'pytest' in sys.modules}}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "destmock", "run", app], check=True, capture_output=True, text=True
    )
    assert told in done.stdout
