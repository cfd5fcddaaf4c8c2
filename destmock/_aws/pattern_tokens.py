"""Pure: the tokens of an event pattern, with the positions at which AWS's JSON parser (Jackson) stands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from destmock._aws.json_errors import HIDDEN_SOURCE, first_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r'\s*(?:([{}\[\]])|("(?:[^"\\]|\\.)*")(\s*:)?|(-?[0-9][-+.eE0-9]*)|(true|false|null)|,)')
#: How much of the pattern an error quotes.
_QUOTED = 500


class Token(NamedTuple):
    """One token: a bracket, `field`, `string`, `number`, `true`, `false` or `null`.

    `at` is how far the parser has read when it has found the token; of a string, that is its first quote,
    and `end` its last one.
    """

    kind: str
    value: Any
    at: int
    end: int


class PatternError(Exception):
    """What is wrong with a pattern, in AWS's words, and mostly its place."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{reason}\n at [{place}]" if place else reason)


class Tokens:
    """The tokens of one pattern, one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._fault = _fault_of(text)
        self._tokens = self._read()
        self._token = Token("", None, 0, 0)

    def next(self) -> str:
        """Go on to the next token; returns its kind. Raises `PatternError` where the text is no JSON."""
        self._token = next(self._tokens)
        return self._token.kind

    @property
    def kind(self) -> str:
        return self._token.kind

    def name(self) -> str:
        """The name of the field that the parser stands at."""
        return str(self._token.value)

    def text(self) -> str:
        """The text of a string, for which the parser reads on to its end."""
        self._token = self._token._replace(at=self._token.end)
        return str(self._token.value)

    def refuse(self, reason: str) -> NoReturn:
        """Raise a `PatternError` with the place that the parser has come to."""
        raise PatternError(reason, self._place(self._token.at))

    def _place(self, read: int) -> str:
        before = self._text[:read]
        line, column = before.count("\n") + 1, read - (before.rfind("\n") + 1) + 1
        return f"{self._source()}; line: {line}, column: {column}"

    def _source(self) -> str:
        rest = len(self._text) - _QUOTED
        more = f"[truncated {rest} chars]" if rest > 0 else ""
        return f'Source: (String)"{self._text[:_QUOTED]}"{more}'

    def _read(self) -> Iterator[Token]:
        """A field's name is found together with the beginning of its value."""
        field: tuple[str, int] | None = None
        position = 0
        while (match := _TOKEN.match(self._text, position)) is not None:
            position = match.end()
            bracket, string, colon, number, word = match.groups()
            if self._fault is not None and position > self._fault[1]:
                break
            if string is not None and colon is not None:
                field = json.loads(string), match.end(2)
                continue
            token = _token(match, bracket, string, number, word)
            if token is None:
                continue
            if field is not None:
                yield Token("field", field[0], token.at, token.at)
                field = None
            yield token
        reason, read = self._fault or ("Unexpected end-of-input", len(self._text))
        raise PatternError(reason.replace(HIDDEN_SOURCE, self._source()), self._place(read))


def _token(
    match: re.Match[str], bracket: str | None, string: str | None, number: str | None, word: str | None
) -> Token | None:
    end = match.end()
    if bracket is not None:
        return Token(bracket, bracket, end, end)
    if string is not None:
        return Token("string", json.loads(string), match.start(2) + 1, match.end(2))
    if number is not None:
        return Token("number", number, end, end)
    return None if word is None else Token(word, word, end, end)


def _fault_of(text: str) -> tuple[str, int] | None:
    """The first fault of the JSON, and how many characters come before the place of it."""
    try:
        json.loads(text, parse_constant=_refuse)
    except ValueError:
        body = text.encode(errors="surrogatepass")
        reason, read = first_fault(body)
        return reason, len(body[:read].decode(errors="replace"))
    return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
