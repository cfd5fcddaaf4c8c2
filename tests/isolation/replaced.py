"""Functions of other libraries that a test puts its own in the place of."""

import contextlib
from unittest.mock import patch

from destmock import mock_destinations


def is_asked(owner, name, call, *, inside):
    """Whether a test's own function is asked in a mock, put there before the mock or inside of it."""
    asked = []

    @contextlib.contextmanager
    def replaced():
        real = getattr(owner, name)

        def noting(*given, **named):
            asked.append(name)
            return real(*given, **named)

        with patch.object(owner, name, noting):
            yield

    with contextlib.ExitStack() as stack:
        for enter in (mock_destinations, replaced) if inside else (replaced, mock_destinations):
            stack.enter_context(enter())
        call()
    return bool(asked)
