"""Authorisers: those of Lambda run and decide, the others let pass whoever has a token."""

import base64
import json

import pytest

from tests.services.apigateway.apis import Http, Rest, echo, invocations
from tests.services.front_doors.clients import by_urllib3

OK = {"Authorization": "ok"}


def message(got):
    return got.status, json.loads(got.body)


def policy(effect, resource, **more):
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "me", "policyDocument": document, **more}


def judge(event, context):
    """A TOKEN authoriser: it allows `ok`, and says so of any method."""
    token = event["authorizationToken"]
    if token == "nobody":
        raise Exception("Unauthorized")
    if token == "broken":
        raise ValueError("broken")
    if token == "nonsense":
        return {"hello": 1}
    return policy("Allow" if token == "ok" else "Deny", "*", context={"tier": 1, "vip": True})


@pytest.fixture
def api(destmock):
    destmock.handler("f", echo)
    destmock.handler("judge", judge)
    return Rest()


@pytest.fixture
def url(api):
    """The URL of an API whose `/a` and `/b` have a TOKEN authoriser."""
    return protected(api, type="TOKEN", identitySource="method.request.header.Authorization")


def protected(api, **settings):
    made = api.client.create_authorizer(
        restApiId=api.id, name="judge", authorizerUri=invocations("judge"), **settings
    )
    method = {"authorizationType": "CUSTOM", "authorizerId": made["id"]}
    return api.proxy("GET", "/a", method=method).proxy("GET", "/b", method=method).deploy()


def test_a_token_authoriser_lets_pass_and_adds_its_context(destmock, url):
    event = json.loads(by_urllib3("GET", f"{url}/a", OK).body)
    assert event["requestContext"]["authorizer"] == {"principalId": "me", "tier": "1", "vip": "true"}
    assert [run.source for run in destmock.runs] == ["authorizer judge", "api GET /a"]
    asked = destmock.runs[0].event
    assert asked["type"] == "TOKEN"
    assert asked["authorizationToken"] == "ok"
    assert asked["methodArn"].startswith("arn:aws:execute-api:us-east-1:123456789012:")
    assert asked["methodArn"].endswith("/prod/GET/a")


@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        (None, 401, {"message": "Unauthorized"}),
        ("nobody", 401, {"message": "Unauthorized"}),
        ("no", 403, {"Message": "User is not authorized to access this resource with an explicit deny"}),
        ("broken", 500, {"message": None}),
        ("nonsense", 500, {"message": None}),
    ],
)
def test_whom_a_token_authoriser_does_not_let_pass(destmock, url, token, status, body):
    headers = {} if token is None else {"Authorization": token}
    assert message(by_urllib3("GET", f"{url}/a", headers)) == (status, body)
    assert "api GET /a" not in [run.source for run in destmock.runs]


def test_a_token_has_to_look_right(destmock, api):
    source = "method.request.header.Authorization"
    url = protected(api, type="TOKEN", identitySource=source, identityValidationExpression="Bearer .+")
    assert by_urllib3("GET", f"{url}/a", OK).status == 401
    assert not destmock.runs


def test_what_an_authoriser_has_answered_holds_for_its_time(destmock, url):
    """A policy for one method denies the others as long as it is remembered, as on AWS."""

    def narrow(event, context):
        return policy("Allow", event["methodArn"])

    destmock.handler("judge", narrow)
    assert by_urllib3("GET", f"{url}/a", OK).status == 200
    denied = {"Message": "User is not authorized to access this resource"}
    assert message(by_urllib3("GET", f"{url}/b", OK)) == (403, denied)
    assert len(destmock.runs.for_function("judge")) == 1
    destmock.advance(301)
    assert by_urllib3("GET", f"{url}/b", OK).status == 200
    assert len(destmock.runs.for_function("judge")) == 2


