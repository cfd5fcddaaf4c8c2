"""The front doors of one mock: which host is whose, and what a request to it is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from destmock._engine.active import active
from destmock._services.apigateway.urls import FunctionUrls

if TYPE_CHECKING:
    from destmock._services.apigateway.exchange import HttpAnswer, HttpRequest

_URL = re.compile(r"([0-9a-z]+)\.lambda-url\.([0-9a-z-]+)\.on\.aws")


def is_door(host: str | None) -> bool:
    """Whether a host is a front door, of AWS's or of this mock's."""
    return bool(active) and host is not None and host.lower().endswith((".on.aws",)) and _known(host.lower())


def answered(request: HttpRequest) -> HttpAnswer:
    """Answer a request to a host that is a front door. With autorun, what it has queued runs, too."""
    simulation = active[-1]
    with simulation.turns.held:  # but for the time that a handler runs
        found = _URL.fullmatch(request.host)
        assert found is not None  # the caller has asked `is_door`
        answer = simulation.part(FunctionUrls).answer(found[1], found[2], request)
    simulation.driver.settle_down()
    return answer


def _known(host: str) -> bool:
    """Whether this host is answered here, and the user has not allowed the real one."""
    return _URL.fullmatch(host) is not None and not active[-1].hosts.names(host)
