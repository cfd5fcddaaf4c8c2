"""Clients of an aiobotocore as old as aioboto3 wants it: here a new one without what that one hasn't."""

import pytest

pytest.importorskip("aiobotocore")

from aiobotocore import httpxsession, response
from aiobotocore.endpoint import AioEndpoint
from aiobotocore.session import get_session


@pytest.fixture
def older_aiobotocore(monkeypatch):
    """What 2.25 doesn't have."""
    monkeypatch.delattr(httpxsession, "is_httpx_session_cls", raising=False)
    monkeypatch.delattr(response, "AioStreamingBody", raising=False)

    def without_context(endpoint, request):
        prepared = request.prepare()
        prepared.__dict__.pop("context", None)
        return prepared

    monkeypatch.setattr(AioEndpoint, "prepare_request", without_context)


@pytest.mark.destmock(handlers={"orders": lambda event, context: {"ok": event}})
@pytest.mark.asyncio
async def test_its_calls_are_answered(older_aiobotocore, destmock):
    async with get_session().create_client("lambda") as lam, get_session().create_client("sqs") as sqs:
        answer = await lam.invoke(FunctionName="orders", Payload=b"7")
        assert await answer["Payload"].read() == b'{"ok": 7}'
        assert (await sqs.create_queue(QueueName="failed"))["QueueUrl"].endswith("failed")
