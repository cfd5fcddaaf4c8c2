"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "remark"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One path, queue or target with which something is wrong.

    `level` is "error" for what gets lost for sure, or is refused by AWS, and "remark" for the rest. `rule` is
    the name of the rule, `resource` the name of the function or queue that it is about, `text` what gets
    lost, `fix` what to do, and `url` AWS's page on it.
    """

    level: Level
    rule: str
    resource: str
    text: str
    fix: str
    url: str

    def __str__(self) -> str:
        return f"{self.level}: {self.text}. {self.fix}. {self.url}"
