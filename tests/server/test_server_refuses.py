"""What the server refuses, and what it tells of errors of Python's; its page and its subscribers."""

import json
import logging
import socket
import sys
from datetime import datetime, timezone

import boto3

# pytester forgets what a run inside this one is the first to import: there would be two Flasks.
import moto.moto_server.werkzeug_app  # noqa: F401
import pytest
from botocore.exceptions import ClientError

from destmock import (
    outcomes,
    serve,
)
from tests.server.asking import CONFIG, INVOCATIONS, SIGNED, ask, fail, port_of

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def send(server, raw):
    """Bytes on a connection: all that comes back until it is closed."""
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=30) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return answer.read()


class TestRefused:
    """Requests that only a browser on a foreign page would send."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "evil.example"},
            {"Host": "evil.example:{port}"},
            {"Host": "127.0.0.1:1"},
            {"Host": "127.0.0.1:{port}x"},
            {"Host": "localhost.evil.example:{port}"},
            {"Host": "[::1"},
            {"Host": "evil.example/.localhost:{port}"},
            {"Host": ""},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "https://127.0.0.1:{port}"},
            {"Origin": "http://127.0.0.1:1"},
            {"Origin": "http://evil.localhost:{port}"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    def test_a_foreign_host_or_origin(self, destmock_server, client, headers):
        client("sqs").create_queue(QueueName="kept")
        port = port_of(destmock_server)
        given = {name: value.format(port=port) for name, value in headers.items()}
        path = "/?Action=DeleteQueue&QueueName=kept"
        status, answered, body = ask(
            destmock_server, "GET", path, Authorization=SIGNED.format("sqs"), **given
        )
        assert (status, answered["x-amzn-errortype"]) == (403, "AccessDeniedException")
        assert b"only" in body
        assert client("sqs").list_queues()["QueueUrls"]

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "127.0.0.1:{port}"},
            {"Host": "LocalHost:{port}"},
            {"Host": "[::1]:{port}"},
            {"Host": "bucket.localhost:{port}"},
            {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"},
            {"Origin": "http://localhost:{port}"},
        ],
    )
    def test_but_not_the_server_s_own_names(self, destmock_server, headers):
        destmock_server.handler("orders", outcomes({}))
        given = {name: value.format(port=port_of(destmock_server)) for name, value in headers.items()}
        assert ask(destmock_server, "POST", INVOCATIONS, b"{}", **given)[0] == 200

    def test_a_link_to_the_page_may_be_followed(self):
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        with serve(page=page) as server:
            assert ask(server, "GET", "/_destmock", **link)[0] == 200
            assert ask(server, "POST", "/_destmock", **link)[0] == 403
            assert ask(server, "GET", "/", **link)[0] == 403

    def test_moto_s_own_api(self, destmock_server, client):
        client("sqs").create_queue(QueueName="kept")
        assert ask(destmock_server, "POST", "/moto-api/reset")[0] == 403
        assert client("sqs").list_queues()["QueueUrls"]

    @pytest.mark.parametrize(
        ("headers", "body"),
        [({"Content-Length": "80000000"}, b"x"), ({"Transfer-Encoding": "chunked"}, b"5000000\r\nx")],
    )
    def test_a_body_that_is_too_large(self, destmock_server, headers, body):
        status, answered, text = ask(destmock_server, "PUT", "/bucket/key", body, **headers)
        assert (status, answered["x-amzn-errortype"]) == (413, "RequestEntityTooLargeException")
        assert b"73400320 bytes at most" in text


class TestMalformed:
    """Requests, as no SDK sends them: AWS's error, and the server lives on."""

    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "code"),
        [
            ("POST", INVOCATIONS, b"{bad", 400, "InvalidRequestContentException"),
            ("GET", INVOCATIONS, None, 404, "UnknownOperationException"),
            ("POST", "/2015-03-31/nonsense", None, 404, "UnknownOperationException"),
            ("POST", "/2015-03-31/functions/%zz/invocations", None, 400, "ValidationException"),
            ("POST", "/2015-03-31/functions/%ff%00/invocations", None, 400, "ValidationException"),
            ("POST", "/2015-03-31/functions//invocations", None, 400, "ValidationException"),
            ("PUT", CONFIG, b"{bad", 400, "SerializationException"),
            ("PUT", CONFIG, b"\xff", 400, "SerializationException"),
            ("PUT", CONFIG, b"[" * 100_000, 400, "SerializationException"),
            ("PUT", CONFIG, b"[1]", 400, "SerializationException"),
            ("PUT", CONFIG, b'{"MaximumRetryAttempts": "1"}', 400, "SerializationException"),
            ("PUT", CONFIG, b'{"MaximumRetryAttempts": true}', 400, "SerializationException"),
            ("PUT", CONFIG, b'{"DestinationConfig": "x"}', 400, "SerializationException"),
            ("PUT", CONFIG, b'{"DestinationConfig": {"OnFailure": []}}', 400, "SerializationException"),
            ("PUT", CONFIG, b"null", 400, "SerializationException"),
            ("PUT", CONFIG, None, 400, "InvalidParameterValueException"),
            ("GET", f"{CONFIG}/list?MaxItems=many", None, 400, "SerializationException"),
            ("GET", f"{CONFIG}/list?MaxItems=0", None, 400, "ValidationException"),
            ("POST", "/2015-03-31/functions", b"{}", 400, "ValidationException"),
            ("PUT", "/2017-10-31/functions/orders/concurrency", b"{}", 400, "ValidationException"),
        ],
    )
    def test_of_lambda(self, destmock_server, method, path, body, status, code):
        destmock_server.handler("orders", outcomes({"still": "here"}))
        answered = ask(destmock_server, method, path, body)
        assert (answered[0], answered[1]["x-amzn-errortype"]) == (status, code)
        assert json.loads(answered[2])
        assert ask(destmock_server, "POST", INVOCATIONS)[2] == b'{"still": "here"}'

    def test_what_is_missing_is_listed(self, destmock_server):
        body = json.loads(ask(destmock_server, "POST", "/2015-03-31/functions", b"{}")[2])
        assert body["message"] == (
            "3 validation errors detected: "
            "Value null at 'functionName' failed to satisfy constraint: Member must not be null; "
            "Value null at 'role' failed to satisfy constraint: Member must not be null; "
            "Value null at 'code' failed to satisfy constraint: Member must not be null"
        )

    def test_a_zip_that_is_not_base64(self, destmock_server):
        body = b'{"FunctionName": "f", "Role": "r", "Code": {"ZipFile": "%%%"}}'
        answered = ask(destmock_server, "POST", "/2015-03-31/functions", body)
        assert (answered[0], answered[1]["x-amzn-errortype"]) == (400, "SerializationException")

    @pytest.mark.parametrize(
        ("headers", "body", "status", "code"),
        [
            ({"Authorization": "AWS4-HMAC-SHA256 nonsense"}, b"", 403, "IncompleteSignatureException"),
            ({"Authorization": SIGNED.format("nonsense")}, b"", 404, "UnknownOperationException"),
            ({"Authorization": SIGNED.format("dynamodb")}, b"{}", 404, "UnknownOperationException"),
            (
                {"Authorization": SIGNED.format("sqs"), "X-Amz-Target": "AmazonSQS.Nonsense"},
                b"{}",
                404,
                "UnknownOperationException",
            ),
            (
                {"Authorization": SIGNED.format("sqs"), "X-Amz-Target": "AmazonSQS.CreateQueue"},
                b"{bad",
                400,
                "SerializationException",
            ),
        ],
    )
    def test_of_moto_s_services(self, destmock_server, client, headers, body, status, code):
        given = {"Content-Type": "application/x-amz-json-1.0", **headers}
        answered = ask(destmock_server, "POST", "/", body, **given)
        assert (answered[0], answered[1]["x-amzn-errortype"]) == (status, code)
        client("sqs").list_queues()

    @pytest.mark.parametrize(
        ("raw", "status"),
        [
            (b"nonsense\r\n\r\n", 400),
            (b"\0\1\2\xff\r\n\r\n", 400),
            (b"GET /\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n\r\n", 403),
            (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
            (b"GET / HTTP/9.9\r\n\r\n", 505),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 6_000 + b"\r\n\r\n", 413),
            (b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
            (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        ],
    )
    def test_http_itself(self, destmock_server, client, raw, status):
        assert send(destmock_server, raw).startswith(f"HTTP/1.1 {status} ".encode())
        client("sqs").list_queues()

    def test_a_client_that_leaves_early(self, destmock_server, client):
        for sent in (
            b"",
            b"POST",
            b"POST / HTTP/1.1\r\nContent-Le",
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port_of(destmock_server))) as connection:
                connection.sendall(sent)
        client("sqs").list_queues()


class TestPythonErrors:
    """Of handlers, of the user's and of ours."""

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), pytest.fail.Exception("no")])
    def test_a_handler_that_would_end_a_test_has_ended_its_process(self, destmock_server, client, error):
        """Nobody's test is waiting on the server's thread: it is what it is on AWS."""
        destmock_server.handler("orders", outcomes(error))
        answer = client("lambda").invoke(FunctionName="orders")
        assert json.load(answer["Payload"])["errorType"] == "Runtime.ExitError"
        client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        assert destmock_server.invocations[0].condition == "RetriesExhausted"

    def test_a_function_that_cannot_run_says_what_to_do(self, destmock_server, client):
        role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        client("lambda").create_function(
            FunctionName="node", Runtime="nodejs22.x", Handler="a.b", Role=role, Code={"ZipFile": b"x"}
        )
        with pytest.raises(ClientError, match="register one") as caught:
            client("lambda").invoke(FunctionName="node", InvocationType="Event")
        assert caught.value.response["Error"]["Code"] == "NoHandlerError"
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0

    def test_an_unexpected_one_is_logged_and_the_server_lives_on(self, destmock_server, caplog):
        destmock_server.handler("orders", outcomes({}), duration=lambda event: 1 / 0)
        with caplog.at_level(logging.ERROR, "destmock.server"):
            status, headers, _ = ask(destmock_server, "POST", INVOCATIONS)
        assert (status, headers["x-amzn-errortype"]) == (500, "ServiceException")
        assert "ZeroDivisionError" in caplog.text
        destmock_server.handler("orders", outcomes({"ok": 1}))
        assert ask(destmock_server, "POST", INVOCATIONS)[0] == 200


