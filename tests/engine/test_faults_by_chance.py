"""Which events `destmock.faults` concerns, and what a seed lets happen to them."""

import sys
from datetime import timedelta

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import destmock._mock.mock  # noqa: F401 - inner runs in this process must not be the first to import moto
from destmock import Fault, LeftoverError, PendingFault, mock_destinations, outcomes
from tests.engine.faults import START, at_start, begun, configure, kinds, send
from tests.mock.inner_runs import STRICT

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"


# Scopes


@pytest.mark.parametrize(
    ("function", "hit"),
    [
        (None, True),
        ("orders", True),
        ("orders:live", True),
        ("orders:$LATEST", False),
        ("audit", False),
        (ARN, True),
        (f"{ARN}:live", True),
        (f"{ARN}:1", False),
        (ARN.replace("us-east-1", "eu-west-1"), False),
        (ARN.replace("123456789012", "210987654321"), False),
        ("123456789012:function:orders", True),
    ],
)
@at_start
def test_a_fault_is_restricted_to_a_function(destmock, lam, function, hit):
    """A qualifier restricts it to what was invoked with that."""
    version = lam.publish_version(FunctionName="orders")["Version"]
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    destmock.faults.throttle(function)
    send(lam, Qualifier="live")
    assert len(destmock.faults.injected) == hit
    assert len(destmock.faults.pending) == (not hit)


@at_start
def test_without_a_qualifier_it_was_invoked_as_latest(destmock, lam):
    destmock.faults.throttle("orders:$LATEST")
    send(lam)
    assert kinds(destmock) == ["throttle"]


@at_start
def test_a_fault_is_a_fact(destmock, lam, make_queue):
    done = make_queue("done")
    configure(lam, to=done)
    destmock.faults.delay(2.5, "orders")
    destmock.faults.fail_delivery(done)
    request_id = send(lam)
    qualified = f"{ARN}:$LATEST"
    assert destmock.faults.injected == [
        Fault("delay", "orders", qualified, request_id, START, None, 2.5),
        Fault("fail_delivery", done, qualified, request_id, START + timedelta(seconds=2.5), done),
    ]
    assert destmock.faults.injected.for_function("orders") == destmock.faults.injected
    assert destmock.faults.injected.for_function("audit") == []
    assert repr(destmock.faults.injected[0]) == "<Fault delay of orders at 2026-01-01 00:00:00+00:00>"


@at_start
def test_what_never_happens_is_no_error(destmock, lam):
    destmock.faults.throttle("audit", times=2)
    destmock.faults.fail_delivery("arn:aws:sqs:us-east-1:123456789012:done", times=None)
    send(lam)
    assert destmock.faults.pending == (
        PendingFault("throttle", "audit", None, 2),
        PendingFault("fail_delivery", None, "arn:aws:sqs:us-east-1:123456789012:done", None),
    )
    assert repr(destmock.faults) == (
        "<Faults 0 injected, pending: [<PendingFault throttle of audit: 2 more>, <PendingFault fail_delivery "
        "of arn:aws:sqs:us-east-1:123456789012:done: until clear()>]>"
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda faults: faults.throttle("a b"),
        lambda faults: faults.throttle(7),
        lambda faults: faults.system_error(times=0),
        lambda faults: faults.duplicate(times=1.5),
        lambda faults: faults.delay(0),
        lambda faults: faults.delay(-1),
        lambda faults: faults.delay(float("nan")),
        lambda faults: faults.delay(float("inf")),
        lambda faults: faults.delay("soon"),
        lambda faults: faults.fail_delivery("done"),
        lambda faults: faults.fail_delivery(7),
        lambda faults: faults.chaos(7, throttle=1.1),
        lambda faults: faults.chaos(7, delay=-0.1),
        lambda faults: faults.chaos(7, duplicate="often"),
        lambda faults: faults.chaos(7, function="a b"),
        lambda faults: faults.chaos("seven"),
    ],
)
def test_a_fault_that_can_not_be_is_refused(destmock, ask):
    with pytest.raises(ValueError, match=r".+"):
        ask(destmock.faults)
    assert destmock.faults.pending == ()
    assert "chaos" not in repr(destmock.faults)


def test_faults_end_with_their_mock():
    with mock_destinations() as destmock:
        pass
    with pytest.raises(Exception, match="this mock has ended"):
        destmock.faults.throttle()
    assert destmock.faults.injected == ()


# Events from everywhere


@at_start
def test_an_event_from_a_topic_is_duplicated(destmock, lam, sns):
    topic = sns.create_topic(Name="placed")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN)
    destmock.faults.duplicate("orders")
    sns.publish(TopicArn=topic, Message="7")
    assert [found.source for found in destmock.invocations] == ["SNS topic placed"] * 2
    assert len({found.request_id for found in destmock.invocations}) == 1


@at_start
def test_an_event_from_a_destination_is_throttled(destmock, lam):
    destmock.handler("audit", outcomes(None))
    configure(lam, to=ARN.replace("orders", "audit"))
    destmock.faults.throttle("audit")
    send(lam)
    assert begun(destmock) == [[0], [1]]


