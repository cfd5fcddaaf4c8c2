"""What hardly any test asks for is imported when one does, and then as ever."""

import importlib
import sys
import types
from unittest.mock import patch

import pytest

from destmock import _importing
from destmock._isolation import later_imports
from tests.programs import printed

#: An expression of a program's.
LOADED = """[name for name in ("moto.s3", "moto.sns", "moto.rds", "cryptography") if name in sys.modules]"""


def test_queues_and_functions_load_neither_s3_nor_sns_nor_rds_nor_cryptography():
    assert (
        printed(f"""
        import sys
        import boto3
        from destmock import mock_destinations
        with mock_destinations(handlers={{"work": lambda event, context: event}}) as destmock:
            sqs, client = boto3.client("sqs"), boto3.client("lambda")
            url = sqs.create_queue(QueueName="done")["QueueUrl"]
            arn = "arn:aws:sqs:us-east-1:123456789012:done"
            client.put_function_event_invoke_config(
                FunctionName="work", DestinationConfig={{"OnSuccess": {{"Destination": arn}}}}
            )
            client.invoke(FunctionName="work", InvocationType="Event", Payload=b"{{}}")
            destmock.run_until_idle()
            print(len(sqs.receive_message(QueueUrl=url)["Messages"]), {LOADED})
            boto3.client("s3").create_bucket(Bucket="bucket")
            print({LOADED})
            boto3.client("sns").create_topic(Name="topic")
            print({LOADED})
        """)
        == "1 []\n['moto.s3']\n['moto.s3', 'moto.sns', 'cryptography']\n"
    )


CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBejCCASGgAwIBAgIUT8ZaDNv6VlJsoMmimlRpltIWBjUwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZXhhbXBsZTAgFw0yNjExMzAxOTM5MDVaGA8yMTI2MTEwNjE5
MzkwNVowEjEQMA4GA1UEAwwHZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABBQdJWpZEBeeUocVlJhNhhQr+EH75OaqTArn20dzw0s4/Of96jORV+9NRx8y
7an4JT/lJ2gEC6U/qD7QLaY4kGKjUzBRMB0GA1UdDgQWBBT4/8OpdGczjkV6mNo7
kHGlKYBeGDAfBgNVHSMEGDAWgBT4/8OpdGczjkV6mNo7kHGlKYBeGDAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIDxuWDV0q5ccDzdys1DQA8lJh3Yr
yfFo5ttC9i0x5YTVAiBD6BK98Ax1LSjoYZ2drw0NEp6wgeXoARzpXIqBWT+nMg==
-----END CERTIFICATE-----
"""


@pytest.mark.parametrize("mock", ["mock_destinations", "mock_aws"])
def test_an_uploaded_certificate_is_looked_at(mock):
    """Under `mock_aws`, after a mock in which nobody did."""
    before, refused, taken = printed(f"""
        import sys
        import boto3
        from botocore.exceptions import ClientError
        from destmock import mock_destinations
        from moto import mock_aws

        def uploaded(text):
            try:
                said = iam.upload_signing_certificate(UserName="somebody", CertificateBody=text)
            except ClientError as error:
                return error.response["Error"]["Code"]
            return said["Certificate"]["Status"]

        with mock_destinations():
            boto3.client("iam").list_users()
        with {mock}():
            iam = boto3.client("iam", region_name="us-east-1")
            iam.create_user(UserName="somebody")
            print({LOADED})
            print(uploaded("none"))
            print(uploaded({CERTIFICATE!r}))
    """).splitlines()
    assert (before, refused, taken) == ("[]", "MalformedCertificate", "Active")


CODE = """
    import sys
    import boto3
    from botocore.exceptions import ClientError
    from destmock import mock_destinations
    from moto import mock_aws
    from tests.runtime.deployed import returns, role, zipped

    def created(**code):
        try:
            said = boto3.client("lambda", region_name="us-east-1").create_function(
                FunctionName="work", Role=role(), Runtime="python3.12", Handler="work.handle", Code=code
            )
        except ClientError as error:
            said = error.response["Error"]
        return said.get("Message") or said["CodeSize"] > 100

    def stored():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="code.zip", Body=zipped(returns("event")))
