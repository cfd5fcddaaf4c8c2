"""A file of the results of an exploration, so that one that was stopped goes on where it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from destmock._engine.points import PlannedFault
from destmock._explore.search import Result

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from destmock._explore.search import Plan

#: How each line begins.
_BEGINNING = '{"plan": ['


class Journal:
    """The results that a file has, a line of JSON for each run; new ones are added to it as they come.

    The first line is the run without faults: a file of another scenario is refused with `ValueError`.
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self._path = None if path is None else Path(path)
        self._results: dict[Plan, Result] = {}
        if self._path is not None and self._path.exists():
            self._read(self._path)

    def __contains__(self, plan: Plan) -> bool:
        return bool(plan) and plan in self._results  # the run without faults is always made

    def __getitem__(self, plan: Plan) -> Result:
        return self._results[plan]

    def add(self, results: Sequence[Result]) -> None:
        """Write results to the file; raises `ValueError` if it is the file of another scenario."""
        if self._path is None:
            return
        known = self._results.get(())
        for result in results:
            if not result.plan and known is not None and known.possible != result.possible:
                message = f"{self._path} is of another scenario, or of another version of this one; remove it"
                raise ValueError(message)
        new = [result for result in results if result.plan not in self._results]
        self._results.update((result.plan, result) for result in new)
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(_plain(result))}\n" for result in new)

    def _read(self, path: Path) -> None:
        whole, newline, cut = path.read_text("utf-8").rpartition("\n")
        for line in whole.splitlines():
            try:
                result = _result(json.loads(line))
            except (KeyError, TypeError, ValueError) as error:
                message = f"{path} is not the file of an exploration: {line[:80]!r}"
                raise ValueError(message) from error
            self._results[result.plan] = result
        if not (cut.startswith(_BEGINNING) or _BEGINNING.startswith(cut)):
            message = f"{path} is not the file of an exploration: {cut[:80]!r}"
            raise ValueError(message)
        if cut:  # whoever wrote it was stopped
            path.write_text(whole + newline, "utf-8")


def _plain(result: Result) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "plan": [str(fault) for fault in result.plan],
        "possible": [str(fault) for fault in result.possible],
    }
    if result.error is not None:
        plain.update(error=result.error, timeline=result.timeline)
    if result.missed:
        plain["missed"] = [str(fault) for fault in result.missed]
    return plain


def _result(plain: dict[str, Any]) -> Result:
    return Result(
        _faults(plain["plan"]),
        _faults(plain["possible"]),
        plain.get("error"),
        plain.get("timeline", ""),
        _faults(plain.get("missed", [])),
    )


def _faults(names: list[str]) -> tuple[PlannedFault, ...]:
    return tuple(PlannedFault.parse(name) for name in names)
