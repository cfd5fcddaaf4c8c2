"""APIs as tests make them, through boto3."""

import json

import boto3

ACCOUNT = "123456789012"


def invocations(function):
    """The URI by which API Gateway invokes a function."""
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}"
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"


class Rest:
    """A REST API, made method by method; `deploy` answers the URL of a stage."""

    def __init__(self, **settings):
        self.client = boto3.client("apigateway")
        made = self.client.create_rest_api(name="shop", **settings)
        self.id = made["id"]
        self._resources = {"": made["rootResourceId"]}

    def resource(self, path):
        path = path.rstrip("/")
        if path not in self._resources:
            parent, _, part = path.rpartition("/")
            made = self.client.create_resource(
                restApiId=self.id, parentId=self.resource(parent), pathPart=part
            )
            self._resources[path] = made["id"]
        return self._resources[path]

    def method(self, verb, path, *, method=None, responses=(), **integration):
        place = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        self.client.put_method(**place, **{"authorizationType": "NONE", **(method or {})})
        self.client.put_integration(**place, **integration)
        for response in responses:
            self.client.put_integration_response(**place, **response)
        return self

    def proxy(self, verb, path, function="f", **given):
        uri = invocations(function)
        return self.method(verb, path, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri, **given)

    def deploy(self, stage="prod", **settings):
        self.client.create_deployment(restApiId=self.id, stageName=stage, **settings)
        return f"https://{self.id}.execute-api.us-east-1.amazonaws.com/{stage}"


class Http:
    """An HTTP API with a default stage."""

    def __init__(self, **settings):
        self.client = boto3.client("apigatewayv2")
        made = self.client.create_api(Name="shop", ProtocolType="HTTP", **settings)
        self.id, self.url = made["ApiId"], made["ApiEndpoint"]
        self.client.create_stage(ApiId=self.id, StageName="$default", AutoDeploy=True)

    def route(self, key, function="f", *, route=None, **integration):
        given = {
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": invocations(function),
            "PayloadFormatVersion": "2.0",
            **integration,
        }
        if "IntegrationSubtype" in given:
            del given["IntegrationUri"]
        made = self.client.create_integration(ApiId=self.id, **given)
        target = f"integrations/{made['IntegrationId']}"
        self.client.create_route(ApiId=self.id, RouteKey=key, Target=target, **(route or {}))
        return self


def echo(event, context):
    """Answers its event."""
    return {"statusCode": 200, "body": json.dumps(event)}
