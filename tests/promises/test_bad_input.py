"""Whatever comes in: AWS's own error, or Python's that says what to do; the mock goes on as before."""

import contextlib
import json
import logging
import os
import sys
import threading
from datetime import date

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from botocore.parsers import ResponseParserError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destmock import DestmockError, mock_destinations, outcomes

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
ODD_TEXTS = [
    "\ud800",
    "a\x00b",
    "a/b",
    "..",
    "%",
    "é",
    "?x=1",
    "a:b",
    "$LATEST",
    ARN,
    f"{ARN}:é",
    "x" * 200,
    "",
]
texts = st.text(max_size=30) | st.sampled_from(ODD_TEXTS)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
#: An example that nobody has generated before must not be a test that fails for nobody else.
examples = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
#: What botocore itself raises for a text that has no bytes, or for a value of another type than its model's.
BOTOCORE = (UnicodeEncodeError, AttributeError, KeyError, TypeError)


@pytest.fixture
def unchecked(destmock):
    """A client that lets everything through to the service."""
    return boto3.client("lambda", config=Config(parameter_validation=False))


@pytest.fixture
def works(destmock, lam):
    """Checks that the mock goes on: accepted, run, told, and nothing queued."""
    destmock.handler("witness", lambda event, context: event)
    seen = []

    def check():
        lam.invoke(FunctionName="witness", InvocationType="Event", Payload=b'{"id": 7}')
        assert json.load(lam.invoke(FunctionName="witness", Payload=b"[1]")["Payload"]) == [1]
        seen.append(destmock.invocations[-1].request_id)
        assert destmock.invocations[-1].condition == "Success"
        assert [i.request_id for i in destmock.invocations.for_function("witness")] == seen
        assert all(invocation.condition is not None for invocation in destmock.invocations)
        assert destmock.pending == ()
        assert destmock.timeline().encode(errors="backslashreplace")
        assert repr(destmock.invocations)

    return check


# What boto3 sends


@given(
    payload=st.binary(max_size=40) | texts.map(lambda text: text.encode(errors="surrogatepass")),
    kind=st.sampled_from(["Event", "RequestResponse", "DryRun"]),
)
@examples
def test_payloads(destmock, lam, works, payload, kind):
    destmock.handler("orders", lambda event, context: event)
    with contextlib.suppress(ClientError):
        lam.invoke(FunctionName="orders", InvocationType=kind, Payload=payload)
    works()


@given(name=texts, qualifier=st.none() | texts)
@examples
def test_names_and_qualifiers(destmock, unchecked, works, name, qualifier):
    named = {"FunctionName": name, **({} if qualifier is None else {"Qualifier": qualifier})}
    for call, arguments in [
        (unchecked.invoke, named),
        (unchecked.invoke, {**named, "InvocationType": "Event"}),
        (unchecked.invoke_async, {"FunctionName": name, "InvokeArgs": b"{}"}),
        (unchecked.get_function_event_invoke_config, named),
        (unchecked.delete_function_event_invoke_config, named),
        (unchecked.list_function_event_invoke_configs, {"FunctionName": name}),
        (unchecked.get_function_recursion_config, {"FunctionName": name}),
    ]:
        with contextlib.suppress(ClientError, UnicodeEncodeError):
            call(**arguments)
    works()


@given(retries=values, age=values, destination=values, other=values)
@examples
def test_configurations(destmock, unchecked, works, retries, age, destination, other):
    destmock.handler("orders", outcomes(ValueError("no stock")))
    for call in (unchecked.put_function_event_invoke_config, unchecked.update_function_event_invoke_config):
        for arguments in [
            {"MaximumRetryAttempts": retries, "MaximumEventAgeInSeconds": age},
            {"DestinationConfig": {"OnSuccess": {"Destination": destination}}},
            {"DestinationConfig": {"OnFailure": other}},
            {"DestinationConfig": other},
        ]:
            with contextlib.suppress(ClientError, *BOTOCORE):
                call(FunctionName="orders", **arguments)
    unchecked.invoke(FunctionName="orders", InvocationType="Event")
    works()


@given(kind=values, context=values, log=values, payload=values)
@examples
def test_options_of_invoke(destmock, unchecked, works, kind, context, log, payload):
    destmock.handler("orders", lambda event, context: event)
    for arguments in [
        {"InvocationType": kind},
        {"ClientContext": context, "LogType": log},
        {"Payload": payload},
    ]:
        with contextlib.suppress(ClientError, *BOTOCORE, ValueError):
            unchecked.invoke(FunctionName="orders", **arguments)
    works()


@pytest.fixture
def doors(destmock):
    """A function behind a bucket, a topic, a rule and a queue; answers clients for them."""
    destmock.handler("orders", lambda event, context: event)
    s3, sns, sqs, events = (boto3.client(name) for name in ("s3", "sns", "sqs", "events"))
    s3.create_bucket(Bucket="orders")
    configuration = {"LambdaFunctionArn": ARN, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="orders", NotificationConfiguration={"LambdaFunctionConfigurations": [configuration]}
    )
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN)
    events.put_rule(Name="orders", EventPattern='{"source": ["orders"]}')
    events.put_targets(Rule="orders", Targets=[{"Id": "1", "Arn": ARN}])
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    boto3.client("lambda").create_event_source_mapping(
        FunctionName="orders", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:orders"
    )
    return s3, sns, sqs, events, topic, queue


