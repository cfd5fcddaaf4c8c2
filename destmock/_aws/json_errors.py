"""Pure: what AWS's JSON parser (Jackson) says of a payload that isn't JSON (A22).

Only payloads that are known to be bad come here. Lines and columns count from 1, columns in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

#: Lambda keeps the text to itself; other services quote it.
HIDDEN_SOURCE = "Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
_VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_SPACE = b" \t\r\n"
_DIGITS = b"0123456789"
_TOKENS = {ord("n"): b"null", ord("t"): b"true", ord("f"): b"false"}
_DEEPEST = 1000
_NAMES = {"{": "Object", "[": "Array"}


def _fail(text: str, read: int) -> NoReturn:
    raise _BadError(text, read)


class _BadError(Exception):
    """The complaint, and how many bytes had been read when it was made."""

    def __init__(self, text: str, read: int) -> None:
        super().__init__(text)
        self.read = read


@dataclass(slots=True)
class _Open:
    """An object or array that has begun."""

    kind: str
    at: int
    empty: bool = True


def complaint(body: bytes) -> str:
    """The parser's words and its position; for a body that it would have accepted, a general complaint."""
    text, read = first_fault(body)
    return f"{text}\n at [{_place(body, read)}]"


def first_fault(body: bytes) -> tuple[str, int]:
    """The parser's words, and how many bytes it had read."""
    try:
        _Scanner(body).document()
    except _BadError as bad:
        return str(bad), bad.read
    return "Unexpected content", len(body)


def _place(body: bytes, read: int) -> str:
    before = body[:read]
    line, column = before.count(b"\n") + 1, read - (before.rfind(b"\n") + 1) + 1
    return f"{HIDDEN_SOURCE}; line: {line}, column: {column}"


