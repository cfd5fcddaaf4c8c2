"""What tests can't ask of an older moto: each mark says what it lacks."""

import moto
import pytest


def since_moto(version, lacks):
    """Skips a test with a moto that is older than `version`, for it `lacks` something."""
    older = tuple(map(int, moto.__version__.split(".")[:3])) < tuple(map(int, version.split(".")))
    return pytest.mark.skipif(older, reason=f"moto {moto.__version__} {lacks}")
