"""Where a handler comes from, what it is registered under, and the function that it makes."""

import datetime as dt
import functools
import json
import os
import re

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import DestmockError, NoHandlerError, mock_destinations, outcomes

ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"


def ok(event, context):
    return {"ok": event}


def echo(event, context):
    return event


def invoke(lam, name="orders", payload=b"{}", **kwargs):
    """The parsed result of a synchronous invocation."""
    return json.loads(lam.invoke(FunctionName=name, Payload=payload, **kwargs)["Payload"].read())


def send(lam, name="orders", payload=b"{}", **kwargs):
    return lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)


def names(lam):
    return [function["FunctionName"] for function in lam.list_functions()["Functions"]]


def client(region, account=ACCOUNT):
    """A Lambda client of a region and, by way of an assumed role, of an account."""
    role = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/tester", RoleSessionName="test"
    )
    credentials = role["Credentials"]
    return boto3.client(
        "lambda",
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


@pytest.fixture
def role(destmock):
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam = boto3.client("iam")
    return iam.create_role(RoleName="orders", AssumeRolePolicyDocument=document)["Role"]["Arn"]


@pytest.fixture
def create(lam, role):
    """Makes a function as a program does, with `create_function`."""

    def create(name="orders", **others):
        settings = {"Runtime": "python3.12", "Handler": "app.handle", "Role": role, **others}
        return lam.create_function(FunctionName=name, Code={"ZipFile": b"code"}, **settings)

    return create


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module that can be imported."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, source):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")

    return write


# What can be a handler


class Shop:
    def __init__(self, name):
        self.name = name

    def place(self, event, context):
        return [self.name, event]

    @classmethod
    def of_class(cls, event, context):  # noqa: ARG003
        return [cls.__name__, event]

    @staticmethod
    def static(event, context):  # noqa: ARG004
        return ["static", event]

    def __call__(self, event, context):
        return ["called", self.name, event]


class Result:
    """A class is callable, too; what it makes is no JSON."""

    def __init__(self, event, context):
        pass


def with_table(table, event, context):
    return [table, event]


@functools.wraps(ok)
def wrapped(*args):
    return ["wrapped", ok(*args)]


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        (ok, {"ok": 7}),
        (lambda event, context: event, 7),
        (lambda *args: len(args), 2),
        (Shop("north").place, ["north", 7]),
        (Shop.of_class, ["Shop", 7]),
        (Shop.static, ["static", 7]),
        (Shop("north"), ["called", "north", 7]),
        (functools.partial(with_table, "t"), ["t", 7]),
        (functools.partial(Shop("north").place), ["north", 7]),
        (wrapped, ["wrapped", {"ok": 7}]),
        (max, None),
    ],
)
def test_any_callable_of_event_and_context_is_a_handler(destmock, lam, handler, result):
    destmock.handler("orders", handler)
    answer = invoke(lam, payload=b"7")
    if handler is max:
        assert answer["errorType"] == "TypeError"
    else:
        assert answer == result


def test_a_class_is_a_handler_whose_result_is_no_json(destmock, lam):
    destmock.handler("orders", Result)
    assert invoke(lam)["errorType"] == "Runtime.MarshalError"


@pytest.mark.parametrize("spelling", ["app_shop:handle", "app_shop.handle"])
def test_a_handler_is_named_by_its_module(destmock, lam, module, spelling):
    module("app_shop", "def handle(event, context):\n    return ['app_shop', event]\n")
    destmock.handler("orders", spelling)
    assert invoke(lam, payload=b"7") == ["app_shop", 7]


@pytest.mark.parametrize(
    "spelling",
    [
        "app_pkg.deep.shop:handle",
        "app_pkg.deep.shop.handle",
        "app_pkg/deep/shop.handle",
        "app_pkg/deep/shop:handle",
    ],
)
def test_a_handler_s_module_may_be_in_a_package(destmock, lam, module, spelling):
    """AWS takes slashes for dots."""
    for package in ("app_pkg", "app_pkg.deep"):
        module(f"{package}.__init__", "")
    module("app_pkg.deep.shop", "def handle(event, context):\n    return [__name__, event]\n")
    destmock.handler("orders", spelling)
    assert invoke(lam, payload=b"7") == ["app_pkg.deep.shop", 7]