class _Scanner:
    """Walks the bytes as Jackson does, and stops where it would."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0
        self._open: list[_Open] = []

    def document(self) -> None:
        self._spaces()
        self._value()
        while self._open:
            self._next(self._open[-1])
        self._spaces()
        if self._at < len(self._body):
            self._unexpected("expected a valid value " + _VALUE)

    def _next(self, context: _Open) -> None:
        """Read the end of the open object or array, or its next member and the comma before it."""
        self._spaces()
        if self._peek() is None:
            self._end_inside(context)
        if self._peek() == ord("}" if context.kind == "{" else "]"):
            self._at += 1
            self._open.pop()
            return
        if not context.empty:
            if self._peek() != ord(","):
                self._unexpected(f"was expecting comma to separate {_NAMES[context.kind]} entries")
            self._at += 1
        context.empty = False
        self._member(context)

    def _member(self, context: _Open) -> None:
        self._spaces()
        if self._peek() is None:
            self._end_between(context)
        if context.kind == "{":
            if self._peek() != ord('"'):
                self._unexpected("was expecting double-quote to start field name")
            self._string(" in field name")
            self._spaces()
            if self._peek() is None:
                self._end_between(context)
            if self._peek() != ord(":"):
                self._unexpected("was expecting a colon to separate field name and value")
            self._at += 1
            self._spaces()
            if self._peek() is None:
                self._end_between(context)
        self._value()

    def _value(self) -> None:
        byte = self._peek()
        if byte is None:
            _fail("No content to map due to end-of-input", self._at)
        if byte in b"{[":
            self._begin(chr(byte))
        elif byte == ord('"'):
            self._string(": was expecting closing quote for a string value")
        elif byte in _TOKENS:
            self._token(_TOKENS[byte])
        elif byte in _DIGITS or byte == ord("-"):
            self._number()
        elif chr(byte).isalpha() and byte < 0x80:  # noqa: PLR2004 - ASCII
            self._unrecognized(self._at)
        else:
            self._unexpected("expected a valid value " + _VALUE)

    def _begin(self, kind: str) -> None:
        self._open.append(_Open(kind, self._at))
        self._at += 1
        if len(self._open) > _DEEPEST:
            text = (
                f"Document nesting depth ({len(self._open)}) exceeds the maximum allowed ({_DEEPEST}, "
                "from `StreamReadConstraints.getMaxNestingDepth()`)"
            )
            _fail(text, self._at)

    def _string(self, ending: str) -> None:
        self._at += 1
        while (byte := self._peek()) is not None:
            if byte == ord('"'):
                self._at += 1
                return
            if byte < 0x20:  # noqa: PLR2004 - control characters
                text = (
                    f"Illegal unquoted character ((CTRL-CHAR, code {byte})): has to be escaped using "
                    "backslash to be included in string value"
                )
                _fail(text, self._at + 1)
            if byte == ord("\\"):
                self._escape()
            elif byte < 0x80:  # noqa: PLR2004 - ASCII
                self._at += 1
            else:
                self._utf8()
        _fail("Unexpected end-of-input" + ending, self._at)

    def _escape(self) -> None:
        self._at += 1
        byte = self._peek()
        if byte is None:
            _fail("Unexpected end-of-input in character escape sequence", self._at)
        if byte not in b'"\\/bfnrtu':
            text = f"Unrecognized character escape {_described(byte)}"
            _fail(text, self._at + 1)
        self._at += 1
        if byte == ord("u"):
            for _ in range(4):
                digit = self._peek()
                if digit is None or digit not in b"0123456789abcdefABCDEF":
                    self._unexpected("expected a hex-digit for character escape sequence")
                self._at += 1

    def _utf8(self) -> None:
        """One character of two to four bytes."""
        byte = self._body[self._at]
        sizes = ((0xC2, 0xDF, 2), (0xE0, 0xEF, 3), (0xF0, 0xF4, 4))
        size = next((size for first, last, size in sizes if first <= byte <= last), 0)
        if not size:
            _fail(f"Invalid UTF-8 start byte 0x{byte:02x}", self._at + 1)
        for offset in range(1, size):
            if self._at + offset >= len(self._body):
                self._at += offset
                return
            middle = self._body[self._at + offset]
            if middle & 0xC0 != 0x80:  # noqa: PLR2004 - the mark of a continuation byte
                _fail(f"Invalid UTF-8 middle byte 0x{middle:02x}", self._at + offset + 1)
        self._at += size

    def _token(self, token: bytes) -> None:
        start = self._at
        following = self._body[start + len(token) : start + len(token) + 1]
        if self._body.startswith(token, start) and not following.isalnum():
            self._at += len(token)
        else:
            self._unrecognized(start)

    def _unrecognized(self, start: int) -> NoReturn:
        end = start
        while end < len(self._body) and (self._body[end] >= 0x80 or chr(self._body[end]).isalnum()):  # noqa: PLR2004
            if self._body[end] >= 0x80:  # noqa: PLR2004 - ASCII
                self._at = end
                self._utf8()
                end = self._at
            else:
                end += 1
        text = self._body[start:end].decode(errors="replace")
        _fail(f"Unrecognized token '{text}': was expecting {_VALUE}", end)

    def _number(self) -> None:
        if self._peek() == ord("-"):
            self._at += 1
            if self._peek() is None or self._body[self._at] not in _DIGITS:
                self._bad_number("expected digit (0-9) to follow minus sign, for valid numeric value")
        start = self._at
        self._digits()
        if self._body[start] == ord("0") and self._at - start > 1:
            _fail("Invalid numeric value: Leading zeroes not allowed", start + 2)
        if self._peek() == ord("."):
            self._at += 1
            if not self._digits():
                self._bad_number("Decimal point not followed by a digit")
        if self._peek() in (ord("e"), ord("E")):
            self._at += 1
            if self._peek() in (ord("+"), ord("-")):
                self._at += 1
            if not self._digits():
                self._bad_number("Exponent indicator not followed by a digit")
        byte = self._peek()
        if byte is not None and byte not in _SPACE + b",]}":
            self._unexpected("Expected space separating root-level values")

    def _digits(self) -> int:
        start = self._at
        while (byte := self._peek()) is not None and byte in _DIGITS:
            self._at += 1
        return self._at - start

    def _bad_number(self, why: str) -> NoReturn:
        byte = self._peek()
        if byte is None:
            _fail("Unexpected end-of-input in a Number value", self._at)
        text = f"Unexpected character ({_described(byte)}) in numeric value: {why}"
        _fail(text, self._at + 1)

    def _spaces(self) -> None:
        while (byte := self._peek()) is not None and byte in _SPACE:
            self._at += 1

    def _peek(self) -> int | None:
        return self._body[self._at] if self._at < len(self._body) else None

    def _end_inside(self, context: _Open) -> NoReturn:
        marker = _place(self._body, context.at)
        text = (
            f"Unexpected end-of-input: expected close marker for {_NAMES[context.kind]} "
            f"(start marker at [{marker}])"
        )
        _fail(text, self._at)

    def _end_between(self, context: _Open) -> NoReturn:
        text = f"Unexpected end-of-input within/between {_NAMES[context.kind]} entries"
        _fail(text, self._at)

    def _unexpected(self, why: str) -> NoReturn:
        byte = self._peek()
        if byte is None:
            _fail(f"Unexpected end-of-input: {why}", self._at)
        _fail(f"Unexpected character ({_described(byte)}): {why}", self._at)


def _described(byte: int) -> str:
    if 0x20 <= byte < 0x7F:  # noqa: PLR2004 - printable ASCII
        return f"'{chr(byte)}' (code {byte})"
    return f"(CTRL-CHAR, code {byte})"
