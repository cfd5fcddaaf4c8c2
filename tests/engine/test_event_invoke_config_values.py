"""What an EventInvokeConfig takes: destinations and numbers."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.config_calls import (
    ACCOUNT,
    ARN,
    AUDIT,
    NUMBERS,
    ORDERS,
    above,
    create,
    get,
    invalid,
    listed,
    publish,
    put,
    refusal,
    refused,
    to,
    update,
    violated,
)

DESTINATION_PATTERN = (
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)


# Destinations


@ORDERS
@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:doesnotexist",
        f"{AUDIT}:1",
        f"{AUDIT}:live",
        f"arn:aws:sqs:us-east-1:{ACCOUNT}:doesnotexist",
        f"arn:aws:sns:us-east-1:{ACCOUNT}:doesnotexist",
        f"arn:aws:sqs:eu-west-1:{ACCOUNT}:done",
        "arn:aws:sqs:us-east-1:444455556666:done",
        f"arn:aws:sns:us-nowhere-9:{ACCOUNT}:done",
    ],
)
@pytest.mark.parametrize("route", ["OnSuccess", "OnFailure"])
def test_C14_G8_a_destination_that_does_not_exist(lam, make_queue, route, arn):
    make_queue("done")
    call = lam.put_function_event_invoke_config
    found = refusal(call, FunctionName="orders", DestinationConfig=to(**{route: arn}))
    assert found == invalid(f"The destination ARN {arn} is invalid.")


@ORDERS
@pytest.mark.parametrize("kind", ["queue", "topic", "function", "version", "alias"])
def test_a_destination_that_exists(lam, sns, make_queue, kind):
    publish(lam, "audit")
    lam.create_alias(FunctionName="audit", Name="live", FunctionVersion="1")
    arn = {
        "queue": lambda: make_queue("done"),
        "topic": lambda: sns.create_topic(Name="done")["TopicArn"],
        "function": lambda: AUDIT,
        "version": lambda: f"{AUDIT}:1",
        "alias": lambda: f"{AUDIT}:live",
    }[kind]()
    both = to(OnSuccess=arn, OnFailure=arn)
    assert put(lam, DestinationConfig=both)["DestinationConfig"] == both


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize("route", ["OnSuccess", "OnFailure"])
@pytest.mark.parametrize("arn", [ARN, f"{ARN}:$LATEST"])
def test_C15_a_function_is_no_destination_of_its_own(lam, operation, route, arn):
    put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    assert refusal(call, FunctionName="orders", DestinationConfig=to(**{route: arn})) == invalid(
        "You can't specify the function as a destination for itself."
    )


@ORDERS
def test_a_function_of_the_same_name_in_another_account_is_another(lam):
    arn = "arn:aws:lambda:us-east-1:444455556666:function:orders"
    assert put(lam, DestinationConfig=to(OnSuccess=arn))["DestinationConfig"]["OnSuccess"] == {
        "Destination": arn
    }


ROLE = f"arn:aws:iam::{ACCOUNT}:role/orders"
FAILURE_TO_ROLE = f"onFailure=OnFailure(destination={ROLE})"


@ORDERS
@pytest.mark.parametrize(
    ("config", "text"),
    [
        (
            {"OnSuccess": {"Destination": ROLE}},
            f"DestinationConfig(onSuccess=OnSuccess(destination={ROLE}), onFailure=null)",
        ),
        (
            {"OnFailure": {"Destination": ROLE}},
            f"DestinationConfig(onSuccess=null, {FAILURE_TO_ROLE})",
        ),
        (
            {"OnSuccess": {"Destination": AUDIT}, "OnFailure": {"Destination": ROLE}},
            f"DestinationConfig(onSuccess=OnSuccess(destination={AUDIT}), {FAILURE_TO_ROLE})",
        ),
    ],
    ids=["success", "failure", "both"],
)
def test_C16_a_service_that_is_no_destination(lam, config, text):
    """The message has the whole request, as Java prints it."""
    call = lam.put_function_event_invoke_config
    found = refusal(call, FunctionName="orders", DestinationConfig=config)
    assert found == invalid(f"The provided destination config {text} is invalid.")


@ORDERS
@pytest.mark.parametrize("service", ["dynamodb", "kinesis", "states", "logs", "firehose"])
def test_C16_other_services(lam, service):
    arn = f"arn:aws:{service}:us-east-1:{ACCOUNT}:thing/one"
    call = lam.put_function_event_invoke_config
    code, status, message = refusal(call, FunctionName="orders", DestinationConfig=to(OnSuccess=arn))
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert message.startswith(
        "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination="
    )


def bad_destination(value, route):
    return (
        f"Value '{value}' at 'destinationConfig.{route}.destination' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {DESTINATION_PATTERN}"
    )


BAD_ARNS = [
    "not-an-arn",
    "arn:aws:sqs",
    "arn:aws:sqs:us-east-1:1234:done",
    f"arn:aws:sqs:nowhere:{ACCOUNT}:done",
    f"ARN:aws:sqs:us-east-1:{ACCOUNT}:done",
    f"arn:gcp:sqs:us-east-1:{ACCOUNT}:done",
    f" arn:aws:sqs:us-east-1:{ACCOUNT}:done",
    "arn:aws:sqs:us-east-1:١٢٣٤٥٦٧٨٩٠١٢:done",
    "https://queue.amazonaws.com/done",
]


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize("arn", BAD_ARNS)
def test_C17_a_destination_that_is_no_arn(lam, operation, arn):
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    for route, member in (("OnSuccess", "onSuccess"), ("OnFailure", "onFailure")):
        response = refused(call, FunctionName="orders", DestinationConfig=to(**{route: arn}))
        assert response["Error"] == {
            "Code": "ValidationException",
            "Message": f"1 validation error detected: {bad_destination(arn, member)}",
        }
        assert set(response) == {"Error", "ResponseMetadata"}


@ORDERS
def test_C17_both_destinations_are_none(lam):
    """The failure's comes first."""
    call = lam.put_function_event_invoke_config
    config = to(OnSuccess="not-an-arn", OnFailure="not-an-arn")
    assert refusal(call, FunctionName="orders", DestinationConfig=config) == violated(
        bad_destination("not-an-arn", "onFailure"), bad_destination("not-an-arn", "onSuccess")
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
        lambda text: not text.startswith(("arn:", "kafka:"))
    )
)
@ORDERS
def test_C17_any_text_gets_an_answer_of_aws(lam, text):
    call = lam.put_function_event_invoke_config
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure=text))
    assert found == violated(bad_destination(text, "onFailure"))


