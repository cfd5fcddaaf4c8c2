"""A call goes to the address that botocore finds for it without the mock."""

import boto3
import pytest
from botocore import args
from botocore.client import Config
from botocore.endpoint_provider import EndpointProvider, RuleSetEndpoint
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


#: Services of all kinds: with and without parameters of an operation's, an account's, or a header's.
SERVICES = [
    *(
        "lambda",
        "sqs",
        "sns",
        "events",
        "dynamodb",
        "kinesis",
        "sts",
        "iam",
        "s3",
        "s3control",
        "secretsmanager",
    ),
    *("route53", "sagemaker-runtime", "bedrock-runtime", "timestream-query", "iot-data", "mediastore-data"),
]


def endpoints(service, client, arguments):
    """Where each operation goes, found twice."""
    for name in client.meta.service_model.operation_names:
        model = client.meta.service_model.operation_model(name)
        for _ in range(2):
            context = {"client_config": client.meta.config}
            try:
                found = client._resolve_endpoint_ruleset(model, arguments, context)
            except Exception as error:
                found = repr(error)
            else:
                found[1]["X-Header"] = "of one call"  # which no other call has
            yield service, name, found, {key: context.get(key) for key in ("auth_type", "signing")}


@pytest.mark.parametrize("service", SERVICES)
def test_each_operation_has_the_endpoint_that_it_has_without_the_mock(service):
    session = boto3.session.Session()
    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "key", "region_name": "eu-west-1"}

    def found():
        client = session.client(service, **keys)
        return [
            each
            for arguments in ({}, {"Bucket": "bucket", "StreamARN": STREAM, "AccountId": "123456789012"})
            for each in endpoints(service, client, arguments)
        ]

    without = found()
    with mock_destinations():
        assert found() == without


@pytest.fixture
def resolver(destmock):
    """A resolver of SQS's, and the URL of its endpoint."""
    sqs = boto3.client("sqs", region_name="us-east-1")
    model = sqs.meta.service_model.operation_model("SendMessage")

    def url():
        return sqs._resolve_endpoint_ruleset(model, {}, {})[0]

    assert url() == url() == "https://sqs.us-east-1.amazonaws.com"
    return sqs._ruleset_resolver, url, sqs.meta.events


def test_what_a_client_gives_for_its_endpoint_may_change(resolver):
    of_client, url, _ = resolver
    of_client._builtins["AWS::Region"] = "us-east-2"
    assert url() == url() == "https://sqs.us-east-2.amazonaws.com"
    of_client._builtins["AWS::Region"] = lambda: next(regions)
    regions = iter(["us-west-1", "us-west-2", "eu-west-1"])
    assert [url(), url(), url()] == [
        f"https://sqs.{region}.amazonaws.com" for region in ("us-west-1", "us-west-2", "eu-west-1")
    ]


def test_without_tls_it_is_another(resolver):
    of_client, url, _ = resolver
    of_client._use_ssl = False
    assert url() == url() == "http://sqs.us-east-1.amazonaws.com"


def test_rules_of_a_user_s_own_are_gone_by(resolver):
    of_client, url, _ = resolver
    of_client._provider = boto3.client("lambda")._ruleset_resolver._provider
    assert url() == "https://lambda.us-east-1.amazonaws.com"


@pytest.mark.parametrize("once", [False, True])
def test_a_handler_changes_an_endpoint_from_its_registration_on(resolver, once):
    _, url, events = resolver

    def moves(builtins, **_):
        builtins["AWS::Region"] = "us-east-2"
        if once:
            events.unregister("before-endpoint-resolution.sqs", moves)

    events.register("before-endpoint-resolution.sqs", moves)
    later = "us-east-1" if once else "us-east-2"
    assert url() == "https://sqs.us-east-2.amazonaws.com"
    assert url() == url() == f"https://sqs.{later}.amazonaws.com"
    events.unregister("before-endpoint-resolution.sqs", moves)
    assert url() == url() == "https://sqs.us-east-1.amazonaws.com"


@pytest.mark.parametrize("of_one", [False, True])
@pytest.mark.parametrize(
    "step", [step for step in ("resolve_endpoint", "_resolve_endpoint") if hasattr(EndpointProvider, step)]
)
def test_a_provider_s_step_is_asked_where_a_test_has_put_its_own(resolver, monkeypatch, step, of_one):
    of_client, url, _ = resolver

    def here(*_, **__):
        return RuleSetEndpoint("https://here", {}, {})

    if of_one:  # `setattr` would leave botocore's own there
        monkeypatch.setitem(vars(of_client._provider), step, here)
    else:
        monkeypatch.setattr(EndpointProvider, step, here)
    assert url() == "https://here"


def test_who_debugs_reads_where_a_call_goes(resolver, caplog):
    caplog.set_level("DEBUG", logger="botocore.regions")
    _, url, _ = resolver
    caplog.clear()
    url()
    assert caplog.messages[-1] == "Endpoint provider result: https://sqs.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    "step",
    [
        *(
            "construct_endpoint",
            "_get_provider_params",
            "_get_customized_builtins",
            "_resolve_param_from_context",
        ),
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
