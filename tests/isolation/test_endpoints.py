"""A call goes to the address that botocore finds for it without the mock."""

import boto3
import pytest
from botocore import args
from botocore.client import Config
from botocore.regions import EndpointRulesetResolver

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

ARN = "arn:aws:s3:eu-west-1:123456789012:accesspoint/point"
TABLE = "arn:aws:dynamodb:eu-west-1:444455556666:table/t"
STREAM = "arn:aws:kinesis:eu-west-1:444455556666:stream/s"
#: An operation with arguments, and how its client is made.
CALLS = [
    ("s3", "get_object", {"Bucket": "bucket", "Key": "k"}, {}),
    ("s3", "get_object", {"Bucket": "with.dots", "Key": "k"}, {}),
    ("s3", "get_object", {"Bucket": ARN, "Key": "k"}, {}),
    ("s3", "list_buckets", {}, {}),
    ("s3", "create_bucket", {"Bucket": "bucket"}, {}),
    ("s3", "get_object", {"Bucket": "b" * 3, "Key": "k"}, {"s3": {"addressing_style": "path"}}),
    ("s3", "get_object", {"Bucket": "bucket", "Key": "k"}, {"s3": {"use_accelerate_endpoint": True}}),
    ("s3control", "list_access_points", {"AccountId": "123456789012"}, {}),
    ("dynamodb", "get_item", {"TableName": TABLE, "Key": {}}, {}),
    ("dynamodb", "batch_get_item", {"RequestItems": {"t": {"Keys": [{"id": {"S": "1"}}]}}}, {}),
    ("sqs", "send_message", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/q", "MessageBody": "b"}, {}),
    (
        "kinesis",
        "get_records",
        {"ShardIterator": "AAAA", "StreamARN": STREAM},
        {},
    ),
    ("events", "put_events", {"Entries": [{"Source": "s"}]}, {}),
    ("lambda", "invoke", {"FunctionName": "f"}, {"use_fips_endpoint": True}),
    ("sts", "get_caller_identity", {}, {"use_dualstack_endpoint": True}),
]


class _FoundError(Exception):
    """Ends a call as soon as its address is known."""


def addresses():
    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "key", "region_name": "eu-west-1"}
    for service, operation, arguments, config in CALLS:
        client = boto3.session.Session().client(service, config=Config(**config), **keys)

        def found(request, **_):
            raise _FoundError(request.url)

        client.meta.events.register_first("request-created", found)
        for _ in range(2):
            with pytest.raises(_FoundError) as error:
                getattr(client, operation)(**arguments)
            yield service, operation, str(error.value)


def test_each_call_goes_where_it_goes_without_the_mock():
    without = [*addresses()]
    with mock_destinations():
        assert [*addresses()] == without
    assert len({url for *_, url in without}) == len(CALLS)


@pytest.mark.parametrize(
    "step",
    [
        *("_get_provider_params", "_get_customized_builtins", "_resolve_param_from_context"),
        *("_resolve_param_as_static_context_param", "_resolve_param_as_dynamic_context_param"),
        *("_resolve_param_as_client_context_param", "_resolve_param_as_builtin"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_each_step_is_asked_where_a_test_has_put_its_own(step, inside):
    assert is_asked(EndpointRulesetResolver, step, lambda: boto3.client("sqs").list_queues(), inside=inside)


def test_a_resolver_of_a_user_s_own_has_its_say(monkeypatch):
    class Elsewhere(EndpointRulesetResolver):
        def _resolve_param_as_builtin(self, builtin_name, builtins):
            found = super()._resolve_param_as_builtin(builtin_name, builtins)
            return "eu-west-3" if builtin_name == "AWS::Region" else found

    monkeypatch.setattr(args, "EndpointRulesetResolver", Elsewhere)
    with mock_destinations():
        url = boto3.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    assert "eu-west-3" in url