def page(server):
    def application(environ, start_response):
        if environ["PATH_INFO"].endswith("/broken"):
            raise RuntimeError("no page today")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{environ['PATH_INFO']} has {len(server.invocations)}".encode()]

    return application


class TestPage:
    """What the caller mounts below /_destmock."""

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_a_browser_at_the_endpoint_is_led_to_it(self, destmock_server, method):
        status, headers, _ = ask(destmock_server, method, "/", **BROWSER)
        assert (status, headers["Location"]) == (303, "/_destmock")

    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/", {}),
            ("/", {"Accept": "*/*"}),
            ("/?x-id=ListBuckets", BROWSER),
            ("/", {**BROWSER, "Authorization": SIGNED.format("s3")}),
        ],
    )
    def test_an_SDK_there_lists_buckets(self, destmock_server, path, headers):
        status, _, body = ask(destmock_server, "GET", path, **headers)
        assert status == 200
        assert b"ListAllMyBucketsResult" in body

    def test_it_answers_there_and_knows_the_server(self):
        with serve(handlers={"orders": outcomes({})}, page=page) as server:
            boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
            assert server.page == f"{server.url}/_destmock"
            assert ask(server, "GET", "/_destmock/x")[2] == b"/_destmock/x has 1"
            assert ask(server, "GET", "/_destmockery")[2] != b"/_destmockery has 1"

    def test_an_error_of_its_own_is_answered_and_logged(self, caplog):
        with serve(page=page) as server:
            assert ask(server, "GET", "/_destmock/broken")[0] == 500
            assert "no page today" in caplog.text
            assert ask(server, "GET", "/_destmock")[0] == 200

    def test_without_one_there_is_that_of_destmock(self, destmock_server):
        status, _, body = ask(destmock_server, "GET", "/_destmock")
        assert status == 200
        assert b"<h1>Overview</h1>" in body


