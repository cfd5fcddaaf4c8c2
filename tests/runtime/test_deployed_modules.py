"""The modules of deployed code: found as on AWS, kept apart from the process's, and cold or warm."""

import base64
import json
import sys
import tempfile
import types
from pathlib import Path

import boto3
import pytest

from destmock import mock_destinations
from tests.programs import printed
from tests.runtime.deployed import COUNTS, deploy, invoke, returns, send, zipped


@pytest.fixture
def layer(lam):
    """Publishes a layer of some files and answers its version's ARN."""

    def publish(files, name="tools"):
        content = {"ZipFile": zipped(files)}
        return lam.publish_layer_version(LayerName=name, Content=content)["LayerVersionArn"]

    return publish


# Handler strings and imports


@pytest.mark.parametrize(
    ("handler", "file"),
    [
        ("handler.handle", "handler.py"),
        ("app.orders.main.handle", "app/orders/main.py"),
        ("src/main.handle", "src/main.py"),
    ],
)
def test_a_handler_setting_names_a_module_and_its_function(lam, create, handler, file):
    create({file: "import os\n" + returns("os.environ['_HANDLER']")}, Handler=handler)
    assert invoke(lam) == handler


def test_siblings_packages_and_relative_imports(lam, create):
    create(
        {
            "handler.py": "import sibling\nfrom app.deep import inner\n" + returns("[sibling.X, inner.Y]"),
            "sibling.py": "X = 1\n",
            "app/__init__.py": "BASE = 1\n",
            "app/deep/__init__.py": "",
            "app/deep/inner.py": "from .. import BASE\nfrom . import other\nY = BASE + other.Z\n",
            "app/deep/other.py": "Z = 1\n",
        }
    )
    assert invoke(lam) == [1, 2]


def test_modules_are_imported_while_the_handler_runs_too(lam, create):
    source = "def handle(event, context):\n    import late\n    late.calls += 1\n    return late.calls\n"
    create({"handler.py": source, "late.py": "calls = 0\n"})
    assert [invoke(lam), invoke(lam)] == [1, 2]
    assert "late" not in sys.modules


def test_files_beside_the_handler_are_found_by_each_way_to_them(lam, create):
    source = (
        "import os, pathlib\n"
        "def handle(event, context):\n"
        "    root = pathlib.Path(os.environ['LAMBDA_TASK_ROOT'])\n"
        "    beside = pathlib.Path(__file__).parent\n"
        "    places = root, beside, pathlib.Path()\n"
        "    return [(place / 'data' / 'greeting.txt').read_text() for place in places]\n"
    )
    create({"handler.py": source, "data/greeting.txt": "hello"})
    assert invoke(lam) == ["hello"] * 3


def test_names_that_lead_out_of_the_package_stay_inside(lam, create):
    create({"handler.py": returns("1"), "../../escaped.py": "", "/tmp/escaped.py": ""})
    assert invoke(lam) == 1
    assert not Path(tempfile.gettempdir(), "escaped.py").exists()
    assert not Path(tempfile.gettempdir()).parent.joinpath("escaped.py").exists()


def test_a_function_sees_the_paths_that_it_has_on_aws(lam, create, layer):
    source = (
        "import os, sys, tool\n"
        "def handle(event, context):\n"
        "    print('running in', os.getcwd())\n"
        "    return [os.getcwd(), __file__, tool.__file__, sys.path[:3]]\n"
    )
    create(source, Layers=[layer({"python/tool.py": ""})], Runtime="python3.12")
    path = ["/var/task", "/opt/python/lib/python3.12/site-packages", "/opt/python"]
    assert invoke(lam) == ["/var/task", "/var/task/handler.py", "/opt/python/tool.py", path]
    [stream] = boto3.client("logs").describe_log_streams(logGroupName="/aws/lambda/orders")["logStreams"]
    events = boto3.client("logs").get_log_events(
        logGroupName="/aws/lambda/orders", logStreamName=stream["logStreamName"]
    )["events"]
    assert "running in /var/task" in [event["message"].rstrip() for event in events]


