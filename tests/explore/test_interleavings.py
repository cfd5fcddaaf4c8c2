"""Two attempts at one moment: each may go first at each AWS call."""

from destmock import explore
from tests.explore.scenarios import DYNAMODB, make_table, number, put_number, send_event


def read_and_write(_event, _context):
    put_number(number() + 1)


def read_and_write_if_unchanged(_event, _context):
    before = number()
    unchanged = {"ConditionExpression": "n = :n", "ExpressionAttributeValues": {":n": {"N": str(before)}}}
    if not before:
        unchanged = {"ConditionExpression": "attribute_not_exists(id)"}
    put_number(before + 1, **unchanged)


def two_at_once(destmock):
    make_table()
    send_event("count")
    send_event("count")
    destmock.run_until_idle()
    assert number() == 2


def test_a_lost_update_is_found_with_the_order_of_calls():
    found = explore.report(
        two_at_once, handlers={"count": read_and_write}, autorun=False, kinds={"interleave"}
    )
    assert found.failures[0].name == "count#1/switch/dynamodb.PutItem#2"
    assert str(found.failures[0]).startswith(
        "the scenario fails when count, attempt 1, lets what else is due go on before dynamodb.PutItem (2nd "
        "AWS call); the AWS calls: count#1 dynamodb.GetItem, count#2 dynamodb.GetItem, count#2 "
        "dynamodb.PutItem, count#1 dynamodb.PutItem: AssertionError"
    )
    assert "let others go first before dynamodb.PutItem (2nd AWS call)" in found.failures[0].timeline


def test_a_conditional_write_is_tried_again_and_passes():
    found = explore.report(
        two_at_once, handlers={"count": read_and_write_if_unchanged}, autorun=False, kinds={"interleave"}
    )
    assert found.tried > 0
    assert found.failures == ()


def test_attempts_that_do_not_overlap_have_no_order_to_try():
    def one_after_the_other(destmock):
        make_table()
        send_event("count")
        send_event("count")
        assert number() == 2

    found = explore.report(one_after_the_other, handlers={"count": read_and_write}, kinds={"interleave"})
    assert (found.tried, found.failures) == (0, ())


def test_a_bug_that_takes_two_switches_is_found():
    """Each says that it wants to, and steps back if another one does: so it may be that nobody goes on."""

    def polite(event, _context):
        me = {"id": {"S": event["me"]}}
        DYNAMODB.put_item(TableName="counts", Item=me)
        if DYNAMODB.scan(TableName="counts")["Count"] > 1:
            DYNAMODB.delete_item(TableName="counts", Key=me)
        else:
            DYNAMODB.put_item(TableName="winners", Item=me)

    def scenario(destmock):
        make_table()
        make_table("winners")
        for name in ("a", "b"):
            send_event("polite", {"me": name})
        destmock.run_until_idle()
        assert DYNAMODB.scan(TableName="winners")["Count"] >= 1

    options = {"handlers": {"polite": polite}, "autorun": False, "kinds": {"interleave"}}
    assert explore.report(scenario, switches=1, **options).failures == ()
    found = explore.report(scenario, switches=2, **options)
    assert [failure.name for failure in found.failures] == [
        "polite#1/switch/dynamodb.Scan#2, polite#2/switch/dynamodb.DeleteItem#3"
    ]
