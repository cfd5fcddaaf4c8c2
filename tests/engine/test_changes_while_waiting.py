"""Functions, versions, aliases and configurations that change or go while an event waits."""

import json
import os
from datetime import timedelta

import boto3
import pytest

from destmock import outcomes
from tests.engine.events import ARN, START, configure, elapsed, fail, ok, send


def publish(lam, name="orders"):
    """Publishes a version that differs from the one before, as AWS asks of it."""
    settings = lam.get_function_configuration(FunctionName=name)
    lam.update_function_configuration(FunctionName=name, MemorySize=settings["MemorySize"] + 1)
    return lam.publish_version(FunctionName=name)["Version"]


# Changes while an event waits


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_D13_a_change_of_the_retries_reaches_an_event_that_is_queued(destmock, lam):
    """As recorded on AWS: an event accepted before the change to 0 is still retried once."""
    send(lam)
    destmock.step()
    configure(lam, "orders", MaximumRetryAttempts=0)
    destmock.run_until_idle()
    [invocation] = destmock.invocations
    assert elapsed(invocation) == [0, 60]
    assert invocation.record["requestContext"]["approximateInvokeCount"] == 2


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_D13_a_change_of_the_age_reaches_an_event_that_is_queued(destmock, lam):
    send(lam)
    destmock.step()
    configure(lam, "orders", MaximumEventAgeInSeconds=100)
    destmock.run_until_idle()
    [invocation] = destmock.invocations
    assert elapsed(invocation) == [0, 60]
    assert invocation.condition == "EventAgeExceeded"


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_D13_the_destination_is_the_one_at_the_event_s_end(destmock, lam, make_queue, messages):
    configure(lam, "orders", to=make_queue("old"))
    send(lam)
    destmock.step()
    configure(lam, "orders", to=make_queue("new"))
    destmock.run_until_idle()
    assert (len(messages("old")), len(messages("new"))) == (0, 1)


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_D13_a_configuration_deleted_meanwhile_delivers_nowhere(destmock, lam, make_queue, messages):
    configure(lam, "orders", to=make_queue("failed"), MaximumRetryAttempts=1)
    send(lam)
    lam.delete_function_event_invoke_config(FunctionName="orders")
    destmock.run_until_idle()
    assert messages("failed") == []
    assert elapsed(destmock.invocations[0]) == [0, 60, 180]
    assert len(destmock.drops) == 1


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_D14_an_event_runs_the_code_at_the_time_of_its_attempt(destmock, lam):
    send(lam)
    destmock.step()
    destmock.handler("orders", ok)
    destmock.run_until_idle()
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Error", "Success"]


@pytest.mark.destmock(autorun=False)
def test_D14_an_event_runs_under_the_settings_at_the_time_of_its_attempt(destmock, lam):
    seen = []

    def orders(event, context):
        seen.append((os.environ["STAGE"], context.memory_limit_in_mb))
        raise ValueError

    destmock.handler("orders", orders, environment={"STAGE": "old"})
    send(lam)
    destmock.step()
    lam.update_function_configuration(
        FunctionName="orders", Environment={"Variables": {"STAGE": "new"}}, MemorySize=256
    )
    destmock.run_until_idle()
    assert seen == [("old", "128"), ("new", "256"), ("new", "256")]


@pytest.mark.destmock(autorun=False)
def test_D15_a_running_attempt_is_not_interrupted_by_an_update(destmock, lam, make_queue, records):
    destmock.handler("orders", outcomes("old"), duration=2)
    configure(lam, "orders", to=make_queue("done"))
    send(lam)
    destmock.step()
    destmock.handler("orders", outcomes("new"))
    lam.update_function_configuration(FunctionName="orders", MemorySize=256)
    destmock.run_until_idle()
    [record] = records("done")
    assert record["responsePayload"] == "old"


# Versions and aliases


@pytest.mark.destmock(handlers={"orders": fail})
def test_I1_the_configuration_is_that_of_the_qualifier_that_was_invoked(destmock, lam, make_queue, messages):
    """None of them falls back on another: `bare` has no configuration of its own."""
    version = publish(lam)
    for alias in ("live", "bare"):
        lam.create_alias(FunctionName="orders", Name=alias, FunctionVersion=version)
    configure(lam, "orders", to=make_queue("latest"), MaximumRetryAttempts=0)
    configure(lam, "orders", qualifier=version, to=make_queue("version"), MaximumRetryAttempts=0)
    configure(lam, "orders", qualifier="live", to=make_queue("alias"), MaximumRetryAttempts=1)

    for qualifier in ("$LATEST", version, "live", "bare"):
        send(lam, Qualifier=qualifier)
    send(lam)

    assert [len(invocation.attempts) for invocation in destmock.invocations] == [1, 1, 2, 3, 1]
    assert [len(messages(name)) for name in ("latest", "version", "alias")] == [2, 1, 1]
    [drop] = destmock.drops
    assert drop.invocation.function_arn == f"{ARN}:bare"


