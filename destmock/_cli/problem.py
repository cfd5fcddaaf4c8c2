"""`Problem`, which ends a command with one line on standard error and exit status 2."""

from __future__ import annotations

import re

#: What the library's messages tell a Python program to pass -> the same as an option of the command line.
_OPTIONS = {
    r"ignore_unsupported=True": "--ignore-unsupported",
    r"invent_parameters=True": "--invent-parameters",
    r"pass parameters=\{\.\.\.\}": "pass --parameter NAME=VALUE",
    r" \(or pass a larger limit to run_until_idle\)": "",
    r"mock_destinations\(allow_hosts=\['([^']*)'\]\)": r"--allow-host \1",
    r"when handlers=\{('[^']*'): \.\.\.\} says what runs": r"when an app has HANDLERS = {\1: ...}",
    r"pass deploy\(handlers=\{('[^']*'): \.\.\.\}\) with what should run instead": (
        r"name an app with HANDLERS = {\1: ...} that says what should run instead"
    ),
    r"register one with mock_destinations\(handlers=\{('[^']*'): handler\}\) or "
    r"destmock\.handler\('[^']*', handler\)": r"name an app with HANDLERS = {\1: handler}",
}


class Problem(Exception):  # noqa: N818 - the user's to mend, not the program's
    """Ends the command with its text as the one line."""


def one_line(error: object) -> str:
    """A text or an exception's text on one line, in the words of the command line."""
    return in_options(" ".join(str(error).split()))


def in_options(text: str) -> str:
    """A text in the words of the command line."""
    for written, option in _OPTIONS.items():
        text = re.sub(written, option, text)
    return text
