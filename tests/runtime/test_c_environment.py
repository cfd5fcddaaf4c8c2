"""What C finds as the environment: libraries that aren't written in Python, and a handler's processes."""

import ctypes
import os
import subprocess

import boto3
import pytest

from destmock import mock_destinations
from destmock._runtime import environment_variables
from destmock._runtime.c_environment import Block
from tests.runtime.attempts import invoke

getenv = ctypes.PyDLL(None).getenv
getenv.restype = ctypes.c_char_p


def of_c():
    """All variables that a process finds which is started now."""
    listed = subprocess.run(["env", "-0"], check=True, stdout=subprocess.PIPE).stdout
    return dict(line.split(b"=", 1) for line in listed.rstrip(b"\0").split(b"\0"))


@pytest.fixture(params=["an array of its own", "set one by one"])
def way(request, monkeypatch):
    """How an attempt's variables come to C: other libraries than glibc have no other way than the second."""
    if request.param == "set one by one":
        monkeypatch.setattr(Block, "environ", None)
    elif Block.environ is None:
        pytest.skip("this C library is not glibc")


@pytest.mark.usefixtures("way")
def test_c_finds_the_variables_of_each_attempt(destmock, lam, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "the test's")
    before, found = of_c(), []

    def orders(event, context):
        found.append(of_c())
        assert getenv(b"_X_AMZN_TRACE_ID").decode() == os.environ["_X_AMZN_TRACE_ID"]
        assert dict(os.environb).items() <= found[-1].items()

    given = {"TABLE": "orders", "E": "", "GREETING": "gr\u00fc\u00dfe"}
    destmock.handler("orders", orders, environment=given)
    for _ in range(2):
        invoke(lam)
        assert of_c() == before
    first, second = found
    assert first.pop(b"_X_AMZN_TRACE_ID") != second.pop(b"_X_AMZN_TRACE_ID")
    assert first == second
    assert (first[b"TABLE"], first[b"E"], first[b"GREETING"]) == (b"orders", b"", "gr\u00fc\u00dfe".encode())
    assert (first[b"AWS_LAMBDA_FUNCTION_VERSION"], first[b"PATH"]) == (b"$LATEST", before[b"PATH"])


def adds():
    os.environ["LEFT"] = "1"


def changes():
    os.environ["PATH"] += ":/of/the/handler"
    os.environ["AWS_REGION"] = "nowhere"


def takes_away():
    del os.environ["HOME"]
    del os.environ["AWS_REGION"]


def adds_and_takes_away():
    adds()
    takes_away()
    changes_after_all = os.environ.pop("LEFT")
    assert changes_after_all == "1"


def invokes_another():
    before = of_c()
    boto3.client("lambda").invoke(FunctionName="audit")
    assert of_c() == before


def has_a_mock_of_its_own():
    before = of_c()
    with mock_destinations({"inner": lambda event, context: adds()}):
        invoke(boto3.client("lambda"), name="inner")
    assert of_c() == before


#: What handlers do to their variables.
WHATEVER = pytest.mark.parametrize(
    "handles",
    [adds, changes, takes_away, adds_and_takes_away, invokes_another, has_a_mock_of_its_own],
)


@pytest.mark.usefixtures("way")
@WHATEVER
def test_c_finds_its_own_variables_again_whatever_a_handler_does(handles, destmock, lam):
    destmock.handler("audit", lambda event, context: changes())
    destmock.handler("orders", lambda event, context: handles())
    before = of_c()
    for _ in range(2):
        answer, _ = invoke(lam)
        assert "FunctionError" not in answer
        assert of_c() == before


@pytest.mark.usefixtures("way")
def test_c_finds_the_variables_again_after_another_attempt_of_the_same_function(destmock, lam):
    found = []

    def orders(event, context):
        before = of_c()
        if event != "inner":
            invoke(boto3.client("lambda"), payload='"inner"')
            found.append((before, of_c()))

    destmock.handler("orders", orders)
    before = of_c()
    invoke(lam)
    [(outer, outer_again)] = found
    assert outer_again == outer != before == of_c()


@pytest.fixture
def blocks(monkeypatch):
    """What attempts give to C, from now on."""
    made = []

    def noting(*given):
        made.append(Block(*given))
        return made[-1]

    monkeypatch.setattr(environment_variables, "Block", noting)
    environment_variables._lasting.cache_clear()
    yield made
    environment_variables._lasting.cache_clear()


@pytest.mark.usefixtures("way")
@WHATEVER
def test_c_keeps_nothing_of_an_attempt_s_once_that_is_over(handles, destmock, lam, monkeypatch, blocks):
    """A variable may have the same value before and in the attempt: C got the attempt's text of it."""
    for name, value in {"AWS_REGION": "us-east-1", "TABLE": "orders", "AWS_EXECUTION_ENV": "other"}.items():
        monkeypatch.setenv(name, value)
    destmock.handler("audit", lambda event, context: adds())
    destmock.handler("orders", lambda event, context: handles(), environment={"TABLE": "orders"})
    before = of_c()
    for _ in range(2):
        answer, _ = invoke(lam)
        assert "FunctionError" not in answer
    assert blocks
    for text in {id(text): text for block in blocks for text in block._texts}.values():
        ctypes.memset(text, ord("?"), ctypes.sizeof(text) - 1)  # as if it were gone, and something else there
    assert of_c() == before


def test_what_the_test_sets_between_two_attempts_is_there(destmock, lam, monkeypatch):
    seen = []
    destmock.handler("orders", lambda event, context: seen.append((getenv(b"COLOUR"), getenv(b"SIZE"))))
    monkeypatch.setenv("COLOUR", "red")
    invoke(lam)
    monkeypatch.setenv("COLOUR", "blue")
    invoke(lam)
    monkeypatch.setenv("SIZE", "1")
    invoke(lam)
    monkeypatch.delenv("COLOUR")
    invoke(lam)
    assert seen == [(b"red", None), (b"blue", None), (b"blue", b"1"), (None, b"1")]


def test_an_attempt_on_another_thread_meanwhile_has_its_variables_set_one_by_one():
    first, second = (Block({b"ONE": value}, b"TRACE") for value in (b"1", b"2"))
    if first.enter(b"first"):
        assert not second.enter(b"second")
        assert (getenv(b"ONE"), getenv(b"TRACE")) == (b"1", b"first")
    first.leave()
    assert not second.leave()
    assert (getenv(b"ONE"), getenv(b"TRACE")) == (None, None)


def test_a_value_that_is_too_long_is_set_as_any_other():
    block = Block({b"ONE": b"1"}, b"TRACE")
    assert not block.enter(b"x" * 2000)
    assert getenv(b"ONE") is None
