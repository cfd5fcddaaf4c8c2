"""Pure: which event patterns have too many wildcards for AWS.

The patterns of one field make one automaton, which reads a value byte by byte. AWS refuses a rule when some
value could be in the middle of more than ten of its wildcard patterns at once, a pattern counted as often as
the value may be at different places of it. https://github.com/aws/event-ruler has that measure. Its highest
value for EventBridge is known from rules that AWS took and refused.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from destmock._aws.event_pattern import ways
from destmock._aws.pattern_tokens import PatternError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MOST = 10
_TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after "
    "a wildcard character"
)
_ANY, _QUOTE, _OTHER = 256, ord('"'), 257
_ABSENT = {"exists": False}


@dataclass(slots=True)
class _State:
    """A place in the patterns of a field: where the next byte leads, and which patterns lead on from here."""

    #: The state that any byte leads to, which stays there for any other.
    star: int | None = None
    bytes: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    patterns: set[str] = field(default_factory=set)


def check(pattern: Mapping[str, Any]) -> None:
    """Raise `PatternError` for a pattern whose wildcards are too many for AWS."""
    for wildcards in _of_fields(pattern):
        if _is_too_complex(_automaton(wildcards)):
            raise PatternError(_TOO_COMPLEX)


def _of_fields(pattern: Mapping[str, Any]) -> Iterable[list[tuple[str, str]]]:
    """The wildcards that are looked for at once, each with the filter that it is of.

    Alternatives share the automaton of a field as long as they want the same of the fields before it. Behind
    a field that is only wanted to be absent, AWS doesn't look.
    """
    found: defaultdict[str, dict[str, list[tuple[str, str]]]] = defaultdict(dict)
    for way in ways(pattern):
        before: list[Any] = []
        for path, filters in sorted(way, key=lambda wanted: wanted[0]):
            place = json.dumps([before, path])
            found[place][json.dumps(filters)] = [*_wildcards(filters)]
            before.append([path, filters])
            if all(each == _ABSENT for each in filters):
                break
    return [[each for some in alternatives.values() for each in some] for alternatives in found.values()]


def _wildcards(filters: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for each in filters:
        if not isinstance(each, dict):
            continue
        inner = each.get("anything-but")
        texts: Any = each.get("wildcard", inner.get("wildcard", ()) if isinstance(inner, dict) else ())
        for text in [texts] if isinstance(texts, str) else texts:
            yield json.dumps(each), text


def _automaton(wildcards: Iterable[tuple[str, str]]) -> list[_State]:
    """The states of some patterns; what comes up to the first wildcard is shared, what follows isn't."""
    states = [_State()]
    ends: dict[str, int] = {}
    shared: dict[tuple[int, int], int] = {}
    for name, text in wildcards:
        tokens = _tokens(text)
        current, skipped, determinate = 0, None, True
        for place, token in enumerate(tokens):
            if place == len(tokens) - 1:
                following = ends.setdefault(name, len(states))
            elif determinate:
                following = shared.setdefault((current, token), len(states))
            else:
                following = len(states)
            if following == len(states):
                states.append(_State())
            states[following].patterns.add(name)
            if token == _ANY:
                states[current].star = states[following].star = following
                skipped, determinate = current, False
            else:
                states[current].bytes[token].add(following)
                if skipped is not None:  # a wildcard may stand for nothing
                    states[skipped].bytes[token].add(following)
                skipped = None
            current = following
    return states


def _tokens(text: str) -> list[int]:
    """The bytes of a value that a pattern takes, with the quotes around it, and `_ANY` for each wildcard."""
    found, escaped = [_QUOTE], False
    for byte in text.encode():
        if byte == ord("\\") and not escaped:
            escaped = True
            continue
        found.append(_ANY if byte == ord("*") and not escaped else byte)
        escaped = False
    return [*found, _QUOTE]


def _is_too_complex(states: list[_State]) -> bool:
    """Whether some value is at too many places of the patterns at once."""
    alphabet = {byte for state in states for byte in state.bytes} | {_OTHER}
    start = frozenset({0})
    seen, waiting = {start}, [start]
    while waiting:
        active = waiting.pop()
        for byte in alphabet:
            reached = frozenset(_after(states, active, byte))
            if _count(states, reached) > _MOST:
                return True
            if reached and reached not in seen:
                seen.add(reached)
                waiting.append(reached)
    return False


def _after(states: list[_State], active: Iterable[int], byte: int) -> Iterator[int]:
    for number in active:
        state = states[number]
        if state.star is not None:
            yield state.star
        yield from state.bytes.get(byte, ())


def _count(states: list[_State], reached: frozenset[int]) -> int:
    """How many patterns the value is in the middle of; what a wildcard right behind it adds, too."""
    behind = [states[number].star for number in reached]
    places = [*reached, *(star for star in behind if star is not None and star not in reached)]
    return sum(len(states[number].patterns) for number in places)
