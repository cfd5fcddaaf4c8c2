"""A durable execution is of one tenant, and invokes functions for tenants."""

import botocore.session
import pytest

from tests.durable.protocol import CONFIG, NAME, durable, history, start, update

TENANTS = {"TenantIsolationMode": "PER_TENANT"}
if (
    "TenantId"
    not in botocore.session.get_session().get_service_model("lambda").shape_for("InvocationRequest").members
):
    pytest.skip("this boto3 has no TenantId", allow_module_level=True)


def test_each_invocation_of_an_execution_is_for_its_tenant(destmock, lam):
    seen = []

    def handle(event, context):
        seen.append(context.tenant_id)
        return durable(lambda run: "done" if run.wait(60) else None)(event, context)

    destmock.handler("orders", handle, durable_config=CONFIG, tenancy_config=TENANTS)
    start(lam, TenantId="blue")
    lam.invoke(FunctionName=NAME, TenantId="green")
    assert seen == ["blue", "blue", "green", "green"]


@pytest.mark.parametrize("config", [None, CONFIG])
@pytest.mark.parametrize(("given", "ends"), [({"TenantId": "blue"}, "Succeeded"), ({}, "Failed")])
def test_a_chained_invocation_is_for_the_tenant_that_it_names(destmock, lam, config, given, ends):
    seen = []

    def work(event, context):
        seen.append(context.tenant_id)
        return durable(lambda run: "done")(event, context) if config else "done"

    def asks(run):
        options = {"FunctionName": "work:$LATEST", **given}
        if run.status("ask") is None:
            run.checkpoint(
                update("ask", "CHAINED_INVOKE", "START", Payload="{}", ChainedInvokeOptions=options)
            )
        return None if run.status("ask") == "STARTED" else "done"

    destmock.handler("work", work, durable_config=config, tenancy_config=TENANTS)
    destmock.handler("orders", durable(asks), durable_config=CONFIG)
    found = [event["EventType"] for event in history(lam, start(lam)) if "Chained" in event["EventType"]]
    assert (found[-1], seen) == (f"ChainedInvoke{ends}", [*given.values()])
