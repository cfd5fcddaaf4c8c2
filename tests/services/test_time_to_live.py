"""DynamoDB deletes the items whose time to live is over, when time comes to that."""

from datetime import timedelta

import boto3
import pytest

from destmock import outcomes
from tests.services.places import START

pytestmark = pytest.mark.destmock(start=START)
NOW = int(START.timestamp())
HOUR = 3600
BY_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


@pytest.fixture
def sessions(destmock):
    """A table with a sort key, a stream, and TTL by `until`."""
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="sessions",
        KeySchema=[
            {"AttributeName": "user", "KeyType": "HASH"},
            {"AttributeName": "n", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "user", "AttributeType": "S"},
            {"AttributeName": "n", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
    )
    switch(dynamodb)
    return dynamodb


def switch(dynamodb, attribute="until", *, on=True):
    specification = {"Enabled": on, "AttributeName": attribute}
    dynamodb.update_time_to_live(TableName="sessions", TimeToLiveSpecification=specification)


def key(user):
    return {"user": {"S": user}, "n": {"N": "1"}}


def put(dynamodb, user, until=None, **attributes):
    item = {**key(user), **({} if until is None else {"until": {"N": str(until)}}), **attributes}
    dynamodb.put_item(TableName="sessions", Item=item)


def update(dynamodb, user, until):
    dynamodb.update_item(
        TableName="sessions",
        Key=key(user),
        UpdateExpression="SET #until = :until",
        ExpressionAttributeNames={"#until": "until"},
        ExpressionAttributeValues={":until": {"N": str(until)}},
    )


def left(dynamodb):
    return sorted(item["user"]["S"] for item in dynamodb.scan(TableName="sessions")["Items"])


def test_an_item_is_deleted_at_the_instant_that_it_names(destmock, sessions):
    put(sessions, "ann", NOW + HOUR)
    put(sessions, "bob", NOW + 2 * HOUR)
    put(sessions, "eve")
    destmock.advance(HOUR - 1)
    assert left(sessions) == ["ann", "bob", "eve"]
    destmock.advance(1)
    assert left(sessions) == ["bob", "eve"]
    destmock.advance(timedelta(days=400))
    assert left(sessions) == ["eve"]


def test_a_mapping_sees_that_ttl_has_deleted_it(destmock, sessions, connect):
    seen = []
    destmock.handler("work", lambda event, context: seen.extend(event["Records"]))
    stream = sessions.describe_table(TableName="sessions")["Table"]["LatestStreamArn"]
    wanted = '{"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}'
    connect(stream, StartingPosition="LATEST", FilterCriteria={"Filters": [{"Pattern": wanted}]})
    put(sessions, "ann", NOW + HOUR)
    put(sessions, "bob", NOW + HOUR)
    sessions.delete_item(TableName="sessions", Key=key("bob"))
    assert seen == []
    destmock.advance(HOUR)
    [record] = seen
    assert (record["eventName"], record["userIdentity"]) == ("REMOVE", BY_TTL)
    assert record["dynamodb"]["OldImage"] == {**key("ann"), "until": {"N": str(NOW + HOUR)}}
    assert record["dynamodb"]["ApproximateCreationDateTime"] == NOW + HOUR


def test_a_reader_of_the_stream_sees_it_too(destmock, sessions):
    put(sessions, "ann", NOW + HOUR)
    destmock.advance(HOUR)
    stream = sessions.describe_table(TableName="sessions")["Table"]["LatestStreamArn"]
    streams = boto3.client("dynamodbstreams")
    [shard] = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "REMOVE"]
    identities = [record.get("userIdentity") for record in records]
    assert identities == [None, {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}]


def test_nobody_waits_for_it(destmock, lam, sessions):
    put(sessions, "ann", NOW + 30)
    assert destmock.run_until_idle() == 0
    assert left(sessions) == ["ann"]
    [waiting] = destmock.pending
    assert waiting.function_arn == sessions.describe_table(TableName="sessions")["Table"]["TableArn"]
    assert (waiting.due_at, waiting.background) == (START + timedelta(seconds=30), True)
    destmock.handler("failing", outcomes(ValueError("no"), None))
    lam.invoke(FunctionName="failing", InvocationType="Event")  # its retry passes over the instant
    assert left(sessions) == []
    assert destmock.pending == []


