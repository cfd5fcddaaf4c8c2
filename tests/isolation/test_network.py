"""No socket reaches another process while a mock is active, unless the user allows its host."""

import asyncio
import contextlib
import errno
import http.client
import http.server
import socket
import threading
import urllib.error
import urllib.request
from contextlib import closing

import boto3
import pytest
import requests
import urllib3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session

from destmock import NetworkError, mock_destinations

ELSEWHERE = "198.51.100.7"  # for documentation (RFC 5737)


@pytest.fixture
def server():
    """A server on this machine, older than the mock; answers its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as made:
        made.handle_error = lambda *_: None  # many connect and send nothing
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made.server_port
        made.shutdown()
        thread.join()


def connect(port):
    socket.create_connection(("127.0.0.1", port), 5).close()


def connect_raw(port):
    with socket.socket() as made:
        made.connect(("127.0.0.1", port))


def connect_ex(port):
    with socket.socket() as made:
        return made.connect_ex(("127.0.0.1", port))


def connect_v6(port):
    with socket.socket(socket.AF_INET6) as made:
        made.connect(("::1", port, 0, 0))


def send_datagram(port):
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.sendto(b"x", ("127.0.0.1", port))


def send_datagram_with_flags(port):
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.sendto(b"x", 0, ("127.0.0.1", port))


def send_message(port):
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.sendmsg([b"x"], [], 0, ("127.0.0.1", port))


def use_http_client(port):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", "/")


def use_urllib(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
        pass


def use_requests(port):
    requests.get(f"http://127.0.0.1:{port}/", timeout=5)


def use_asyncio(port):
    async def main():
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    asyncio.run(main())


WAYS = [
    connect,
    connect_raw,
    connect_ex,
    connect_v6,
    send_datagram,
    send_datagram_with_flags,
    send_message,
    use_http_client,
    use_urllib,
    use_requests,
    use_asyncio,
]


def refused(way, match):
    """What a refusal comes out as: `connect_ex` returns it, libraries wrap it in errors of their own."""
    return contextlib.nullcontext() if way is connect_ex else pytest.raises(OSError, match=match)


every_way = pytest.mark.parametrize("way", WAYS)


@every_way
def test_a_connection_is_refused_from_a_test(server, way):
    refusal = rf"(127\.0\.0\.1|::1):{server} would have been reached over the network: .*allow_hosts="
    with mock_destinations(loopback=False), refused(way, match=refusal):
        assert way(server) == errno.ECONNREFUSED  # by the one that doesn't raise


@every_way
def test_a_connection_is_refused_from_inside_a_handler(server, way):
    handlers = {"orders": lambda event, context: way(server)}
    with mock_destinations(handlers, loopback=False) as destmock:
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
    attempt = destmock.invocations[0].attempts[0]
    if way is connect_ex:
        assert attempt.response == errno.ECONNREFUSED
    else:
        assert isinstance(attempt.exception, OSError)
        assert f":{server} would have been reached over the network" in attempt.response["errorMessage"]


@every_way
@pytest.mark.parametrize("options", [{}, {"loopback": False, "allow_hosts": ["localhost"]}])
def test_this_machine_is_reached(server, way, options):
    """By default, and where the loopback is closed but for what is allowed."""
    if way is connect_v6:
        pytest.skip("the server listens on 127.0.0.1 only")
    with mock_destinations(**options):
        assert not way(server)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::ffff:127.0.0.1"])
def test_what_is_this_machine(server, host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with mock_destinations(), socket.socket(family) as made:
        made.connect((host, server))


@pytest.mark.parametrize("host", [ELSEWHERE, "10.0.0.1", "169.254.169.254", "::ffff:198.51.100.7"])
def test_what_is_another_machine(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with mock_destinations(), socket.socket(family) as made, pytest.raises(NetworkError):
        made.connect((host, 80))


@every_way
def test_after_the_mock_every_host_is_reached(server, way):
    if way is connect_v6:
        pytest.skip("the server listens on 127.0.0.1 only")
    with mock_destinations():
        pass
    way(server)


@pytest.mark.parametrize(
    "look_up",
    [
        lambda name: socket.getaddrinfo(name, 443),
        lambda name: socket.gethostbyname(name).strip(),
        lambda name: socket.gethostbyaddr(name)[0],
        lambda name: socket.gethostbyname_ex(name)[0],
        lambda name: socket.create_connection((name, 443)),
        lambda name: requests.get(f"https://{name}/orders", timeout=5),
        lambda name: asyncio.run(asyncio.open_connection(name, 443)),
    ],
)
@pytest.mark.parametrize("name", ["example.com", "EXAMPLE.com"])
def test_no_name_server_is_asked(look_up, name):
    with mock_destinations(), pytest.raises(OSError, match=r"(?i)example\.com(:443)? would have been"):
        look_up(name)


def test_a_name_in_bytes_is_refused_too():
    with mock_destinations(), pytest.raises(NetworkError, match=r"^example\.com:80 would"):
        socket.getaddrinfo(b"example.com", 80)


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.*", "127.0.0.1"),
        ("*", "127.0.0.1"),
        ("localhost", "localhost"),
        ("LocalHost", "127.0.0.1"),
        ("localhost", "0.0.0.0"),
        ("localhost", "::ffff:127.0.0.1"),
    ],
)
def test_what_allow_hosts_takes(server, allowed, host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with mock_destinations(allow_hosts=[allowed], loopback=False), socket.socket(family) as made:
        made.connect((host, server))


@pytest.mark.parametrize("allowed", ["example.com", "127.0.0.2", "localhost.example.com", "::1"])
def test_another_allowed_host_doesn_t_help(server, allowed):
    with mock_destinations(allow_hosts=[allowed], loopback=False), pytest.raises(NetworkError):
        connect_raw(server)


def test_the_addresses_of_an_allowed_name_are_allowed(server, monkeypatch):
    """What the program connects to is an address: the one that the name was looked up as."""
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    with mock_destinations(allow_hosts=["*.example.com"], loopback=False):
        with pytest.raises(NetworkError):
            connect_raw(server)
        with socket.create_connection(("db.example.com", server)):
            pass


@pytest.mark.parametrize(
    ("allowed", "error"),
    [
        ("localhost", TypeError),
        ([8080], TypeError),
        ([None], TypeError),
        (["http://localhost"], ValueError),
        (["localhost:8080"], ValueError),
        ([""], ValueError),
        (["user@localhost"], ValueError),
    ],
)
def test_what_is_no_host_is_refused_at_once(allowed, error):
    with pytest.raises(error, match=r"^allow_hosts takes "):
        mock_destinations(allow_hosts=allowed)


def test_the_mock_that_started_last_says_what_is_allowed(server):
    with mock_destinations(allow_hosts=["localhost"], loopback=False):
        with mock_destinations(loopback=False):
            with pytest.raises(NetworkError):
                connect_raw(server)
            with mock_destinations(allow_hosts=["127.0.0.1"], loopback=False):
                connect_raw(server)
        connect_raw(server)


@pytest.mark.parametrize("options", [{}, {"loopback": False, "allow_hosts": ["localhost"]}])
def test_boto3_reaches_an_allowed_endpoint(server, options):
    """As of a database in a container; AWS's own endpoints stay mocked."""
    with mock_destinations(**options):
        client = boto3.client(
            "s3",
            endpoint_url=f"http://localhost:{server}",
            config=Config(retries={"total_max_attempts": 1}),
        )
        assert client.get_object(Bucket="orders", Key="7")["Body"].read() == b"hello"
        assert boto3.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    ("ini", "marker", "outcome"),
    [
        ("", "", 1),
        ("destmock_loopback = false", "", 0),
        ("", "loopback=False", 0),
        ("destmock_loopback = false", "loopback=True", 1),
        ("destmock_loopback = false\ndestmock_allow_hosts = localhost", "", 1),
        ("destmock_loopback = false", "allow_hosts=['localhost']", 1),
    ],
)
def test_pytest_s_fixture_takes_the_hosts_from_the_marker_and_the_ini_file(
    pytester, server, ini, marker, outcome
):
    loops = "asyncio_default_fixture_loop_scope = function"
    pytester.makeini(f"[pytest]\n{loops}\n{ini}")
    pytester.makepyfile(
        f"""
        import socket

        import pytest

        @pytest.mark.destmock({marker})
        def test_it():
            with socket.socket() as made:
                made.connect(("127.0.0.1", {server}))
        """
    )
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=outcome, failed=1 - outcome)


