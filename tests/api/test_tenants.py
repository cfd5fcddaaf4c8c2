"""Functions with tenants: each tenant has execution environments of its own."""

import json

import boto3
import botocore.session
import pytest
import requests
from botocore.exceptions import ClientError

from tests.runtime.deployed import deploy, invoke
from tests.services.apigateway.apis import Rest

CONFIG = {"TenantIsolationMode": "PER_TENANT"}
COUNTS = (
    "calls = 0\n"
    "def handle(event, context):\n"
    "    global calls\n"
    "    calls += 1\n"
    "    return [context.tenant_id, calls, context.log_stream_name]\n"
)
MISSING = (
    "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and "
    "try again."
)
if (
    "TenantId"
    not in botocore.session.get_session().get_service_model("lambda").shape_for("InvocationRequest").members
):
    pytest.skip("this boto3 has no TenantId", allow_module_level=True)


def refusal(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"]


def test_each_tenant_has_globals_and_a_log_stream_of_its_own(lam):
    made = deploy(COUNTS, TenancyConfig=CONFIG)
    assert made["TenancyConfig"] == CONFIG
    assert lam.get_function_configuration(FunctionName="orders")["TenancyConfig"] == CONFIG
    seen = [invoke(lam, TenantId=tenant) for tenant in ("blue", "blue", "green", "blue")]
    assert [each[:2] for each in seen] == [["blue", 1], ["blue", 2], ["green", 1], ["blue", 3]]
    assert len({stream for _, _, stream in seen}) == 2


def test_a_version_has_the_tenants_of_its_function(lam):
    deploy(COUNTS, TenancyConfig=CONFIG, Publish=True)
    assert invoke(lam, "orders:1", TenantId="blue")[:2] == ["blue", 1]
    code, told = refusal(lam.invoke, FunctionName="orders:1")
    assert (code, told) == ("InvalidParameterValueException", MISSING)


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_a_tenant_is_named_where_there_are_tenants_and_nowhere_else(destmock, lam, kind):
    deploy(COUNTS, TenancyConfig=CONFIG)
    deploy(COUNTS, "plain")
    code, told = refusal(lam.invoke, FunctionName="orders", InvocationType=kind)
    assert (code, told) == ("InvalidParameterValueException", MISSING)
    code, told = refusal(lam.invoke, FunctionName="plain", InvocationType=kind, TenantId="blue")
    assert code == "InvalidParameterValueException"
    assert "not enabled with tenancy configuration" in told
    assert destmock.timeline() == ""


@pytest.mark.parametrize(
    ("tenant", "told"),
    [("no#tenant", "regular expression pattern"), ("x" * 257, "have length less than or equal to 256")],
)
def test_a_tenant_that_can_not_be_one_is_refused(lam, tenant, told):
    deploy(COUNTS, TenancyConfig=CONFIG)
    code, text = refusal(lam.invoke, FunctionName="orders", TenantId=tenant)
    assert code == "ValidationException"
    assert f"Value '{tenant}' at 'tenantId' failed to satisfy constraint: Member must" in text
    assert told in text


def test_a_mode_that_there_is_not_is_refused(lam):
    code, told = refusal(deploy, files=COUNTS, TenancyConfig={"TenantIsolationMode": "SHARED"})
    assert code == "ValidationException"
    assert told.endswith(
        "Value 'SHARED' at 'tenancyConfig.tenantIsolationMode' failed to satisfy constraint: Member must "
        "satisfy enum value set: [PER_TENANT]"
    )
    assert lam.list_functions()["Functions"] == []


def test_an_event_is_tried_again_for_its_tenant_and_delivered_twice_for_it(destmock, lam):
    seen = []

    def work(event, context):
        seen.append(context.tenant_id)
        raise ValueError

    destmock.handler("work", work, tenancy_config=CONFIG)
    destmock.faults.duplicate("work")
    lam.invoke(FunctionName="work", InvocationType="Event", TenantId="blue")
    assert seen == ["blue"] * 6


def test_json_logs_name_the_tenant(destmock, lam):
    code = "import logging\ndef handle(event, context):\n    logging.getLogger().warning('late')\n"
    deploy(code, TenancyConfig=CONFIG, LoggingConfig={"LogFormat": "JSON"})
    lam.invoke(FunctionName="orders", TenantId="blue")
    [run] = destmock.runs
    [line] = [each for each in map(json.loads, run.attempt.log_events) if each.get("message") == "late"]
    assert line["tenantId"] == "blue"


def test_services_that_name_no_tenant_do_not_invoke_it(destmock, lam, sns, make_queue):
    destmock.handler("work", lambda event, context: None, tenancy_config=CONFIG)
    arn = lam.get_function(FunctionName="work")["Configuration"]["FunctionArn"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="hello")
    assert "is invoked for a tenant only" in destmock.timeline()
    assert destmock.invocations == []
    source = make_queue("jobs")
    code, told = refusal(lam.create_event_source_mapping, EventSourceArn=source, FunctionName="work")
    assert (code, told) == (
        "InvalidParameterValueException",
        "Event source mappings are not supported for functions with tenant isolation.",
    )
    code, _ = refusal(lam.create_function_url_config, FunctionName="work", AuthType="NONE")
    assert code == "InvalidParameterValueException"


def test_a_rest_api_maps_a_header_to_the_tenant(lam):
    code = "def handle(event, context):\n    return {'statusCode': 200, 'body': context.tenant_id}\n"
    deploy(code, TenancyConfig=CONFIG)
    api = Rest().proxy(
        "GET",
        "/whose",
        "orders",
        method={"requestParameters": {"method.request.header.Customer": True}},
        requestParameters={"integration.request.header.X-Amz-Tenant-Id": "method.request.header.Customer"},
    )
    url = api.deploy() + "/whose"
    assert requests.get(url, headers={"Customer": "blue"}, timeout=5).text == "blue"
    refused = requests.get(url, timeout=5)
    assert (refused.status_code, refused.json()) == (400, {"message": MISSING})


def test_a_handler_s_config_is_one(destmock):
    with pytest.raises(ValueError, match="'work': tenancy_config is TenancyConfig as create_function"):
        destmock.handler("work", print, tenancy_config={"TenantIsolationMode": "NONE"})


@pytest.mark.slow
def test_templates_make_functions_with_tenants(destmock, lam, tmp_path):
    pytest.importorskip("samtranslator")
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  Orders:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties:\n"
        "      FunctionName: orders\n"
        "      Runtime: python3.13\n"
        "      Handler: index.handle\n"
        "      InlineCode: 'def handle(event, context): return context.tenant_id'\n"
        "      TenancyConfig: {TenantIsolationMode: PER_TENANT}\n"
    )
    stack = destmock.deploy(tmp_path / "template.yaml")
    assert invoke(lam, TenantId="blue") == "blue"
    client = boto3.client("cloudformation")
    body = client.get_template(StackName=stack.name)["TemplateBody"]
    client.update_stack(StackName=stack.name, TemplateBody=json.dumps(body).replace("context.tenant_id", "7"))
    assert lam.get_function_configuration(FunctionName="orders")["TenancyConfig"] == CONFIG
    assert invoke(lam, TenantId="blue") == 7
