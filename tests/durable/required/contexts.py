"""Chapter 3: child contexts."""

import os
import time

from aws_durable_execution_sdk_python.config import ChildConfig, StepConfig

from tests.durable.required.parts import NEVER, Tries, answers, fails, requirement, retries, seconds, upper

TRIES = Tries()
LARGE = 300_000


def always(logger):
    """The logger, which writes in a replay, too."""
    return logger.with_is_replaying(lambda: False)


@requirement("3-1")
def one_step(event, context):
    return context.run_in_child_context(lambda child: child.step(answers(event)), name="child")


@requirement("3-2")
def named(event, context):
    return context.run_in_child_context(lambda child: child.step(answers(event["value"])), name=event["name"])


@requirement("3-3")
def two_steps(event, context):
    def body(child):
        first = child.step(answers(event))
        return child.step(answers(first))

    return context.run_in_child_context(body, name="child")


@requirement("3-4")
def step_fails(event, context):
    config = StepConfig(retry_strategy=NEVER)
    return context.run_in_child_context(lambda child: child.step(fails(), config=config), name="child")


@requirement("3-5")
def caught(event, context):
    config = StepConfig(retry_strategy=NEVER)
    try:
        context.run_in_child_context(lambda child: child.step(fails(), config=config), name="child")
    except Exception:
        return context.step(answers(event))


@requirement("3-6")
def nested(event, context):
    def outer(child):
        child.step(answers(event))
        return child.run_in_child_context(lambda inner: inner.step(answers(event)), name="inner")

    return context.run_in_child_context(outer, name="outer")


@requirement("3-7")
def second_attempt(event, context):
    def body(_):
        if TRIES.next(context) == 1:
            raise ValueError("not yet")
        return event

    config = StepConfig(retry_strategy=retries(3))
    return context.run_in_child_context(lambda child: child.step(body, config=config), name="child")


@requirement("3-8")
def exhausted(event, context):
    config = StepConfig(retry_strategy=retries(2))
    return context.run_in_child_context(lambda child: child.step(fails(), config=config), name="child")


@requirement("3-9")
def cached(event, context):
    result = context.run_in_child_context(lambda child: child.step(answers(event)), name="child")
    context.wait(seconds(1))
    return result


def _step_and_wait(event):
    def body(child):
        child.step(answers(event))
        child.wait(seconds(1))
        return event

    return body


@requirement("3-10")
def step_and_wait(event, context):
    return context.run_in_child_context(_step_and_wait(event), name="child")


@requirement("3-11")
def large(event, context):
    def body(child):
        always(child.logger).info("in the child: %s", event)
        return child.step(answers("x")) * LARGE

    result = context.run_in_child_context(body, name="child")
    context.wait(seconds(1))
    return len(result)


@requirement("3-12")
def interrupted(event, context):
    def body(_):
        time.sleep(1)  # long enough for what was not waited for to be sent
        if TRIES.next(context) == 1:
            os._exit(1)
        return event

    return context.run_in_child_context(lambda child: child.step(body), name="child")


@requirement("3-13")
def only_a_wait(event, context):
    def body(child):
        child.wait(seconds(1))
        return event

    result = context.run_in_child_context(body, name="child")
    return context.step(answers(result))


@requirement("3-14")
def in_capitals(event, context):
    return context.run_in_child_context(
        lambda child: child.step(answers(event)), name="child", config=ChildConfig(serdes=upper())
    )


@requirement("3-15")
def raises(event, context):
    return context.run_in_child_context(fails(), name="child")


@requirement("3-16")
def nothing(event, context):
    return context.run_in_child_context(answers(None), name="child")


@requirement("3-17")
def only_logs(event, context):
    def body(child):
        always(child.logger).info("in the child: %s", event)
        return event

    result = context.run_in_child_context(body, name="child")
    context.wait(seconds(1))
    return result


@requirement("3-18")
def inside_and_after(event, context):
    result = context.run_in_child_context(_step_and_wait(event), name="child")
    context.step(answers(event))
    context.wait(seconds(1))
    return result
