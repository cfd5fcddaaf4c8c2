"""Models and request validators of templates: what they refuse, a request hears."""

import json

import boto3
import pytest

from tests.cloudformation.deployed import TEMPLATES
from tests.services.front_doors.clients import by_urllib3

JSON = {"Content-Type": "application/json"}
GOOD, WRONG = b'{"Lines": [{"Sku": "a"}]}', b'{"Lines": [{"Sku": 1}]}'
BY_HAND = """
Resources:
  Shop: {Type: AWS::ApiGateway::RestApi, Properties: {Name: shop}}
  Line:
    Type: AWS::ApiGateway::Model
    Properties:
      RestApiId: !Ref Shop
      Name: Line
      ContentType: application/json
      Schema: {type: object, properties: {Sku: {type: string}}}
  Order:
    Type: AWS::ApiGateway::Model
    Properties:
      RestApiId: !Ref Shop
      ContentType: application/json
      Schema:
        type: object
        required: [Lines]
        properties:
          Lines:
            type: array
            items: {$ref: !Sub "https://apigateway.amazonaws.com/restapis/${Shop}/models/${Line}"}
  Checked:
    Type: AWS::ApiGateway::RequestValidator
    Properties: {RestApiId: !Ref Shop, ValidateRequestBody: true}
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Shop
      ResourceId: !GetAtt Shop.RootResourceId
      HttpMethod: POST
      AuthorizationType: NONE
      RequestValidatorId: !Ref Checked
      RequestModels: {application/json: !Ref Order}
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses: [{StatusCode: "200"}]
  Live:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Post
    Properties: {RestApiId: !Ref Shop, StageName: live}
Outputs:
  Url: {Value: !Sub "https://${Shop}.execute-api.${AWS::Region}.amazonaws.com/live"}
"""
SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      OpenApiVersion: VERSION
      Models:
        Line: {type: object, properties: {Sku: {type: string}}}
        Order:
          type: object
          required: [Lines]
          properties: {Lines: {type: array, items: {$ref: "REFERENCE/line"}}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: "def handler(event, context): return {'statusCode': 200}"
      Events:
        Post:
          Type: Api
          Properties:
            RestApiId: !Ref Api
            Path: /
            Method: post
            RequestModel: {Model: Order, Required: true, ValidateBody: true}
Outputs:
  Url: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live/"}
"""


def sam(version, reference):
    return SAM.replace("VERSION", f'"{version}"').replace("REFERENCE", reference)


TEXTS = {
    "by hand": BY_HAND,
    "SAM, Swagger": sam("2.0", "#/definitions"),
    "SAM, OpenAPI": sam("3.0.1", "#/components/schemas"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_template_s_models_are_what_bodies_are_validated_against(destmock, tmp_path, text):
    template = tmp_path / "template.yaml"
    template.write_text(text)
    stack = destmock.deploy(template)
    url = stack.outputs["Url"]
    assert by_urllib3("POST", url, JSON, GOOD).status == 200
    for body in (WRONG, b"{}", b"no JSON", b""):
        got = by_urllib3("POST", url, JSON, body)
        assert (got.status, json.loads(got.body)) == (400, {"message": "Invalid request body"})


def test_a_stack_with_models_can_be_changed_and_goes(cloudformation):
    client = boto3.client("apigateway")
    cloudformation.create_stack(StackName="shop", TemplateBody=BY_HAND)
    changed = BY_HAND.replace("Sku: {type: string}", "Sku: {type: integer}")
    cloudformation.update_stack(StackName="shop", TemplateBody=changed)
    [api] = client.get_rest_apis()["items"]
    assert '"integer"' in client.get_model(restApiId=api["id"], modelName="Line")["schema"]
    cloudformation.delete_stack(StackName="shop")
    assert client.get_rest_apis()["items"] == []


def test_a_public_template_s_method_has_its_model(destmock):
    stack = destmock.deploy(TEMPLATES / "kinds" / "rest_api_by_hand.yaml")
    got = by_urllib3("OPTIONS", stack.outputs["Url"], JSON, b"[]")
    assert (got.status, json.loads(got.body)) == (400, {"message": "Invalid request body"})
    assert by_urllib3("OPTIONS", stack.outputs["Url"], JSON).status == 200
