"""What the page's forms do: each is a call that a program could make, with AWS's own errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from destmock._aws.arn import parse_function_arn
from destmock.errors import DestmockError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._mock.destmock import Destmock
    from destmock._pictures.topology import Topology

#: Clients try once, so that errors show at once, and don't check what the user typed: AWS's errors do.
_CONFIG = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
_BAD_REQUEST, _CONFLICT = 400, 409
#: 14 days, longer than anything that is queued waits: more is likely a slip of the finger.
_FURTHEST = 14 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as it was sent, with the mock that it is about."""

    destmock: Destmock
    topology: Topology
    form: Mapping[str, str]
    real_time: bool = False


class RefusedError(Exception):
    """A form's request can't be done; `status` is the HTTP status of the answer."""

    def __init__(self, message: str, status: int = _BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


def put_destination(asked: Asked) -> None:
    """Adds or replaces the destination for one condition, and leaves the rest of the configuration alone."""
    arn = asked.form.get("destination", "").strip()
    if not arn:
        message = "Type or choose a destination's ARN. To have none, use Remove at the destination."
        raise RefusedError(message)
    _set_destination(asked, arn)


def remove_destination(asked: Asked) -> None:
    """Clears the destination for one condition."""
    _set_destination(asked, "")


def _set_destination(asked: Asked, arn: str) -> None:
    form = asked.form
    name, qualifier = form.get("function", ""), form.get("qualifier", "").strip()
    condition = form.get("condition", "")
    if condition not in ("OnSuccess", "OnFailure"):
        message = "Choose a condition: On failure or On success."
        raise RefusedError(message)
    known = asked.topology.find(name)
    there = known is not None and any((one.ref.qualifier or "") == qualifier for one in known.configs)
    client = _client(name)
    call = client.update_function_event_invoke_config if there else client.put_function_event_invoke_config
    _asked(call, name, qualifier, DestinationConfig={condition: {"Destination": arn}})


def invoke(asked: Asked) -> str | None:
    """Invoke a function; returns the request ID."""
    form = asked.form
    name, payload = form.get("function", ""), form.get("payload", "").replace("\r\n", "\n")
    given = {"Payload": payload.encode(errors="surrogatepass")} if payload else {}
    answer = _asked(
        _client(name).invoke,
        name,
        form.get("qualifier", "").strip(),
        InvocationType=form.get("type", "Event"),
        **given,
    )
    return str(answer["ResponseMetadata"].get("RequestId") or "") or None


def step(asked: Asked) -> None:
    _refuse_in_real_time(asked)
    asked.destmock.step()


def advance(asked: Asked) -> None:
    _refuse_in_real_time(asked)
    asked.destmock.advance(_seconds(asked.form.get("seconds", "").strip()))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        message = f"Type a number of seconds, such as 60 or 0.5, not {text!r}."
    elif seconds < 0:
        message = f"Time only goes forward: type 0 seconds or more, not {text}."
    elif seconds > _FURTHEST:
        message = (
            f"Type {_FURTHEST:,} seconds (14 days) or fewer, not {text}: nothing that is queued waits longer."
        )
    else:
        return seconds
    raise RefusedError(message)


def run_until_idle(asked: Asked) -> None:
    _refuse_in_real_time(asked)
    asked.destmock.run_until_idle()


def _refuse_in_real_time(asked: Asked) -> None:
    if asked.real_time:
        message = "The clock is real: what is queued runs when its time has come, and can't be run before."
        raise RefusedError(message, _CONFLICT)


def refusal(error: Exception) -> RefusedError:
    """Any error in words, with AWS's code and status if it is one of AWS's."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, ClientError):
        told, metadata = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
        words = f"{told.get('Code')}: {told.get('Message')}"
        return RefusedError(words, int(metadata.get("HTTPStatusCode", _BAD_REQUEST)))
    if isinstance(error, (BotoCoreError, DestmockError, ValueError, OverflowError)):
        return RefusedError(str(error))
    return RefusedError(f"{type(error).__name__}: {error}", 500)


def _client(name: str) -> Any:
    ref = parse_function_arn(name)
    if ref is None:
        message = f"There is no function {name!r}."
        raise RefusedError(message, 404)
    return boto3.session.Session(region_name=ref.region).client("lambda", config=_CONFIG)


def _asked(call: Any, name: str, qualifier: str, **arguments: object) -> Any:
    given = {"Qualifier": qualifier} if qualifier else {}
    return call(FunctionName=name, **given, **arguments)
