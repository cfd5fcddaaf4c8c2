"""Function URLs: which there are, and what a request to one is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from destmock._services.http.answers import MalformedError, http_answer, streamed_answer, url_error
from destmock._services.http.cors import cors_of, is_preflight, url_preflight
from destmock._services.http.events import url_event
from destmock._services.http.exchange import (
    HttpAnswer,
    Moment,
    Place,
    json_body,
    with_the_network_s,
)
from destmock._services.http.invocations import NotInvokedError, invoke, trace_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._aws.arn import FunctionRef
    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import HttpRequest

_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
_CREDENTIAL = re.compile(r"^AWS4\S* .*Credential=([^/,\s]+)/")
STREAM = "RESPONSE_STREAM"


@dataclass(slots=True)
class FunctionUrl:
    """The URL of a function or of an alias; times are in milliseconds."""

    id: str
    ref: FunctionRef
    #: What the URL was made for: it is gone with it.
    identity: object
    auth_type: str
    cors: dict[str, Any] | None
    invoke_mode: str
    created: int
    modified: int

    @property
    def url(self) -> str:
        return f"https://{self.host}/"

    @property
    def host(self) -> str:
        return f"{self.id}.lambda-url.{self.ref.region}.on.aws"


class FunctionUrls:
    """The function URLs of one mock."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._urls: dict[str, FunctionUrl] = {}

    def create(self, ref: FunctionRef, auth_type: str, cors: dict[str, Any] | None, mode: str) -> FunctionUrl:
        """Make the URL of a function or an alias that exists and has none."""
        simulation = self._simulation
        now, identity = simulation.now, simulation.identify(ref)
        made = FunctionUrl(simulation.ids.hex(32), ref, identity, auth_type, cors, mode, now, now)
        self._urls = {key: each for key, each in self._urls.items() if each.ref != ref}
        self._urls[made.id] = made
        return made

    def of(self, ref: FunctionRef) -> FunctionUrl | None:
        """The URL of a function or alias; `None` if it has none."""
        return next((each for each in self._urls.values() if each.ref == ref and self._stands(each)), None)

    def of_function(self, ref: FunctionRef) -> Iterator[FunctionUrl]:
        """The URLs of a function and of its aliases."""
        return (each for each in self._urls.values() if each.ref.unqualified == ref and self._stands(each))

    def standing(self) -> list[FunctionUrl]:
        """All that lead to a function."""
        return [each for each in self._urls.values() if self._stands(each)]

    def delete(self, url: FunctionUrl) -> None:
        del self._urls[url.id]

    def host_of(self, url_id: str) -> str | None:
        url = self._urls.get(url_id)
        return None if url is None else url.host

    def answer(self, url_id: str, region: str, request: HttpRequest) -> HttpAnswer:
        """Answer a request (R47 to R51)."""
        url = self._urls.get(url_id)
        if url is None or url.ref.region != region:
            return _refused(None)
        if not self._stands(url):
            return _refused(_FORBIDDEN)
        cors = cors_of(url.cors) if url.cors else None
        if cors is not None and is_preflight(request):
            return url_preflight(cors, request)
        key = _CREDENTIAL.search(request.header("authorization") or "")
        if url.auth_type == "AWS_IAM" and key is None:
            return _refused(_FORBIDDEN)
        answer = self._invoked(url, request, None if key is None else key[1])
        if cors is None:
            return answer
        there = {name.lower() for name, _ in answer.headers}
        return answer.adding(pair for pair in cors.simple(request) if pair[0] not in there)

    def _invoked(self, url: FunctionUrl, request: HttpRequest, access_key: str | None) -> HttpAnswer:
        simulation, ref = self._simulation, url.ref
        moment = Moment(simulation.ids.uuid(), simulation.now)
        trace = trace_of(simulation, request)
        authorizer = {"iam": _signer(ref, access_key)} if url.auth_type == "AWS_IAM" else None
        place = Place(ref.account, url.id, "$default", "$default", authorizer=authorizer)
        event = url_event(with_the_network_s(request, trace.header()), place, moment)
        source = f"url {request.method} {request.path}"
        try:
            result = invoke(simulation, ref, event, source=source, trace=trace, request_id=moment.request_id)
            if result.failed:
                answer = url_error()
            elif url.invoke_mode == STREAM:
                answer = streamed_answer(result.payload)
            else:
                answer = http_answer(result.payload, "application/json")
        except NotInvokedError as error:
            answer = HttpAnswer(
                error.error.status,
                (("Content-Type", "application/json"), ("x-amzn-ErrorType", error.error.code)),
                json_body(error.error.body),
            )
        except MalformedError:
            answer = url_error()
        return answer.adding((("x-amzn-RequestId", moment.request_id),))

    def _stands(self, url: FunctionUrl) -> bool:
        return self._simulation.identify(url.ref) is url.identity


def _refused(message: str | None) -> HttpAnswer:
    """The answer to whoever may not call the URL (R47)."""
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", "AccessDeniedException"))
    return HttpAnswer(403, headers, json_body({"Message": message}))


def _signer(ref: FunctionRef, access_key: str | None) -> dict[str, Any]:
    """What the event says of who has signed: IAM isn't simulated, so it is the function's account."""
    return {
        "accessKey": access_key,
        "accountId": ref.account,
        "callerId": access_key,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:{ref.partition}:iam::{ref.account}:root",
        "userId": access_key,
    }
