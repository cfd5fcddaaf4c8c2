"""WebSocket APIs: clients connect, send and receive; functions post to them by the management calls."""

import json
import textwrap

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock.errors import UnsupportedError
from tests.services.apigateway.apis import invocations

OK = {"statusCode": 200}


class Chat:
    """A WebSocket API whose routes are chosen by the `action` of a message."""

    def __init__(self, expression="$request.body.action"):
        self.client = boto3.client("apigatewayv2")
        made = self.client.create_api(
            Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression=expression
        )
        self.id = made["ApiId"]
        self.host = f"{self.id}.execute-api.us-east-1.amazonaws.com"
        self.url = f"wss://{self.host}/prod"
        self.client.create_stage(ApiId=self.id, StageName="prod", StageVariables={"color": "red"})

    def route(self, key, function="f", kind="AWS_PROXY", **settings):
        target = self.client.create_integration(
            ApiId=self.id, IntegrationType=kind, IntegrationUri=invocations(function)
        )
        target = f"integrations/{target['IntegrationId']}"
        return self.client.create_route(ApiId=self.id, RouteKey=key, Target=target, **settings)["RouteId"]

    @property
    def management(self):
        return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{self.host}/prod")


@pytest.fixture
def seen(destmock):
    """The events of the function `f`, which answers with a status."""
    seen = []

    def handler(event, context):
        seen.append(event)
        return OK

    destmock.handler("f", handler)
    return seen


@pytest.fixture
def chat(seen):
    return Chat()


def refused(call, code):
    with pytest.raises(ClientError) as error:
        call()
    assert error.value.response["Error"]["Code"] == code
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_client_connects_sends_and_goes(destmock, chat, seen):
    for key in ("$connect", "$disconnect", "join"):
        chat.route(key)
    with destmock.websocket(f"{chat.url}?room=7", headers={"X-Who": "me"}) as client:
        client.send('{"action": "join"}')
    connect, message, disconnect = seen
    assert connect["queryStringParameters"] == {"room": "7"}
    assert connect["headers"]["X-Who"] == "me"
    assert connect["multiValueHeaders"]["X-Who"] == ["me"]
    assert (message["body"], message["isBase64Encoded"]) == ('{"action": "join"}', False)
    assert "headers" not in message
    contexts = [event["requestContext"] for event in seen]
    assert [each["routeKey"] for each in contexts] == ["$connect", "join", "$disconnect"]
    assert [each["eventType"] for each in contexts] == ["CONNECT", "MESSAGE", "DISCONNECT"]
    assert {each["connectionId"] for each in contexts} == {client.connection_id}
    assert {(each["apiId"], each["stage"], each["domainName"]) for each in contexts} == {
        (chat.id, "prod", chat.host)
    }
    assert contexts[1]["messageId"]
    assert disconnect["requestContext"]["disconnectStatusCode"] == 1000
    assert all(event["stageVariables"] == {"color": "red"} for event in seen)
    assert [run.source for run in destmock.runs] == ["api $connect", "api join", "api $disconnect"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('{"action": "join"}', "join"),
        ('{"action": "leave"}', "$default"),
        ("no JSON", "$default"),
        ('{"action": "$connect"}', "$default"),
        ("[1]", "$default"),
    ],
)
def test_the_expression_chooses_the_route(destmock, chat, seen, message, expected):
    chat.route("join")
    chat.route("$default")
    destmock.websocket(chat.url).send(message)
    assert [event["requestContext"]["routeKey"] for event in seen] == [expected]


def test_an_expression_may_have_several_parts(destmock, seen):
    chat = Chat("${request.body.service}/${request.body.action}")
    chat.route("chat/join")
    destmock.websocket(chat.url).send('{"service": "chat", "action": "join"}')
    assert [event["requestContext"]["routeKey"] for event in seen] == ["chat/join"]


def test_a_message_without_a_route_is_forbidden(destmock, chat):
    client = destmock.websocket(chat.url)
    client.send("hello")
    told = json.loads(client.receive())
    assert (told["message"], told["connectionId"]) == ("Forbidden", client.connection_id)


@pytest.mark.parametrize("answer", [None, "text", {"body": "no status"}])
def test_an_answer_without_a_status_is_an_internal_error(destmock, chat, answer):
    destmock.handler("f", lambda event, context: answer)
    chat.route("$default")
    client = destmock.websocket(chat.url)
    client.send("hello")
    assert json.loads(client.receive())["message"] == "Internal server error"


