"""A time axis on which a tenth of a second and six hours can both be seen.

The longer a wait, the less room it gets per second. Times are virtual, in milliseconds; places are in per
cent of the width.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FIRST, _LAST = 2.0, 97.0


@dataclass(frozen=True, slots=True)
class Axis:
    """A time axis: `times` in order, and in `places` the place of each."""

    times: tuple[int, ...]
    places: tuple[float, ...]

    def at(self, time: int) -> float:
        """The place of a time; in proportion, if it is between two times that the axis was made for."""
        right = bisect_left(self.times, time)
        if right == len(self.times):
            return self.places[-1]
        if self.times[right] == time or right == 0:
            return self.places[right]
        before, after = self.times[right - 1], self.times[right]
        share = (time - before) / (after - before)
        return round(self.places[right - 1] + share * (self.places[right] - self.places[right - 1]), 2)

    def ticks(self, apart: float) -> list[int]:
        """The times with room for words: the first, the last, and others that are so many per cent apart."""
        return self.thinned(self.times, apart)

    def thinned(self, times: Sequence[int], apart: float) -> list[int]:
        """Some of the times, at least `apart` per cent from each other; the first and last are kept."""
        kept = [times[0]]
        if len(times) == 1:
            return kept
        for time in times[1:-1]:
            place = self.at(time)
            if place - self.at(kept[-1]) >= apart and self.places[-1] - place >= apart:
                kept.append(time)
        return [*kept, times[-1]]


def axis(times: Iterable[int]) -> Axis:
    """An axis for at least one time."""
    ordered = sorted(set(times))
    weights = [1 + log10(1 + (after - before) / 100) for before, after in pairwise(ordered)]
    whole = sum(weights) or 1.0
    places, place = [_FIRST], 0.0
    for weight in weights:
        place += weight
        places.append(round(_FIRST + (_LAST - _FIRST) * place / whole, 2))
    return Axis(tuple(ordered), tuple(places))