# Layers


def test_layers_in_their_order_the_later_over_the_earlier(lam, create, layer):
    first = layer({"python/tool.py": "NAME = 'first'", "python/only.py": "NAME = 'only first'"}, "a")
    second = layer({"python/tool.py": "NAME = 'second'"}, "b")
    source = "import tool, only\n" + returns("[tool.NAME, only.NAME]")
    create(source, "forth", Layers=[first, second])
    create(source, "back", Layers=[second, first])
    assert invoke(lam, "forth") == ["second", "only first"]
    assert invoke(lam, "back") == ["first", "only first"]


def test_site_packages_of_a_layer_come_before_its_python_directory(lam, create, layer):
    arn = layer(
        {
            "python/lib/python3.13/site-packages/tool.py": "NAME = 'site-packages'",
            "python/lib/python3.12/site-packages/tool.py": "NAME = 'of another runtime'",
            "python/tool.py": "NAME = 'python'",
        }
    )
    create("import tool\n" + returns("tool.NAME"), Layers=[arn])
    assert invoke(lam) == "site-packages"


def test_the_function_s_own_modules_come_before_a_layer_s(lam, create, layer):
    arn = layer({"python/tool.py": "NAME = 'layer'"})
    create({"handler.py": "import tool\n" + returns("tool.NAME"), "tool.py": "NAME = 'own'"}, Layers=[arn])
    assert invoke(lam) == "own"


def test_a_layer_serves_its_functions_after_its_deletion(lam, create, layer):
    arn = layer({"python/tool.py": "NAME = 'kept'"})
    create("import tool\n" + returns("tool.NAME"), Layers=[arn])
    lam.delete_layer_version(LayerName="tools", VersionNumber=1)
    assert invoke(lam) == "kept"


def test_layers_change_with_the_configuration(lam, create, layer):
    old, new = layer({"python/tool.py": "NAME = 'old'"}), layer({"python/tool.py": "NAME = 'new'"})
    create("import tool\n" + returns("tool.NAME"), Layers=[old])
    assert invoke(lam) == "old"
    lam.update_function_configuration(FunctionName="orders", Layers=[new])
    assert invoke(lam) == "new"


# Modules of their own


def test_functions_with_a_handler_module_each(lam, create):
    for name in "orders", "audit":
        create(
            {"handler.py": "import shared\n" + returns("shared.NAME"), "shared.py": f"NAME = {name!r}"}, name
        )
    assert [invoke(lam, name) for name in ("orders", "audit", "orders")] == ["orders", "audit", "orders"]


@pytest.fixture
def own_handler(monkeypatch):
    """The test suite's own modules: a `handler`, and a package that has a submodule."""
    names = "handler", "shared", "shared.part"
    modules = {name: types.ModuleType(name) for name in names}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return modules


def test_the_process_s_modules_of_the_same_names_stay_as_they_are(lam, create, own_handler):
    create({"handler.py": "import shared\n" + returns("shared.NAME"), "shared.py": "NAME = 'deployed'"})
    before = list(sys.modules.items())
    assert [invoke(lam), invoke(lam)] == ["deployed", "deployed"]
    assert list(sys.modules.items()) == before
    assert sys.modules["shared.part"] is own_handler["shared.part"]


def test_a_submodule_of_the_process_is_not_the_package_s(lam, create, own_handler):
    source = "def handle(event, context):\n    import shared.part\n"
    create({"handler.py": source, "shared/__init__.py": ""})
    assert invoke(lam)["errorType"] == "ModuleNotFoundError"


