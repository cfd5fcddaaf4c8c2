"""Payloads, names and errors as text that can be shown, whatever is in them."""

from __future__ import annotations

import json
import re

#: How many characters of a text are shown.
LIMIT = 20_000
#: The longest JSON that is laid out, in characters: longer JSON would only be cut off.
_LAID_OUT = 200_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_OPEN, _CLOSE = ("{", "["), ("}", "]")
#: Control characters, what changes the direction of text, what can't be seen, and halves of characters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """The text, with invisible characters and those that turn its direction spelt as Python escapes them."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


def decoded(payload: bytes) -> str:
    """Bytes as text; those that aren't UTF-8 are spelt out."""
    return payload.decode(errors="backslashreplace")


def pretty(payload: bytes) -> str:
    """JSON laid out on lines, its strings and numbers as they were written; anything else as it is."""
    text = decoded(payload)
    if len(text) > _LAID_OUT or not _is_json(text):
        return text
    lines, depth, before = [""], 0, ""
    for part in _TOKEN.findall(text):
        depth -= part in _CLOSE
        empty = before in _OPEN and part in _CLOSE
        if not empty and (before in (*_OPEN, ",") or part in _CLOSE):
            lines.append("  " * depth)
        lines[-1] += ": " if part == ":" else part
        depth += part in _OPEN
        before = part
    return "\n".join(lines)


def cut(text: str, limit: int = LIMIT) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


def size(number: int) -> str:
    """A number of bytes in words."""
    if number == 1:
        return "1 byte"
    return f"{number:,} bytes"


def length(milliseconds: int) -> str:
    """A length of time in words, to the millisecond."""
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    parts = [(hours, "h"), (minutes, "min"), (rest / 1000, "s")]
    found = [f"{number:g} {unit}" for number, unit in parts if number]
    return " ".join(found) or "0 s"


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=len)
    except (ValueError, RecursionError):
        return False
    return True
