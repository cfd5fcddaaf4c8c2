"""What few programs import is changed when they do, and is as it was after the mock."""

import importlib
import importlib.util
import pkgutil
import sys
import types

import pytest

from destmock._isolation.patching import Patch
from destmock._isolation.when_imported import WhenImported
from destmock._services import patches
from tests.programs import printed

MODULE = "few_import_me"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of a module that nobody has imported yet."""
    (tmp_path / f"{MODULE}.py").write_text("def answer():\n    return 'own'\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield MODULE
    sys.modules.pop(MODULE, None)


def changes(name=MODULE, made=None):
    def listing():
        if made is not None:
            made.append(name)
        return (Patch(sys.modules[name], "answer", lambda own: lambda: f"{own()}, changed"),)

    return WhenImported({name: listing})


def answer():
    return importlib.import_module(MODULE).answer()


def test_it_is_changed_when_it_is_imported_and_for_as_long_as_the_mock_lasts(module):
    later = changes(made=(made := []))
    with later.made():
        assert module not in sys.modules
        assert answer() == "own, changed"
    assert answer() == "own"
    with later.made():
        assert answer() == "own, changed"
    assert (answer(), made) == ("own", [module])


def test_an_inner_mock_that_imports_it_leaves_it_to_the_outer_one(module):
    later = changes()
    with later.made():
        with later.made():
            assert answer() == "own, changed"
        assert answer() == "own, changed"
    assert answer() == "own"


def test_the_way_modules_are_found_is_as_before(module):
    finders, later = [*sys.meta_path], changes()
    with pytest.raises(ZeroDivisionError), later.made(), later.made():
        1 / 0  # noqa: B018 - it fails
    assert sys.meta_path == finders
    with later.made():
        within = importlib.import_module(module)
    del sys.modules[module]
    plain = importlib.import_module(module)
    for found in (within, plain):
        assert found.__spec__.loader is found.__loader__
    assert type(within.__loader__) is type(plain.__loader__)
    assert (within.__spec__.origin, within.__cached__) == (plain.__spec__.origin, plain.__cached__)


def test_a_module_that_fails_or_is_not_there_fails_as_ever(tmp_path, module):
    (tmp_path / f"{MODULE}.py").write_text("1 / 0")
    with changes().made(), pytest.raises(ZeroDivisionError):
        importlib.import_module(module)
    assert module not in sys.modules
    with changes("there_is_none").made(), pytest.raises(ModuleNotFoundError, match="there_is_none"):
        importlib.import_module("there_is_none")


def test_an_import_during_which_the_mock_ends_changes_nothing(tmp_path, module, monkeypatch):
    mock = changes().made()
    ending = types.SimpleNamespace(end=lambda: mock.__exit__(None, None, None))
    monkeypatch.setitem(sys.modules, "ending", ending)
    (tmp_path / f"{MODULE}.py").write_text("import ending\nending.end()\ndef answer():\n    return 'own'\n")
    mock.__enter__()
    assert answer() == "own"


@pytest.mark.parametrize("name", patches.LATER)
def test_each_of_moto_s_packages_may_be_the_first_thing_that_a_mock_imports(name):
    within, after = printed(f"""
        import importlib, sys
        from destmock import mock_destinations

        def there():
            listed = [vars(each.owner).get(each.name) for each in patches.LATER["{name}"]()]
            codes = [getattr(getattr(each, "fget", each), "__code__", None) for each in listed]
            return [code.co_filename.split("site-packages")[-1] for code in codes if code]

        with mock_destinations():
            from destmock._services import patches
            assert "{name}" not in sys.modules
            importlib.import_module("{name}.models")
            print(*there())
        print(*there())
    """).splitlines()
    assert all("destmock" in file for file in within.split())
    assert all(file.startswith("/moto/") for file in after.split())


def test_a_test_that_puts_back_the_modules_takes_nothing_from_later_ones():
    counted = printed("""
        import json, sys
        from contextlib import nullcontext
        from unittest.mock import patch
        import boto3
        from destmock import mock_destinations

        def invoked():
            with mock_destinations(handlers={"work": lambda event, context: event}) as destmock:
                arn = "arn:aws:lambda:us-east-1:123456789012:function:work"
                rule = {"sql": "SELECT * FROM 'heat'", "actions": [{"lambda": {"functionArn": arn}}]}
                boto3.client("iot").create_topic_rule(ruleName="heat", topicRulePayload=rule)
                boto3.client("iot-data").publish(topic="heat", payload=b"{}")
                boto3.client("scheduler").create_schedule(
                    Name="each", ScheduleExpression="rate(1 minute)", FlexibleTimeWindow={"Mode": "OFF"},
                    Target={"Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/role"},
                )
                destmock.advance(150)
                return len(destmock.invocations)

        with patch.dict(sys.modules, {"some_driver": object()}):
            print(invoked())
        print(invoked(), invoked())
    """)
    assert {*counted.split()} == {"4"}


def test_a_list_of_finders_that_comes_back_later_has_no_say(module):
    later, kept = changes(), sys.meta_path
    try:
        with later.made():
            older, sys.meta_path = sys.meta_path, [*sys.meta_path]
        sys.meta_path = older
        assert answer() == "own"
        with later.made():
            assert answer() == "own, changed"
        assert later not in sys.meta_path
    finally:
        sys.meta_path = kept


def test_what_is_found_in_a_mock_can_be_asked_what_its_loader_can(module):
    with changes().made():
        spec = importlib.util.find_spec(module)
        assert spec.loader.get_source(module).startswith("def answer")
        assert pkgutil.get_data(module, f"{MODULE}.py").startswith(b"def answer")


def test_a_client_of_a_websocket_is_known_whoever_puts_back_the_modules():
    answered = printed("""
        import sys
        from unittest.mock import patch
        import boto3
        from destmock import mock_destinations

        seen = []

        def chat(event, context):
            seen.append(event["requestContext"]["connectionId"])
            return {"statusCode": 200}

        with mock_destinations(handlers={"chat": chat}) as destmock:
            apis, lam = boto3.client("apigatewayv2"), boto3.client("lambda")
            chosen = {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
            api = apis.create_api(Name="chat", **chosen)
            function = lam.get_function(FunctionName="chat")["Configuration"]["FunctionArn"]
            uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
            proxy = {"IntegrationType": "AWS_PROXY", "IntegrationUri": uri}
            integration = apis.create_integration(ApiId=api["ApiId"], **proxy)
            target = f"integrations/{integration['IntegrationId']}"
            apis.create_route(ApiId=api["ApiId"], RouteKey="$connect", Target=target)
            lam.add_permission(
                FunctionName="chat", StatementId="api", Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
            )
            apis.create_stage(ApiId=api["ApiId"], StageName="prod", AutoDeploy=True)
            place = f"{api['ApiId']}.execute-api.us-east-1.amazonaws.com/prod"
            with patch.dict(sys.modules, {"some_driver": object()}):
                client = destmock.websocket(f"wss://{place}")
            clients = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{place}")
            clients.post_to_connection(ConnectionId=seen[0], Data=b"hello")
            print(client.receive())
    """)
    assert answered == "hello\n"
