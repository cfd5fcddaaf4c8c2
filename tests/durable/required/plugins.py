"""Chapter 10: plugins, which print what they are told."""

import json

from aws_durable_execution_sdk_python.config import StepConfig
from aws_durable_execution_sdk_python.plugin import DurableInstrumentationPlugin

from tests.durable.required.parts import NEVER, Tries, fails, requirement, retries, seconds

TRIES = Tries()


class Plugin(DurableInstrumentationPlugin):
    """Prints those hooks of one invocation that it is asked for."""

    def __init__(self, arn, name, hooks, *, faulty=False, told=()):
        self._arn, self._name, self._hooks, self._faulty, self._told = arn, name, hooks, faulty, told

    def _tell(self, hook, **found):
        if hook in self._hooks:
            found = {key: value for key, value in found.items() if not self._told or key in self._told}
            print(json.dumps({"plugin": self._name, "hook": hook, "durableExecutionArn": self._arn, **found}))
            if self._faulty:
                raise RuntimeError(hook)

    def on_invocation_start(self, info):
        self._tell("invocation-start", first=info.is_first_invocation)

    def on_invocation_end(self, info):
        self._tell("invocation-end", status=info.status.value)

    def on_operation_start(self, info):
        if info.operation_type.value == "STEP":
            self._tell("operation-start", op=info.operation_id)

    def on_operation_end(self, info):
        if info.operation_type.value == "STEP":
            self._tell("operation-end", op=info.operation_id, status=info.status.value)

    def on_user_function_start(self, info):
        if info.operation_type.value == "STEP":
            self._tell("attempt-start", n=info.attempt, op=info.operation_id)

    def on_user_function_end(self, info):
        if info.operation_type.value == "STEP":
            self._tell("attempt-end", n=info.attempt, outcome=info.outcome.value, op=info.operation_id)


class Factory:
    def __init__(self, *hooks, name="CONFPLUGIN", **settings):
        self._hooks, self._name, self._settings = hooks, name, settings

    def create_plugin(self, info):
        return Plugin(info.execution_arn, self._name, self._hooks, **self._settings)


INVOCATIONS = ("invocation-start", "invocation-end")
OPERATIONS = ("operation-start", "operation-end")
ATTEMPTS = ("attempt-start", "attempt-end")


def _greet(event, context):
    def body(step):
        step.logger.info("Greeting step running for: %s", event)
        return f"Hello, {event}!"

    return context.step(body)


@requirement("10-1", plugins=[Factory(*INVOCATIONS)])
def invocations(event, context):
    return _greet(event, context)


@requirement("10-2", plugins=[Factory(*OPERATIONS)])
def operations(event, context):
    return _greet(event, context)


@requirement("10-3", plugins=[Factory(*ATTEMPTS)])
def attempts(event, context):
    def body(_):
        if TRIES.next(context) == 1:
            raise ValueError("not yet")
        return "Operation succeeded"

    return context.step(body, config=StepConfig(retry_strategy=retries(2)))


@requirement(
    "10-4", plugins=[Factory(*INVOCATIONS, *OPERATIONS, *ATTEMPTS, name="CONFPLUGIN-FAULTY", faulty=True)]
)
def faulty(event, context):
    return _greet(event, context)


@requirement(
    "10-5", plugins=[Factory(*INVOCATIONS, name="CONFPLUGIN-A"), Factory(*INVOCATIONS, name="CONFPLUGIN-B")]
)
def two_plugins(event, context):
    return _greet(event, context)


@requirement("10-6", plugins=[Factory(*INVOCATIONS)])
def waits(event, context):
    context.wait(seconds(2))


@requirement("10-7", plugins=[Factory(*INVOCATIONS)])
def raises(event, context):
    return context.step(fails(), config=StepConfig(retry_strategy=NEVER))
