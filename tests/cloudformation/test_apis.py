"""APIs and function URLs of templates: CloudFormation's resources, and what SAM makes of its own."""

import json
import textwrap

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock.errors import UnsupportedError
from tests.cloudformation.deployed import ACCOUNT, attribute, function, resource
from tests.services.front_doors.clients import by_urllib3

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""
URI = {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"}
API = {"Ref": "Api"}


@pytest.fixture
def put(cloudformation):
    """Creates a stack, or updates it; answers the physical ids of its resources."""

    def make(*, update=False, **resources):
        resources = {"F": function(Code={"ZipFile": ECHO}), **resources}
        call = cloudformation.update_stack if update else cloudformation.create_stack
        call(StackName="shop", TemplateBody=json.dumps({"Resources": resources}))
        listed = cloudformation.list_stack_resources(StackName="shop")["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}

    return make


def rest(path="/a", **settings):
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": URI}
    body = {"swagger": "2.0", "info": {"title": "shop"}}
    body["paths"] = {path: {"get": {"x-amazon-apigateway-integration": integration}}}
    return resource("AWS::ApiGateway::RestApi", Body=body, **settings)


def deployed(name="Now", api="Api", **stage):
    """A deployment and its stage; the stage comes first, as it may in a template."""
    given = {"RestApiId": {"Ref": api}, "DeploymentId": {"Ref": name}, "StageName": "prod", **stage}
    return {
        "Stage": resource("AWS::ApiGateway::Stage", **given),
        name: resource("AWS::ApiGateway::Deployment", RestApiId={"Ref": api}),
    }


def url_of(made, path=""):
    return f"https://{made['Api']}.execute-api.us-east-1.amazonaws.com/prod{path}"


def test_an_api_with_a_body_is_made_changed_and_deleted(put, cloudformation):
    client = boto3.client("apigateway")
    made = put(Api=rest(), **deployed())
    assert client.get_rest_api(restApiId=made["Api"])["name"] == "shop"
    assert by_urllib3("GET", url_of(made, "/a")).status == 200
    changed = put(Api=rest("/b", Description="new"), **deployed("Later"), update=True)
    assert changed["Api"] == made["Api"]
    assert client.get_rest_api(restApiId=made["Api"])["description"] == "new"
    assert by_urllib3("GET", url_of(made, "/b")).status == 200
    assert by_urllib3("GET", url_of(made, "/a")).status == 403
    cloudformation.delete_stack(StackName="shop")
    assert client.get_rest_apis()["items"] == []


def test_what_can_t_be_changed_of_an_api_is_refused_by_name(put):
    made = put(Api=rest())
    with pytest.raises(ClientError, match="can't change the Tags of an API"):
        put(Api=rest(Tags=[{"Key": "team", "Value": "a"}]), update=True)
    assert boto3.client("apigateway").get_rest_api(restApiId=made["Api"])["name"] == "shop"


def test_an_api_made_resource_by_resource(put):
    method = resource(
        "AWS::ApiGateway::Method",
        RestApiId=API,
        ResourceId={"Ref": "Orders"},
        HttpMethod="GET",
        AuthorizationType="CUSTOM",
        AuthorizerId={"Ref": "Judge"},
        Integration={"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": URI},
    )
    deployment = deployed()
    deployment["Now"]["DependsOn"] = "Get"
    made = put(
        Api=resource("AWS::ApiGateway::RestApi", Name="shop", BinaryMediaTypes=["image~1png"]),
        Orders=resource(
            "AWS::ApiGateway::Resource",
            RestApiId=API,
            ParentId=attribute("Api", "RootResourceId"),
            PathPart="orders",
        ),
        Get=method,
        Judge=resource(
            "AWS::ApiGateway::Authorizer",
            RestApiId=API,
            Type="TOKEN",
            AuthorizerUri=URI,
            IdentitySource="method.request.header.X-Token",
        ),
        **deployment,
    )
    client = boto3.client("apigateway")
    assert client.get_rest_api(restApiId=made["Api"])["binaryMediaTypes"] == ["image/png"]
    [judge] = client.get_authorizers(restApiId=made["Api"])["items"]
    assert judge["id"] == made["Judge"]
    assert by_urllib3("GET", url_of(made, "/orders")).status == 401
    assert by_urllib3("GET", url_of(made, "/other")).status == 403


def test_a_stage_keeps_its_settings(put):
    client = boto3.client("apigateway")
    logs = {"DestinationArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:api", "Format": "$context.status"}
    settings = [{"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO", "ThrottlingBurstLimit": 5}]
    stage = {"AccessLogSetting": logs, "MethodSettings": settings, "Variables": {"a": "1", "b": "2"}}
    made = put(Api=rest(), **deployed(**stage, TracingEnabled=True))
    [found] = client.get_stages(restApiId=made["Api"])["item"]
    assert found["accessLogSettings"]["format"] == "$context.status"
    assert found["methodSettings"]["*/*"]["loggingLevel"] == "INFO"
    assert found["methodSettings"]["*/*"]["throttlingBurstLimit"] == 5
    assert (found["variables"], found["tracingEnabled"]) == ({"a": "1", "b": "2"}, True)
    put(Api=rest(), **deployed(Variables={"b": "3"}), update=True)
    [found] = client.get_stages(restApiId=made["Api"])["item"]
    assert found["variables"] == {"b": "3"}


def test_a_deployment_can_make_its_stage(put, cloudformation):
    client = boto3.client("apigateway")
    role = f"arn:aws:iam::{ACCOUNT}:role/logs"
    now = resource(
        "AWS::ApiGateway::Deployment",
        RestApiId=API,
        StageName="prod",
        StageDescription={"Variables": {"a": "1"}, "LoggingLevel": "ERROR"},
    )
    account = resource("AWS::ApiGateway::Account", CloudWatchRoleArn=role)
    made = put(Api=rest(), Now=now, Account=account)
    assert json.loads(by_urllib3("GET", url_of(made, "/a")).body)["stageVariables"] == {"a": "1"}
    [stage] = client.get_stages(restApiId=made["Api"])["item"]
    assert stage["methodSettings"]["*/*"]["loggingLevel"] == "ERROR"
    assert client.get_account()["cloudwatchRoleArn"] == role
    put(Api=rest(), update=True)
    assert client.get_stages(restApiId=made["Api"])["item"] == []


def test_a_document_that_is_refused_rolls_the_stack_back(put, cloudformation):
    api = rest()
    api["Properties"]["Body"]["paths"]["/a"]["get"]["x-amazon-apigateway-integration"]["uri"] = "nowhere"
    with pytest.raises(ClientError, match="Invalid ARN"):
        put(Api=api)
    assert boto3.client("apigateway").get_rest_apis()["items"] == []
    assert boto3.client("lambda").list_functions()["Functions"] == []


def test_an_http_api_made_resource_by_resource(put, cloudformation):
    client = boto3.client("apigatewayv2")
    parts = {
        "Api": resource("AWS::ApiGatewayV2::Api", Name="shop", ProtocolType="HTTP", Tags={"team": "a"}),
        "To": resource(
            "AWS::ApiGatewayV2::Integration",
            ApiId=API,
            IntegrationType="AWS_PROXY",
            IntegrationUri=URI,
            PayloadFormatVersion="2.0",
        ),
        "Route": resource(
            "AWS::ApiGatewayV2::Route",
            ApiId=API,
            RouteKey="GET /a",
            Target={"Fn::Join": ["/", ["integrations", {"Ref": "To"}]]},
        ),
        "Judge": resource(
            "AWS::ApiGatewayV2::Authorizer",
            ApiId=API,
            Name="judge",
            AuthorizerType="REQUEST",
            AuthorizerUri=URI,
            AuthorizerPayloadFormatVersion="2.0",
        ),
        "Stage": resource("AWS::ApiGatewayV2::Stage", ApiId=API, StageName="$default", AutoDeploy=True),
        "Now": {**resource("AWS::ApiGatewayV2::Deployment", ApiId=API), "DependsOn": "Route"},
    }
    made = put(**parts)
    url = client.get_api(ApiId=made["Api"])["ApiEndpoint"]
    assert json.loads(by_urllib3("GET", f"{url}/a").body)["routeKey"] == "GET /a"
    parts["Route"]["Properties"]["RouteKey"] = "GET /b"
    parts["Api"]["Properties"]["CorsConfiguration"] = {"AllowOrigins": ["*"]}
    parts["Stage"]["Properties"]["StageVariables"] = {"a": "1"}
    assert put(**parts, update=True)["Route"] == made["Route"]
    got = by_urllib3("GET", f"{url}/b", {"Origin": "https://shop.example"})
    assert json.loads(got.body)["stageVariables"] == {"a": "1"}
    assert got.header("access-control-allow-origin") == "*"
    assert by_urllib3("GET", f"{url}/a").status == 404
    cloudformation.delete_stack(StackName="shop")
    assert client.get_apis()["Items"] == []


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
{code}
      FunctionUrlConfig: {{AuthType: NONE, Cors: {{AllowOrigins: ["*"]}}}}
      Events:
        Rest: {{Type: Api, Properties: {{Path: "/orders/{{id}}", Method: get}}}}
        Http: {{Type: HttpApi, Properties: {{Path: "/orders/{{id}}", Method: get}}}}
Outputs:
  Rest: {{Value: !Sub "https://${{ServerlessRestApi}}.execute-api.${{AWS::Region}}.amazonaws.com/Prod"}}
  Http: {{Value: !GetAtt ServerlessHttpApi.ApiEndpoint}}
  Url: {{Value: !GetAtt FUrl.FunctionUrl}}
"""


def test_all_front_doors_of_a_sam_template(destmock, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(SAM.format(code=textwrap.indent(ECHO, " " * 8)))
    stack = destmock.deploy(template)
    events = {
        name: json.loads(by_urllib3("GET", f"{url.rstrip('/')}/orders/7").body)
        for name, url in stack.outputs.items()
    }
    assert events["Rest"]["resource"] == "/orders/{id}"
    assert events["Http"]["routeKey"] == "GET /orders/{id}"
    assert events["Url"]["rawPath"] == "/orders/7"
    assert {run.source for run in destmock.runs} == {"api GET /orders/7", "url GET /orders/7"}


DOCUMENT = """
openapi: 3.0.1
info: {title: shop, version: "1"}
paths:
  /orders:
    post:
      x-amazon-apigateway-integration:
        type: aws_proxy
        integrationSubtype: SQS-SendMessage
        payloadFormatVersion: "1.0"
        requestParameters: {MessageBody: $request.body, QueueUrl: !Ref Orders}
"""
INCLUDED = "DefinitionBody: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: %s}}}"


def shop(definition):
    return f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: {{Type: AWS::SQS::Queue}}
  Api: {{Type: AWS::Serverless::HttpApi, Properties: {{{definition}}}}}
Outputs:
  Api: {{Value: !GetAtt Api.ApiEndpoint}}
  Orders: {{Value: !Ref Orders}}
"""


@pytest.mark.parametrize("definition", [INCLUDED % "docs/api.yaml", "DefinitionUri: docs/api.yaml"])
def test_the_document_may_be_a_file_beside_the_template(destmock, tmp_path, sqs, definition):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "api.yaml").write_text(DOCUMENT)
    template = tmp_path / "template.yaml"
    template.write_text(shop(definition))
    stack = destmock.deploy(template)
    assert by_urllib3("POST", f"{stack.outputs['Api']}/orders", body=b'{"id": 7}').status == 200
    [message] = sqs.receive_message(QueueUrl=stack.outputs["Orders"])["Messages"]
    assert message["Body"] == '{"id": 7}'


def test_a_file_that_can_t_be_included(destmock, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(shop(INCLUDED % "missing.yaml"))
    with pytest.raises(FileNotFoundError, match=r"includes missing\.yaml"):
        destmock.deploy(template)
    template.write_text(shop(INCLUDED % "s3://bucket/api.yaml"))
    with pytest.raises(UnsupportedError, match="s3://bucket"):
        destmock.deploy(template)


TABLE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: {Name: id, Type: String}}}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}}
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      DefinitionBody:
        swagger: "2.0"
        info: {title: orders, version: "1"}
        paths:
          /orders/{id}:
            put:
              x-amazon-apigateway-integration:
                type: aws
                httpMethod: POST
                credentials: !GetAtt Role.Arn
                uri: !Sub "arn:aws:apigateway:${AWS::Region}:dynamodb:action/PutItem"
                requestTemplates:
                  application/json: !Sub >-
                    {"TableName": "${Orders}", "Item": {"id": {"S": "$input.params('id')"},
                    "note": {"S": "$util.escapeJavaScript($input.path('$.note'))"}}}
                responses: {default: {statusCode: "201", responseTemplates: {application/json: stored}}}
Outputs:
  Url: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live/orders"}
  Orders: {Value: !Ref Orders}
"""


def test_a_table_behind_an_api_of_a_sam_template(destmock, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(TABLE)
    stack = destmock.deploy(template)
    url = f"{stack.outputs['Url']}/7"
    got = by_urllib3("PUT", url, {"Content-Type": "application/json"}, b'{"note": "say \\"hi\\""}')
    assert (got.status, got.body) == (201, b"stored")
    table = boto3.resource("dynamodb").Table(stack.outputs["Orders"])
    assert table.scan()["Items"] == [{"id": "7", "note": 'say "hi"'}]
    assert not destmock.runs
