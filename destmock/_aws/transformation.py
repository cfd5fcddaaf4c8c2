"""A Firehose stream's function: its event, its answer, and the line that is written of a failed record.

Documented: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html with its pages on the
status model and on failures, the codes under "Lambda invocation errors" in
https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html, and the prefixes in
https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html.

Not documented, but seen in what AWS has written since 2025: the order of a line's members, `lambdaARN` (the
documentation has `lambdaArn`), numbers in place of texts, the texts of the codes `FunctionError` and
`ProcessingFailedStatus`, and that an answer is never asked for again, whatever is wrong with it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

_ERROR_OUTPUT_TYPE = "processing-failed"


class Failure(NamedTuple):
    """Why a record could not be transformed."""

    code: str
    message: str


FUNCTION_ERROR = Failure(
    "Lambda.FunctionError",
    "The Lambda function was successfully invoked but it returned an error result.",
)
TIMED_OUT = Failure(
    "Lambda.FunctionTimedOut",
    "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
)
_UNREADABLE = Failure(
    "Lambda.JsonProcessingException",
    "There was an error parsing returned records from the Lambda function. Ensure that the returned records "
    "follow the status model required by Amazon Data Firehose.",
)
_WRONG_FORMAT = Failure(
    "Lambda.FunctionError",
    "Check your function and make sure the output is in required format. In addition to that, make sure the "
    "processed records contain valid result status of Dropped, Ok, or ProcessingFailed",
)
_NO_DATA = Failure(
    "Lambda.InvalidReturnFormat",
    "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing "
    "result is Ok. The value field cannot be null when the SourceType is MSKAsSource and processing result "
    "is Ok.",
)
_MISSING = Failure(
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record "
    "Ids.",
)
_TWICE = Failure(
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record Id. Ensure that the Lambda function returns unique "
    "record Ids for each record.",
)
_FAILED = Failure("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
#: By the code of Lambda's error.
_REFUSALS = {
    "TooManyRequestsException": Failure(
        "Lambda.InvokeLimitExceeded",
        "The Lambda concurrent execution limit is exceeded. Increase the concurrent execution limit.",
    ),
    "ResourceNotFoundException": Failure(
        "Lambda.ResourceNotFound",
        "The specified Lambda function does not exist. Use a different function that does exist.",
    ),
}
_RESULTS = {"Ok", "Dropped", "ProcessingFailed"}
#: Letters of Java's DateTimeFormatter, with the number that each stands for.
_FIELDS: dict[str, Callable[[datetime], int]] = {
    "y": lambda at: at.year,
    "u": lambda at: at.year,
    "M": lambda at: at.month,
    "d": lambda at: at.day,
    "D": lambda at: at.timetuple().tm_yday,
    "H": lambda at: at.hour,
    "m": lambda at: at.minute,
    "s": lambda at: at.second,
}
_EXPRESSION = re.compile(r"!\{(?:timestamp:([^}]*)|firehose:(error-output-type|random-string))\}")
_PARTITION_KEY = re.compile(r"(!\{partitionKeyFrom(?:Query|Lambda):[^}]*\})")
_PART_OF_TIME = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|(.)", re.DOTALL)
_HOUR = "!{timestamp:yyyy/MM/dd/HH/}"


def refused(code: str, message: str) -> Failure:
    """The failure of an invocation that Lambda has refused; of a code that isn't known, the code itself."""
    return _REFUSALS.get(code) or Failure(f"Lambda.{code.removesuffix('Exception')}", message)


def event(
    invocation_id: str, stream_arn: str, region: str, at: int, records: Sequence[tuple[str, bytes]]
) -> dict[str, Any]:
    """The event of one batch, of records that have arrived at the same millisecond."""
    return {
        "invocationId": invocation_id,
        "deliveryStreamArn": stream_arn,
        "region": region,
        "records": [
            {"recordId": number, "approximateArrivalTimestamp": at, "data": base64.b64encode(data).decode()}
            for number, data in records
        ],
    }