def test_the_body_is_sent_if_the_route_has_a_response(destmock, chat):
    destmock.handler("f", lambda event, context: {"statusCode": 200, "body": event["body"].upper()})
    chat.route("$default", RouteResponseSelectionExpression="$default")
    chat.route("quiet")
    client = destmock.websocket(chat.url)
    client.send("hello")
    assert client.receive() == "HELLO"
    client.send('{"action": "quiet"}')
    with pytest.raises(TimeoutError, match="no message has come"):
        client.receive()


@pytest.mark.parametrize(("status", "answer"), [(403, {"statusCode": 403}), (502, None), (502, {})])
def test_a_function_may_refuse_the_handshake(destmock, chat, status, answer):
    destmock.handler("f", lambda event, context: answer)
    chat.route("$connect")
    with pytest.raises(ConnectionRefusedError, match=f"was answered {status}"):
        destmock.websocket(chat.url)


def test_an_api_or_a_stage_that_is_not_there_refuses_the_handshake(destmock, chat):
    for url in (f"wss://{chat.host}/test", f"wss://none.{chat.host.partition('.')[2]}/prod", chat.url[:-5]):
        with pytest.raises(ConnectionRefusedError, match="403"):
            destmock.websocket(url)


def test_a_function_posts_to_clients_as_they_are(destmock, chat, lam):
    def tell(event, context):
        source = event["requestContext"]["connectionId"]
        for client in event["body"].split():
            chat.management.post_to_connection(ConnectionId=client, Data=f"from {source}".encode())
        return OK

    destmock.handler("f", tell)
    chat.route("$default")
    one, other = destmock.websocket(chat.url), destmock.websocket(chat.url)
    one.send(f"{one.connection_id} {other.connection_id}")
    assert one.receive() == other.receive() == f"from {one.connection_id}"


def test_an_event_that_is_retried_posts_in_the_end(destmock, chat, lam):
    client = destmock.websocket(chat.url)
    tries = []

    def late(event, context):
        tries.append(event)
        assert len(tries) > 1
        chat.management.post_to_connection(ConnectionId=client.connection_id, Data=b"done")

    destmock.handler("late", late)
    lam.invoke(FunctionName="late", InvocationType="Event")
    assert client.receive() == "done"


def test_a_connection_that_is_gone_is_a_410(destmock, chat):
    management = chat.management
    with destmock.websocket(chat.url) as client:
        pass
    for connection in (client.connection_id, "nobody="):
        calls = (
            lambda place=connection: management.post_to_connection(ConnectionId=place, Data=b"x"),
            lambda place=connection: management.get_connection(ConnectionId=place),
            lambda place=connection: management.delete_connection(ConnectionId=place),
        )
        assert [refused(call, "GoneException") for call in calls] == [410, 410, 410]


def test_a_connection_is_looked_at_and_deleted(destmock, chat, seen):
    chat.route("$disconnect")
    client = destmock.websocket(chat.url, headers={"User-Agent": "browser"})
    found = chat.management.get_connection(ConnectionId=client.connection_id)
    assert found["Identity"] == {"SourceIp": "203.0.113.10", "UserAgent": "browser"}
    assert found["ConnectedAt"] == found["LastActiveAt"]
    destmock.advance(60)
    client.send("hello")
    found = chat.management.get_connection(ConnectionId=client.connection_id)
    assert 60 <= (found["LastActiveAt"] - found["ConnectedAt"]).total_seconds() < 62
    chat.management.delete_connection(ConnectionId=client.connection_id)
    assert not client.is_open
    assert seen[-1]["requestContext"]["disconnectReason"] == "Connection Closed Normally"
    client.receive()  # the answer to "hello" had come
    for call in (lambda: client.send("more"), client.receive):
        with pytest.raises(ConnectionResetError, match="is closed"):
            call()


def test_a_connection_of_another_api_is_gone(destmock, chat):
    client = destmock.websocket(chat.url)
    other = Chat().management
    assert refused(lambda: other.get_connection(ConnectionId=client.connection_id), "GoneException") == 410