@ORDERS
def test_C23_a_fifo_queue(lam, make_queue):
    arn = make_queue("failed.fifo", FifoQueue="true")
    before = put(lam, MaximumRetryAttempts=0)
    call = lam.update_function_event_invoke_config
    assert refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure=arn)) == invalid(
        f"The provided destination config DestinationConfig(onSuccess=null, "
        f"onFailure=OnFailure(destination={arn})) is invalid."
    )
    assert get(lam) == before


@ORDERS
def test_G7_a_fifo_topic(lam, sns, wire):
    arn = sns.create_topic(Name="failed.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    before = put(lam, MaximumRetryAttempts=0)
    call = lam.put_function_event_invoke_config
    text = "FIFO-type Amazon SNS topics aren't supported as a destination."
    assert refusal(call, FunctionName="orders", DestinationConfig=to(OnSuccess=arn)) == invalid(text)
    assert wire[-1].text == f'{{"Type":"User","message":"{text}"}}'
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"MaximumRetryAttempts": 3},
        {"MaximumEventAgeInSeconds": 21_601},
        {"DestinationConfig": to(OnSuccess=ARN)},
        {"DestinationConfig": to(OnSuccess=ROLE)},
        {"DestinationConfig": to(OnSuccess="not-an-arn")},
        {"DestinationConfig": to(OnSuccess=AUDIT, OnFailure=f"arn:aws:sqs:us-east-1:{ACCOUNT}:doesnotexist")},
        {"MaximumRetryAttempts": 1, "DestinationConfig": to(OnFailure=f"{AUDIT}:9")},
        {"DestinationConfig": {}},
    ],
    ids=["retries", "age", "itself", "service", "pattern", "second", "with-a-number", "nothing"],
)
def test_G2_what_is_refused_changes_nothing(destmock, lam, make_queue, operation, arguments):
    """Neither a configuration that is there nor that there is none."""
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    refused(call, FunctionName="orders", **arguments)
    assert listed(lam) == []
    before = put(lam, MaximumRetryAttempts=0, DestinationConfig=to(OnFailure=make_queue("failed")))
    destmock.advance(1)
    refused(call, FunctionName="orders", **arguments)
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize("route", ["OnSuccess", "OnFailure"])
@pytest.mark.parametrize("bus", ["default", "orders"])
def test_G5_an_event_bus_is_accepted_whether_or_not_there_is_one(lam, operation, route, bus):
    put(lam, MaximumRetryAttempts=0)
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{bus}"
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    call(FunctionName="orders", DestinationConfig=to(**{route: arn}))
    assert get(lam)["DestinationConfig"][route] == {"Destination": arn}


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
def test_C27_a_rule_is_no_event_bus(destmock, lam, operation):
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/orders/all"
    before = put(lam, MaximumRetryAttempts=0)
    destmock.advance(1)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure=arn))
    assert found == invalid(f"The destination ARN {arn} is invalid.")
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
@pytest.mark.parametrize("made", [True, False], ids=["exists", "missing"])
def test_C16_a_bucket_takes_no_successes(lam, operation, made):
    """Nor does one that doesn't exist: the kind is checked first."""
    if made:
        boto3.client("s3").create_bucket(Bucket="orders")
    before = put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnSuccess="arn:aws:s3:::orders"))
    assert found == invalid(
        "The provided destination config DestinationConfig(onSuccess=OnSuccess("
        "destination=arn:aws:s3:::orders), onFailure=null) is invalid."
    )
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
def test_C16_a_bucket_without_a_name(lam, operation):
    before = put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure="arn:aws:s3:::"))
    assert found == invalid(
        "The provided destination config DestinationConfig(onSuccess=null, "
        "onFailure=OnFailure(destination=arn:aws:s3:::)) is invalid."
    )
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
def test_G9_a_bucket_that_does_not_exist(lam, operation):
    before = put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName="orders", DestinationConfig=to(OnFailure="arn:aws:s3:::orders"))
    assert found == invalid(
        "Error occurred while ListBucket. S3 Error Code: 404 Not Found. S3 Error Message: Not Found"
    )
    assert get(lam) == before


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update"])
def test_a_bucket_that_exists_takes_failures(lam, operation):
    boto3.client("s3").create_bucket(Bucket="orders")
    put(lam, MaximumRetryAttempts=0)
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    call(FunctionName="orders", DestinationConfig=to(OnFailure="arn:aws:s3:::orders"))
    assert get(lam)["DestinationConfig"]["OnFailure"] == {"Destination": "arn:aws:s3:::orders"}