def results(answer: bytes, ids: Sequence[str]) -> list[bytes | Failure | None]:
    """For each record what is delivered in its place, why it failed, or `None` if it was dropped.

    Records that nobody has sent are passed over.
    """
    try:
        found = _read(json.loads(answer))
    except (ValueError, TypeError, AttributeError):
        return [_UNREADABLE] * len(ids)
    twice = Counter(number for number, *_ in found)
    by_id = {number: (result, data) for number, result, data in found}
    made = [
        _MISSING if each not in by_id else _TWICE if twice[each] > 1 else _result(*by_id[each])
        for each in ids
    ]
    return [_WRONG_FORMAT] * len(ids) if _WRONG_FORMAT in made else made


def _read(answer: Any) -> list[tuple[str, Any, Any]]:
    """An answer without records, such as `null`, has returned none of them."""
    records = (answer or {}).get("records") or []
    return [(str(each.get("recordId")), each.get("result"), each.get("data")) for each in records]


def _result(result: Any, data: Any) -> bytes | Failure | None:
    if not isinstance(result, str) or result not in _RESULTS:
        return _WRONG_FORMAT
    if result != "Ok":
        return None if result == "Dropped" else _FAILED
    if data is None:
        return _NO_DATA
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return _WRONG_FORMAT


def error_line(
    data: bytes, failure: Failure, attempts: int, arrived: int, ended: int, arn: str
) -> dict[str, Any]:
    """What is written of a record that could not be transformed; times are in milliseconds."""
    return {
        "rawData": base64.b64encode(data).decode(),
        "errorCode": failure.code,
        "errorMessage": failure.message,
        "attemptsMade": attempts,
        "arrivalTimestamp": arrived,
        "attemptEndingTimestamp": ended,
        "lambdaARN": arn,
    }


def error_prefix(
    prefix: str, error_output_prefix: str | None, at: datetime, random: Callable[[], str]
) -> str:
    """The prefix of the objects with failed records; raises `ValueError` for what can't be evaluated.

    Without expressions, the kind of error and the hour come after it. So they do after `prefix`, where there
    is no prefix for errors.
    """
    written = error_output_prefix or prefix
    if has_expressions(prefix) and not error_output_prefix:
        message = "where failed records go: AWS wants an ErrorOutputPrefix for a Prefix with expressions"
        raise ValueError(message)
    if not has_expressions(written):
        written += "" if written.endswith("/") or not written else "/"
        written += f"{_ERROR_OUTPUT_TYPE}/{_HOUR}"
    return _evaluated(written, at, random)


def delivery_prefix(prefix: str, at: datetime, random: Callable[[], str]) -> str:
    """The prefix of the objects with delivered records; raises `ValueError` for what can't be evaluated.

    Keys of dynamic partitioning stay as they are written.
    """
    return "".join(
        part if _PARTITION_KEY.fullmatch(part) else _evaluated(part, at, random)
        for part in _PARTITION_KEY.split(prefix)
    )


def has_expressions(prefix: str) -> bool:
    return "!{" in prefix


def has_partition_keys(prefix: str) -> bool:
    """Whether a prefix depends on what is in the records."""
    return _PARTITION_KEY.search(prefix) is not None


def _evaluated(written: str, at: datetime, random: Callable[[], str]) -> str:
    unknown = re.search(r"!\{[^}]*\}?", _EXPRESSION.sub("", written))
    if unknown is not None:
        message = f"the expression {unknown[0]!r}"
        raise ValueError(message)

    def value(match: re.Match[str]) -> str:
        if match[1] is not None:
            return _time(match[1], at)
        return random() if match[2] == "random-string" else _ERROR_OUTPUT_TYPE

    return _EXPRESSION.sub(value, written)


def _time(pattern: str, at: datetime) -> str:
    def value(match: re.Match[str]) -> str:
        literal, run, letter, other = match.groups()
        if letter is None:
            return str(other or literal.replace("''", "'") or "'")
        if letter not in _FIELDS or (letter == "M" and len(run) > len("MM")):
            message = f"{run!r} in the time {pattern!r}"
            raise ValueError(message)
        number = str(_FIELDS[letter](at))
        return number[-len(run) :] if run in ("yy", "uu") else number.zfill(len(run))

    return _PART_OF_TIME.sub(value, pattern)
