"""AWS's binary framing of events in the body of an answer (`application/vnd.amazon.eventstream`)."""

from __future__ import annotations

import struct
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
_OVERHEAD = 16  # two lengths and two checksums


def framed(event_type: str, content_type: str, payload: bytes) -> bytes:
    """One event: lengths and their checksum, its headers, its payload, and the checksum of all of it.

    Source: the event stream encoding of AWS's SDKs, as botocore's `eventstream` reads it.
    """
    headers = b"".join(
        _header(name, value)
        for name, value in (
            (":event-type", event_type),
            (":content-type", content_type),
            (":message-type", "event"),
        )
    )
    lengths = struct.pack("!II", _OVERHEAD + len(headers) + len(payload), len(headers))
    message = lengths + struct.pack("!I", crc32(lengths)) + headers + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(text)) + text