class TestSubscribers:
    """Who is told of what happens, as it happens."""

    def test_hear_everything_in_order(self, destmock_server, client):
        destmock_server.handler("orders", fail)
        told = []
        destmock_server.subscribe(lambda happening: told.append((happening.what, *happening.lines)))
        client("lambda").put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=1)
        client("lambda").invoke(FunctionName="orders", InvocationType="Event", Payload=b"1")
        client("lambda").invoke(FunctionName="orders", Payload=b"2")
        [event] = destmock_server.invocations
        assert told[:4] == [
            ("accepted", f"accepted 1 (Invoke, {event.request_id})"),
            ("attempt", "attempt 1: Error ValueError: out of stock (asking.py:16)"),
            ("attempt", "attempt 2: Error ValueError: out of stock (asking.py:16), 60 s after the last"),
            (
                "settled",
                "RetriesExhausted",
                "nothing sent: no OnFailure destination and no dead-letter queue",
            ),
        ]
        what, first, second = told[4]
        assert (what, second) == ("synchronous", "Error ValueError: out of stock (asking.py:16)")
        assert first.startswith("invoked synchronously 2 (Invoke, ")

    @pytest.mark.destmock(start=datetime(2026, 1, 1, tzinfo=timezone.utc))
    def test_hear_of_throttles_and_of_virtual_time(self, destmock_server, client):
        destmock_server.handler("orders", outcomes({}))
        destmock_server.faults.throttle("orders")
        told = []
        destmock_server.subscribe(told.append)
        begin = destmock_server.now
        client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        assert [one.what for one in told] == ["accepted", "note", "attempt", "settled"]
        assert (told[1].function, told[1].at) == ("orders", begin)
        assert told[3].at > begin
        assert len({one.request_id for one in told}) == 1

    def test_one_that_fails_is_logged_and_harms_nobody(self, destmock_server, client, caplog):
        destmock_server.handler("orders", outcomes({}))
        heard = []
        destmock_server.subscribe(lambda happening: 1 / 0)
        destmock_server.subscribe(heard.append)
        client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        assert len(heard) == 3
        assert "ZeroDivisionError" in caplog.text

    def test_one_that_would_end_the_process_ends_nothing(self, destmock_server, client):
        destmock_server.handler("orders", outcomes({}))
        destmock_server.subscribe(lambda happening: sys.exit(1))
        client("lambda").invoke(FunctionName="orders", InvocationType="Event")
        assert destmock_server.invocations[0].condition == "Success"
