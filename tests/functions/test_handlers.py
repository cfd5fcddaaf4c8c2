"""What can be a handler, what can't, and what outcomes are."""

import functools
import re

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock import DestmockError, mock_destinations, outcomes
from tests.functions.calls import ACCOUNT, ARN, invoke, names, ok, send


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


@pytest.mark.parametrize(
    ("handler", "taken"),
    [
        (lambda event: event, "(event)"),
        (lambda: 1, "()"),
        (lambda event, *, context: 1, "(event, *, context)"),
    ],
)
def test_a_callable_that_takes_other_arguments_is_refused(destmock, handler, taken):
    """On AWS it would fail at each attempt."""
    with pytest.raises(TypeError) as refused:
        destmock.handler("orders", handler)
    text = (
        f"the handler of 'orders' takes {taken}, but Lambda calls it with two arguments, (event, context): "
    )
    assert str(refused.value).startswith(text)
    assert "orders" not in names(boto3.client("lambda"))


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