# What needs no connection goes on


def test_a_socket_that_is_connected_already_goes_on(server):
    with closing(http.client.HTTPConnection("127.0.0.1", server, timeout=5)) as connection:
        connection.connect()
        with mock_destinations():
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"hello"


def test_sockets_that_connect_to_nobody_are_made():
    """aws_xray_sdk makes one at import; event loops make pairs; servers listen."""
    with mock_destinations():
        socket.socket(type=socket.SOCK_DGRAM).close()
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert server.getsockname()[1]
        for made in socket.socketpair():
            made.close()
        assert asyncio.run(asyncio.sleep(0, "done")) == "done"
        assert socket.getaddrinfo("localhost", 80)
        assert socket.getfqdn()


@pytest.mark.skipif(
    not hasattr(socket, "_fallback_socketpair"), reason="Python has none, or calls it socketpair"
)
def test_the_pair_that_windows_makes_by_connecting_to_itself_is_made():
    with mock_destinations():
        for made in socket._fallback_socketpair():
            made.close()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are none on this system")
def test_a_socket_of_the_file_system_stays_on_the_machine(tmp_path):
    with mock_destinations(), socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "s"))


def test_a_bad_address_gets_python_s_own_error():
    with mock_destinations(), socket.socket() as made:
        for address in [None, "127.0.0.1", ("127.0.0.1",), (5, 5)]:
            with pytest.raises((TypeError, NetworkError)):
                made.connect(address)
        with pytest.raises(TypeError):
            made.connect()


