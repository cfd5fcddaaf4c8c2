"""Where in a run of the program something can go wrong, and what: values, each with a text that names it.

The runs of a function's handler are counted by the function's name, from 1, in the order in which they begin,
whoever invoked it and however. The AWS calls of a run are counted from 1 as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef

FaultKind = Literal[
    "throttle", "system_error", "duplicate", "delay", "crash", "timeout", "switch", "fail_delivery"
]
#: `begin`: before the run. `before` and `after`: one of its AWS calls. `end`: its handler has returned.
#: `delivery`: what follows from it is sent to a destination or a dead-letter queue.
At = Literal["begin", "before", "after", "end", "delivery"]
_POINT = re.compile(
    r"(?P<function>[^/#\s]+)#(?P<run>\d+)/"
    r"(?:(?P<alone>begin|end)|(?P<at>before|after)/(?P<name>[^/#\s]+)#(?P<call>\d+)|delivery/(?P<arn>arn:\S+))"
)
_FAULT = re.compile(r"(?P<run>[^/\s]+)/(?P<kind>[a-z-]+)(?:/(?P<what>\S+))?")
#: How a planned fault is written: its kind, and where.
_WORDS: dict[str, tuple[FaultKind, At]] = {
    "throttle": ("throttle", "begin"),
    "system-error": ("system_error", "begin"),
    "duplicate": ("duplicate", "begin"),
    "delay": ("delay", "begin"),
    "switch": ("switch", "before"),
    "crash-before": ("crash", "before"),
    "timeout": ("timeout", "before"),
    "crash-after": ("crash", "after"),
    "crash-end": ("crash", "end"),
    "fail-delivery": ("fail_delivery", "delivery"),
}
_WORD_OF = {planned: word for word, planned in _WORDS.items()}


class Point(NamedTuple):
    """A point of a run: `orders#2/before/sqs.SendMessage#1` is before the first AWS call of its run 2.

    `name` is the service and operation of a call, or the ARN of a destination; `call` says which call of the
    run it is. `Point.parse` makes the same point of its text.
    """

    function: str
    run: int
    at: At
    name: str = ""
    call: int = 0

    def __str__(self) -> str:
        begin = f"{self.function}#{self.run}/{self.at}"
        if self.call:
            return f"{begin}/{self.name}#{self.call}"
        return f"{begin}/{self.name}" if self.name else begin

    @classmethod
    def parse(cls, text: str) -> Point:
        """The point that a text names; raises `ValueError` for a text that names none."""
        match = _POINT.fullmatch(text)
        if match is None:
            message = (
                f"{text!r} is not a point of a run; write 'orders#1/begin', 'orders#1/end', "
                "'orders#1/before/sqs.SendMessage#2', 'orders#1/after/sqs.SendMessage#2' or "
                "'orders#1/delivery/<destination ARN>'"
            )
            raise ValueError(message)
        function, run = match["function"], int(match["run"])
        if match["arn"]:
            return cls(function, run, "delivery", match["arn"])
        if match["alone"]:
            return cls(function, run, "begin" if match["alone"] == "begin" else "end")
        at: At = "before" if match["at"] == "before" else "after"
        return cls(function, run, at, match["name"], int(match["call"]))

    @property
    def phrase(self) -> str:
        """The point in words, without the function: "after dynamodb.PutItem (2nd AWS call)"."""
        if self.at in ("before", "after"):
            return f"{self.at} {self.name} ({ordinal(self.call)} AWS call)"
        if self.at == "delivery":
            return f"on the way to {self.name}"
        return "before it runs" if self.at == "begin" else "after its handler has returned"


class PlannedFault(NamedTuple):
    """A fault that is to happen at one point of a run: `charge#1/crash-after/dynamodb.PutItem#2`."""

    kind: FaultKind
    point: Point

    def __str__(self) -> str:
        point, word = self.point, _WORD_OF[self.kind, self.point.at]
        begin = f"{point.function}#{point.run}/{word}"
        if point.call:
            return f"{begin}/{point.name}#{point.call}"
        return f"{begin}/{point.name}" if point.name else begin

    @classmethod
    def parse(cls, text: str) -> PlannedFault:
        """The fault that a text names; raises `ValueError` for a text that names none."""
        match = _FAULT.fullmatch(text) if isinstance(text, str) else None
        planned = None if match is None else _WORDS.get(match["kind"])
        message = (
            f"{text!r} is not the name of a fault; write e.g. 'charge#1/crash-after/dynamodb.PutItem#2': "
            f"a function, which of its runs, one of {', '.join(_WORDS)}, and for those at an AWS call "
            "which one"
        )
        if match is None or planned is None:
            raise ValueError(message)
        kind, at = planned
        what = "" if match["what"] is None else f"/{match['what']}"
        try:
            return cls(kind, Point.parse(f"{match['run']}/{at}{what}"))
        except ValueError:
            raise ValueError(message) from None

    @property
    def sentence(self) -> str:
        """What happens, in words: "charge, attempt 1, dies after dynamodb.PutItem (2nd AWS call)"."""
        point = self.point
        run = f"{point.function}, attempt {point.run}"
        if self.kind == "fail_delivery":
            return f"what {run}, leads to can't be sent to {point.name}"
        return f"{run}, {_VERBS[self.kind]} {'' if point.at == 'begin' else point.phrase}".rstrip()


_VERBS: dict[FaultKind, str] = {
    "throttle": "is throttled before it begins",
    "system_error": "is kept from running by an error of Lambda's (500)",
    "duplicate": "has its event delivered twice",
    "delay": "is delayed in its queue",
    "crash": "dies",
    "timeout": "hangs until its timeout",
    "switch": "lets what else is due go on",
}


class Occasion(NamedTuple):
    """A fault could happen now: where, to which function, and to which invocation.

    `alike` says which of the run's calls of that operation it is, from 1; `dead_letter` whether what is sent
    goes to a dead-letter queue.
    """

    point: Point
    ref: FunctionRef
    request_id: str | None
    asynchronous: bool
    alike: int = 0
    dead_letter: bool = False


def ordinal(number: int) -> str:
    """A number as an ordinal: "1st", "22nd"."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
