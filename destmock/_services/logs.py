"""CloudWatch Logs: what is written to a group goes to the functions that subscribe to it."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaBackend
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend, logs_backends

from destmock._aws.arn import parse_function_arn
from destmock._aws.filter_pattern import NotSimulatedError, ToldError, parse
from destmock._aws.json_text import to_bytes
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_INVALID = "Invalid filter pattern"


def _put_subscription_filter(put_filter: Callable[..., None]) -> Callable[..., None]:
    """A subscription's filter pattern counts."""

    def put(
        self: LogsBackend,
        log_group_name: str,
        filter_name: str,
        filter_pattern: str,
        destination_arn: str,
        role_arn: str,
    ) -> None:
        _check(filter_pattern)
        active[-1].functions.registered.create(self.account_id, self.region_name)
        put_filter(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)

    return put


def _check(pattern: str) -> None:
    try:
        parse(pattern)
    except NotSimulatedError as error:
        message = f"destmock does not simulate the subscription filter {pattern!r}: {error}"
        raise UnsupportedError(message) from error
    except ValueError as error:
        raise InvalidParameterException(str(error) if isinstance(error, ToldError) else _INVALID) from error


def _send_log_event(
    backend: LambdaBackend,
    function_arn: str,
    filter_name: str,
    log_group_name: str,
    log_stream_name: str,
    log_events: list[dict[str, Any]],
) -> None:
    account, region = backend.account_id, backend.region_name
    group = logs_backends[account][region].groups[log_group_name]
    wanted = parse(group.subscription_filters[filter_name].filter_pattern)
    events = [
        (str(event["id"]), event["timestamp"], event["message"])
        for event in log_events
        if wanted(event["message"])
    ]
    ref = parse_function_arn(function_arn)
    if not events or ref is None:
        return
    made = _event(
        owner=account,
        group=log_group_name,
        stream=log_stream_name,
        filter_name=filter_name,
        events=events,
    )
    source = f"CloudWatch Logs group {log_group_name}"
    active[-1].notify(ref, to_bytes(made), source=source, trace=None)


def _event(
    *, owner: str, group: str, stream: str, filter_name: str, events: Sequence[tuple[str, int, str]]
) -> dict[str, Any]:
    """CloudWatch Logs: https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html.

    `events` are id, milliseconds and message of each log event.
    """
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": owner,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [filter_name],
        "logEvents": [
            {"id": number.zfill(56), "timestamp": at, "message": message} for number, at, message in events
        ],
    }
    return {"awslogs": {"data": base64.b64encode(_gzipped(to_bytes(data))).decode()}}


def _gzipped(data: bytes) -> bytes:
    """As gzip, with the same header on every Python: that of Java's, without a time and a system."""
    packer = zlib.compressobj(zlib.Z_BEST_COMPRESSION, wbits=-zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    header = b"\x1f\x8b\x08" + bytes(7)
    return header + packed + struct.pack("<II", zlib.crc32(data), len(data) % 2**32)


PATCHES = (
    Patch(LogsBackend, "put_subscription_filter", _put_subscription_filter),
    Patch(LambdaBackend, "send_log_event", lambda _: _send_log_event),
)