@ORDERS
def test_G1_G3_G12_the_permissions_of_the_role_are_not_simulated(lam, make_queue):
    """Every role may do everything: this one has no policy at all."""
    create(lam)
    destinations = to(OnFailure=make_queue("failed"))
    assert (
        put(lam, DestinationConfig=destinations)["DestinationConfig"]["OnFailure"]
        == destinations["OnFailure"]
    )


@ORDERS
def test_a_destination_may_go_after_it_was_configured(lam, sqs, make_queue):
    destinations = to(OnFailure=make_queue("failed"))
    put(lam, DestinationConfig=destinations)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="failed")["QueueUrl"])
    assert update(lam, MaximumRetryAttempts=0)["DestinationConfig"]["OnFailure"] == destinations["OnFailure"]


# Numbers


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(retries=NUMBERS["MaximumRetryAttempts"], age=NUMBERS["MaximumEventAgeInSeconds"])
@ORDERS
def test_C18_what_is_in_range_is_taken(lam, retries, age):
    answer = put(lam, MaximumRetryAttempts=retries, MaximumEventAgeInSeconds=age)
    assert (answer["MaximumRetryAttempts"], answer["MaximumEventAgeInSeconds"]) == (retries, age)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(3, 2**31), st.integers(21_601, 2**31))
