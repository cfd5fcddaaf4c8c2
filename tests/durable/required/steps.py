"""Chapters 1 and 2: steps and waits."""

import os

from aws_durable_execution_sdk_python.config import Duration, JitterStrategy, StepConfig, StepSemantics
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy

from tests.durable.required.parts import NEVER, Tries, answers, fails, requirement, retries, seconds, upper

AT_MOST_ONCE = StepSemantics.AT_MOST_ONCE_PER_RETRY
TRIES = Tries()


class TransientError(Exception):
    pass


def _fails_at_first(context, times=1, error=ValueError, result="Operation succeeded"):
    def body(_):
        if TRIES.next(context) <= times:
            raise error("not yet")
        return result

    return body


@requirement("1-1")
def greeting(event, context):
    return context.step(lambda _: f"Hello, {event}!")


@requirement("1-2")
def named(event, context):
    return context.step(lambda _: f"Hello, {event}!", name="custom_step_name")


@requirement("1-3")
def two_steps(event, context):
    first = context.step(answers("first"))
    return context.step(lambda _: f"{first}_second")


@requirement("1-4")
def nested_result(event, context):
    return context.step(lambda _: {"user": event, "count": len(event["tags"])})


@requirement("1-5")
def no_result(event, context):
    return context.step(answers(None))


@requirement("1-6")
def in_capitals(event, context):
    return context.step(answers(event), config=StepConfig(serdes=upper()))


@requirement("1-7")
def logs(event, context):
    def body(step):
        step.logger.info("Greeting step started for: %s", event)
        result = f"Hello, {event}!"
        step.logger.info("Greeting step completed with: %s", result)
        return result

    return context.step(body, name="greet")


@requirement("1-8")
def step_and_wait(event, context):
    result = context.step(answers("computed"))
    context.wait(seconds(2))
    return result


@requirement("1-9")
def cached(event, context):
    result = context.step(answers("cached_value"))
    context.wait(seconds(1))
    return result


@requirement("1-10")
def failed_and_wait(event, context):
    try:
        context.step(fails(), config=StepConfig(retry_strategy=NEVER))
    except Exception as error:
        text = str(error)
    context.wait(seconds(1))
    return text


@requirement("1-11")
def second_attempt(event, context):
    return context.step(_fails_at_first(context), config=StepConfig(retry_strategy=retries(3)))


@requirement("1-12")
def four_attempts(event, context):
    return context.step(fails(), config=StepConfig(retry_strategy=retries(4)))


@requirement("1-13")
def default_retries(event, context):
    return context.step(_fails_at_first(context, times=2))


@requirement("1-14")
def back_off(event, context):
    config = RetryStrategyConfig(
        max_attempts=5, initial_delay=seconds(2), backoff_rate=3, jitter_strategy=JitterStrategy.NONE
    )
    strategy = create_retry_strategy(config)
    return context.step(_fails_at_first(context, times=2), config=StepConfig(retry_strategy=strategy))


@requirement("1-15")
def only_transient(event, context):
    body = _fails_at_first(context, error=TransientError)
    return context.step(body, config=StepConfig(retry_strategy=retries(3, only=TransientError)))


@requirement("1-16")
def not_transient(event, context):
    body = _fails_at_first(context, times=9, error=TransientError)
    return context.step(body, config=StepConfig(retry_strategy=retries(3, only=KeyError)))


@requirement("1-17")
def crashes(event, context):
    def body(step):
        step.logger.info("about to crash: %s", event)
        os._exit(1)

    config = StepConfig(step_semantics=AT_MOST_ONCE, retry_strategy=NEVER)
    return context.step(body, name="at_most_once_flaky_step", config=config)


@requirement("1-18")
def crashes_once(event, context):
    def body(step):
        step.logger.info("trying: %s", event)
        if TRIES.next(context) == 1:
            os._exit(1)
        return "succeeded on second attempt"

    config = StepConfig(step_semantics=AT_MOST_ONCE, retry_strategy=retries(3))
    return context.step(body, config=config)


@requirement("1-19")
def raises(event, context):
    return context.step(fails(), config=StepConfig(retry_strategy=NEVER))


@requirement("1-20")
def caught(event, context):
    try:
        context.step(fails(), config=StepConfig(retry_strategy=NEVER))
    except Exception:
        return context.step(answers("fallback_result"))


@requirement("2-1")
def wait(event, context):
    context.wait(seconds(2))
    return "done"


@requirement("2-2")
def named_wait(event, context):
    context.wait(seconds(2), name="custom_wait_name")
    return "done"


@requirement("2-3")
def two_waits(event, context):
    context.wait(seconds(2), name="wait-1")
    context.wait(seconds(2), name="wait-2")
    return {"completedWaits": 2}


@requirement("2-4")
def a_minute(event, context):
    context.wait(Duration.from_minutes(1))
    return "done"


@requirement("2-5")
def an_hour(event, context):
    context.wait(Duration.from_hours(1))
    return "done"
