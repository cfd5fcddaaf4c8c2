"""Why handlers have failed, as the report of a failed test tells it: where, and what they printed."""

from __future__ import annotations

import linecache
import os
from dataclasses import dataclass
from pathlib import Path
from traceback import StackSummary, TracebackException, walk_tb
from typing import TYPE_CHECKING

from destmock._functions.handlers import OUTCOMES_FILE
from destmock._pictures.story import function_text
from destmock._pictures.text import cut
from destmock._runtime.importing import is_installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._observed.entries import Entry
    from destmock._observed.facts import Attempt
    from destmock._observed.ledger import Ledger

_MOST_SHOWN = 10
_LOG_SHOWN = 4000
#: How many lines of code are shown before and after the one that has raised.
_AROUND = 2
_OWN = f"{Path(__file__).parents[1]}{os.sep}"
_NOT_PRINTED = ("INIT_START ", "START RequestId: ", "END RequestId: ", "REPORT RequestId: ", "[ERROR] ")


@dataclass(slots=True)
class _Failure:
    """A failure, the first attempt that had it, and how many had."""

    entry: Entry
    attempt: Attempt
    told: TracebackException
    times: int = 1


def failures(ledger: Ledger) -> str:
    """Each distinct exception of a handler, with its traceback and output; empty if there was none.

    The exceptions of `outcomes(...)` are left out: the test has made them itself.
    """
    found: dict[tuple[str, str, str, int | None], _Failure] = {}
    for entry in ledger.story:
        for attempt in entry.attempts:
            if attempt.exception is None:
                continue
            told = _users_own(TracebackException.from_exception(attempt.exception))
            if not told.stack:
                continue
            last = told.stack[-1]
            key = entry.function_arn, str(told), last.filename, last.lineno
            if key in found:
                found[key].times += 1
            else:
                found[key] = _Failure(entry, attempt, told)
    texts = ["\n".join(_lines(failure)) for failure in [*found.values()][:_MOST_SHOWN]]
    if len(found) > _MOST_SHOWN:
        texts.append(f"... and {len(found) - _MOST_SHOWN} more")
    return "\n\n".join(texts)


def raised_at(error: BaseException) -> str | None:
    """The file and the line where a handler's exception was raised, or left the user's own code."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    found = [(file, line) for file, line in frames if _is_users(file)]
    if not found:
        return None
    own = [(file, line) for file, line in found if not is_installed(file)]
    file, line = (own or found)[-1]
    return f"{Path(file).name}:{line}"


def _is_users(file: str) -> bool:
    """Whether a frame's file is neither destmock's nor the runtime's nor Python's import system."""
    return (
        not file.startswith((_OWN, "<frozen importlib"))
        and not file.endswith("/bootstrap.py")
        and file != OUTCOMES_FILE
    )


def _users_own(told: TracebackException) -> TracebackException:
    """The exception, and those before it, without the frames of destmock, the runtime and imports."""
    frames = [frame for frame in told.stack if _is_users(frame.filename)]
    told.stack = StackSummary.from_list(frames)
    for before in (told.__cause__, told.__context__):
        if before is not None:
            _users_own(before)
    return told


def _lines(failure: _Failure) -> Iterator[str]:
    attempt, times = failure.attempt, failure.times
    more = f", and {times - 1} more like it" if times > 1 else ""
    yield f"{function_text(failure.entry.function_arn)}, attempt {attempt.number}{more}:"
    yield "".join(failure.told.format()).rstrip()
    last = failure.told.stack[-1]
    if last.lineno is not None and linecache.getline(last.filename, last.lineno):
        yield f"{last.filename}:{last.lineno}:"
        for number in range(max(last.lineno - _AROUND, 1), last.lineno + _AROUND + 1):
            line = linecache.getline(last.filename, number).rstrip()
            yield f"{'>' if number == last.lineno else ' '} {number:4} {line}".rstrip()
    printed = [event for event in attempt.log_events if not event.startswith(_NOT_PRINTED)]
    text = "".join(event if event.endswith("\n") else f"{event}\n" for event in printed)
    if text.strip():
        yield "It printed:"
        yield cut(text.rstrip(), _LOG_SHOWN)