def test_a_handler_s_module_is_imported_at_the_first_attempt_only(destmock, lam, module, tmp_path):
    log = tmp_path / "log"
    module("app_imports", f"open({str(log)!r}, 'a').close()\ndef handle(event, context):\n    pass\n")
    destmock.handler("orders", "app_imports:handle")
    lam.get_function(FunctionName="orders")
    assert not log.exists()
    invoke(lam)
    assert log.exists()
    log.unlink()
    invoke(lam)
    assert not log.exists()


def test_a_handler_that_does_not_exist_is_an_error_of_its_first_attempt(destmock, lam):
    destmock.handler("orders", "no_such_module_at_all:handle")
    assert invoke(lam)["errorType"] == "Runtime.ImportModuleError"


def test_handler_is_a_decorator(destmock, lam):
    @destmock.handler("orders", timeout=9)
    def place(event, context):
        return "placed"

    assert place({}, None) == "placed"
    assert invoke(lam) == "placed"
    assert lam.get_function_configuration(FunctionName="orders")["Timeout"] == 9


def test_one_callable_may_serve_several_functions(destmock, lam):
    @destmock.handler("orders")
    @destmock.handler("returns")
    def both(event, context):
        return context.function_name

    assert [invoke(lam, "orders"), invoke(lam, "returns")] == ["orders", "returns"]


# What can't be


@pytest.mark.parametrize(
    ("handler", "error", "message"),
    [
        (
            7,
            TypeError,
            (
                "the handler of 'orders' is 7; pass a callable that takes (event, context), "
                "'package.module:function', or outcomes(...)"
            ),
        ),
        (
            {"ok": True},
            TypeError,
            (
                "the handler of 'orders' is {'ok': True}; pass a callable that takes (event, context), "
                "'package.module:function', or outcomes(...)"
            ),
        ),
        ("handle", ValueError, "the handler of 'orders' is 'handle'; write 'package.module:function'"),
        ("", ValueError, "the handler of 'orders' is ''; write 'package.module:function'"),
        ("app:", ValueError, "the handler of 'orders' is 'app:'; write 'package.module:function'"),
        (":handle", ValueError, "the handler of 'orders' is ':handle'; write 'package.module:function'"),
        ("a:b:c", ValueError, "the handler of 'orders' is 'a:b:c'; write 'package.module:function'"),
    ],
)
def test_what_is_no_handler_is_refused(destmock, handler, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        destmock.handler("orders", handler)


async def coroutine(event, context):
    return event


class AsyncShop:
    async def place(self, event, context):
        return event

    async def __call__(self, event, context):
        return event


@pytest.mark.parametrize(
    "handler",
    [coroutine, AsyncShop().place, functools.partial(coroutine), AsyncShop()],
    ids=["function", "method", "partial", "object"],
)
def test_an_async_handler_is_refused(destmock, lam, handler):
    """The Python runtime would not await it."""
    message = "the handler of 'orders' is an async function, which Lambda's Python runtime can't run"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        destmock.handler("orders", handler)
    assert names(lam) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "'' is not a function name"),
        ("two words", "'two words' is not a function name"),
        ("orders!", "'orders!' is not a function name"),
        ("orders:live", "'orders:live' is not a function name"),
        ("orders:$LATEST", "'orders:$LATEST' is not a function name"),
        (f"{ARN}:1", f"'{ARN}:1' is not a function name"),
        ("arn:aws:sqs:us-east-1:123456789012:orders", "is not a function name"),
        (f"{ACCOUNT}:function:orders", "names a region or an account in part"),
        ("function:orders", "names a region or an account in part"),
        (7, "7 is not a function name"),
        (None, "None is not a function name"),
    ],
)
def test_a_name_that_is_none_is_refused(destmock, lam, name, message):
    with pytest.raises(ValueError, match=re.escape(message)) as refused:
        destmock.handler(name, ok)
    assert "register a bare name" in str(refused.value)
    assert names(lam) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": 1.5},
        {"duration": -0.001},
        {"duration": float("nan")},
        {"duration": float("inf")},
        {"environment": {"TABLE": 7}},
        {"environment": {7: "TABLE"}},
        {"environment": {"A=B": "x"}},
        {"environment": {"": "x"}},
        {"environment": {"TABLE": "\0"}},
    ],
    ids=repr,
)
def test_settings_that_no_function_can_have_are_refused(destmock, lam, settings):
    with pytest.raises(ValueError, match=r"^'orders': "):
        destmock.handler("orders", ok, **settings)
    assert names(lam) == []


