"""boto3's own handlers are in each of its sessions, and what becomes of them in one reaches no other."""

import boto3
import boto3.utils
import pytest
from boto3.session import Session
from botocore import handlers
from botocore import session as botocore_session
from botocore.exceptions import ParamValidationError

from destmock import mock_destinations
from tests.isolation.replaced import is_asked
from tests.isolation.test_sessions import handlers_of

TABLE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
DYNAMODB = ("creating-resource-class.dynamodb", "high-level-dynamodb")
UPLOADS = "creating-client-class.s3"


def enclosed(handler):
    return dict(
        zip(
            handler.__code__.co_freevars,
            (cell.cell_contents for cell in handler.__closure__ or ()),
            strict=True,
        )
    )


def added(session):
    """The handlers that boto3 has added to a session, with what each of them calls."""
    emitter = session.events._emitter
    names = [UPLOADS, *(f"creating-resource-class.{name}" for name in ("s3.Bucket", "s3.Object"))]
    names += [f"creating-resource-class.{name}" for name in ("dynamodb", "dynamodb.Table")]
    names += [f"creating-resource-class.ec2.{name}" for name in ("ServiceResource", "Instance")]
    found = {
        name: [each for each in map(enclosed, emitter._handlers.prefix_search(name)) if "full_name" in each]
        for name in names
    }
    ids = {name: enclosed(item["handler"]) for name, item in emitter._unique_id_handlers.items()}
    return found, ids, [*emitter._unique_id_handlers]


def without_events(found):
    """The same, but for the session's own events."""
    handlers, *others = found
    return {
        name: [(each["full_name"], {**each["parent_kwargs"], "event_emitter": None}) for each in of_event]
        for name, of_event in handlers.items()
    }, *others


def test_a_session_has_the_handlers_of_boto3_that_it_has_without_a_mock():
    plain = Session()
    with mock_destinations():
        for _ in range(2):
            made = Session()
            assert without_events(added(made)) == without_events(added(plain))
            assert handlers_of(made.events) == handlers_of(plain.events)


def test_a_handler_that_is_told_the_session_s_events_is_told_its_own(destmock):
    for session in (Session(), Session()):
        handlers, _, _ = added(session)
        [tells] = handlers["creating-resource-class.ec2.Instance"]
        assert tells["parent_kwargs"]["event_emitter"] is session.events


def test_what_boto3_adds_to_clients_and_resources_is_there_in_every_session(destmock, tmp_path):
    (tmp_path / "file").write_text("hello")
    for number in range(2):
        session = Session(region_name="us-east-1")
        s3, ec2 = session.client("s3"), session.resource("ec2")
        s3.create_bucket(Bucket=f"bucket-{number}")
        s3.upload_file(str(tmp_path / "file"), f"bucket-{number}", "key")
        session.resource("s3").Bucket(f"bucket-{number}").download_file("key", str(tmp_path / "back"))
        assert (tmp_path / "back").read_text() == "hello"
        table = session.resource("dynamodb").create_table(**TABLE | {"TableName": f"orders-{number}"})
        with table.batch_writer() as batch:
            batch.put_item(Item={"id": "1", "total": 7})
        assert table.get_item(Key={"id": "1"})["Item"]["total"] == 7
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16")
        subnet = network.create_subnet(CidrBlock="10.0.0.0/24")
        image = next(iter(ec2.images.all())).id
        [instance] = ec2.create_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet.id)
        ec2.create_tags(Resources=[instance.id], Tags=[{"Key": "name", "Value": "one"}])
        instance.delete_tags(Tags=[{"Key": "name"}])
        instance.reload()
        assert not instance.tags


def test_one_that_is_taken_out_of_a_session_is_in_the_next(destmock):
    def puts(session):
        table = session.resource("dynamodb", region_name="us-east-1").Table("orders")
        return table.put_item(Item={"id": "1"})

    boto3.client("dynamodb").create_table(**TABLE)
    event, unique_id = DYNAMODB
    without = Session()
    without.events.unregister(event, unique_id=unique_id)
    with pytest.raises(ParamValidationError):
        puts(without)
    puts(Session())
    puts(boto3._get_default_session())


def test_a_handler_under_an_id_of_boto3_s_takes_its_place_in_no_session(destmock):
    """As without a mock: the first one stays."""
    event, unique_id = DYNAMODB
    heard = []
    session = Session()
    session.events.register(event, lambda **_: heard.append(1), unique_id=unique_id)
    session.resource("dynamodb", region_name="us-east-1")
    Session().resource("dynamodb", region_name="us-east-1")
    assert heard == []


def test_an_event_that_nobody_had_heard_of_is_heard_of_afterwards(destmock):
    heard = []

    def hear(class_attributes, **_):
        heard.append(sorted(class_attributes)[:1])

    session = Session(region_name="us-east-1")
    session.client("s3")
    session.events.register(UPLOADS, hear)
    session.client("s3")
    assert len(heard) == 1


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Session, "_register_default_handlers"),
        (boto3.utils, "lazy_call"),
        (botocore_session.Session, "register"),
    ],
)
def test_whoever_adds_them_in_another_way_is_asked(owner, name, inside):
    assert is_asked(owner, name, Session, inside=inside)


def test_a_session_of_another_class_adds_its_own(destmock):
    class Own(Session):
        def _register_default_handlers(self):
            super()._register_default_handlers()
            self._session.register(UPLOADS, lambda class_attributes, **_: class_attributes.update(mine=7))

    assert Own(region_name="us-east-1").client("s3").mine == 7
    assert not hasattr(Session(region_name="us-east-1").client("s3"), "mine")


def test_a_session_around_one_that_has_handlers_keeps_them(destmock):
    inner = botocore_session.get_session()
    heard = []
    inner.register("before-call.sqs.*", lambda **_: heard.append(1))
    session = Session(botocore_session=inner, region_name="us-east-1")
    session.client("sqs").list_queues()
    assert heard == [1]
    assert hasattr(session.client("s3"), "upload_file")


def test_more_handlers_of_botocore_s_own_are_in_the_next_session(destmock, monkeypatch):
    Session()
    heard = []
    more = [*handlers.BUILTIN_HANDLERS, (UPLOADS, lambda **_: heard.append(1))]
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", more)
    client = Session(region_name="us-east-1").client("s3")
    assert heard == [1]
    assert hasattr(client, "upload_file")
    monkeypatch.undo()
    Session(region_name="us-east-1").client("s3")
    assert heard == [1]


class Unhashable:
    """A handler that is equal to others, and so has no hash."""

    __hash__ = None

    def __init__(self):
        self.heard = 0

    def __eq__(self, other):
        return isinstance(other, Unhashable)

    def __call__(self, **_):
        self.heard += 1


@pytest.mark.parametrize("later", [False, True])
def test_a_handler_of_botocore_s_may_have_no_hash(destmock, monkeypatch, later):
    inner = botocore_session.get_session() if later else None
    handler = Unhashable()
    monkeypatch.setattr(
        handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, ("before-call.sqs", handler)]
    )
    session = Session(botocore_session=inner, region_name="us-east-1")
    session.client("sqs").list_queues()
    assert handler.heard == (not later)
    assert hasattr(session.client("s3"), "upload_file")