def test_the_process_s_own_boto3_is_used_where_a_package_brings_one(lam, create, make_queue, messages):
    """What it brought would call AWS past the mock."""
    arn = make_queue("told")
    source = (
        "import boto3, s3transfer\n"
        "def handle(event, context):\n"
        "    sqs = boto3.client('sqs')\n"
        "    url = sqs.get_queue_url(QueueName='told')['QueueUrl']\n"
        "    sqs.send_message(QueueUrl=url, MessageBody='hello')\n"
    )
    vendored = {f"{name}/__init__.py": "raise RuntimeError" for name in ("boto3", "botocore", "s3transfer")}
    create({"handler.py": source, **vendored})
    assert invoke(lam) is None
    assert [message["Body"] for message in messages(arn.rpartition(":")[2])] == ["hello"]


def test_a_mocked_library_that_only_the_package_has_is_not_there(lam, create, monkeypatch):
    monkeypatch.setitem(sys.modules, "aiobotocore", None)
    source = "def handle(event, context):\n    import aiobotocore\n"
    create({"handler.py": source, "aiobotocore/__init__.py": ""})
    assert invoke(lam)["errorType"] == "ModuleNotFoundError"


def test_the_standard_library_is_not_hidden(lam, create):
    """On AWS, the runtime has imported most of it first."""
    create({"handler.py": "import json, typing\n" + returns("json.dumps(1)"), "typing.py": "", "json.py": ""})
    assert invoke(lam) == "1"


def test_a_handler_module_may_be_called_as_one_of_the_standard_library(lam, create):
    import calendar

    create({"calendar.py": returns("'own'")}, Handler="calendar.handle")
    assert invoke(lam) == "own"
    assert sys.modules["calendar"] is calendar


