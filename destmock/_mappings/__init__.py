"""Event source mappings: Lambda reads a queue or a stream, and runs a function with what it finds."""

from __future__ import annotations

from destmock._mappings.mappings import Mappings, check, known
from destmock._mappings.source import mark_arrival, source_text

__all__ = ["Mappings", "check", "known", "mark_arrival", "source_text"]