def test_a_refused_registration_leaves_the_one_before(destmock, lam):
    destmock.handler("orders", ok)
    with pytest.raises(TypeError):
        destmock.handler("orders", 7)
    assert invoke(lam, payload=b"1") == {"ok": 1}


def test_outcomes_wants_at_least_one():
    with pytest.raises(ValueError, match=re.escape("outcomes() needs at least one outcome")):
        outcomes()


def test_a_handler_is_not_registered_after_the_end():
    with mock_destinations() as destmock:
        pass
    with pytest.raises(DestmockError, match="has ended"):
        destmock.handler("orders", ok)


# Outcomes


@pytest.mark.destmock(handlers={"orders": outcomes(1, ValueError("two"), KeyError, "last")})
def test_outcomes_come_in_order_and_the_last_repeats(destmock, lam):
    results = [invoke(lam) for _ in range(5)]
    assert results[0] == 1
    assert (results[1]["errorType"], results[1]["errorMessage"]) == ("ValueError", "two")
    assert (results[2]["errorType"], results[2]["errorMessage"]) == ("KeyError", "")
    assert results[3:] == ["last", "last"]


@mock_destinations()
@settings(deadline=None)
@given(st.lists(st.integers() | st.builds(ValueError, st.text(max_size=3)), min_size=1, max_size=5))
def test_the_nth_call_gets_the_nth_outcome(destmock, values):
    """Synchronous or not: every attempt is a call."""
    lam = boto3.client("lambda")
    destmock.handler("orders", outcomes(*values))
    for value in [*values, values[-1]]:
        result = invoke(lam)
        assert (result["errorMessage"] if isinstance(result, dict) else result) == (
            str(value) if isinstance(value, ValueError) else value
        )


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("1"), "two", ValueError("3"), "four")})
def test_outcomes_are_for_attempts_whatever_event_they_belong_to(destmock, lam):
    send(lam)
    send(lam)
    found = [[attempt.outcome for attempt in i.attempts] for i in destmock.invocations]
    assert found == [["Error", "Success"], ["Error", "Success"]]


def test_each_use_of_a_mock_starts_with_the_first_outcome():
    mock = mock_destinations(handlers={"orders": outcomes(1, 2, 3)})
    for _ in range(2):
        with mock:
            lam = boto3.client("lambda")
            assert [invoke(lam), invoke(lam)] == [1, 2]


def test_each_registration_starts_with_the_first_outcome(destmock, lam):
    canned = outcomes(1, 2, 3)
    destmock.handler("orders", canned)
    assert [invoke(lam), invoke(lam)] == [1, 2]
    destmock.handler("returns", canned)
    destmock.handler("orders", canned)
    assert [invoke(lam), invoke(lam, "returns")] == [1, 1]


def test_versions_share_the_outcomes_of_their_function(destmock, lam):
    destmock.handler("orders", outcomes(1, 2, 3))
    lam.publish_version(FunctionName="orders")
    assert [invoke(lam), invoke(lam, Qualifier="1"), invoke(lam)] == [1, 2, 3]


def test_an_exception_given_once_may_be_raised_often(destmock, lam):
    """Its traceback doesn't grow."""
    error = ValueError("again")
    destmock.handler("orders", outcomes(error))
    first = invoke(lam)["stackTrace"]
    assert [invoke(lam)["stackTrace"] for _ in range(3)] == [first] * 3


# Registering again


def test_the_latest_registration_counts(destmock, lam):
    destmock.handler("orders", outcomes("old"), timeout=5, memory_size=256, environment={"A": "1"})
    assert invoke(lam) == "old"
    destmock.handler("orders", outcomes("new"))
    assert invoke(lam) == "new"
    found = lam.get_function_configuration(FunctionName="orders")
    assert (found["Timeout"], found["MemorySize"]) == (3, 128)
    assert found.get("Environment", {}).get("Variables", {}) == {}
    assert names(lam) == ["orders"]


def test_a_retry_runs_the_latest_registration(destmock, lam):
    @destmock.handler("orders")
    def orders(event, context):
        destmock.handler("orders", outcomes("new"))
        raise ValueError

    send(lam)
    assert [attempt.response for attempt in destmock.invocations[0].attempts][1:] == ["new"]


def test_a_mock_s_handlers_may_be_replaced_inside_it():
    with mock_destinations(handlers={"orders": outcomes("given")}) as destmock:
        destmock.handler("orders", outcomes("replaced"))
        assert invoke(boto3.client("lambda")) == "replaced"


# Names, regions and accounts


