"""Event source mappings of Kafka, Amazon MQ and DocumentDB: checked as AWS does, kept, and warned of."""

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.services.places import ACCOUNT, BROKER_SETTINGS, REGION, START

pytestmark = pytest.mark.destmock(start=START, handlers={"work": lambda event, context: None})
INVALID = "InvalidParameterValueException"
CLUSTER = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/gone/1abef48b-2cd1-4609-8327-bd239c4b8304-2"
DOCUMENTS = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:docs"
SHOP = {"DocumentDBEventSourceConfig": {"DatabaseName": "shop", "CollectionName": "orders"}}
BROKER = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:gone:b-1"
OWN = {"SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka.example.com:9092"]}}}
ACCESS = {"SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:x"}]}
FIRST = {"StartingPosition": "TRIM_HORIZON"}
TOPIC = {"Topics": ["orders"]}
NO_CLUSTER = (
    f"Cannot access cluster {CLUSTER}. Please ensure the role can perform the DescribeClusterV2 "
    "(recommended) or DescribeCluster and GetBootstrapBrokers actions on your cluster in IAM."
)
NO_ACCESS = "Required 'sourceAccessConfigurations' parameter is missing."
NO_TOPICS = "Required 'topics' parameter is missing."
NO_TIMESTAMP = "When the starting position is 'AT_TIMESTAMP', a starting position timestamp must be provided."
NO_POSITION = (
    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
    "Member must not be null."
)
BAD_TOPIC = (
    "1 validation error detected: Value '[bad/topic]' at 'topics' failed to satisfy constraint: Member must "
    "satisfy constraint: [Member must have length less than or equal to 249, Member must have length greater "
    "than or equal to 1, Member must satisfy regular expression pattern: [^.]([a-zA-Z0-9\\-_.]+), "
    "Member must not be null]"
)
TWO_TOPICS = (
    "1 validation error detected: Value '[one, two]' at 'topics' failed to satisfy constraint: Member must "
    "have length less than or equal to 1"
)
NO_ENDPOINTS = (
    "1 validation error detected: Value '{}' at 'selfManagedEventSource.endpoints' failed to satisfy "
    "constraint: Member must have length greater than or equal to 1"
)


def unsupported(member):
    return f"Unsupported '{member}' parameter for given event source mapping type."


@pytest.fixture
def create(lam):
    def create(source=None, **settings):
        if source is not None:
            settings["EventSourceArn"] = source
        return lam.create_event_source_mapping(**{"FunctionName": "work", **settings})

    return create


@pytest.fixture
def keep(create):
    def keep(source=None, **settings):
        with pytest.warns(UserWarning, match="nothing invokes work: moto has no records there"):
            return create(source, **settings)

    return keep


@pytest.fixture
def cluster(destmock):
    made = boto3.client("kafka").create_cluster_v2(
        ClusterName="c",
        Serverless={"VpcConfigs": [{"SubnetIds": ["s"], "SecurityGroupIds": ["g"]}]},
    )
    return made["ClusterArn"]


@pytest.fixture
def broker(destmock):
    made = boto3.client("mq").create_broker(AutoMinorVersionUpgrade=False, **BROKER_SETTINGS)
    return made["BrokerArn"]


def refusal(call, *args, **settings):
    with pytest.raises(ClientError) as error:
        call(*args, **settings)
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    return answer["Error"]["Code"], answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (FIRST, NO_TOPICS),
        ({**TOPIC}, NO_CLUSTER),
        ({**TOPIC, **FIRST}, NO_CLUSTER),
        ({**TOPIC, "StartingPosition": "AT_TIMESTAMP"}, NO_TIMESTAMP),
        ({**TOPIC, **FIRST, "StartingPositionTimestamp": 1}, NO_CLUSTER),
        ({**TOPIC, **FIRST, "Queues": ["queue"]}, unsupported("queues")),
        ({**TOPIC, **FIRST, **OWN}, unsupported("selfManagedEventSource")),
    ],
)
def test_what_aws_refuses_of_a_managed_cluster(create, settings, told):
    assert refusal(create, CLUSTER, **settings) == (INVALID, told)