def test_a_library_of_the_process_stays_imported(lam, create, monkeypatch, tmp_path):
    tmp_path.joinpath("library.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "handler", types.ModuleType("handler"))
    create("import library\n" + returns("library.__name__"))
    assert invoke(lam) == "library"
    assert list(sys.modules)[-1] == "library"
    monkeypatch.delitem(sys.modules, "library")


def test_what_code_changes_in_the_process_lasts_until_the_attempt_ends(lam, create, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = (
        "import os, sys\n"
        "def handle(event, context):\n"
        "    seen = os.path.basename(os.getcwd()), 'vendor' in sys.path[0]\n"
        "    os.chdir('/')\n"
        "    sys.path = [os.environ['LAMBDA_TASK_ROOT'] + '/vendor', *sys.path]\n"
        "    import extra\n"
        "    return [*seen, extra.NAME]\n"
    )
    create({"handler.py": source, "vendor/extra.py": "NAME = 'extra'"})
    path, entries, written = sys.path, sys.path.copy(), sys.dont_write_bytecode
    assert invoke(lam)[1:] == [False, "extra"]
    assert invoke(lam) == ["", True, "extra"]
    assert Path.cwd() == tmp_path
    assert sys.path is path
    assert sys.path == entries
    assert sys.dont_write_bytecode == written
    assert "extra" not in sys.modules


def test_a_removed_working_directory_is_no_obstacle(lam, create, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    create(returns("0"))  # Python 3.13.0 finds no codec there that it hasn't used yet
    monkeypatch.chdir(gone)
    gone.rmdir()
    lam.delete_function(FunctionName="orders")
    create(returns("event"))
    assert invoke(lam, payload=b"1") == 1


@pytest.mark.parametrize("then", ["", "sys.modules['moved'] = moved"])
def test_code_that_moves_modules_leaves_none_of_its_own(lam, create, monkeypatch, then):
    monkeypatch.setitem(sys.modules, "moved", types.ModuleType("moved"))
    create(
        {
            "handler.py": "import sys\ndef handle(event, context):\n    import late\n"
            f"    moved = sys.modules.pop('moved', None)\n    {then}\n",
            "late.py": "",
        }
    )
    assert invoke(lam) is None
    assert not {"handler", "late"} & set(sys.modules)


def test_a_module_that_the_process_imports_later_is_not_the_function_s(lam, create, monkeypatch):
    """The function has found it in a directory that it put on `sys.path` itself."""
    source = (
        "import os, sys\n"
        "sys.path.append(os.path.join(os.path.dirname(__file__), 'vendor'))\n"
        "def handle(event, context):\n    import extra\n    return extra.NAME\n"
    )
    create({"handler.py": source, "vendor/extra.py": "NAME = 'deployed'"})
    assert invoke(lam) == "deployed"
    own = types.ModuleType("extra")
    monkeypatch.setitem(sys.modules, "extra", own)
    assert invoke(lam) == "deployed"
    assert sys.modules["extra"] is own


# One function invoking another

CALLS = (
    "import boto3, json, shared\n"
    "def call(name, event):\n"
    "    answer = boto3.client('lambda').invoke(FunctionName=name, Payload=json.dumps(event))\n"
    "    return json.loads(answer['Payload'].read())\n"
)


def test_a_function_invokes_another_with_modules_of_the_same_names(lam, create):
    source = (
        f"{CALLS}def handle(event, context):\n"
        "    inner = call('inner', event)\n"
        "    import shared as again, late\n"
        "    return [inner, shared.NAME, again is shared, late.NAME]\n"
    )
    create({"handler.py": source, "shared.py": "NAME = 'outer'", "late.py": "NAME = 'late'"}, "outer")
    inner = (
        "import shared\ndef handle(event, context):\n    import late\n    return [shared.NAME, late.NAME]\n"
    )
    create({"handler.py": inner, "shared.py": "NAME = 'inner'", "late.py": "NAME = 'inner late'"}, "inner")
    expected = [["inner", "inner late"], "outer", True, "late"]
    assert [invoke(lam, "outer"), invoke(lam, "outer")] == [expected, expected]


def test_an_invoked_function_sees_neither_modules_nor_directory_of_the_invoking_one(lam, create):
    source = (
        f"{CALLS}import os\ndef handle(event, context):\n    os.chdir('/')\n    return call('inner', event)\n"
    )
    create({"handler.py": source, "shared.py": ""}, "outer")
    inner = "import os, sys\ndef handle(event, context):\n    return ['shared' in sys.modules, os.getcwd()]\n"
    create(inner, "inner")
    assert invoke(lam, "outer") == [False, "/var/task"]


def test_a_function_that_invokes_itself_does_so_in_another_environment(lam, create):
    source = (
        f"{CALLS}calls = 0\ndef handle(event, context):\n"
        "    global calls\n"
        "    calls += 1\n"
        "    shared.seen.append(event)\n"
        "    inner = call('orders', event - 1) if event else None\n"
        "    return [calls, shared.seen, inner]\n"
    )
    create({"handler.py": source, "shared.py": "seen = []"})
    assert invoke(lam, payload=b"1") == [1, [1], [1, [0], None]]
    assert invoke(lam, payload=b"1") == [2, [1, 1], [1, [0], None]]


def test_a_registered_handler_that_deployed_code_invokes_has_the_process_s_modules(
    destmock, lam, create, own_handler, tmp_path
):
    seen = []

    def inner(event, context):
        import handler

        seen.append((handler, Path.cwd()))

    destmock.handler("inner", inner)
    create(
        {"handler.py": f"{CALLS}def handle(event, context):\n    call('inner', 1)\n", "shared.py": ""},
        "outer",
    )
    assert invoke(lam, "outer") is None
    assert seen == [(own_handler["handler"], Path.cwd())]


def test_a_registered_module_that_invokes_deployed_code_is_forgotten_as_ever(monkeypatch, tmp_path):
    """The deployed code in between changes nothing in which modules are new, and which were there."""
    late = CALLS.replace(", shared", "") + "def handle(event, context):\n    answer = call('inner', event)\n"
    tmp_path.joinpath("mine.py").write_text(f"{late}    import mine_late\n    return answer\n")
    tmp_path.joinpath("mine_late.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    for name in "handler", "bystander":
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        sys.modules[name].__file__ = str(tmp_path / f"{name}.py")
    with mock_destinations({"mine": "mine:handle"}):
        deploy(returns("'inner'"), "inner")
        assert invoke(boto3.client("lambda"), "mine") == "inner"
        assert {"mine", "mine_late"} <= set(sys.modules)
    assert not {"mine", "mine_late"} & set(sys.modules)
    assert {"handler", "bystander"} <= set(sys.modules)


def test_a_registered_module_that_deployed_code_invokes_is_forgotten_as_ever(monkeypatch, tmp_path):
    tmp_path.joinpath("mine.py").write_text("import mine_too\n" + returns("'mine'"))
    tmp_path.joinpath("mine_too.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with mock_destinations({"mine": "mine:handle"}):
        deploy(
            {
                "handler.py": f"{CALLS}def handle(event, context):\n    return call('mine', 1)\n",
                "shared.py": "",
            }
        )
        assert invoke(boto3.client("lambda")) == "mine"
        assert {"mine", "mine_too"} <= set(sys.modules)
        assert "shared" not in sys.modules
    assert not {"mine", "mine_too"} & set(sys.modules)


def test_interrupts_inside_an_inner_function_leave_everything_in_order(lam, create, own_handler):
    create(
        {"handler.py": f"{CALLS}def handle(event, context):\n    call('inner', 1)\n", "shared.py": ""},
        "outer",
    )
    create("def handle(event, context):\n    raise KeyboardInterrupt\n", "inner")
    before, cwd = sys.modules.copy(), Path.cwd()
    with pytest.raises(KeyboardInterrupt):
        invoke(lam, "outer")
    assert sys.modules == before
    assert Path.cwd() == cwd


# Cold and warm


def calls_of(lam, times=2, **others):
    return [invoke(lam, **others) for _ in range(times)]


def test_globals_are_kept_between_attempts_and_retries(destmock, lam, create):
    create(f"{COUNTS}    if event:\n        raise ValueError(calls)\n    return calls\n")
    send(lam, payload=b"1")
    assert [str(attempt.exception) for attempt in destmock.invocations[0].attempts] == ["1", "2", "3"]
    assert invoke(lam) == 4


def test_a_cold_start_runs_the_module_once(lam, create):
    create("print('the module runs')\n" + returns("1"))
    for message in "the module runs", None:
        tail = lam.invoke(FunctionName="orders", LogType="Tail")["LogResult"]
        assert ("the module runs" in base64.b64decode(tail).decode()) == (message is not None)


def test_an_exit_is_followed_by_a_cold_start(lam, create):
    create(f"import sys\n{COUNTS}    if event:\n        sys.exit(1)\n    return calls\n")
    assert calls_of(lam) == [1, 2]
    assert invoke(lam, payload=b"1")["errorType"] == "Runtime.ExitError"
    assert invoke(lam) == 1


def test_a_failed_cold_start_is_followed_by_another(lam, create, tmp_path):
    marker = tmp_path / "marker"
    create(
        f"import pathlib\nif not pathlib.Path({str(marker)!r}).exists():\n"
        f"    raise OSError('not yet')\n{COUNTS}"
    )
    assert invoke(lam)["errorMessage"] == "not yet"
    marker.touch()
    assert invoke(lam) is None


def test_a_timeout_is_followed_by_a_cold_start(lam, create):
    """Neither the handler's module nor what it has imported is kept."""
    source = (
        "import time, state\n"
        "def handle(event, context):\n"
        "    state.calls += 1\n"
        "    if event:\n"
        "        time.sleep(60)\n"
        "    return state.calls\n"
    )
    create({"handler.py": source, "state.py": "calls = 0"}, Timeout=50)
    assert calls_of(lam) == [1, 2]
    assert invoke(lam, payload=b"1")["errorType"] == "Sandbox.Timedout"
    assert invoke(lam) == 1


def test_an_update_of_the_code_is_followed_by_a_cold_start(lam, create):
    create(f"{COUNTS}    return calls\n")
    assert calls_of(lam) == [1, 2]
    lam.update_function_code(FunctionName="orders", ZipFile=zipped(f"{COUNTS}    return -calls\n"))
    assert calls_of(lam) == [-1, -2]
    lam.update_function_code(FunctionName="orders", ZipFile=zipped(returns("0")), DryRun=True)
    assert invoke(lam) == -3


def test_an_update_of_the_configuration_is_followed_by_a_cold_start(lam, create):
    create(f"import os\nstage = os.environ.get('STAGE')\n{COUNTS}    return [calls, stage]\n")
    assert calls_of(lam) == [[1, None], [2, None]]
    lam.update_function_configuration(FunctionName="orders", Environment={"Variables": {"STAGE": "test"}})
    assert calls_of(lam) == [[1, "test"], [2, "test"]]
    lam.update_function_configuration(FunctionName="orders", Handler="handler.other")
    assert invoke(lam)["errorType"] == "Runtime.HandlerNotFound"


def test_D14_a_retry_runs_the_code_at_the_time_of_its_attempt():
    with mock_destinations(autorun=False) as destmock:
        deploy("def handle(event, context):\n    raise ValueError\n")
        lam = boto3.client("lambda")
        send(lam)
        destmock.step()
        lam.update_function_code(FunctionName="orders", ZipFile=zipped(returns("'new'")))
        destmock.run_until_idle()
        first, second = destmock.invocations[0].attempts
    assert (first.outcome, second.outcome, second.response) == ("Error", "Success", "new")


def test_a_function_that_is_made_anew_runs_its_new_code(lam, create):
    create(f"{COUNTS}    return calls\n")
    assert calls_of(lam) == [1, 2]
    lam.delete_function(FunctionName="orders")
    create(f"{COUNTS}    return -calls\n")
    assert invoke(lam) == -1


# Services that the handler is the first to use


@pytest.mark.parametrize("library", ["cryptography", "requests", "xmltodict"])
@pytest.mark.parametrize("layered", [False, True])
def test_sns_and_s3_have_the_process_s_libraries_whatever_the_code_brings(library, layered):
    """In a process of its own, where nobody else has used them."""
    source = f"""
import boto3, {library}

def handle(event, context):
    topic = boto3.client("sns").create_topic(Name="topic")["TopicArn"]
    boto3.client("sns").publish(TopicArn=topic, Message="text")
    boto3.client("s3").create_bucket(Bucket="bucket")
    return {library}.OWN
"""
    brought = {f"{library}/__init__.py": "OWN = 1\n"}
    layer = {f"python/{name}": text for name, text in brought.items()} if layered else {}
    files = {"handler.py": source, **({} if layered else brought)}
    first, second, outside = printed(f"""
        import boto3, json
        from destmock import mock_destinations
        from tests.runtime.deployed import deploy, invoke, zipped

        for _ in range(2):
            with mock_destinations():
                lam, layers = boto3.client("lambda"), []
                if {layered}:
                    content = {{"ZipFile": zipped({layer!r})}}
                    made = lam.publish_layer_version(LayerName="tools", Content=content)
                    layers = [made["LayerVersionArn"]]
                deploy({files!r}, Layers=layers)
                found = invoke(lam), boto3.client("sns").list_topics()["Topics"]
                found += (boto3.client("s3").list_buckets()["Buckets"],)
                print(json.dumps([found[0], len(found[1]), len(found[2])]))
        import {library}
        print(hasattr({library}, "OWN"))
    """).splitlines()
    assert (json.loads(first), json.loads(second), outside) == ([1, 1, 1], [1, 1, 1], "False")


def test_code_without_libraries_imports_no_service():
    loaded = printed("""
        import sys
        import boto3
        from destmock import mock_destinations
        from tests.runtime.deployed import deploy, invoke, returns
        with mock_destinations():
            deploy(returns("1"))
            assert invoke(boto3.client("lambda")) == 1
        print([name for name in ("moto.s3", "moto.sns", "cryptography") if name in sys.modules])
    """)
    assert loaded == "[]\n"