def test_a_bare_name_is_a_function_of_every_region(destmock):
    destmock.handler("orders", lambda event, context: context.invoked_function_arn)
    for region in ("us-east-1", "eu-central-1"):
        lam = boto3.client("lambda", region_name=region)
        assert names(lam) == ["orders"]
        assert invoke(lam) == f"arn:aws:lambda:{region}:{ACCOUNT}:function:orders"


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_a_bare_name_is_a_function_of_every_partition(destmock, region, partition):
    destmock.handler("orders", lambda event, context: context.invoked_function_arn)
    lam = boto3.client("lambda", region_name=region)
    arn = f"arn:{partition}:lambda:{region}:{ACCOUNT}:function:orders"
    assert lam.list_functions()["Functions"][0]["FunctionArn"] == arn
    assert invoke(lam) == arn


def test_a_bare_name_is_a_function_of_every_account(destmock):
    destmock.handler("orders", lambda event, context: context.invoked_function_arn)
    lam = client("us-east-1", "210987654321")
    assert names(lam) == ["orders"]
    assert invoke(lam) == "arn:aws:lambda:us-east-1:210987654321:function:orders"


def test_a_full_arn_pins_a_function_to_its_region_and_account(destmock):
    pinned = "arn:aws:lambda:eu-central-1:210987654321:function:orders"
    destmock.handler(pinned, lambda event, context: context.invoked_function_arn)
    lam = client("eu-central-1", "210987654321")
    assert names(lam) == ["orders"]
    assert invoke(lam) == invoke(lam, pinned) == pinned
    for other in (client("us-east-1", "210987654321"), client("eu-central-1")):
        assert names(other) == []
        with pytest.raises(other.exceptions.ResourceNotFoundException):
            invoke(other)


def test_a_full_arn_comes_before_a_bare_name(destmock):
    destmock.handler(f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:orders", outcomes("pinned"), timeout=9)
    destmock.handler("orders", outcomes("anywhere"))
    pinned, other = (boto3.client("lambda", region_name=region) for region in ("eu-central-1", "us-east-1"))
    assert [invoke(pinned), invoke(other)] == ["pinned", "anywhere"]
    assert pinned.get_function_configuration(FunctionName="orders")["Timeout"] == 9
    assert other.get_function_configuration(FunctionName="orders")["Timeout"] == 3


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize(
    "spelling",
    ["orders", ARN, f"{ACCOUNT}:function:orders", f"{ACCOUNT}:orders", "function:orders", f"{ARN}:$LATEST"],
)
def test_a_function_is_found_by_every_spelling_of_its_name(destmock, lam, spelling):
    assert invoke(lam, spelling, b"7") == 7


@mock_destinations()
@settings(deadline=None, max_examples=30)
@given(st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True))
def test_every_name_that_aws_takes_can_be_registered(destmock, name):
    destmock.handler(name, outcomes(name))
    assert invoke(boto3.client("lambda"), name) == name


# The function that a handler makes


def test_a_handler_makes_a_function_for_every_other_call(destmock, lam):
    destmock.handler("orders", ok, timeout=9, memory_size=512, environment={"TABLE": "orders"})
    found = lam.get_function(FunctionName="orders")["Configuration"]
    assert found["FunctionArn"] == ARN
    assert (found["Runtime"], found["Handler"]) == ("python3.13", f"{__name__}.ok")
    assert (found["Timeout"], found["MemorySize"], found["State"]) == (9, 512, "Active")
    assert found["Environment"] == {"Variables": {"TABLE": "orders"}}
    assert [f["FunctionArn"] for f in lam.list_functions()["Functions"]] == [ARN]


@pytest.mark.parametrize(
    ("handler", "handler_string"),
    [
        ("app.orders:handle", "app.orders.handle"),
        ("app/orders.handle", "app/orders.handle"),
        (ok, f"{__name__}.ok"),
    ],
)
def test_the_handler_setting_names_the_handler(destmock, lam, handler, handler_string):
    destmock.handler("orders", handler)
    assert lam.get_function_configuration(FunctionName="orders")["Handler"] == handler_string


def test_a_function_registered_later_is_listed_too(destmock, lam):
    assert names(lam) == []
    destmock.handler("orders", ok)
    assert names(lam) == ["orders"]
    destmock.handler("audit", ok)
    assert sorted(names(lam)) == ["audit", "orders"]


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_function_can_be_tagged(destmock, lam):
    lam.tag_resource(Resource=ARN, Tags={"team": "shop", "stage": "test"})
    lam.untag_resource(Resource=ARN, TagKeys=["stage"])
    assert lam.list_tags(Resource=ARN)["Tags"] == {"team": "shop"}
    assert lam.get_function(FunctionName="orders")["Tags"] == {"team": "shop"}


