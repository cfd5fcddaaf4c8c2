"""APIs, function URLs and load balancers over HTTP: a path of the server stands for each one's own host.

`/_aws/execute-api/{api id}/{stage}/...` is a REST or HTTP API, `/_aws/lambda-url/{url id}/...` a function
URL, and `/_aws/elb/{name}/...` the first listener of a load balancer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from destmock._aws import api_errors as errors
from destmock._services.front_doors.doors import answered, host_of
from destmock._services.http.exchange import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import HttpAnswer

PREFIX = "/_aws/"
_PATH = re.compile(r"/_aws/([^/]+)/([^/]+)(/.*)?")
_NOTHING = (
    "no API, function URL or load balancer is behind {path}: /_aws/execute-api/<api id>/<stage>/... is one"
)


def answer(
    simulation: Simulation, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> HttpAnswer:
    """Answer a request. The names of its headers are in lower case, and go on as most clients write them."""
    found = _PATH.fullmatch(path)
    host = None if found is None else host_of(simulation, found[1], found[2])
    if found is None or host is None:
        raise errors.unknown_operation(_NOTHING.format(path=path))
    given = tuple((name.title(), value) for name, value in headers.items() if name != "host")
    return answered(HttpRequest(method, host, found[3] or "/", query, given, body), simulation=simulation)