@pytest.mark.parametrize("write", [put, update])
def test_an_item_that_is_written_again_lives_as_long_as_it_says_then(destmock, sessions, write):
    put(sessions, "ann", NOW + HOUR)
    write(sessions, "ann", NOW + 3 * HOUR)
    destmock.advance(2 * HOUR)
    assert left(sessions) == ["ann"]
    write(sessions, "ann", NOW + 2 * HOUR + 1)
    destmock.advance(1)
    assert left(sessions) == []
    destmock.advance(HOUR)
    update(sessions, "ann", NOW + 4 * HOUR)  # a new item
    destmock.advance(HOUR)
    assert left(sessions) == []


def test_an_item_without_the_attribute_lives_for_ever(destmock, sessions):
    put(sessions, "ann", NOW + HOUR)
    put(sessions, "ann")
    destmock.advance(2 * HOUR)
    assert left(sessions) == ["ann"]


def test_what_is_past_it_when_written_stays_for_48_hours(destmock, sessions):
    put(sessions, "ann", NOW - 1)
    put(sessions, "bob", NOW)
    destmock.advance(48 * HOUR - 1)
    assert left(sessions) == ["ann", "bob"]
    destmock.advance(1)
    assert left(sessions) == []


@pytest.mark.parametrize(
    "until",
    [
        {"N": str(NOW - 6 * 365 * 24 * HOUR)},
        {"N": str((NOW + HOUR) * 1000)},  # milliseconds, by mistake
        {"N": "1E+30"},
        {"S": str(NOW + HOUR)},
        {"M": {"N": {"N": str(NOW + HOUR)}}},
    ],
    ids=["five-years", "milliseconds", "large", "text", "map"],
)
def test_what_is_no_instant_is_ignored(destmock, sessions, until):
    sessions.put_item(TableName="sessions", Item={**key("ann"), "until": until})
    assert destmock.pending == []
    destmock.advance(timedelta(days=365))
    assert left(sessions) == ["ann"]


def test_ttl_can_be_turned_off_and_on(destmock, sessions):
    put(sessions, "ann", NOW + HOUR)
    switch(sessions, on=False)
    put(sessions, "bob", NOW + 2 * HOUR)
    destmock.advance(HOUR)
    assert (left(sessions), destmock.pending) == (["ann", "bob"], [])
    switch(sessions)  # which finds bob, and ann, who is past it
    destmock.advance(HOUR)
    assert left(sessions) == ["ann"]
    destmock.advance(47 * HOUR)
    assert left(sessions) == []


def test_another_attribute_counts_from_then_on(destmock, sessions):
    put(sessions, "ann", NOW + HOUR, end={"N": f"{NOW + 5}.5"})
    switch(sessions, on=False)
    switch(sessions, "end")
    destmock.advance(5)
    assert left(sessions) == ["ann"]
    destmock.advance(0.5)
    assert left(sessions) == []


def test_a_table_that_is_gone_has_nothing_to_delete(destmock, sessions):
    put(sessions, "ann", NOW + HOUR)
    sessions.delete_table(TableName="sessions")
    destmock.advance(HOUR)
    assert sessions.list_tables()["TableNames"] == []


def test_batches_transactions_and_statements_count(destmock, sessions):
    until = {"until": {"N": str(NOW + HOUR)}}
    batch = [{"PutRequest": {"Item": {**key("ann"), **until}}}]
    sessions.batch_write_item(RequestItems={"sessions": batch})
    sessions.transact_write_items(
        TransactItems=[{"Put": {"TableName": "sessions", "Item": {**key("bob"), **until}}}]
    )
    sessions.execute_statement(
        Statement=f"INSERT INTO sessions VALUE {{'user': 'eve', 'n': 1, 'until': {NOW + HOUR}}}"
    )
    assert left(sessions) == ["ann", "bob", "eve"]
    destmock.advance(HOUR)
    assert left(sessions) == []