def test_a_request_authoriser_sees_the_whole_request(destmock, api):
    source = "method.request.header.X-Key,method.request.querystring.q"
    url = protected(api, type="REQUEST", identitySource=source, authorizerResultTtlInSeconds=300)

    def see(event, context):
        return policy("Allow" if event["headers"]["X-Key"] == "k" else "Deny", "arn:aws:execute-api:*")

    destmock.handler("judge", see)
    assert message(by_urllib3("GET", f"{url}/a", {"X-Key": "k"})) == (401, {"message": "Unauthorized"})
    assert by_urllib3("GET", f"{url}/a?q=1", {"X-Key": "k"}).status == 200
    assert by_urllib3("GET", f"{url}/a?q=1", {"X-Key": "other"}).status == 403
    event = destmock.runs[0].event
    assert (event["type"], event["resource"], event["queryStringParameters"]) == ("REQUEST", "/a", {"q": "1"})
    assert "body" not in event


def test_without_a_time_to_live_a_request_authoriser_is_asked_each_time(destmock, api):
    url = protected(api, type="REQUEST", authorizerResultTtlInSeconds=0)
    destmock.handler("judge", lambda event, context: policy("Allow", "*"))
    for _ in range(2):
        assert by_urllib3("GET", f"{url}/a").status == 200
    assert len(destmock.runs.for_function("judge")) == 2


#: What a token of Cognito says.
CLAIMS = {
    "sub": "ann",
    "auth_time": 1513492092,
    "iat": 1513492092,
    "exp": 1514851200,
    "email_verified": True,
    "cognito:groups": ["buyers", "sellers"],
}


def token_of(claims):
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def test_cognito_lets_pass_whoever_has_a_token_and_tells_what_it_says(api):
    made = api.client.create_authorizer(
        restApiId=api.id,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=["arn:aws:cognito-idp:us-east-1:123456789012:userpool/x"],
        identitySource="method.request.header.Authorization",
    )
    method = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": made["id"]}
    url = api.proxy("GET", "/", method=method).deploy()
    assert by_urllib3("GET", url).status == 401
    event = json.loads(by_urllib3("GET", url, {"Authorization": token_of(CLAIMS)}).body)
    assert event["requestContext"]["authorizer"]["claims"] == {
        "sub": "ann",
        "auth_time": "1513492092",
        "iat": "Sun Dec 17 06:28:12 UTC 2017",
        "exp": "Tue Jan 02 00:00:00 UTC 2018",
        "email_verified": "true",
        "cognito:groups": "buyers,sellers",
    }


def http_api(destmock, *, route=None, integration=None, **settings):
    destmock.handler("f", echo)
    api = Http()
    made = api.client.create_authorizer(ApiId=api.id, Name="judge", **settings)
    kind = "JWT" if settings["AuthorizerType"] == "JWT" else "CUSTOM"
    given = {"AuthorizationType": kind, "AuthorizerId": made["AuthorizerId"], **(route or {})}
    api.route("GET /a", route=given, **(integration or {}))
    return api


REQUEST = {
    "AuthorizerType": "REQUEST",
    "AuthorizerUri": invocations("judge"),
    "IdentitySource": ["$request.header.Authorization"],
}