@pytest.mark.parametrize("source", [CLUSTER, None])
@pytest.mark.parametrize(("topics", "told"), [(["one", "two"], TWO_TOPICS), (["bad/topic"], BAD_TOPIC)])
def test_names_of_topics_are_checked_before_anything_else(create, source, topics, told):
    own = OWN if source is None else {}
    assert refusal(create, source, Topics=topics, **FIRST, **own) == ("ValidationException", told)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (FIRST, NO_TOPICS),
        ({**TOPIC}, NO_ACCESS),
        ({**TOPIC, "StartingPosition": "AT_TIMESTAMP"}, NO_ACCESS),
        ({**TOPIC, **FIRST, "Queues": ["queue"]}, NO_ACCESS),
        ({**TOPIC, **ACCESS}, NO_POSITION),
        ({**TOPIC, **ACCESS, "StartingPosition": "AT_TIMESTAMP"}, NO_TIMESTAMP),
        ({**TOPIC, **ACCESS, **FIRST, "ParallelizationFactor": 2}, unsupported("parallelizationFactor")),
    ],
)
def test_what_aws_refuses_of_a_cluster_of_one_s_own(create, settings, told):
    assert refusal(create, **OWN, **settings) == (INVALID, told)
    empty = {"SelfManagedEventSource": {"Endpoints": {}}}
    assert refusal(create, **empty, **settings) == ("ValidationException", NO_ENDPOINTS)


def test_what_aws_refuses_of_a_broker(create, broker):
    queues = {"Queues": ["jobs"]}
    assert refusal(create, BROKER) == (INVALID, "Required 'queues' parameter is missing.")
    assert refusal(create, broker, **queues) == (INVALID, NO_ACCESS)
    assert refusal(create, broker, **queues, **ACCESS, **TOPIC) == (INVALID, unsupported("topics"))
    told = refusal(create, BROKER, **queues, **ACCESS)[1]
    assert told.startswith(f"Cannot access broker {BROKER}. ")


NO_DATABASE = "Required 'databaseName' parameter is missing."
NO_CONFIG = "Required 'documentDBEventSourceConfig' parameter is missing."
LONG = {"DocumentDBEventSourceConfig": {"DatabaseName": "d" * 64}}
WHOLE = {"DocumentDBEventSourceConfig": {"DatabaseName": "d", "FullDocument": "All"}}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({**ACCESS, **FIRST}, NO_CONFIG),
        ({**ACCESS, **FIRST, "DocumentDBEventSourceConfig": {"CollectionName": "c"}}, NO_DATABASE),
        ({**SHOP, **FIRST}, NO_ACCESS),
        ({**SHOP, **ACCESS}, NO_POSITION),
        ({**SHOP, **ACCESS, "StartingPosition": "AT_TIMESTAMP"}, NO_TIMESTAMP),
        ({**SHOP, **ACCESS, **FIRST, **TOPIC}, unsupported("topics")),
        ({**SHOP, **ACCESS, **FIRST, "MaximumRetryAttempts": 2}, unsupported("maximumRetryAttempts")),
    ],
)
def test_what_aws_refuses_of_a_cluster_of_documents(create, settings, told):
    assert refusal(create, DOCUMENTS, **settings) == (INVALID, told)


def test_the_limits_of_names_of_documents_are_checked_first(create):
    code, told = refusal(create, DOCUMENTS, **LONG)
    assert code == "ValidationException"
    assert told.partition(" at ")[2] == (
        "'documentDBEventSourceConfig.databaseName' failed to satisfy constraint: Member must have length "
        "less than or equal to 63"
    )
    told = refusal(create, DOCUMENTS, **WHOLE)[1]
    assert told.endswith("Member must satisfy enum value set: [UpdateLookup, Default]")


def test_the_database_of_a_mapping_stays_what_it_was(lam, keep):
    made = keep(DOCUMENTS, **SHOP, **ACCESS, **FIRST)
    assert (made["DocumentDBEventSourceConfig"], made["StartingPosition"]) == (
        SHOP["DocumentDBEventSourceConfig"],
        "TRIM_HORIZON",
    )
    told = refusal(lam.update_event_source_mapping, UUID=made["UUID"], **SHOP)
    assert told == (INVALID, "Invalid parameters: collectionName, databaseName")
    full = {"FullDocument": "UpdateLookup"}
    changed = lam.update_event_source_mapping(UUID=made["UUID"], DocumentDBEventSourceConfig=full)
    assert changed["DocumentDBEventSourceConfig"] == {**SHOP["DocumentDBEventSourceConfig"], **full}


