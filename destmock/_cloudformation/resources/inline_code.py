"""The code that a template has in itself, as a zip."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from destmock._cloudformation.resources.kinds import Properties

#: Where moto has AWS's module, and had it before 5.2.4.
_CFNRESPONSE = ("awslambda/resources/cfnresponse.py.txt", "packages/cfnresponse/cfnresponse.py")
_EPOCH = (1980, 1, 1, 0, 0, 0)


@cache
def _cfnresponse() -> str:
    places = [resources.files("moto") / path for path in _CFNRESPONSE]
    return next(place for place in places if place.is_file()).read_text(encoding="utf-8").strip()


def code(properties: Properties) -> Properties:
    """The code for Lambda's API: source text becomes `index.js`, or `index.py` with AWS's `cfnresponse`."""
    given = properties.get("Code", {})
    if "ZipFile" not in given:
        return dict(given)
    if str(properties.get("Runtime", "")).startswith("nodejs"):
        files = {"index.js": given["ZipFile"]}
    else:
        files = {"index.py": given["ZipFile"], "cfnresponse.py": _cfnresponse()}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, text in files.items():
            file.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return {**given, "ZipFile": archive.getvalue()}