def test_what_is_too_large_is_refused_either_way(destmock, chat, seen):
    chat.route("$disconnect")
    client = destmock.websocket(chat.url)
    place, data = client.connection_id, b"x" * 131_073
    post = chat.management.post_to_connection
    assert refused(lambda: post(ConnectionId=place, Data=data), "PayloadTooLargeException") == 413
    client.send("x" * 131_073)
    assert not client.is_open
    assert seen[-1]["requestContext"]["disconnectStatusCode"] == 1009


def test_moto_answers_for_an_api_that_is_not_there(destmock):
    place = "https://abc.execute-api.us-east-1.amazonaws.com/prod"
    client = boto3.client("apigatewaymanagementapi", endpoint_url=place)
    client.post_to_connection(ConnectionId="any", Data=b"x")
    assert client.get_connection(ConnectionId="any")["Identity"]["UserAgent"] == "Moto Mocks"


@pytest.mark.parametrize(
    ("effect", "query", "status"), [("Allow", "?who=me", None), ("Deny", "?who=me", 403), ("Allow", "", 401)]
)
def test_an_authoriser_decides_at_the_handshake(destmock, chat, seen, effect, query, status):
    def decide(event, context):
        assert (event["type"], event["queryStringParameters"]) == ("REQUEST", {"who": "me"})
        statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
        return {"principalId": "me", "policyDocument": {"Statement": [statement]}, "context": {"tier": 1}}

    destmock.handler("decides", decide)
    made = chat.client.create_authorizer(
        ApiId=chat.id,
        AuthorizerType="REQUEST",
        AuthorizerUri=invocations("decides"),
        IdentitySource=["route.request.querystring.who"],
        Name="decides",
    )
    chat.route("$connect", AuthorizationType="CUSTOM", AuthorizerId=made["AuthorizerId"])
    chat.route("$default")
    if status is None:
        destmock.websocket(chat.url + query).send("hello")
        assert [event["requestContext"]["authorizer"] for event in seen] == [
            {"principalId": "me", "tier": 1}
        ] * 2
    else:
        with pytest.raises(ConnectionRefusedError, match=str(status)):
            destmock.websocket(chat.url + query)
        assert seen == []


def test_what_is_not_simulated_is_refused_by_name(destmock, chat):
    chat.route("$default", kind="HTTP_PROXY")
    with pytest.raises(UnsupportedError, match="integration HTTP_PROXY of a WebSocket API"):
        destmock.websocket(chat.url).send("hello")
    with pytest.raises(TypeError, match=r"json\.dumps"):
        destmock.websocket(chat.url).send({"action": "join"})


def test_a_template_s_api_is_connected_to(destmock, seen, tmp_path):
    template = tmp_path / "chat.yaml"
    template.write_text(
        textwrap.dedent(
            """
            Resources:
              Chat:
                Type: AWS::ApiGatewayV2::Api
                Properties:
                  {Name: chat, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
              Call:
                Type: AWS::ApiGatewayV2::Integration
                Properties:
                  ApiId: !Ref Chat
                  IntegrationType: AWS_PROXY
                  IntegrationUri: !Sub
                    - arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F}/invocations
                    - {F: !Sub "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:f"}
              Join:
                Type: AWS::ApiGatewayV2::Route
                Properties:
                  {ApiId: !Ref Chat, RouteKey: join, Target: !Sub "integrations/${Call}",
                   RouteResponseSelectionExpression: $default}
              JoinResponse:
                Type: AWS::ApiGatewayV2::RouteResponse
                Properties: {ApiId: !Ref Chat, RouteId: !Ref Join, RouteResponseKey: $default}
              Deployed:
                Type: AWS::ApiGatewayV2::Deployment
                DependsOn: Join
                Properties: {ApiId: !Ref Chat}
              Stage:
                Type: AWS::ApiGatewayV2::Stage
                Properties: {ApiId: !Ref Chat, StageName: prod, DeploymentId: !Ref Deployed}
            Outputs:
              Url: {Value: !Sub "${Chat.ApiEndpoint}/${Stage}"}
            """
        )
    )
    stack = destmock.deploy(template)
    assert stack.outputs["Url"].startswith("wss://")
    destmock.websocket(stack.outputs["Url"]).send('{"action": "join"}')
    assert [event["requestContext"]["routeKey"] for event in seen] == ["join"]
