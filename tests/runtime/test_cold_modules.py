"""A cold start finds no module and no logger of the program's, whatever the process has of them."""

import importlib
import logging
import sys

import boto3
import pytest

from destmock import mock_destinations
from tests.programs import printed
from tests.runtime.deployed import deploy, invoke

SETTINGS = 'import os\nCOLOUR = os.environ.get("COLOUR")\n'
#: As libraries do that set a logger up once.
APP = """
import logging, shop_settings
calls = 0
logger = logging.getLogger("shop")
if not hasattr(logger, "is_set_up"):
    logger.is_set_up = True
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("set up: %(message)s"))
    logger.addHandler(handler)
    logger.propagate = False
def handle(event, context):
    global calls
    calls += 1
    logger.warning("hello")
    import shop_late
    return [calls, shop_settings.COLOUR, shop_late.calls(), logging.getLogger("shop") is logger]
"""
LATE = "import shop\ndef calls():\n    return shop.calls\n"
FILES = {"shop.py": APP, "shop_settings.py": SETTINGS, "shop_late.py": LATE}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The module, which the test has imported, with what it imports."""
    for name, source in FILES.items():
        (tmp_path / name).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("COLOUR", raising=False)
    importlib.import_module("shop_late")
    yield sys.modules["shop"]
    logging.root.manager.loggerDict.pop("shop")
    for name in FILES:
        sys.modules.pop(name.removesuffix(".py"), None)


def said(run):
    return [line for line in run.logs.splitlines() if "hello" in line]


def test_a_handler_by_its_name_gets_modules_of_its_own(shop):
    before = {name: module for name, module in sys.modules.items() if name.startswith("shop")}
    assert len(before) == 3
    for _ in range(2):
        with mock_destinations() as destmock:
            destmock.handler("orders", "shop:handle", environment={"COLOUR": "red"})
            destmock.handler("others", "shop:handle", environment={"COLOUR": "blue"})
            lam = boto3.client("lambda")
            assert invoke(lam) == [1, "red", 1, True]
            assert invoke(lam) == [2, "red", 2, True]
            assert invoke(lam, "others") == [1, "blue", 1, True]
            assert {name: sys.modules[name] for name in before} == before
        assert {name: sys.modules[name] for name in before} == before
    assert (shop.calls, shop.shop_settings.COLOUR) == (0, None)


def test_each_cold_start_sets_its_loggers_up_as_the_first_one(shop, capsys):
    own = logging.getLogger("shop")
    for _ in range(2):
        with mock_destinations() as destmock:
            destmock.handler("orders", "shop:handle")
            invoke(boto3.client("lambda"))
            assert said(destmock.runs[0]) == ["set up: hello"]
        assert logging.getLogger("shop") is own
    assert "hello" not in "".join(capsys.readouterr())


def test_deployed_code_sets_its_loggers_up_at_each_cold_start(shop, capsys):
    for _ in range(2):
        with mock_destinations() as destmock:
            deploy(FILES, Handler="shop.handle", Environment={"Variables": {"COLOUR": "red"}})
            assert invoke(boto3.client("lambda")) == [1, "red", 1, True]
            assert said(destmock.runs[0]) == ["set up: hello"]
    assert "hello" not in "".join(capsys.readouterr())


def test_a_logger_of_an_installed_library_is_the_process_s(shop):
    """What a handler sets there holds for the library."""
    with mock_destinations() as destmock:
        source = "import logging\ndef handle(event, context):\n    return id(logging.getLogger('botocore'))\n"
        deploy({"handler.py": source})
        assert invoke(boto3.client("lambda")) == id(logging.getLogger("botocore"))
        assert len(destmock.runs) == 1


def test_what_mocks_a_service_stays_when_a_handler_was_the_first_to_use_it(tmp_path):
    """Also where destmock is no installed package, as in a checkout."""
    (tmp_path / "keeper.py").write_text(
        "import boto3, sys\n"
        "def handle(event, context):\n"
        "    if event == 'end':\n"
        "        sys.exit()\n"
        "    boto3.client('secretsmanager').create_secret(Name='key', SecretString='text')\n"
    )
    listed, ended, kept = printed(f"""
        import sys
        import boto3
        from destmock import mock_destinations
        sys.path.insert(0, {str(tmp_path)!r})

        def rooms():
            listed = [name for name in sys.modules if name.startswith("destmock._services.")]
            return {{name: sys.modules[name] for name in listed}}

        with mock_destinations(handlers={{"keeper": "keeper:handle"}}, strict=False):
            client, before = boto3.client("lambda"), rooms()
            client.invoke(FunctionName="keeper", Payload=b"1")
            brought = {{name: module for name, module in rooms().items() if name not in before}}
            print(*sorted(brought))
            client.invoke(FunctionName="keeper", Payload=b'"end"')
            print(brought.items() <= rooms().items())
        print(brought.items() <= rooms().items(), "keeper" in sys.modules)
    """).splitlines()
    assert "destmock._services.secrets" in listed
    assert (ended, kept) == ("True", "True False")
