"""Chapters 4 and 7: callbacks."""

import json
from datetime import datetime

from aws_durable_execution_sdk_python.config import CallbackConfig, WaitForCallbackConfig

from tests.durable.required.parts import Coded, answers, fails, json_text, requirement, retries, seconds


def _no_writing(_):
    raise AssertionError("callbacks are only read")


@requirement("4-1", "4-6")
def basic(event, context):
    return context.create_callback(name=event).result()


@requirement("4-2")
def approval(event, context):
    return context.create_callback(name="approval").result()


@requirement("4-3")
def timeout(event, context):
    return context.create_callback(name=event, config=CallbackConfig(timeout=seconds(5))).result()


@requirement("4-4")
def heartbeat(event, context):
    return context.create_callback(name=event, config=CallbackConfig(heartbeat_timeout=seconds(5))).result()


@requirement("4-5")
def beaten(event, context):
    return context.create_callback(name=event, config=CallbackConfig(heartbeat_timeout=seconds(10))).result()


@requirement("4-7")
def with_step(event, context):
    callback = context.create_callback(name=event)
    context.step(answers("a step"))
    return callback.result()


@requirement("4-8")
def step_timeout(event, context):
    callback = context.create_callback(name=event, config=CallbackConfig(timeout=seconds(5)))
    context.step(answers("a step"))
    return callback.result()


@requirement("4-9", "4-10")
def with_wait(event, context):
    callback = context.create_callback(name=event)
    context.wait(seconds(5))
    return callback.result()


@requirement("4-11")
def wait_timeout(event, context):
    callback = context.create_callback(name=event, config=CallbackConfig(timeout=seconds(3)))
    context.wait(seconds(6))
    return callback.result()


@requirement("4-12")
def wait_after(event, context):
    result = context.create_callback(name=event).result()
    context.wait(seconds(2))
    return result


@requirement("4-13")
def caught(event, context):
    try:
        text = context.create_callback(name=event).result()
    except Exception as error:
        text = f"caught: {error}"
    context.wait(seconds(2))
    return text


@requirement("4-14")
def caught_timeout(event, context):
    try:
        text = context.create_callback(name=event, config=CallbackConfig(timeout=seconds(3))).result()
    except Exception as error:
        text = f"caught: {error}"
    context.wait(seconds(2))
    return text


@requirement("4-15")
def object_read(event, context):
    def read(data):
        found = json.loads(data)
        moment = datetime.fromisoformat(found["timestamp"].replace("Z", "+00:00"))
        return {**found, "timestamp": int(moment.timestamp())}

    config = CallbackConfig(serdes=Coded(_no_writing, read))
    return {"received": context.create_callback(name=event, config=config).result()}


@requirement("4-16")
def number_read(event, context):
    config = CallbackConfig(serdes=Coded(_no_writing, int))
    count = context.create_callback(name=event, config=config).result()
    return {"count": count, "doubled": 2 * count}


@requirement("4-17")
def one_after_the_other(event, context):
    first = context.create_callback(name=event[0]).result()
    second = context.create_callback(name=event[1]).result()
    return [first, second]


@requirement("4-18")
def two_at_once(event, context):
    first, second = (context.create_callback(name=name) for name in event)
    return [first.result(), second.result()]


@requirement("4-19")
def the_other_first(event, context):
    first, second = (context.create_callback(name=name) for name in event)
    answer = second.result()
    return [first.result(), answer]


submitted = answers(None)


@requirement("7-1", "7-4", "7-15")
def waits_for_callback(event, context):
    return context.wait_for_callback(submitted, name=event)


@requirement("7-2")
def waits_for_approval(event, context):
    return context.wait_for_callback(submitted, name="approval")


@requirement("7-3")
def anonymous(event, context):
    return context.wait_for_callback(lambda callback_id, submitting: None)


@requirement("7-5")
def waits_too_long(event, context):
    config = WaitForCallbackConfig(timeout=seconds(3))
    return context.wait_for_callback(submitted, name=event, config=config)


@requirement("7-6")
def recovers(event, context):
    try:
        return context.wait_for_callback(submitted, name=event)
    except Exception:
        return "recovered"


@requirement("7-7")
def never_submitted(event, context):
    config = WaitForCallbackConfig(retry_strategy=retries(2))
    return context.wait_for_callback(fails(), name=event, config=config)


@requirement("7-8")
def in_child(event, context):
    return context.run_in_child_context(
        lambda child: child.wait_for_callback(submitted, name=event), name="wrapper"
    )


@requirement("7-9")
def twice(event, context):
    context.wait_for_callback(submitted, name="first")
    return context.wait_for_callback(submitted, name="second")


@requirement("7-10")
def after_a_wait(event, context):
    context.wait(seconds(1))
    context.step(answers("fixed"))
    return context.wait_for_callback(submitted, name=event)


@requirement("7-11")
def status_read(event, context):
    config = WaitForCallbackConfig(serdes=json_text())
    return context.wait_for_callback(submitted, name=event, config=config)["status"]


@requirement("7-12")
def no_heartbeat(event, context):
    config = WaitForCallbackConfig(heartbeat_timeout=seconds(5))
    return context.wait_for_callback(submitted, name=event, config=config)


@requirement("7-13")
def with_heartbeat(event, context):
    config = WaitForCallbackConfig(heartbeat_timeout=seconds(10))
    return context.wait_for_callback(submitted, name=event, config=config)


@requirement("7-14")
def timeout_handled(event, context):
    config = WaitForCallbackConfig(timeout=seconds(3))
    try:
        return context.wait_for_callback(submitted, name=event, config=config)
    except Exception:
        return "timed-out-handled"