def test_a_function_can_be_published_and_given_an_alias(destmock, lam):
    destmock.handler(
        "orders", lambda event, context: [context.function_version, context.invoked_function_arn]
    )
    assert lam.publish_version(FunctionName="orders")["Version"] == "1"
    alias = lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    assert alias["AliasArn"] == f"{ARN}:live"
    found = [invoke(lam, Qualifier=q) for q in ("1", "live", "$LATEST")]
    assert found == [["1", f"{ARN}:1"], ["1", f"{ARN}:live"], ["$LATEST", f"{ARN}:$LATEST"]]
    versions = lam.list_versions_by_function(FunctionName="orders")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1"]


@pytest.mark.destmock(handlers={"orders": ok})
def test_A13_a_version_that_was_never_published_does_not_exist(destmock, lam):
    with pytest.raises(lam.exceptions.ResourceNotFoundException) as missing:
        invoke(lam, Qualifier="7")
    assert missing.value.response["Error"]["Message"] == f"Function not found: {ARN}:7"


@pytest.mark.destmock(handlers={"orders": ok})
def test_A26_a_function_without_concurrency_refuses_synchronous_calls(destmock, lam):
    """And takes them again once the reservation is gone."""
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    with pytest.raises(lam.exceptions.TooManyRequestsException) as throttled:
        invoke(lam)
    assert throttled.value.response["Error"]["Message"] == "Rate Exceeded."
    assert throttled.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert throttled.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert send(lam)["StatusCode"] == 202
    lam.delete_function_concurrency(FunctionName="orders")
    assert invoke(lam, payload=b"1") == {"ok": 1}
    assert [i.condition for i in destmock.invocations] == ["ZeroReservedConcurrency"]


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_reservation_above_0_lets_everything_pass(destmock, lam):
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=5)
    assert lam.get_function_concurrency(FunctionName="orders")["ReservedConcurrentExecutions"] == 5
    assert invoke(lam, payload=b"1") == {"ok": 1}


def test_the_program_s_own_settings_stay_until_the_next_registration(destmock, lam):
    destmock.handler("orders", lambda event, context: context.memory_limit_in_mb)
    lam.update_function_configuration(FunctionName="orders", Timeout=20, MemorySize=1024)
    destmock.handler("audit", ok)
    assert invoke(lam) == "1024"
    assert lam.get_function_configuration(FunctionName="orders")["Timeout"] == 20


@pytest.mark.destmock(handlers={"orders": ok, "audit": ok})
def test_a_deleted_function_stays_deleted(destmock, lam):
    lam.delete_function(FunctionName="orders")
    destmock.handler("returns", ok)
    assert sorted(names(lam)) == ["audit", "returns"]
    for call in (send, invoke):
        with pytest.raises(lam.exceptions.ResourceNotFoundException) as missing:
            call(lam)
        assert missing.value.response["Error"]["Message"] == f"Function not found: {ARN}:$LATEST"
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        lam.get_function(FunctionName="orders")


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_function_deleted_in_one_region_is_there_in_the_other(destmock, lam):
    lam.delete_function(FunctionName="orders")
    assert names(boto3.client("lambda", region_name="eu-central-1")) == ["orders"]


def test_functions_do_not_outlive_the_mock():
    with mock_destinations(handlers={"orders": ok}):
        assert names(boto3.client("lambda")) == ["orders"]
    with mock_destinations():
        assert names(boto3.client("lambda")) == []


# Functions that the program makes


@pytest.mark.parametrize("registered", ["before", "after"])
def test_a_created_function_runs_the_handler_registered_under_its_name(destmock, lam, create, registered):
    """It keeps its own settings, whenever the handler is registered."""

    def orders(event, context):
        return [event, context.memory_limit_in_mb, os.environ["TABLE"], os.environ["AWS_EXECUTION_ENV"]]

    if registered == "before":
        destmock.handler("orders", orders, memory_size=512, environment={"TABLE": "the handler's"})
    made = create(MemorySize=256, Timeout=7, Environment={"Variables": {"TABLE": "orders"}})
    if registered == "after":
        destmock.handler("orders", orders, memory_size=512, environment={"TABLE": "the handler's"})
    assert made["FunctionArn"] == ARN
    assert invoke(lam, payload=b"7") == [7, "256", "orders", "AWS_Lambda_python3.12"]
    found = lam.get_function_configuration(FunctionName="orders")
    assert (found["Timeout"], found["Handler"], found["Runtime"]) == (7, "app.handle", "python3.12")
    assert names(lam) == ["orders"]