@pytest.mark.destmock(handlers={"orders": ok})
@pytest.mark.parametrize("spelt_in_the_name", [True, False])
def test_I2_the_record_names_what_was_invoked_and_the_version_that_ran(
    destmock, lam, make_queue, records, spelt_in_the_name
):
    version = publish(lam)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    lam.create_alias(FunctionName="orders", Name="newest", FunctionVersion="$LATEST")
    queue = make_queue("done")
    found = []
    for qualifier in ("$LATEST", version, "live", "newest"):
        configure(lam, "orders", qualifier=qualifier, to=queue)
        if spelt_in_the_name:
            send(lam, f"orders:{qualifier}")
        else:
            send(lam, Qualifier=qualifier)
        [record] = records("done")
        assert record["responsePayload"]["version"] == record["responseContext"]["executedVersion"]
        found.append((record["requestContext"]["functionArn"], record["responseContext"]["executedVersion"]))
    assert found == [
        (f"{ARN}:$LATEST", "$LATEST"),
        (f"{ARN}:1", "1"),
        (f"{ARN}:live", "1"),
        (f"{ARN}:newest", "$LATEST"),
    ]


@pytest.mark.destmock(autorun=False)
def test_I4_an_alias_moved_between_attempts_runs_the_new_version(destmock, lam, make_queue, records):
    """It is the same event: same request id, and the retries go on counting."""
    seen = []

    def orders(event, context):
        seen.append((context.function_version, context.aws_request_id))
        raise ValueError

    destmock.handler("orders", orders)
    first, second = publish(lam), publish(lam)
    assert (first, second) == ("1", "2")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=first)
    configure(lam, "orders", qualifier="live", to=make_queue("failed"), MaximumRetryAttempts=2)
    request_id = send(lam, Qualifier="live")
    destmock.step()
    lam.update_alias(FunctionName="orders", Name="live", FunctionVersion=second)
    destmock.run_until_idle()

    assert seen == [("1", request_id), ("2", request_id), ("2", request_id)]
    [record] = records("failed")
    assert record["requestContext"]["functionArn"] == f"{ARN}:live"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responseContext"]["executedVersion"] == "2"


@pytest.mark.destmock(autorun=False)
def test_I4_a_success_after_the_alias_was_moved_counts_1(destmock, lam, make_queue, records):
    def orders(event, context):
        if context.function_version == "1":
            raise ValueError
        return "mended"

    destmock.handler("orders", orders)
    first, second = publish(lam), publish(lam)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=first)
    configure(lam, "orders", qualifier="live", to=make_queue("done"))
    send(lam, Qualifier="live")
    destmock.step()
    lam.update_alias(FunctionName="orders", Name="live", FunctionVersion=second)
    destmock.run_until_idle()
    [record] = records("done")
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "2"}


# Deletions while an event waits


def delete_function(lam):
    lam.delete_function(FunctionName="orders")


def delete_version(lam):
    """AWS wants its aliases gone before."""
    delete_alias(lam)
    lam.delete_function(FunctionName="orders", Qualifier="1")


def delete_alias(lam):
    lam.delete_alias(FunctionName="orders", Name="live")


