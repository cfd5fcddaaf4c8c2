"""Programs in a process of their own, for what an earlier test may have changed in this one."""

import subprocess
import sys
import textwrap
from pathlib import Path

#: Where `tests` can be imported.
_ROOT = Path(__file__).parents[1]


def printed(program):
    """What a program prints that ends well."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT).stdout
