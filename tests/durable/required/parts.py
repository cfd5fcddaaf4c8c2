"""What the handlers of the requirements share."""

import json
from functools import partial

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration
from aws_durable_execution_sdk_python.retries import RetryDecision, RetryPresets
from aws_durable_execution_sdk_python.serdes import SerDes

#: The handlers by the numbers of their requirements.
REQUIRED = {}
seconds = Duration.from_seconds


def requirement(*numbers, **given):
    """Registers a handler for requirements; what is given goes to the decorator of the SDK."""

    def register(function):
        handler = durable_execution(**given)(function) if given else durable_execution(function)
        REQUIRED.update(dict.fromkeys(numbers, handler))
        return handler

    return register


def retries(attempts, delay=1, only=Exception):
    """A retry strategy of so many attempts, with the same delay between them."""

    def strategy(error, made):
        if made >= attempts or not isinstance(error, only):
            return RetryDecision.no_retry()
        return RetryDecision.retry(seconds(delay))

    return strategy


NEVER = RetryPresets.none()


class Tries:
    """Counts how often something was tried, for each execution: a retry is another invocation."""

    def __init__(self):
        self._counts = {}

    def next(self, context):
        key = context.state.durable_execution_arn if hasattr(context, "state") else context
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]


class Coded(SerDes):
    """Writes and reads values by two functions."""

    def __init__(self, write, read):
        self._write, self._read = write, read

    def serialize(self, value, _):
        return self._write(value)

    def deserialize(self, data, _):
        return self._read(data)


def upper():
    """Writes texts in capitals, and leaves them so."""
    return Coded(str.upper, lambda data: data)


wrapped = partial(Coded, lambda value: f"wrapped:{value}", lambda data: data.removeprefix("wrapped:"))
json_text = partial(Coded, json.dumps, json.loads)


def fails(text="it fails"):
    """A body of a step, a child or a branch that raises."""

    def body(*_):
        raise ValueError(text)

    return body


def answers(value):
    """A body that returns a value."""
    return lambda *_: value
