"""What hardly any test asks for is imported when one does, and then as ever."""

import importlib
import sys
from unittest.mock import patch

import pytest

from destmock import _importing
from tests.programs import printed

#: An expression of a program's.
LOADED = '[name for name in ("moto.sns", "moto.rds", "cryptography.x509") if name in sys.modules]'


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """A package with a part that takes long to import, and a module that imports it at once."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "part.py").write_text("def answer():\n    return 'own'\n")
    (tmp_path / "asking.py").write_text("from package import part\nimport package.part as same\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(_importing, "_LATER", {"asking": "package.part"})
    yield tmp_path
    for name in ("package", "package.part", "asking"):
        sys.modules.pop(name, None)


def test_queues_and_functions_load_neither_sns_nor_rds_nor_cryptography():
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
            boto3.client("sns").create_topic(Name="topic")
            print({LOADED})
        """)
        == "1 []\n['moto.sns', 'cryptography.x509']\n"
    )


def test_an_uploaded_certificate_is_looked_at():
    asked, refused, after = printed(f"""
        import sys
        import boto3
        from botocore.exceptions import ClientError
        from destmock import mock_destinations
        from moto import mock_aws

        def uploaded():
            iam = boto3.client("iam", region_name="us-east-1")
            iam.create_user(UserName="somebody")
            print({LOADED})
            try:
                iam.upload_signing_certificate(UserName="somebody", CertificateBody="none")
            except ClientError as error:
                print(error.response["Error"]["Code"], {LOADED})

        with mock_destinations():
            uploaded()
        with mock_aws():
            uploaded()
    """).splitlines()[:3]
    assert (asked, refused) == ("[]", "MalformedCertificate ['cryptography.x509']")
    assert after == "['cryptography.x509']"


def test_it_is_imported_when_it_is_asked_for_anything(modules):
    asking = _importing.imported("asking")
    assert "package.part" not in sys.modules
    assert not hasattr(sys.modules["package"], "part")
    assert asking.part is asking.same
    assert asking.part.answer() == "own"
    part = importlib.import_module("package.part")
    assert sys.modules["package.part"] is part
    assert asking.part.answer is part.answer
    assert asking.part.__file__ == part.__file__
    assert dir(asking.part) == dir(part)
    with pytest.raises(AttributeError, match=r"module 'package\.part' has no attribute 'question'"):
        asking.part.question  # noqa: B018 - it is looked up


def test_a_test_replaces_a_part_of_it_where_it_is_imported_or_where_it_is(modules):
    asking = _importing.imported("asking")
    part = importlib.import_module("package.part")
    for place in ("asking.part.answer", "package.part.answer"):
        with patch(place, lambda: "replaced"):
            assert (asking.part.answer(), part.answer()) == ("replaced", "replaced")
        assert (asking.part.answer(), part.answer()) == ("own", "own")


def test_what_is_there_already_is_taken(modules):
    part = importlib.import_module("package.part")
    assert _importing.imported("asking").part is part


def test_who_wants_something_of_it_at_once_gets_it(modules):
    (modules / "asking.py").write_text("from package.part import answer\n")
    assert _importing.imported("asking").answer() == "own"
    assert sys.modules["package.part"] is sys.modules["package"].part


def test_an_import_that_fails_leaves_nothing_behind(modules):
    (modules / "asking.py").write_text("from package import part\n1 / 0\n")
    finders = [*sys.meta_path]
    with pytest.raises(ZeroDivisionError):
        _importing.imported("asking")
    assert not {"asking", "package.part"} & set(sys.modules)
    assert sys.meta_path == finders


def test_a_test_that_puts_back_the_modules_takes_no_compiled_part_from_later_ones():
    """moto without destmock says "Algorithm must be a registered hash algorithm" in the second test."""
    counted = printed("""
        import sys
        from unittest.mock import patch
        import boto3
        from destmock import mock_destinations

        def received():
            with mock_destinations():
                sns, sqs = boto3.client("sns"), boto3.client("sqs")
                url = sqs.create_queue(QueueName="queue")["QueueUrl"]
                topic = sns.create_topic(Name="topic")["TopicArn"]
                queue = "arn:aws:sqs:us-east-1:123456789012:queue"
                sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
                sns.publish(TopicArn=topic, Message="text")
                return len(sqs.receive_message(QueueUrl=url)["Messages"])

        with patch.dict(sys.modules, {"some_driver": object()}):
            print(received())
            first = sys.modules["cryptography.x509"]
            spec = first.__spec__
            finders = [*sys.meta_path]
        assert "cryptography.x509" not in sys.modules
        print(received(), received())
        assert sys.modules["cryptography.x509"] is first
        assert first.__spec__ is spec and spec.loader is first.__loader__
        assert sys.meta_path == finders
    """)
    assert counted.split() == ["1", "1", "1"]
