"""Mappings of Kafka, Amazon MQ and DocumentDB in templates: checked, kept, and warned of."""

import json
import warnings

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import attribute, function, resource
from tests.services.places import BROKER_SETTINGS

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"
DOCUMENTS = "arn:aws:rds:us-east-1:123456789012:cluster:docs"
ACCESS = [{"Type": "BASIC_AUTH", "URI": SECRET}]
FIRST = {"StartingPosition": "TRIM_HORIZON"}
KAFKA = resource(
    "AWS::MSK::Cluster",
    ClusterName="c",
    KafkaVersion="3.5.1",
    NumberOfBrokerNodes=2,
    BrokerNodeGroupInfo={"ClientSubnets": ["a", "b"], "InstanceType": "kafka.t3.small"},
)
BROKER = resource("AWS::AmazonMQ::Broker", **BROKER_SETTINGS)
EVENTS = {
    "Managed": ("MSK", {"Stream": {"Ref": "Kafka"}, "Topics": ["orders"], **FIRST}),
    "Own": (
        "SelfManagedKafka",
        {
            "KafkaBootstrapServers": ["kafka.example.com:9092"],
            "Topics": ["orders"],
            "SourceAccessConfigurations": [{"Type": "SASL_SCRAM_512_AUTH", "URI": SECRET}],
            **FIRST,
        },
    ),
    "Jobs": ("MQ", {"Broker": attribute("Broker"), "Queues": ["jobs"], "SourceAccessConfigurations": ACCESS}),
    "Documents": (
        "DocumentDB",
        {"Cluster": DOCUMENTS, "DatabaseName": "shop", "SourceAccessConfigurations": ACCESS, **FIRST},
    ),
}


def mapping(**properties):
    return resource("AWS::Lambda::EventSourceMapping", FunctionName={"Ref": "Work"}, **properties)


def template(**resources):
    return json.dumps({"Resources": {"Work": function(FunctionName="work"), **resources}})


def mappings():
    return boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]


def told(call, **arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(**arguments)
    return [str(each.message) for each in caught if "nothing invokes" in str(each.message)]


def test_a_sam_function_has_them_all_with_one_warning_for_each(destmock, tmp_path):
    work = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "FunctionName": "work",
            "Handler": "index.handler",
            "Runtime": "python3.12",
            "InlineCode": "def handler(event, context): return 1",
            "Events": {name: {"Type": kind, "Properties": of} for name, (kind, of) in EVENTS.items()},
        },
    }
    path = tmp_path / "shop.json"
    resources = {"Kafka": KAFKA, "Broker": BROKER, "Work": work}
    path.write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}))
    assert len(told(destmock.deploy, template=path)) == len(EVENTS)
    found = {each["UUID"]: each for each in mappings()}
    kept = {
        name: found[
            boto3.resource("cloudformation").StackResource("shop", f"Work{name}").physical_resource_id
        ]
        for name in EVENTS
    }
    assert (kept["Managed"]["Topics"], kept["Managed"]["EventSourceArn"].split(":")[2]) == (
        ["orders"],
        "kafka",
    )
    servers = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka.example.com:9092"]}}
    assert kept["Own"]["SelfManagedEventSource"] == servers
    assert (kept["Jobs"]["Queues"], kept["Jobs"]["EventSourceArn"].split(":")[2]) == (["jobs"], "mq")
    assert kept["Documents"]["DocumentDBEventSourceConfig"] == {"DatabaseName": "shop"}
    boto3.client("cloudformation").delete_stack(StackName="shop")
    assert mappings() == []


def test_a_mapping_is_updated_in_its_place(cloudformation):
    config = {"DatabaseName": "shop", "FullDocument": "UpdateLookup"}
    common = {"EventSourceArn": DOCUMENTS, "SourceAccessConfigurations": ACCESS, **FIRST}
    first = template(M=mapping(**common, DocumentDBEventSourceConfig=config))
    assert len(told(cloudformation.create_stack, StackName="s", TemplateBody=first)) == 1
    [made] = mappings()
    changed = template(M=mapping(**common, DocumentDBEventSourceConfig=config, BatchSize=7))
    assert told(cloudformation.update_stack, StackName="s", TemplateBody=changed) == []
    [now] = mappings()
    assert (now["UUID"], now["BatchSize"], made["BatchSize"]) == (made["UUID"], 7, 100)
    assert now["DocumentDBEventSourceConfig"] == config


def test_what_lambda_refuses_fails_the_stack(cloudformation):
    gone = "arn:aws:kafka:us-east-1:123456789012:cluster/gone/1"
    body = template(M=mapping(EventSourceArn=gone, Topics=["orders"], **FIRST))
    with pytest.raises(ClientError, match=f"Cannot access cluster {gone}"):
        cloudformation.create_stack(StackName="s", TemplateBody=body)
    assert mappings() == []