def test_a_function_may_be_created_after_it_was_invoked(destmock, lam, create):
    destmock.handler("orders", lambda event, context: context.memory_limit_in_mb)
    assert invoke(lam) == "128"
    create(MemorySize=256)
    assert invoke(lam) == "256"


def test_a_function_is_created_once(destmock, lam, create):
    destmock.handler("orders", ok)
    create()
    with pytest.raises(lam.exceptions.ResourceConflictException):
        create()


def test_a_created_function_with_a_full_arn_for_its_handler(destmock, lam, create):
    destmock.handler(ARN, outcomes("pinned"))
    create(MemorySize=256)
    assert invoke(lam) == "pinned"
    assert lam.get_function_configuration(FunctionName="orders")["MemorySize"] == 256


@pytest.mark.parametrize("call", [send, invoke])
def test_a_created_function_without_a_handler_says_what_to_do(destmock, lam, create, call):
    create()
    with pytest.raises(NoHandlerError) as refused:
        call(lam)
    assert str(refused.value) == (
        f"the function {ARN} exists, but has no handler that destmock could run (its code is not "
        "a zip file that can be unpacked: File is not a zip file); register one with "
        "mock_destinations(handlers={'orders': handler}) or destmock.handler('orders', handler)"
    )
    assert destmock.invocations == []
    destmock.handler("orders", ok)
    assert send(lam)["StatusCode"] == 202
    assert [i.condition for i in destmock.invocations] == ["Success"]


def test_a_created_function_that_was_deleted_stays_deleted(destmock, lam, create):
    destmock.handler("orders", ok)
    create()
    lam.delete_function(FunctionName="orders")
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        send(lam)
    create(MemorySize=256)
    assert invoke(lam, payload=b"7") == {"ok": 7}


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_create_function_that_moto_refuses_leaves_the_function(destmock, lam):
    with pytest.raises(ClientError):
        lam.create_function(
            FunctionName="orders",
            Runtime="python3.13",
            Role="arn:aws:iam::123456789012:role/no-such-role",
            Handler="app.handle",
            Code={"ZipFile": b"code"},
        )
    assert invoke(lam, payload=b"7") == {"ok": 7}
    assert names(lam) == ["orders"]


# Settings


def test_the_timeout_of_the_program_counts(destmock, lam):
    destmock.handler("orders", ok, timeout=3, duration=5)
    assert invoke(lam)["errorType"] == "Sandbox.Timedout"
    lam.update_function_configuration(FunctionName="orders", Timeout=6)
    assert invoke(lam, payload=b"7") == {"ok": 7}


@pytest.mark.destmock(start=dt.datetime(2026, 9, 14, tzinfo=dt.timezone.utc), autorun=False)
def test_a_duration_passes_on_the_virtual_clock(destmock, lam):
    destmock.handler("orders", ok, timeout=900, duration=90)
    send(lam)
    destmock.run_until_idle()
    assert destmock.now == dt.datetime(2026, 9, 14, 0, 1, 30, tzinfo=dt.timezone.utc)


def test_the_environment_given_is_copied(destmock, lam):
    variables = {"TABLE": "orders"}
    destmock.handler("orders", lambda event, context: os.environ["TABLE"], environment=variables)
    variables["TABLE"] = "changed"
    assert invoke(lam) == "orders"


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_L9_a_version_s_number_is_never_used_again(destmock, lam):
    """Neither after the version nor after the whole function was deleted."""

    def publish():
        lam.update_function_configuration(FunctionName="orders", Description="changed")
        return lam.publish_version(FunctionName="orders")["Version"]

    assert [publish(), publish()] == ["1", "2"]
    lam.delete_function(FunctionName="orders", Qualifier="1")
    assert publish() == "3"
    lam.delete_function(FunctionName="orders")
    destmock.handler("orders", outcomes(2))
    assert publish() == "4"
    arn = lam.get_function_configuration(FunctionName="orders", Qualifier="4")["FunctionArn"]
    assert arn.endswith(":function:orders:4")