@given(text=texts, name=texts, detail=values)
@examples
def test_what_other_services_are_sent(doors, works, text, name, detail):
    s3, sns, sqs, events, topic, queue = doors
    attribute = {name: {"DataType": "String", "StringValue": text}}
    for call, arguments in [
        (s3.put_object, {"Bucket": "orders", "Key": text, "Body": b"x"}),
        (s3.delete_object, {"Bucket": "orders", "Key": text}),
        (sns.publish, {"TopicArn": topic, "Message": text, "Subject": name}),
        (sns.publish, {"TopicArn": topic, "Message": text, "MessageAttributes": attribute}),
        (sns.publish, {"TopicArn": topic, "Message": text, "MessageStructure": "json"}),
        (sqs.send_message, {"QueueUrl": queue, "MessageBody": text}),
        (sqs.send_message, {"QueueUrl": queue, "MessageBody": text, "MessageAttributes": attribute}),
        (events.put_events, {"Entries": [{"Source": "orders", "DetailType": text, "Detail": name}]}),
        (
            events.put_events,
            {"Entries": [{"Source": "orders", "DetailType": text, "Detail": json.dumps(detail)}]},
        ),
    ]:
        # botocore's own, and its reading of moto's errors, which quote any character
        with contextlib.suppress(ClientError, ParamValidationError, ResponseParserError, UnicodeEncodeError):
            call(**arguments)
    works()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"MessageBody": "\ud800"}, "InvalidMessageContents"),
        (
            {"MessageBody": "x", "MessageAttributes": {"a b": {"DataType": "String", "StringValue": "y"}}},
            "InvalidParameterValue",
        ),
    ],
)
def test_a_message_that_moto_can_t_read_never_enters_the_queue(doors, works, message, code):
    """There it would break each read, of the mapping's and of the program's own."""
    _, _, sqs, _, _, queue = doors
    with pytest.raises(ClientError) as caught:
        sqs.send_message(QueueUrl=queue, **message)
    assert caught.value.response["Error"]["Code"] == code
    works()
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_environment_variables_that_no_process_has(destmock, works):
    """moto takes what AWS refuses; the event runs without them instead of being lost."""
    destmock.handler("orders", lambda event, context: os.environ["GOOD"])
    boto3.client("lambda").update_function_configuration(
        FunctionName="orders",
        Environment={"Variables": {"NUL": "\0", "ODD": "\ud800", "GOOD": "yes"}},
    )
    boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
    assert destmock.invocations[0].attempts[0].response == "yes"
    works()


# What Python calls

ODD = [
    None,
    True,
    -1,
    0,
    1.5,
    float("nan"),
    float("inf"),
    10**30,
    "",
    "x",
    "\ud800",
    b"x",
    [],
    {"a": 1},
    object,
]


@pytest.mark.parametrize("odd", ODD, ids=ascii)
@pytest.mark.parametrize("setting", ["timeout", "memory_size", "environment", "duration"])
def test_settings_of_a_handler(destmock, works, setting, odd):
    """What is taken, works: a function is made in moto at the next call of any."""
    with contextlib.suppress(ValueError, TypeError):
        destmock.handler("orders", lambda event, context: 1, **{setting: odd})
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
    if callable(odd):  # a duration that is asked for each event, which waits for one that can be
        destmock.handler("orders", lambda event, context: 1)
    works()


