"""What a library remembers of the cold start of its process, which each execution environment has on Lambda.

A handler shares the modules of libraries with the test. Powertools notes in its own that the first invocation
is over, and reports a cold start for that one only.
"""

from __future__ import annotations

import sys
from types import ModuleType

_LIBRARY = "aws_lambda_powertools"
_FLAG = "is_cold_start"


def begin() -> None:
    """Have the library find a cold start, as in the new process of an environment."""
    if _LIBRARY not in sys.modules:
        return
    for name, module in list(sys.modules.items()):
        if name.startswith(_LIBRARY) and isinstance(module, ModuleType) and _FLAG in vars(module):
            setattr(module, _FLAG, True)