def expect_a_bare_404(body, request_id, qualifier, count):
    """The record has no executed version, no function error and no payload, whatever ran before."""
    assert body.endswith(
        f'"requestContext":{{"requestId":"{request_id}","functionArn":"{ARN}:{qualifier}",'
        f'"condition":"RetriesExhausted","approximateInvokeCount":{count}}},"requestPayload":{{}},'
        '"responseContext":{"statusCode":404}}'
    )


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
@pytest.mark.parametrize(
    ("delete", "qualifier", "retries"),
    [
        (delete_function, "$LATEST", 0),
        (delete_function, "$LATEST", 1),
        (delete_version, "1", 0),
        (delete_version, "1", 1),
        (delete_alias, "live", 0),
    ],
)
def test_E15_a_function_that_has_gone_before_the_first_attempt_is_a_404(
    destmock, lam, make_queue, messages, delete, qualifier, retries
):
    """The count is as if it had run; the configuration of what was deleted still holds (L2, L3, L6)."""
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=publish(lam))
    configure(lam, "orders", qualifier=qualifier, to=make_queue("failed"), MaximumRetryAttempts=retries)
    request_id = send(lam, Qualifier=qualifier)
    delete(lam)
    destmock.run_until_idle()

    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["NotFound"] * (retries + 1)
    assert elapsed(invocation) == [0, 60][: retries + 1]
    [message] = messages("failed")
    expect_a_bare_404(message["Body"], request_id, qualifier, retries + 1)
    assert "Lineage" not in message["Attributes"]["AWSTraceHeader"]


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
@pytest.mark.parametrize(("delete", "qualifier"), [(delete_version, "1"), (delete_alias, "live")])
def test_E15_a_404_replaces_the_error_of_an_attempt_before_the_deletion(
    destmock, lam, make_queue, messages, delete, qualifier
):
    """L4: one attempt failed, its version or alias was deleted, the retry finds nothing."""
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=publish(lam))
    configure(lam, "orders", qualifier=qualifier, to=make_queue("failed"), MaximumRetryAttempts=1)
    request_id = send(lam, Qualifier=qualifier)
    destmock.step()
    delete(lam)
    destmock.run_until_idle()

    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Error", "NotFound"]
    [message] = messages("failed")
    expect_a_bare_404(message["Body"], request_id, qualifier, 2)


@pytest.fixture
def both_routes(lam, make_queue):
    """`orders` has a destination and a dead-letter queue; its alias `live` has the same destination."""
    lam.update_function_configuration(
        FunctionName="orders", DeadLetterConfig={"TargetArn": make_queue("dead")}
    )
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=publish(lam))
    failed = make_queue("failed")

    def routes(qualifier, retries):
        configure(lam, "orders", qualifier=qualifier, to=failed, MaximumRetryAttempts=retries)

    return routes


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
@pytest.mark.parametrize("retries", [1, 2])
def test_L5_nobody_is_told_when_the_whole_function_goes_after_a_failed_attempt(
    destmock, lam, both_routes, messages, retries
):
    """Neither the destination nor the dead-letter queue; its next try is its last."""
    both_routes("$LATEST", retries)
    send(lam)
    destmock.step()
    lam.delete_function(FunctionName="orders")
    destmock.advance(598)

    assert destmock.pending == ()
    assert messages("failed") == []
    assert messages("dead") == []
    assert destmock.deliveries == []
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Error", "NotFound"]
    assert elapsed(invocation) == [0, 60]
    [drop] = destmock.drops
    assert (drop.invocation, drop.condition) == (invocation, "RetriesExhausted")
    assert drop.reason == "AWS tells nobody when what the event was for is deleted at this point"


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_L6_an_event_without_retries_tells_both_routes_that_its_alias_has_gone(
    destmock, lam, both_routes, messages
):
    both_routes("live", 0)
    request_id = send(lam, Qualifier="live")
    delete_alias(lam)
    destmock.run_until_idle()
    [record] = messages("failed")
    expect_a_bare_404(record["Body"], request_id, "live", 1)
    [dead] = messages("dead")
    assert dead["Body"] == "{}"
    attributes = {name: value["StringValue"] for name, value in dead["MessageAttributes"].items()}
    assert attributes == {
        "RequestID": request_id,
        "ErrorCode": "404",
        "ErrorMessage": f"Function not found: {ARN}:live",
    }
    assert destmock.drops == []


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False, start=START)
def test_L6_an_event_with_retries_whose_alias_has_gone_is_dropped_at_its_age(
    destmock, lam, both_routes, messages
):
    """Until then it stays in the queue; nobody is told."""
    both_routes("live", 1)
    send(lam, Qualifier="live")
    delete_alias(lam)
    destmock.advance(6 * 60 * 60 - 1)
    assert len(destmock.pending) == 1
    assert destmock.drops == []
    destmock.advance(1)
    assert destmock.pending == ()
    assert messages("failed") == []
    assert messages("dead") == []
    [drop] = destmock.drops
    assert drop.condition == "EventAgeExceeded"
    assert drop.at == START + timedelta(hours=6)


@pytest.mark.destmock(autorun=False)
def test_L1_a_function_can_be_deleted_while_an_event_is_queued(destmock, lam):
    destmock.handler("orders", ok)
    send(lam)
    answer = lam.delete_function(FunctionName="orders")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert [pending.function_arn for pending in destmock.pending] == [f"{ARN}:$LATEST"]
    destmock.run_until_idle()