def test_a_simple_answer_is_yes_or_no(destmock):
    api = http_api(destmock, **REQUEST, AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True)

    def simple(event, context):
        return {"isAuthorized": event["identitySource"] == ["ok"], "context": {"tier": 1}}

    destmock.handler("judge", simple)
    assert message(by_urllib3("GET", f"{api.url}/a")) == (401, {"message": "Unauthorized"})
    assert message(by_urllib3("GET", f"{api.url}/a", {"Authorization": "no"})) == (
        403,
        {"message": "Forbidden"},
    )
    event = json.loads(by_urllib3("GET", f"{api.url}/a", OK).body)
    assert event["requestContext"]["authorizer"] == {"lambda": {"tier": 1}}
    asked = destmock.runs[-2].event
    assert (asked["version"], asked["type"], asked["routeKey"]) == ("2.0", "REQUEST", "GET /a")
    assert asked["routeArn"].endswith("/$default/GET/a")
    destmock.handler("judge", lambda event, context: {"isAuthorized": "yes"})
    assert by_urllib3("GET", f"{api.url}/a", OK).status == 500


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_policy_decides_in_an_http_api_as_well(destmock, version):
    api = http_api(destmock, **REQUEST, AuthorizerPayloadFormatVersion=version)

    def by_policy(event, context):
        arn = event["routeArn"] if version == "2.0" else event["methodArn"]
        token = event["headers"]["authorization" if version == "2.0" else "Authorization"]
        return policy("Allow" if token == "ok" else "Deny", arn, context={"tier": 1})

    destmock.handler("judge", by_policy)
    event = json.loads(by_urllib3("GET", f"{api.url}/a", OK).body)
    assert event["requestContext"]["authorizer"]["lambda"]["tier"] == 1
    assert by_urllib3("GET", f"{api.url}/a", {"Authorization": "no"}).status == 403


JWT = {
    "AuthorizerType": "JWT",
    "IdentitySource": ["$request.header.Authorization"],
    "JwtConfiguration": {"Audience": ["shop"], "Issuer": "https://issuer.example"},
}


def test_a_jwt_lets_pass_and_tells_what_it_says(destmock):
    api = http_api(destmock, **JWT)
    assert by_urllib3("GET", f"{api.url}/a").status == 401
    bearer = {"Authorization": f"Bearer {token_of({**CLAIMS, 'access': {'roles': ['admin'], 'level': 1}})}"}
    event = json.loads(by_urllib3("GET", f"{api.url}/a", bearer).body)
    assert event["requestContext"]["authorizer"]["jwt"]["scopes"] is None
    assert event["requestContext"]["authorizer"]["jwt"]["claims"] == {
        "sub": "ann",
        "auth_time": "1513492092",
        "iat": "1513492092",
        "exp": "1514851200",
        "email_verified": "true",
        "cognito:groups": "[buyers sellers]",
        "access": "map[level:1 roles:[admin]]",
    }


SCOPES = {"AuthorizationScopes": ["orders/read", "orders/write"]}


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"scope": "email orders/read"}, 200),
        ({"scp": ["orders/write"]}, 200),
        ({"scp": "orders/write email"}, 200),
        ({"scope": "email", "scp": ["orders/write"]}, 200),
        ({"scope": "email"}, 403),
        ({"scope": "orders/reader"}, 403),
        ({"scope": 7}, 403),
        ({}, 403),
    ],
)
def test_a_jwt_has_one_of_the_route_s_scopes(destmock, claims, status):
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html"""
    api = http_api(destmock, route=SCOPES, **JWT)
    got = by_urllib3("GET", f"{api.url}/a", {"Authorization": f"Bearer {token_of(claims)}"})
    assert got.status == status
    body = json.loads(got.body)
    if status == 403:
        assert body == {"message": "Forbidden"}
        assert not destmock.runs
    else:
        assert body["requestContext"]["authorizer"]["jwt"]["scopes"] == ["orders/read", "orders/write"]


def test_a_route_with_scopes_lets_nobody_pass_without_a_jwt(destmock):
    api = http_api(destmock, route=SCOPES, **JWT)
    assert by_urllib3("GET", f"{api.url}/a").status == 401
    assert by_urllib3("GET", f"{api.url}/a", {"Authorization": "Bearer opaque"}).status == 403


def test_an_event_of_version_1_has_the_scopes_too(destmock):
    api = http_api(destmock, route=SCOPES, integration={"PayloadFormatVersion": "1.0"}, **JWT)
    token = token_of({"sub": "ann", "scope": "orders/read"})
    event = json.loads(by_urllib3("GET", f"{api.url}/a", {"Authorization": f"Bearer {token}"}).body)
    assert event["requestContext"]["authorizer"] == {
        "claims": {"sub": "ann", "scope": "orders/read"},
        "scopes": ["orders/read", "orders/write"],
    }
