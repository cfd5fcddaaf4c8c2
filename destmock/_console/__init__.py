"""The page at `/_destmock`: functions, their destinations, events and the queue, to look at and to drive."""

from __future__ import annotations

from destmock._console.application import application

__all__ = ["application"]
