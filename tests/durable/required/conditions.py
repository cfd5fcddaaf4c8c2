"""Chapter 6: conditions that are checked again and again."""

from aws_durable_execution_sdk_python.config import Duration
from aws_durable_execution_sdk_python.waits import (
    WaitForConditionConfig,
    WaitForConditionDecision,
    WaitStrategyConfig,
    create_wait_strategy,
)

from tests.durable.required.parts import Coded, answers, fails, requirement, seconds

STOP = WaitForConditionDecision.stop_polling


def until(done, delay=1):
    """A wait strategy that checks again after the same delay, until the state is as it should be."""

    def strategy(state, attempts):
        return STOP() if done(state) else WaitForConditionDecision.continue_waiting(seconds(delay))

    return strategy


def one_more(state, context):
    return state + 1


def counts(context, threshold, *, start=0, name=None, delay=1):
    config = WaitForConditionConfig(
        initial_state=start, wait_strategy=until(lambda state: state >= threshold, delay)
    )
    return context.wait_for_condition(one_more, config, name=name)


@requirement("6-1")
def counter(event, context):
    return counts(context, event)


@requirement("6-2")
def already_there(event, context):
    config = WaitForConditionConfig(initial_state=5, wait_strategy=until(lambda state: state >= 5))
    return context.wait_for_condition(lambda state, _: state, config)


@requirement("6-3")
def named(event, context):
    return counts(context, event, name="poll-status")


@requirement("6-4")
def from_five(event, context):
    return counts(context, event, start=5)


@requirement("6-5")
def fixed_delay(event, context):
    return counts(context, event, delay=2)


@requirement("6-6")
def exhausted(event, context):
    config = WaitStrategyConfig(
        should_continue_polling=answers(True), max_attempts=3, initial_delay=Duration.from_seconds(1)
    )
    strategy = create_wait_strategy(config)
    return context.wait_for_condition(one_more, WaitForConditionConfig(strategy, 0))


@requirement("6-7")
def raises(event, context):
    return context.wait_for_condition(fails(), WaitForConditionConfig(until(answers(True)), 0))


@requirement("6-8")
def caught(event, context):
    try:
        return context.wait_for_condition(fails(), WaitForConditionConfig(until(answers(True)), 0))
    except Exception:
        return "recovered"


@requirement("6-9")
def structured(event, context):
    def check(state, _):
        attempts = state["attempts"] + 1
        return {"status": "DONE" if attempts >= 2 else "PENDING", "attempts": attempts}

    config = WaitForConditionConfig(
        until(lambda state: state["status"] == "DONE"), {"status": "PENDING", "attempts": 0}
    )
    return context.wait_for_condition(check, config)


@requirement("6-10")
def nothing(event, context):
    return context.wait_for_condition(answers(None), WaitForConditionConfig(until(answers(True)), 0))


@requirement("6-11")
def coded(event, context):
    serdes = Coded(lambda state: f"state:{state}", lambda data: data.removeprefix("state:"))
    config = WaitForConditionConfig(until(lambda state: len(state) >= 2), "", serdes)
    return context.wait_for_condition(lambda state, _: f"{state}x", config)


@requirement("6-12")
def before_step(event, context):
    found = counts(context, event)
    return context.step(lambda _: found * 10)


@requirement("6-13")
def twice(event, context):
    return counts(context, 4, start=counts(context, 2))
