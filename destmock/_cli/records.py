"""`destmock run --record`: reads what production has kept of failures, and tells what came of them here."""

from __future__ import annotations

import pdb  # noqa: T100 - the user asks for it
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from destmock._aws.failed_invocation import FailedInvocation, failed_invocations
from destmock._cli.lines import harmless
from destmock._cli.problem import Problem
from destmock._observed.facts import function_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from destmock._mock.replay import Replay


def read_records(file: str) -> list[FailedInvocation]:
    """Everything that a file, or standard input, has kept. Raises `Problem` if that is nothing."""
    if file == "-" and sys.stdin is None:
        message = "--record -: there is no standard input"
        raise Problem(message)
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return failed_invocations(text)
    except OSError as error:
        why = error.strerror if file else "it is empty"
        message = f"--record {file}: {why}; give a file, or - for standard input"
        raise Problem(message) from error
    except ValueError as error:
        message = f"--record {file}: {error}"
        raise Problem(message) from error


def tell(replay: Replay) -> None:
    """Print what was kept, and what came of it now."""
    failed, ran = replay.failed, function_name(replay.invocation.function_arn)
    named = function_name(failed.function_arn) if failed.function_arn else "a function"
    condition = f", {failed.condition}" if failed.condition else ""
    print(harmless(f"kept:     {named} {failed.request_id or ''}{condition}: {failed.error or 'no error'}"))
    print(harmless(f"replayed: {ran}: {replay.verdict}"))


def as_document(replay: Replay) -> dict[str, Any]:
    """What `--json` has of it."""
    failed = replay.failed
    return {
        "recordRequestId": failed.request_id,
        "recordError": failed.error,
        "requestId": replay.invocation.request_id,
        "functionArn": replay.invocation.function_arn,
        "sameError": replay.has_same_error,
        "verdict": replay.verdict,
    }


def stop_at(replays: Sequence[Replay]) -> None:
    """Open Python's debugger at the first failure of a handler, if there was one."""
    for replay in replays:
        error = None if replay.attempt is None else replay.attempt.exception
        if error is not None and error.__traceback__ is not None:
            pdb.post_mortem(error.__traceback__)
            return
    print("there is no failure to stop at")