def test_the_socket_module_is_as_before():
    names = ["getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"]
    before = [getattr(socket, name) for name in names], dict(vars(socket.socket))
    with mock_destinations(), mock_destinations():
        pass
    assert ([getattr(socket, name) for name in names], dict(vars(socket.socket))) == before


def test_a_refused_datagram_leaves_its_socket_open(server):
    """Whoever reports to a daemon tries again with the same one."""
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        with mock_destinations(), pytest.raises(NetworkError):
            made.sendto(b"x", (ELSEWHERE, 8125))
        assert made.sendto(b"x", ("127.0.0.1", server)) == 1


# Whoever copes with a host out of reach copes with a refusal


def test_a_refusal_is_a_connection_error():
    with mock_destinations():
        with pytest.raises(ConnectionError, match=r"allow_hosts=\['198\.51\.100\.7'\]"):
            socket.create_connection((ELSEWHERE, 6379))
        with pytest.raises(socket.gaierror, match=r"allow_hosts=\['keys\.invalid'\]"):
            socket.gethostbyname("keys.invalid")


@pytest.mark.parametrize("host", ["keys.invalid", ELSEWHERE])
@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda url: urllib.request.urlopen(url, timeout=5), urllib.error.URLError),
        (lambda url: requests.get(url, timeout=5), requests.ConnectionError),
        (lambda url: urllib3.PoolManager().request("GET", url, retries=False), urllib3.exceptions.HTTPError),
    ],
    ids=["urllib", "requests", "urllib3"],
)
def test_libraries_make_of_it_what_they_make_of_a_refused_connection(ask, error, host):
    """And the message stays."""
    with mock_destinations(), pytest.raises(error, match="allow_hosts="):
        ask(f"http://{host}/jwks.json")