"""
NO_BUCKET = (
    "Error occurred while GetObject. S3 Error Code: NoSuchBucket. "
    "S3 Error Message: The specified bucket does not exist"
)


@pytest.mark.parametrize("mock", ["mock_destinations", "mock_aws"])
def test_a_function_s_code_lies_in_a_bucket(mock):
    """Under `mock_aws`, with what an earlier mock has imported."""
    loaded, refused, taken = printed(f"""{CODE}
    with mock_destinations():
        boto3.client("lambda").list_functions()
    print({LOADED})
    with {mock}():
        print(created(S3Bucket="bucket", S3Key="code.zip"))
    with {mock}():
        stored()
        print(created(S3Bucket="bucket", S3Key="code.zip"))
    """).splitlines()
    assert (loaded, refused, taken) == ("[]", NO_BUCKET, "True")


@pytest.mark.parametrize(
    ("destination", "why"),
    [("arn:aws:sns:us-east-1:123456789012:none", "moto.sns"), ("arn:aws:s3:::none", "moto.s3")],
)
def test_a_destination_may_be_the_first_thing_that_asks_for_its_service(destination, why):
    said, loaded = printed(f"""
        import sys
        import boto3
        from botocore.exceptions import ClientError
        from destmock import mock_destinations
        with mock_destinations(handlers={{"work": lambda event, context: event}}):
            config = {{"OnFailure": {{"Destination": "{destination}"}}}}
            try:
                boto3.client("lambda").put_function_event_invoke_config(
                    FunctionName="work", DestinationConfig=config
                )
            except ClientError as error:
                print(error.response["Error"]["Code"])
            print("{why}" in sys.modules)
    """).splitlines()
    assert (said, loaded) == ("InvalidParameterValueException", "True")


def test_threads_ask_for_a_service_at_once():
    counted = printed("""
        import threading
        import boto3
        from destmock import mock_destinations
        with mock_destinations():
            boto3.client("sqs").list_queues()

            def create(number):
                boto3.client("sns").create_topic(Name=f"topic-{number}")

            threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            print(len(boto3.client("sns").list_topics()["Topics"]))
    """)
    assert counted == "8\n"


def test_a_seed_gives_the_ids_of_a_later_mock():
    first, second = printed("""
        from datetime import datetime, timezone
        import boto3
        from destmock import mock_destinations

        for _ in range(2):
            with mock_destinations(seed=1, start=datetime(2026, 1, 1, tzinfo=timezone.utc)):
                sns, sqs, s3 = (boto3.client(name) for name in ("sns", "sqs", "s3"))
                url = sqs.create_queue(QueueName="queue")["QueueUrl"]
                topic = sns.create_topic(Name="topic")["TopicArn"]
                queue = "arn:aws:sqs:us-east-1:123456789012:queue"
                subscribed = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
                sns.publish(TopicArn=topic, Message="text")
                body = sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]
                s3.create_bucket(Bucket="bucket")
                s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
                version = s3.put_object(Bucket="bucket", Key="key", Body=b"text")["VersionId"]
                print(repr((subscribed, body, version)))
    """).splitlines()
    assert first == second


class NoBucket:
    """Has a bucket for no account."""

    def __getitem__(self, _key):
        raise importlib.import_module("moto.s3.exceptions").MissingBucket("bucket")


@pytest.mark.parametrize("name", ["moto.awslambda.models", "moto.logs.models"])
def test_a_test_finds_what_moto_has_imported_by_name(name):
    """And replaces it, also before anybody has used S3."""
    said = printed(f"""
        import importlib
        from unittest.mock import patch
        import boto3
        from botocore.exceptions import ClientError
        from destmock import mock_destinations
        from tests.isolation.test_imported_later import NoBucket
        from tests.runtime.deployed import role

        def asked():
            try:
                if "logs" in {name!r}:
                    client = boto3.client("logs")
                    client.create_log_group(logGroupName="logs")
                    client.create_export_task(logGroupName="logs", fromTime=0, to=1, destination="bucket")
                else:
                    boto3.client("lambda").create_function(
                        FunctionName="work", Role=role(), Runtime="python3.12", Handler="work.handle",
                        Code={{"S3Bucket": "bucket", "S3Key": "key"}},
                    )
            except ClientError as error:
                return "bucket does not exist" in str(error)

        with mock_destinations(), patch("{name}.s3_backends", NoBucket()):
            print(asked())
        found = importlib.import_module("{name}")
        from {name} import MissingBucket, s3_backends
        from moto.s3 import exceptions, models
        print(MissingBucket is exceptions.MissingBucket, s3_backends is models.s3_backends)
        print("x" in s3_backends)
        with mock_destinations():
            print(asked(), vars(found)["s3_backends"] is models.s3_backends)
    """)
    assert said.split() == ["True", "True", "True", "False", "True", "True"]


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """A package with a part that takes long to import, and a module that imports names of it at once."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "part.py").write_text(
        "def answer():\n    return 'own'\n\nclass Error(Exception):\n    pass\n\nTABLE = {'key': 'value'}\n"
    )
    (tmp_path / "asking.py").write_text("from package.part import TABLE, Error, answer\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(later_imports, "LATER", {"asking": ("package.part",)})
    yield tmp_path
    for name in ("package", "package.part", "asking", "meanwhile"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("used", "found"),
    [
        ("answer()", "own"),
        ("answer.__name__", "answer"),
        ("TABLE['key']", "value"),
        ("isinstance(ValueError(), Error)", False),
        ("str(Error | None)", "package.part.Error | None"),
        ("type(new_class('Special', (Error,))()).__mro__[1].__name__", "Error"),
    ],
)
def test_the_first_use_of_one_gives_a_module_all_that_it_has_imported(modules, used, found):
    asking = _importing.imported("asking")
    assert not [name for name in sys.modules if name.startswith("package")]
    assert eval(used, {**vars(asking), "new_class": types.new_class}) == found
    part = sys.modules["package.part"]
    assert [asking.TABLE, asking.Error, asking.answer] == [part.TABLE, part.Error, part.answer]


def test_a_test_replaces_a_part_of_it_where_it_is_imported_or_where_it_is(modules):
    asking = _importing.imported("asking")
    with patch("asking.answer.note", "patched", create=True):
        assert importlib.import_module("package.part").answer.note == "patched"
    assert not hasattr(asking.answer, "note")
    with patch("package.part.answer", lambda: "replaced"):
        assert importlib.import_module("package.part").answer() == "replaced"
        assert asking.answer() == "own"
    with patch("asking.answer", lambda: "replaced"):
        assert asking.answer() == "replaced"
    assert asking.answer() == "own"


def test_what_is_there_already_is_taken(modules):
    part = importlib.import_module("package.part")
    assert _importing.imported("asking").answer is part.answer


def test_who_wants_something_of_it_at_once_gets_it(modules):
    (modules / "asking.py").write_text("from package.part import answer\nSAID = answer()\n")
    assert _importing.imported("asking").SAID == "own"
    assert sys.modules["package.part"] is sys.modules["package"].part


def test_who_else_imports_it_meanwhile_gets_it(modules):
    (modules / "meanwhile.py").write_text(
        "import threading\nfound = []\n"
        "def look():\n    from package.part import answer\n    found.append(answer)\n"
        "thread = threading.Thread(target=look)\nthread.start()\nthread.join()\nlook()\n"
    )
    (modules / "asking.py").write_text("from package.part import answer\nimport meanwhile\n")
    asking = _importing.imported("asking")
    own = sys.modules["package.part"].answer
    assert sys.modules["meanwhile"].found == [own, own]
    assert asking.answer() == "own"
    assert asking.answer is own


def test_an_import_that_fails_leaves_nothing_behind(modules):
    (modules / "asking.py").write_text("from package.part import answer\n1 / 0\n")
    finders = [*sys.meta_path]
    with pytest.raises(ZeroDivisionError):
        _importing.imported("asking")
    assert not {"asking", "package.part"} & set(sys.modules)
    assert sys.meta_path == finders