@ORDERS
def test_C18_what_is_above_the_range_is_refused_by_the_service(lam, retries, age):
    call = lam.put_function_event_invoke_config
    many, old = above(retries, "maximumRetryAttempts", 2), above(age, "maximumEventAgeInSeconds", 21_600)
    assert refusal(call, FunctionName="orders", MaximumRetryAttempts=retries) == violated(many)
    assert refusal(call, FunctionName="orders", MaximumEventAgeInSeconds=age) == violated(old)
    code, status, message = refusal(
        call, FunctionName="orders", MaximumRetryAttempts=retries, MaximumEventAgeInSeconds=age
    )
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith("2 validation errors detected: ")
    assert many in message
    assert old in message


BELOW = [("MaximumRetryAttempts", -1, 0), ("MaximumEventAgeInSeconds", 59, 60)]


@ORDERS
@pytest.mark.parametrize(("argument", "value", "limit"), BELOW)
def test_C18_what_is_below_the_range_is_refused_by_botocore(lam, argument, value, limit):
    with pytest.raises(ParamValidationError):
        put(lam, **{argument: value})
    with pytest.raises(ParamValidationError):
        update(lam, **{argument: value})


@ORDERS
@pytest.mark.parametrize(("argument", "value", "limit"), BELOW)
def test_C18_without_botocore_s_validation_the_service_refuses_it(argument, value, limit):
    lam = boto3.client("lambda", config=Config(parameter_validation=False))
    member = argument[0].lower() + argument[1:]
    found = refusal(lam.put_function_event_invoke_config, FunctionName="orders", **{argument: value})
    assert found == violated(
        f"Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must have value greater than or equal to {limit}"
    )


@ORDERS
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("get_function_event_invoke_config", {"Qualifier": ""}),
        ("list_function_event_invoke_configs", {"MaxItems": 0}),
        ("put_function_event_invoke_config", {"MaximumRetryAttempts": "1"}),
        ("put_function_event_invoke_config", {"DestinationConfig": {"OnSomething": {}}}),
    ],
)
def test_C18_botocore_s_own_validation_stays(lam, operation, arguments):
    with pytest.raises(ParamValidationError):
        getattr(lam, operation)(FunctionName="orders", **arguments)


@ORDERS
def test_a_bad_name_is_refused_by_every_call(lam):
    for operation, arguments in (
        ("put_function_event_invoke_config", {"MaximumRetryAttempts": 0}),
        ("update_function_event_invoke_config", {"MaximumRetryAttempts": 0}),
        ("get_function_event_invoke_config", {}),
        ("delete_function_event_invoke_config", {}),
        ("list_function_event_invoke_configs", {}),
    ):
        code, status, message = refusal(getattr(lam, operation), FunctionName="orders!", **arguments)
        assert (code, status) == ("ValidationException", 400)
        assert message.startswith(
            "1 validation error detected: Value 'orders!' at 'functionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: "
        )


@ORDERS
@pytest.mark.parametrize("operation", ["put", "update", "get", "delete"])
def test_A15_a_function_of_another_region_is_out_of_reach(lam, operation):
    arguments = {"MaximumRetryAttempts": 0} if operation in ("put", "update") else {}
    call = getattr(lam, f"{operation}_function_event_invoke_config")
    found = refusal(call, FunctionName=ARN.replace("us-east-1", "eu-west-1"), **arguments)
    assert found == (
        "ResourceNotFoundException",
        404,
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    )