@at_start
@pytest.mark.parametrize("kind", ["throttle", "system_error"])
def test_a_mapping_reads_its_batch_again_later(destmock, lam, sqs, make_queue, kind):
    """After the queue's visibility timeout, as when the function is throttled."""
    jobs = make_queue("jobs", VisibilityTimeout="30")
    lam.create_event_source_mapping(EventSourceArn=jobs, FunctionName="orders")
    getattr(destmock.faults, kind)("orders")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="7")
    assert "SQS queue jobs)\n  +0.000 s " in destmock.timeline()
    assert "attempt" not in destmock.timeline()
    destmock.advance(30)
    assert destmock.timeline().splitlines()[-1] == '  +0.000 s Success {"ok": 1}'
    assert kinds(destmock) == [kind]


# Chaos

MIXTURE = {"throttle": 0.3, "system_error": 0.2, "duplicate": 0.3, "delay": 0.3, "fail_delivery": 0.2}


def chaotic(seed, **mixture):
    """The timeline and the faults of twenty orders whose handler fails every third time."""
    with mock_destinations(start=START, strict=False) as destmock:
        lam, sqs = boto3.client("lambda"), boto3.client("sqs")
        sqs.create_queue(QueueName="done")
        ids = iter(range(1000))

        @destmock.handler("orders", duration=1)
        def orders(event, context):
            if next(ids) % 3 == 0:
                raise ValueError("no stock")

        configure(lam, to="arn:aws:sqs:us-east-1:123456789012:done")
        destmock.faults.chaos(seed, **mixture)
        for _ in range(20):
            send(lam)
        return destmock.timeline(), destmock.faults.injected, destmock.invocations


def test_the_same_seed_makes_the_same_faults():
    first, injected, _ = chaotic(7, **MIXTURE)
    assert first == chaotic(7, **MIXTURE)[0]
    assert first != chaotic(8, **MIXTURE)[0]
    assert {fault.kind for fault in injected} == set(MIXTURE)
    assert all(fault.chaos for fault in injected)
    assert all(1 <= fault.seconds <= 60 for fault in injected if fault.kind == "delay")


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(), rates=st.fixed_dictionaries(dict.fromkeys(MIXTURE, st.floats(0, 1))))
def test_whatever_the_mixture_every_delivery_of_an_event_ends_once(seed, rates):
    _, injected, invocations = chaotic(seed, **rates)
    duplicates = sum(fault.kind == "duplicate" for fault in injected)
    assert len(invocations) == 20 + duplicates
    assert sum(invocation.duplicate for invocation in invocations) == duplicates
    assert all(invocation.condition is not None for invocation in invocations)
    assert all(invocation.record is not None for invocation in invocations)


def test_the_timeline_begins_with_the_call_that_repeats_the_faults():
    timeline, *_ = chaotic(7, throttle=1, system_error=0, duplicate=0, delay=0, times=2)
    assert timeline.splitlines()[0] == (
        "the faults are those of destmock.faults.chaos(seed=7, throttle=1, system_error=0, duplicate=0, "
        "delay=0, fail_delivery=0.0, times=2)"
    )
    assert "  +0.000 s throttled by chaos, 2 times: at +0, +1 s" in timeline
    assert timeline.count("throttled") == 1


@at_start
def test_chaos_leaves_synchronous_calls_and_other_functions_alone(destmock, lam):
    destmock.handler("audit", outcomes(None))
    destmock.faults.chaos(7, throttle=1, system_error=1, function="orders")
    lam.invoke(FunctionName="orders")
    send(lam, name="audit")
    assert destmock.faults.injected == ()
    send(lam)
    assert {fault.scope for fault in destmock.faults.injected} == {"orders"}
    assert destmock.invocations[-1].condition == "EventAgeExceeded"


@at_start
def test_without_a_seed_one_is_made_up_and_told(destmock):
    destmock.faults.chaos()
    assert destmock.timeline().startswith("the faults are those of destmock.faults.chaos(seed=")
    assert "seed=" in repr(destmock.faults)
    destmock.faults.clear()
    assert "seed=" not in repr(destmock.faults)


def test_what_a_strict_mock_complains_of_names_the_seed():
    mock = mock_destinations(autorun=False, handlers={"orders": outcomes(None)})
    mock.start().faults.chaos(seed=7)
    send(boto3.client("lambda"))
    with pytest.raises(LeftoverError, match=r"\nthe faults are those of destmock.faults.chaos\(seed=7,"):
        mock.stop()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes from 3.11 on")
def test_an_exception_that_ends_the_mock_tells_the_seed():
    @mock_destinations
    def run(destmock):
        destmock.faults.chaos(seed=7)
        raise ValueError

    with pytest.raises(ValueError, match=r"^\nthe faults are those of destmock.faults.chaos\(seed=7,"):
        run()


def test_the_report_of_a_failed_test_names_the_seed(pytester):
    pytester.makepyfile("""
        def test_it(destmock):
            destmock.faults.chaos(seed=7)
            assert False
    """)
    result = pytester.runpytest_inprocess(*STRICT, "-p", "no:randomly", "-n0")
    result.stdout.fnmatch_lines(["*destmock timeline*", "*destmock.faults.chaos(seed=7, *"])