def test_from_boto3_it_is_botocore_s_error_of_an_endpoint_out_of_reach():
    """But it is not tried again."""
    tries = []
    with mock_destinations():
        s3 = boto3.client("s3", endpoint_url="http://nobody.invalid")
        s3.meta.events.register("before-send", lambda **_: tries.append(1))
        with pytest.raises(EndpointConnectionError, match=r"allow_hosts=\['nobody\.invalid'\]") as caught:
            s3.head_object(Bucket="bucket1", Key="k")
        assert isinstance(caught.value, NetworkError)
        assert caught.value.kwargs == {"endpoint_url": "http://nobody.invalid/bucket1/k"}
    assert tries == [1]


# A call to AWS goes where the program itself sends it


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"])
@pytest.mark.parametrize("inside", [False, True])
def test_an_endpoint_that_only_a_variable_names_is_not_used(server, monkeypatch, variable, inside):
    def program():
        monkeypatch.setenv(variable, f"http://127.0.0.1:{server}")

    if not inside:
        program()
    with mock_destinations():
        if inside:
            program()
        sqs = boto3.client("sqs", "us-east-1")
        assert sqs.create_queue(QueueName="q")["QueueUrl"].startswith("https://sqs.us-east-1.amazonaws.com/")


def test_an_older_client_with_an_endpoint_of_the_environment_is_refused(server, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server}")
    older = boto3.client("s3", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with mock_destinations():
        with (
            mock_destinations(),
            pytest.raises(NetworkError, match="only the environment or a profile names"),
        ):
            older.get_object(Bucket="orders", Key="7")
        with pytest.raises(NetworkError, match="only the environment or a profile names"):
            older.get_object(Bucket="orders", Key="7")
    with mock_destinations(allow_hosts=["127.0.0.1"]):
        assert older.get_object(Bucket="orders", Key="7")["Body"].read() == b"hello"


def test_an_older_client_with_an_endpoint_of_a_profile_is_refused(server, monkeypatch, tmp_path):
    (tmp_path / "config").write_text(f"[default]\nendpoint_url = http://127.0.0.1:{server}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    older = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x").client("s3", "us-east-1")
    with mock_destinations(), pytest.raises(NetworkError, match="only the environment or a profile names"):
        older.get_object(Bucket="orders", Key="7")


@pytest.mark.parametrize(
    ("variable", "name"),
    [("AWS_CONFIG_FILE", "$AT_HOME/config"), ("AWS_SHARED_CREDENTIALS_FILE", "${AT_HOME}/credentials")],
)
def test_an_endpoint_in_each_file_that_botocore_reads_is_out_of_reach(monkeypatch, tmp_path, variable, name):
    (tmp_path / name.rpartition("/")[2]).write_text("[default]\nendpoint_url = http://localhost:9")
    monkeypatch.setenv("AT_HOME", str(tmp_path))
    monkeypatch.setenv(variable, name)
    sqs = boto3.Session(region_name="eu-west-1").client("sqs")
    assert sqs.meta.endpoint_url == "http://localhost:9"
    with mock_destinations(), pytest.raises(NetworkError, match="only the environment or a profile names"):
        sqs.list_queues()


@pytest.mark.parametrize(
    ("owner", "name"),
    [(socket.socket, "connect"), (socket, "getaddrinfo"), (URLLib3Session, "send")],
)
def test_a_nested_mock_refuses_what_a_test_has_put_back_in_the_outer_one(owner, name):
    """As plugins do that guard sockets themselves, after each test."""
    real = getattr(owner, name)
    with mock_destinations():
        guarded = getattr(owner, name)
        setattr(owner, name, real)
        with mock_destinations():
            assert getattr(owner, name) is not real
            with pytest.raises(NetworkError):
                connect_to(ELSEWHERE)
            with pytest.raises(NetworkError):
                socket.getaddrinfo("example.com", 80)
            with pytest.raises(EndpointConnectionError, match="would have left the process"):
                boto3.client("sqs", endpoint_url="http://example.com").list_queues()
        assert getattr(owner, name) is real
        setattr(owner, name, guarded)
    assert getattr(owner, name) is real


def connect_to(host):
    with socket.socket() as made:
        made.settimeout(0.1)
        made.connect((host, 80))