@pytest.mark.destmock(autorun=False)
def test_L1_an_attempt_that_is_running_completes_after_the_deletion(destmock, lam, make_queue, records):
    """Its destination is still sent to."""
    destmock.handler("orders", outcomes("finished"), duration=2)
    configure(lam, "orders", to=make_queue("done"))
    send(lam)
    destmock.step()
    lam.delete_function(FunctionName="orders")
    destmock.run_until_idle()
    [record] = records("done")
    assert record["requestContext"]["condition"] == "Success"
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert record["responsePayload"] == "finished"


def create(lam, role):
    lam.create_function(
        FunctionName="orders",
        Runtime="python3.13",
        Role=role,
        Handler="orders.handle",
        Code={"ZipFile": b"the handler is registered"},
    )


@pytest.fixture
def role(iam):
    return iam.create_role(RoleName="orders", AssumeRolePolicyDocument="{}")["Role"]["Arn"]


@pytest.fixture
def iam(destmock):
    return boto3.client("iam")


@pytest.mark.destmock(handlers={"orders": ok}, autorun=False)
def test_L8_an_event_runs_on_a_function_made_anew_under_its_name(destmock, lam, role):
    """With the request id of its acceptance, and nothing of the deleted function's configuration."""
    configure(lam, "orders", MaximumRetryAttempts=0)
    request_id = send(lam)
    lam.delete_function(FunctionName="orders")
    destmock.handler("orders", fail)
    create(lam, role)
    destmock.run_until_idle()
    [invocation] = destmock.invocations
    assert invocation.request_id == request_id
    assert [attempt.outcome for attempt in invocation.attempts] == ["Error"] * 3


@pytest.mark.destmock(handlers={"orders": ok}, autorun=False)
def test_L8_an_event_runs_on_an_alias_made_anew_under_its_name(destmock, lam):
    first, second = publish(lam), publish(lam)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=first)
    request_id = send(lam, Qualifier="live")
    lam.delete_alias(FunctionName="orders", Name="live")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=second)
    destmock.run_until_idle()
    [invocation] = destmock.invocations
    [attempt] = invocation.attempts
    assert attempt.response == {"id": request_id, "version": "2"}


@pytest.mark.destmock(handlers={"orders": ok}, autorun=False)
def test_a_configuration_does_not_come_back_when_the_function_s_namesake_is_deleted(
    destmock, lam, make_queue, records
):
    """The event was accepted by a function that had none."""
    configure(lam, "orders", to=make_queue("failed"), MaximumRetryAttempts=0)
    lam.delete_function(FunctionName="orders")
    destmock.handler("orders", ok)
    send(lam)
    lam.delete_function(FunctionName="orders")
    destmock.run_until_idle()
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["NotFound"] * 3
    assert records("failed") == []


@pytest.mark.destmock(handlers={"orders": ok}, autorun=False)
def test_a_handler_registered_after_the_deletion_makes_the_function_anew(destmock, lam):
    send(lam)
    lam.delete_function(FunctionName="orders")
    destmock.handler("orders", outcomes("new"), memory_size=256)
    assert lam.get_function_configuration(FunctionName="orders")["MemorySize"] == 256
    destmock.run_until_idle()
    [attempt] = destmock.invocations[0].attempts
    assert attempt.response == "new"


@pytest.mark.destmock(handlers={"orders": ok})
def test_another_handler_does_not_bring_a_deleted_function_back(destmock, lam, role):
    """Neither one that its handler made, nor one that `create_function` made."""
    for make in (lambda: None, lambda: create(lam, role)):
        make()
        lam.delete_function(FunctionName="orders")
        destmock.handler("audit", ok)
        with pytest.raises(lam.exceptions.ResourceNotFoundException):
            lam.get_function(FunctionName="orders")


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_an_event_in_the_queue_keeps_its_payload_byte_for_byte(destmock, lam, make_queue, messages):
    """Not even a configuration that changes on the way touches it."""
    configure(lam, "orders", to=make_queue("failed"))
    payload = b'\t{"a":1,  "a":2}\r\n'
    send(lam, payload=payload)
    destmock.run_until_idle()
    [message] = messages("failed")
    assert f'"requestPayload":{payload.decode()},"responseContext":' in message["Body"]
    assert destmock.invocations[0].event == json.loads(payload)