def test_a_function_that_is_not_there_is_refused_and_so_is_a_filter(create, cluster):
    assert refusal(create, cluster, **TOPIC, **FIRST, FunctionName="nobody")[1] == "Function does not exist"
    filters = {"FilterCriteria": {"Filters": [{"Pattern": "no json"}]}}
    assert refusal(create, cluster, **TOPIC, **FIRST, **filters)[1] == "Invalid filter pattern definition."


def test_the_mapping_of_a_cluster_is_kept_changed_listed_and_deleted(lam, keep, cluster):
    made = keep(cluster, **TOPIC, **FIRST)
    uuid = made["UUID"]
    found = lam.get_event_source_mapping(UUID=uuid)
    assert (found["Topics"], found["StartingPosition"], found["BatchSize"]) == (
        ["orders"],
        "TRIM_HORIZON",
        100,
    )
    assert found["AmazonManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": uuid}
    changed = lam.update_event_source_mapping(UUID=uuid, BatchSize=5, Enabled=False)
    assert (changed["BatchSize"], changed["State"]) == (5, "Disabled")
    told = refusal(lam.update_event_source_mapping, UUID=uuid, ParallelizationFactor=2)[1]
    assert told == unsupported("parallelizationFactor")
    [listed] = lam.list_event_source_mappings(EventSourceArn=cluster)["EventSourceMappings"]
    assert listed["UUID"] == uuid
    assert lam.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    assert lam.list_event_source_mappings()["EventSourceMappings"] == []


def test_the_mappings_of_the_others_are_kept_too(destmock, lam, keep, broker):
    own = keep(**OWN, **TOPIC, **ACCESS, **FIRST)
    assert own["SelfManagedEventSource"] == OWN["SelfManagedEventSource"]
    assert own["SelfManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": own["UUID"]}
    assert "EventSourceArn" not in own
    queue = keep(broker, Queues=["jobs"], **ACCESS)
    assert (queue["Queues"], queue["EventSourceArn"]) == (["jobs"], broker)
    assert "StartingPosition" not in queue
    assert destmock.run_until_idle() == 0
    assert destmock.diagram()  # they have no nodes, and are no error there


# What Lambda answers of the others


def test_R14_the_mapping_of_a_stream_is_answered_with_all_its_settings(lam, stream, connect):
    uuid = connect(stream, StartingPosition="LATEST")
    found = lam.get_event_source_mapping(UUID=uuid)
    for name in ("ResponseMetadata", "LastModified"):
        del found[name]
    assert found == {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "EventSourceArn": stream,
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}",
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work",
        "FunctionResponseTypes": [],
        "LastProcessingResult": "No records processed",
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "StartingPosition": "LATEST",
        "State": "Enabled",
        "StateTransitionReason": "User action",
        "TumblingWindowInSeconds": 0,
        "UUID": uuid,
    }


def test_the_mapping_of_a_stream_tells_what_came_of_its_last_batch(destmock, lam, kinesis, stream, connect):
    uuid = connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=0)
    found = []
    for handler in (lambda event, context: None, None):
        destmock.handler("work", handler or (lambda event, context: 1 / 0))
        kinesis.put_record(StreamName="clicks", Data=b"x", PartitionKey="p")
        found.append(lam.get_event_source_mapping(UUID=uuid)["LastProcessingResult"])
    assert found == ["OK", "PROBLEM: Function call failed"]


def test_R19_the_mapping_of_a_queue_tells_no_result(lam, sqs, make_queue, connect):
    made = lam.create_event_source_mapping(EventSourceArn=make_queue("jobs"), FunctionName="work")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody="a")
    found = lam.get_event_source_mapping(UUID=made["UUID"])
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert "LastProcessingResult" not in found
    assert "DestinationConfig" not in found
    assert (found["FunctionResponseTypes"], found["MaximumBatchingWindowInSeconds"]) == ([], 0)
    assert found["StateTransitionReason"] == "USER_INITIATED"
