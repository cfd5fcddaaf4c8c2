"""JSON as AWS's services write it."""

from __future__ import annotations

import json
from typing import Any


def to_bytes(event: Any) -> bytes:
    """The event as a service sends it: compact JSON in UTF-8."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode(errors="backslashreplace")
