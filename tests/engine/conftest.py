"""What the tests of this folder share."""

import pytest

from tests.engine.config_calls import publish


@pytest.fixture
def versions(lam):
    """Versions 1 and 2 of `orders`, and the alias `live` of version 1."""
    publish(lam)
    publish(lam)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


@pytest.fixture
def wire(lam):
    """The answers to the calls of `lam` as they go over the wire."""
    answers = []
    lam.meta.events.register("after-call.lambda", lambda http_response, **_: answers.append(http_response))
    return answers