TIMES = (
    "'orders': timeout is in whole seconds from 1, duration in seconds from 0, or a callable that answers "
    "them for an event; not "
)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"memory_size": None}, "'orders': memory_size is a number, not None"),
        ({"memory_size": 0}, "'orders': memory_size is in whole MB from 1"),
        ({"memory_size": float("nan")}, "'orders': memory_size is in whole MB from 1"),
        ({"timeout": "3"}, "'orders': timeout is a number, not '3'"),
        ({"timeout": float("nan")}, f"{TIMES}nan and 0.0"),
        ({"duration": 1e30}, f"{TIMES}3 and 1e+30"),
        (
            {"environment": {"A": "\ud800"}},
            r"'orders': ('A', '\ud800') can't be an environment variable; it is two strings",
        ),
    ],
)
def test_a_setting_that_can_t_be_one_is_refused_when_it_is_given(destmock, works, setting, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        destmock.handler("orders", lambda event, context: 1, **setting)
    assert str(caught.value) == message
    works()


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_names_handlers_and_time(destmock, works, odd):
    for call in (
        lambda: destmock.handler(odd, lambda event, context: 1),
        lambda: destmock.handler("orders", odd),
        lambda: destmock.advance(odd),
        lambda: destmock.run_until_idle(odd),
        lambda: destmock.deploy(odd),
        lambda: destmock.deploy("no template", parameters=odd, handlers=odd, region=odd),
        lambda: mock_destinations(odd),
        lambda: mock_destinations(start=odd),
        lambda: mock_destinations(allow_hosts=odd),
    ):
        with contextlib.suppress(ValueError, TypeError, OverflowError, OSError, DestmockError):
            call()
    works()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: mock_destinations(start="2026-01-01"), "'2026-01-01' is not a datetime; pass one, e.g. "),
        (lambda d: mock_destinations(start=date(2026, 1, 1)), "datetime.date(2026, 1, 1) is not a datetime;"),
        (lambda d: mock_destinations("orders"), "handlers is a mapping of function names to handlers, not"),
        (lambda d: d.advance("60"), "a length of time is in seconds, or a timedelta; not '60'"),
        (lambda d: d.run_until_idle("60"), "limit is a number of attempts, not '60'"),
        (lambda d: d.run_until_idle(-1), "limit is a number of attempts, not -1"),
    ],
)
def test_a_mistake_is_told(destmock, works, call, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(destmock)
    assert str(caught.value).startswith(message)
    works()


# What handlers do


class UnprintableError(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class Unserialisable:
    def __repr__(self):
        raise RuntimeError("no text")


def recursion(event):
    return recursion(event)


def a_circle(event):
    event["self"] = event
    return event


def raises(error):
    def handler(event):
        raise error

    handler.__name__ = f"raises_{error.__name__ if isinstance(error, type) else type(error).__name__}"
    return handler


def returns(value, name):
    def handler(event):
        return value

    handler.__name__ = f"returns_{name}"
    return handler


def mutates_its_event(event):
    event.clear()
    event["left"] = object()


def closes_its_output(event):
    sys.stdout.close()
    sys.stderr.close()


def detaches_its_output(event):
    sys.stdout.detach()


def has_no_output(event):
    sys.stdout = sys.stderr = None
    raise ValueError("x")


def clears_the_environment(event):
    os.environ.clear()


def shuts_logging_down(event):
    logging.disable()
    logging.getLogger().handlers.clear()


def clears_the_path(event):
    sys.path.clear()


def prints_what_has_no_bytes(event):
    print("\ud800\0\x1b")
    logging.getLogger().error("\ud800 %s", Unserialisable())


def leaves_a_thread(event):
    threading.Thread(target=lambda: print("late")).start()


def starts_a_mock(event):
    mock_destinations({"orders": lambda event, context: 1}).start()


def uses_a_mock(event):
    with mock_destinations({"orders": lambda event, context: 1}):
        return json.load(boto3.client("lambda").invoke(FunctionName="orders")["Payload"])


HANDLERS = [
    *map(
        raises, [SystemExit, SystemExit("x"), GeneratorExit, StopIteration, StopAsyncIteration, MemoryError]
    ),
    *map(
        raises,
        [
            UnprintableError,
            RecursionError,
        ],
    ),
    *(
        returns(value, name)
        for value, name in [
            (Unserialisable(), "an_object"),
            ({1, 2}, "a_set"),
            (b"\xff", "bytes"),
            (float("nan"), "nan"),
            ({(1, 2): 3}, "odd_keys"),
            ("\ud800", "a_surrogate"),
            ("x" * 7_000_000, "too_much"),
            (iter([]), "an_iterator"),
        ]
    ),
    recursion,
    a_circle,
    mutates_its_event,
    closes_its_output,
    detaches_its_output,
    has_no_output,
    clears_the_environment,
    shuts_logging_down,
    clears_the_path,
    prints_what_has_no_bytes,
    leaves_a_thread,
    starts_a_mock,
    uses_a_mock,
]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("kind", ["Event", "RequestResponse"])
@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.__name__)
def test_what_a_handler_does_stays_with_it(destmock, lam, works, handler, kind, monkeypatch):
    monkeypatch.setattr(
        logging, "raiseExceptions", False
    )  # a record that can't be formatted is not our matter
    before = dict(os.environ), list(sys.path), sys.stdout, sys.stderr, logging.root.manager.disable
    destmock.handler("orders", lambda event, context: handler(event))
    lam.invoke(FunctionName="orders", InvocationType=kind, Payload=b'{"id": 7}')
    assert (dict(os.environ), list(sys.path), sys.stdout, sys.stderr, logging.root.manager.disable) == before
    for invocation in destmock.invocations:
        assert invocation.event == {"id": 7}
    works()


@pytest.mark.parametrize("kind", ["Event", "RequestResponse"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, pytest.skip.Exception, pytest.fail.Exception])
def test_what_ends_a_test_comes_out_of_the_call_and_the_mock_goes_on(destmock, lam, works, error, kind):
    destmock.handler("orders", outcomes(error("x"), 1))
    with pytest.raises(error):
        lam.invoke(FunctionName="orders", InvocationType=kind)
    destmock.run_until_idle()
    works()


def test_an_event_that_one_attempt_has_changed_is_whole_for_the_next(destmock, lam):
    seen = []

    def handler(event, context):
        seen.append(dict(event))
        event.clear()
        raise ValueError("no stock")

    destmock.handler("orders", handler)
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": 7}')
    assert seen == [{"id": 7}] * 3
