"""Checkpoint tokens: the latest one only is worth something."""

from __future__ import annotations

import base64
from typing import Any


class Tokens:
    """The tokens of one execution; `current` is what the next checkpoint has to show, if there may be one."""

    def __init__(self, execution_id: str) -> None:
        self._id = execution_id
        self._count = 0
        self.current: str | None = None
        #: The last checkpoint, in case that it comes again: both tokens, and the answer.
        self._last: tuple[str | None, str, dict[str, Any]] | None = None

    def next(self) -> str:
        """A new token; the one before is worth nothing from now on."""
        self._count += 1
        self.current = base64.b64encode(f"{self._id}:{self._count}".encode()).decode()
        return self.current

    def remember(self, token: str, client_token: str | None, answer: dict[str, Any]) -> None:
        """Keep the answer to a checkpoint, which may be sent a second time."""
        self._last = client_token, token, answer

    def answered_before(self, token: str, client_token: str | None) -> dict[str, Any] | None:
        """The answer to a checkpoint that is sent a second time."""
        if client_token is None or self._last is None or self._last[:2] != (client_token, token):
            return None
        return self._last[2]
