"""The simulation over HTTP: the same answers, the same state, for whoever speaks to the endpoint."""

import contextlib
import errno
import http.client
import io
import json
import os
import socket
import sys
import threading
import time
import urllib.request
import zipfile
from datetime import timedelta

import boto3

# pytester forgets what a run inside this one is the first to import: there would be two Flasks.
import moto.moto_server.werkzeug_app  # noqa: F401
import pytest
from botocore.exceptions import ClientError

from destmock import (
    InactiveError,
    LeftoverError,
    NetworkError,
    Server,
    mock_destinations,
    outcomes,
    serve,
)
from destmock._server.pace import Pace
from destmock._server.polls import Changes
from tests.server.asking import CONFIG, INVOCATIONS, SIGNED, ask, fail, port_of
from tests.versions import since_moto


class TestTheSameSimulation:
    """Over HTTP and in the process."""

    @pytest.mark.destmock(handlers={"orders": fail})
    def test_operations_of_the_same_path_are_told_by_their_query(self, destmock_server, client):
        lam = client("lambda")
        settings = {
            "FunctionName": "orders",
            "Qualifier": lam.publish_version(FunctionName="orders")["Version"],
        }
        lam.put_provisioned_concurrency_config(**settings, ProvisionedConcurrentExecutions=2)
        listed = lam.list_provisioned_concurrency_configs(FunctionName="orders")
        assert len(listed["ProvisionedConcurrencyConfigs"]) == 1
        assert lam.get_provisioned_concurrency_config(**settings)["Status"] == "READY"

    @pytest.mark.destmock(handlers={"orders": fail})
    def test_a_failure_reaches_its_queue(self, destmock_server, client):
        sqs, lam = client("sqs"), client("lambda")
        url = sqs.create_queue(QueueName="failed")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:failed"
        lam.put_function_event_invoke_config(
            FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": arn}}
        )
        answer = lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": 7}')
        assert answer["StatusCode"] == 202
        assert answer["Payload"].read() == b""
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        assert json.loads(message["Body"])["requestContext"]["condition"] == "RetriesExhausted"
        [invocation] = destmock_server.invocations
        assert invocation.request_id == answer["ResponseMetadata"]["RequestId"]
        assert [attempt.elapsed for attempt in invocation.attempts] == [0, 60, 180]
        assert url == f"{destmock_server.url}/123456789012/failed"

    @pytest.mark.destmock(handlers={"orders": lambda event, context: event})
    def test_clients_with_and_without_the_endpoint_see_one_state(self, client, lam, sqs):
        client("sqs").create_queue(QueueName="from-outside")
        sqs.create_queue(QueueName="from-inside")
        for found in (client("sqs"), sqs):
            names = [url.rpartition("/")[2] for url in found.list_queues()["QueueUrls"]]
            assert names == ["from-outside", "from-inside"]
        lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=1)
        config = client("lambda").get_function_event_invoke_config(FunctionName="orders")
        assert config["MaximumRetryAttempts"] == 1

    @pytest.mark.destmock(handlers={"orders": lambda event, context: {"got": event}})
    def test_a_synchronous_invocation_is_answered_with_its_result_and_log(self, client):
        answer = client("lambda").invoke(FunctionName="orders", Payload=b'"x"', LogType="Tail")
        assert json.load(answer["Payload"]) == {"got": "x"}
        assert answer["ExecutedVersion"] == "$LATEST"
        assert answer["LogResult"]

    @pytest.mark.destmock(handlers={"orders": fail})
    def test_errors_are_those_that_a_client_without_the_endpoint_gets(self, client, lam):
        def error(found, **arguments):
            with pytest.raises(ClientError) as caught:
                found.put_function_event_invoke_config(**arguments)
            response = caught.value.response
            return response["Error"], response["ResponseMetadata"]["HTTPStatusCode"]

        for arguments in ({"FunctionName": "nobody", "MaximumRetryAttempts": 1}, {"FunctionName": "orders"}):
            assert error(client("lambda"), **arguments) == error(lam, **arguments)

    @pytest.mark.destmock(handlers={"orders": fail})
    def test_region_and_account_are_those_of_the_signature(self, client):
        lam = client("lambda", region_name="eu-west-1")
        found = lam.get_function(FunctionName="orders")["Configuration"]["FunctionArn"]
        assert found == "arn:aws:lambda:eu-west-1:123456789012:function:orders"
        role = "arn:aws:iam::210987654321:role/other"
        keys = client("sts").assume_role(RoleArn=role, RoleSessionName="other")["Credentials"]
        other = client(
            "lambda",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        found = other.get_function(FunctionName="orders")["Configuration"]["FunctionArn"]
        assert found == "arn:aws:lambda:us-east-1:210987654321:function:orders"

    @pytest.mark.destmock(handlers={"orders": lambda event, context: print("seen")})
    def test_logs_and_metrics_are_there_for_who_reads_them(self, destmock_server, client):
        client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        events = client("logs").filter_log_events(logGroupName="/aws/lambda/orders")["events"]
        assert "seen\n" in [event["message"] for event in events]
        [metric, *_] = client("cloudwatch").list_metrics(Namespace="AWS/Lambda")["Metrics"]
        assert metric["Dimensions"]

    @pytest.mark.destmock(handlers={"orders": fail})
    def test_stacks_have_the_resources_that_moto_leaves_out(self, client):
        template = {
            "Resources": {
                "Failed": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "failed"}},
                "Config": {
                    "Type": "AWS::Lambda::EventInvokeConfig",
                    "Properties": {
                        "FunctionName": "orders",
                        "Qualifier": "$LATEST",
                        "DestinationConfig": {
                            "OnFailure": {"Destination": {"Fn::GetAtt": ["Failed", "Arn"]}}
                        },
                    },
                },
            }
        }
        client("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(template))
        config = client("lambda").get_function_event_invoke_config(FunctionName="orders")
        assert config["DestinationConfig"]["OnFailure"]["Destination"].endswith(":failed")

    @since_moto("5.2.5", "renames metadata with underscores")
    def test_an_object_is_kept_as_it_was_sent(self, client):
        s3 = client("s3")
        s3.create_bucket(Bucket="uploads")
        body = bytes(range(256)) * 1000
        s3.put_object(
            Bucket="uploads", Key="a b/ü%2F", Body=io.BytesIO(body), Metadata={"an_underscore": "1"}
        )
        found = s3.get_object(Bucket="uploads", Key="a b/ü%2F")
        assert found["Body"].read() == body
        assert found["Metadata"] == {"an_underscore": "1"}
        assert s3.head_object(Bucket="uploads", Key="a b/ü%2F")["ContentLength"] == len(body)

    def test_a_bucket_is_a_host_to_some_sdks(self, destmock_server, client):
        client("s3").create_bucket(Bucket="uploads")
        client("s3").put_object(Bucket="uploads", Key="key", Body=b"content")
        host = f"uploads.localhost:{port_of(destmock_server)}"
        signed = SIGNED.format("s3")
        assert ask(destmock_server, "GET", "/key", Host=host, Authorization=signed)[2] == b"content"

    def test_a_trace_is_taken_over(self, destmock_server):
        destmock_server.handler("orders", outcomes({}))
        trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
        answer = ask(destmock_server, "POST", INVOCATIONS, b"{}", X_Amzn_Trace_Id=trace)
        assert "1-5759e988-bd862e3fe1be46a994272793" in answer[1]["x-amzn-trace-id"]

    def test_deployed_code_runs(self, client):
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as package:
            package.writestr("app.py", "def handler(event, context):\n    return {'deployed': event}\n")
        role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        client("lambda").create_function(
            FunctionName="zipped",
            Runtime="python3.13",
            Handler="app.handler",
            Role=role,
            Code={"ZipFile": code.getvalue()},
        )
        answer = client("lambda").invoke(FunctionName="zipped", Payload=b"1")
        assert json.load(answer["Payload"]) == {"deployed": 1}

    def test_nothing_need_be_signed(self, destmock_server):
        """For curl's sake."""
        destmock_server.handler("orders", outcomes({"ok": 1}))
        assert ask(destmock_server, "POST", INVOCATIONS)[2] == b'{"ok": 1}'
        status, _, body = ask(destmock_server, "GET", "/2015-03-31/functions/")
        assert status == 200
        assert [found["FunctionName"] for found in json.loads(body)["Functions"]] == ["orders"]


class TestAnswers:
    """As bytes."""

    def test_of_an_event(self, destmock_server):
        destmock_server.handler("orders", outcomes({}))
        status, headers, body = ask(destmock_server, "POST", INVOCATIONS, X_Amz_Invocation_Type="Event")
        assert (status, body) == (202, b"")
        assert headers["x-amzn-requestid"] == destmock_server.invocations[0].request_id
        assert headers["content-length"] == "0"

    def test_of_an_error(self, destmock_server):
        status, headers, body = ask(destmock_server, "POST", INVOCATIONS)
        assert (status, headers["x-amzn-errortype"]) == (404, "ResourceNotFoundException")
        arn = "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST"
        assert body == f'{{"Type":"User","Message":"Function not found: {arn}"}}'.encode()

    def test_of_a_deletion(self, destmock_server):
        destmock_server.handler("orders", outcomes({}))
        ask(destmock_server, "PUT", CONFIG, b'{"MaximumRetryAttempts": 1}')
        status, headers, body = ask(destmock_server, "DELETE", CONFIG)
        assert (status, body) == (204, b"")
        assert "content-length" not in headers

    def test_one_connection_serves_many_requests(self, destmock_server):
        destmock_server.handler("orders", outcomes(1, 2, 3))
        connection = http.client.HTTPConnection("127.0.0.1", port_of(destmock_server))
        with contextlib.closing(connection):
            connection.connect()
            own = connection.sock
            for wanted in (b"1", b"2", b"3"):
                connection.request("POST", INVOCATIONS, b"{}")
                assert connection.getresponse().read() == wanted
            assert connection.sock is own


class TestHandlersThatCall:
    """The endpoint, while they run."""

    @staticmethod
    def by_boto3(url, kind):
        answer = boto3.client("lambda", endpoint_url=url).invoke(FunctionName="inner", InvocationType=kind)
        return answer["StatusCode"]

    @staticmethod
    def by_hand(url, kind):
        """Without the trace that AWS's SDKs pass on."""
        path = f"{url}/2015-03-31/functions/inner/invocations"
        headers = {"X-Amz-Invocation-Type": kind}
        with urllib.request.urlopen(urllib.request.Request(path, b"{}", headers)) as answer:
            return answer.status

    @staticmethod
    def in_the_process(_url, kind):
        boto3.client("sqs").list_queues()
        return boto3.client("lambda").invoke(FunctionName="inner", InvocationType=kind)["StatusCode"]

    @pytest.mark.parametrize("way", ["by_boto3", "by_hand", "in_the_process"])
    @pytest.mark.parametrize("outer", ["Event", "RequestResponse"])
    @pytest.mark.parametrize("inner", ["Event", "RequestResponse"])
    def test_are_answered(self, destmock_server, client, way, outer, inner):
        call = getattr(self, way)
        destmock_server.handler("inner", outcomes({"ok": 1}))
        destmock_server.handler("outer", lambda event, context: call(destmock_server.url, inner), timeout=30)
        client("lambda").invoke(FunctionName="outer", InvocationType=outer)
        assert ("inner accepted" in destmock_server.timeline()) is (inner == "Event")
        assert f"Success {202 if inner == 'Event' else 200}" in destmock_server.timeline()
        assert not destmock_server.pending


class TestAtOnce:
    """Several clients."""

    def test_nothing_is_lost(self, destmock_server, sqs, records):
        destmock_server.handler("orders", lambda event, context: event)
        arn = "arn:aws:sqs:us-east-1:123456789012:done"
        url = sqs.create_queue(QueueName="done")["QueueUrl"]
        boto3.client("lambda").put_function_event_invoke_config(
            FunctionName="orders", DestinationConfig={"OnSuccess": {"Destination": arn}}
        )
        problems = []

        def work(number):
            try:
                lam = boto3.client("lambda", endpoint_url=destmock_server.url)
                queue = boto3.client("sqs", endpoint_url=destmock_server.url)
                for index in range(10):
                    payload = json.dumps([number, index]).encode()
                    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=payload)
                    queue.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            except Exception as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        found = sorted(record["requestPayload"] for record in records("done"))
        assert found == [[number, index] for number in range(8) for index in range(10)]

    def test_who_polls_for_long_keeps_nobody_waiting_and_hears_at_once(self, destmock_server, client):
        url = client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
        found = []

        def poll():
            queue = client("sqs")
            found.extend(queue.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"])

        poller = threading.Thread(target=poll)
        poller.start()
        while poller.is_alive():  # each send is answered while the other waits
            client("sqs").send_message(QueueUrl=url, MessageBody="hello")
            poller.join(0.05)
        assert [message["Body"] for message in found] == ["hello"]

    def test_a_poll_hears_of_what_a_client_without_the_endpoint_sends(self, destmock_server, client, sqs):
        url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        found = []

        def poll():
            found.extend(client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"])

        poller = threading.Thread(target=poll)
        poller.start()
        sqs.send_message(QueueUrl=url, MessageBody="hello")
        poller.join()
        assert [message["Body"] for message in found] == ["hello"]

    def test_a_poll_drives_the_clock_to_a_message_that_is_hidden(self, destmock_server, client):
        queue = client("sqs")
        url = queue.create_queue(QueueName="jobs")["QueueUrl"]
        begun, before = time.monotonic(), destmock_server.now
        queue.send_message(QueueUrl=url, MessageBody="hello", DelaySeconds=15)
        [message] = queue.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
        assert message["Body"] == "hello"
        assert destmock_server.now - before >= timedelta(seconds=15)
        assert time.monotonic() - begun < 10


def test_a_server_has_a_host():
    with pytest.raises(ValueError, match=r"host is a name or an address; '0\.0\.0\.0' listens on all"):
        serve(host="")


class TestClock:
    """How virtual time passes."""

    def test_by_hand(self):
        with serve(handlers={"orders": fail}, clock="manual") as server:
            lam = boto3.client("lambda", endpoint_url=server.url)
            lam.invoke(FunctionName="orders", InvocationType="Event")
            assert len(server.pending) == 1
            server.advance(60)
            assert len(server.invocations[0].attempts) == 2
            server.run_until_idle()
            assert server.invocations[0].condition == "RetriesExhausted"

    def test_with_the_wall_s(self):
        settled = threading.Event()
        with serve(handlers={"orders": outcomes({})}, clock="real") as server:
            server.subscribe(lambda happening: happening.what == "settled" and settled.set())
            boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
            assert settled.wait(30)
            [invocation] = server.invocations
            assert invocation.attempts[0].elapsed < 30

    def test_with_the_wall_s_a_handler_sleeps_in_real_time(self):
        begun = time.monotonic()
        with serve(handlers={"slow": lambda event, context: time.sleep(0.2)}, clock="real") as server:
            lam = boto3.client("lambda", endpoint_url=server.url)
            assert lam.invoke(FunctionName="slow")["Payload"].read() == b"null"
        assert time.monotonic() - begun >= 0.2
        with pytest.raises(ValueError, match="clock='real' says travel=False; leave travel out"):
            serve(clock="real", travel=True)

    def test_what_is_due_later_waits(self):
        with serve(handlers={"orders": fail}, clock="real", strict=False) as server:
            failed = threading.Event()
            server.subscribe(lambda happening: happening.what == "attempt" and failed.set())
            boto3.client("lambda", endpoint_url=server.url).invoke(
                FunctionName="orders", InvocationType="Event"
            )
            assert failed.wait(30)
            assert [pending.attempt for pending in server.pending] == [2]
            server.advance(60)  # the user may put it forward
            assert len(server.invocations[0].attempts) == 2

    @mock_destinations(handlers={"orders": fail}, autorun=False)
    def test_retries_take_their_minutes(self, destmock):
        """A thousand times as fast, for the test's sake."""
        changes, settled = Changes(), threading.Event()
        pace = Pace(destmock._simulation, changes, speed=1000)

        def watch(what, item, number):
            changes.happened()
            if what == "settled":
                settled.set()

        destmock._simulation.ledger.watchers.append(watch)
        pace.start()
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        assert settled.wait(30)
        changes.end()
        pace.join()
        waits = [attempt.elapsed for attempt in destmock.invocations[0].attempts]
        assert waits[0] < waits[1] < waits[2]
        assert waits[1] >= 60
        assert waits[2] >= 180

    def test_an_error_of_what_is_due_is_logged_and_time_goes_on(self, caplog):
        def duration(event):
            if not settled.is_set():
                settled.set()
                raise RuntimeError("how long?")
            return 0

        settled, done = threading.Event(), threading.Event()
        with serve(clock="real") as server:
            server.handler("orders", lambda event, context: done.set(), duration=duration)
            boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
            assert settled.wait(30)
            assert done.wait(30)
        assert "how long?" in caplog.text

    @pytest.mark.parametrize("options", [{"clock": "fast"}, {"clock": "skip", "autorun": False}])
    def test_what_cannot_be(self, options):
        with pytest.raises(ValueError, match="clock"):
            serve(**options)


class TestBeginningAndEnd:
    """Of a server."""

    def test_leaving_ends_listener_threads_and_mock(self):
        before = threading.active_count()
        with serve(handlers={"orders": outcomes({})}) as server:
            idle = http.client.HTTPConnection("127.0.0.1", port_of(server))
            idle.request("POST", INVOCATIONS)
            assert idle.getresponse().read() == b"{}"  # and the connection stays
        idle.close()
        assert threading.active_count() == before
        with pytest.raises(ConnectionRefusedError):
            ask(server, "GET", "/")
        with pytest.raises(InactiveError):
            server.advance(1)
        assert len(server.invocations) == 0

    def test_leaving_waits_for_the_requests_that_are_being_answered(self):
        begun, answers = threading.Event(), []

        def slow(event, context):
            begun.set()
            leaving.wait(30)
            return "done"

        def call():
            answers.append(ask(server, "POST", INVOCATIONS)[2])

        leaving = threading.Event()
        with serve() as server:
            server.handler("orders", slow, timeout=60)
            caller = threading.Thread(target=call)
            caller.start()
            assert begun.wait(30)
            threading.Timer(0.1, leaving.set).start()
        caller.join()
        assert answers == [b'"done"']

    def test_leaving_ends_a_long_poll(self):
        with serve() as server:
            sqs = boto3.client("sqs", endpoint_url=server.url)
            url = sqs.create_queue(QueueName="jobs", Attributes={"ReceiveMessageWaitTimeSeconds": "20"})[
                "QueueUrl"
            ]
            answers = []
            poller = threading.Thread(target=lambda: answers.append(sqs.receive_message(QueueUrl=url)))
            poller.start()
            while not server._changes._changed._waiters:
                poller.join(0.01)
        poller.join()
        assert "Messages" not in answers[0]

    def test_leaving_is_strict(self):
        lam = "lambda"
        with (
            pytest.raises(LeftoverError, match="1 event is still queued"),
            serve(handlers={"orders": fail}, clock="manual") as server,
        ):
            boto3.client(lam, endpoint_url=server.url).invoke(FunctionName="orders", InvocationType="Event")

    def test_start_and_stop(self):
        serving = serve(handlers={"orders": outcomes({})}, strict=False)
        for _ in range(2):
            server = serving.start()
            assert isinstance(server, Server)
            assert ask(server, "POST", INVOCATIONS)[0] == 200
            serving.stop()

    def test_a_decorator(self):
        @serve(handlers={"orders": outcomes({"ok": 1})})
        def test(destmock):
            return ask(destmock, "POST", INVOCATIONS)[2]

        assert test() == b'{"ok": 1}'

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(OSError, match=os.strerror(errno.EADDRINUSE)):
                serve(port=port).start()
        with mock_destinations():
            pass  # nothing is left of it

    def test_another_host_than_the_loopback_s_is_warned_of(self):
        with pytest.warns(UserWarning, match=r"'0\.0\.0\.0': whoever reaches it"):
            serving = serve(handlers={"orders": outcomes({})}, host="0.0.0.0")
        server = serving.start()
        try:
            port = port_of(server)
            assert ask(server, "POST", INVOCATIONS, Host=f"192.0.2.7:{port}")[0] == 200
            assert ask(server, "POST", INVOCATIONS, Host=f"evil.example:{port}")[0] == 403
        finally:
            serving.stop()

    def test_without_moto_s_server(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "flask", None)
        with pytest.raises(ImportError, match=r"pip install 'moto\[server\]'"):
            serve()

    @pytest.mark.destmock(loopback=False)
    def test_no_other_port_is_reached(self, destmock_server):
        with socket.create_server(("127.0.0.1", 0)) as other:
            with pytest.raises(NetworkError):
                socket.create_connection(other.getsockname())
            url = f"http://127.0.0.1:{other.getsockname()[1]}"
            with pytest.raises(NetworkError):
                boto3.client("sqs", endpoint_url=url).list_queues()

    def test_a_server_in_a_nested_mock(self, destmock_server):
        """The inner one's state is its own."""
        with serve(handlers={"inner": outcomes("inner")}) as inner:
            assert ask(inner, "POST", INVOCATIONS.replace("orders", "inner"))[2] == b'"inner"'
        assert ask(destmock_server, "POST", INVOCATIONS.replace("orders", "inner"))[0] == 404


class TestFixture:
    """pytest's own way."""

    def test_marker_and_fixture(self, pytester):
        pytester.makepyfile(
            """
            import urllib.request
            import pytest
            from destmock import Server, outcomes

            pytestmark = pytest.mark.destmock(handlers={"orders": outcomes({"ok": 1})})

            @pytest.mark.destmock(autorun=False)
            def test_it(destmock_server, destmock):
                assert isinstance(destmock_server, Server)
                assert destmock is destmock_server
                url = f"{destmock_server.url}/2015-03-31/functions/orders/invocations"
                with urllib.request.urlopen(urllib.request.Request(url, b"{}")) as answer:
                    assert answer.read() == b'{"ok": 1}'
                headers = {"X-Amz-Invocation-Type": "Event"}
                with urllib.request.urlopen(urllib.request.Request(url, b"{}", headers)) as answer:
                    assert answer.status == 202
                assert len(destmock_server.pending) == 1
            """
        )
        result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio")
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(["*LeftoverError: 1 event is still queued*", "*destmock timeline*"])
