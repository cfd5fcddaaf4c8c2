"""What is changed in moto's API Gateway, from its first call in a mock on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from moto.apigateway.exceptions import BadRequestException, InvalidOpenAPIDocumentException
from moto.apigateway.models import APIGatewayBackend, RestAPI
from moto.apigateway.responses import APIGatewayResponse
from moto.apigatewayv2.models import Api
from moto.apigatewayv2.responses import ApiGatewayV2Response
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from destmock._isolation.patching import Patch, patched
from destmock._services.apigateway import deployments, documents
from destmock._services.apigateway.request_models import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

_BINARY = "/binaryMediaTypes/"
_KEPT = ("resources", "authorizers", "models", "request_validators", "gateway_responses")


def _put_rest_api(put: Callable[..., RestAPI]) -> Callable[..., RestAPI]:
    """Take Swagger 2.0 as well, and what SAM writes; nothing is changed if the document is refused."""

    def put_rest_api(
        self: APIGatewayBackend,
        function_id: str,
        api_doc: Any,
        fail_on_warnings: bool,  # noqa: FBT001 - moto's
        mode: str = "merge",
    ) -> RestAPI:
        if mode not in ("merge", "overwrite"):
            return put(self, function_id, api_doc, fail_on_warnings, mode)
        _check(api_doc)
        if fail_on_warnings and "openapi" in api_doc:
            try:
                validate(api_doc)
            except OpenAPIValidationError as error:
                raise InvalidOpenAPIDocumentException(error) from error
        api = self.get_rest_api(function_id)
        before = {name: dict(getattr(api, name)) for name in _KEPT}
        methods = {each: dict(each.resource_methods) for each in api.resources.values()}
        try:
            if mode == "overwrite":
                documents.clear(api)
            documents.put_rest_api(self, api, api_doc)
        except Exception:
            vars(api).update(before)
            for resource, found in methods.items():
                resource.resource_methods = found
            raise
        return api

    return put_rest_api


def _import_rest_api(_: Callable[..., RestAPI]) -> Callable[..., RestAPI]:
    def import_rest_api(self: APIGatewayBackend, api_doc: Any, fail_on_warnings: bool) -> RestAPI:  # noqa: FBT001
        _check(api_doc)
        info = api_doc.get("info") or {}
        api = self.create_rest_api(name=info.get("title", ""), description=info.get("description", ""))
        try:
            return self.put_rest_api(api.id, api_doc, fail_on_warnings)
        except Exception:
            self.delete_rest_api(api.id)
            raise

    return import_rest_api


def _check(document: Any) -> None:
    """Raise AWS's error for what is no document of an API."""
    known = isinstance(document, dict) and ("swagger" in document or "openapi" in document)
    if not known:
        message = "Invalid OpenAPI input."
        raise BadRequestException(message)
    version = str(document.get("openapi", "3"))
    if not version.startswith("3"):
        message = f"Unsupported OpenAPI version: {version}"
        raise BadRequestException(message)


def _check_references(document: dict[str, Any]) -> None:
    """Raise the error that AWS makes of its warning about a response whose schema isn't there."""
    schemas = (document.get("components") or {}).get("schemas") or {}
    for place, schema in _schemas_of_responses(document.get("paths") or {}):
        reference = schema.get("$ref")
        if reference is not None and reference.removeprefix("#/components/schemas/") not in schemas:
            attribute = f"{place}.content.schema.{reference}"
            message = f"Warnings found during import:\n\tParse issue: attribute {attribute} is missing"
            raise BadRequestException(message)


def _schemas_of_responses(paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemas of all responses, with where each response is."""
    for path, methods in paths.items():
        for method, details in methods.items():
            responses = details.get("responses") if isinstance(details, dict) else None
            for status, response in (responses or {}).items():
                for content in (response.get("content") or {}).values():
                    yield f"paths.'{path}'({method}).responses.{status}", content.get("schema") or {}


def _create_rest_api(create: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the binary media types, which moto drops."""

    def create_rest_api(self: APIGatewayResponse) -> Any:
        answer = create(self)
        types = self._get_param("binaryMediaTypes")
        found = json.loads(answer[2])
        if not types or "id" not in found:
            return answer
        api = self.backend.get_rest_api(found["id"])
        api.binaryMediaTypes = [*types]
        return answer[0], answer[1], json.dumps(api.to_dict())

    return create_rest_api


def _apply_patch_operations(apply: Callable[..., None]) -> Callable[..., None]:
    """Read binary media types from the path of an operation, where AWS has them."""

    def apply_patch_operations(self: RestAPI, patch_operations: list[dict[str, Any]]) -> None:
        for operation in patch_operations:
            path = operation["path"]
            if path.startswith(_BINARY):
                operation.setdefault("value", path[len(_BINARY) :].replace("~1", "/"))
        apply(self, patch_operations)

    return apply_patch_operations


def _put_method(put: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a validator and models that the API doesn't have."""

    def put_method(self: APIGatewayBackend, function_id: str, *args: Any, **given: Any) -> Any:
        api = self.get_rest_api(function_id)
        validator = given.get("request_validator_id")
        if validator and validator not in api.request_validators:
            message = "Invalid Request Validator identifier specified"
            raise BadRequestException(message)
        for name in (given.get("request_models") or {}).values():
            if name not in api.models and name not in BUILT_IN:
                message = f"Invalid model identifier specified: {name}"
                raise BadRequestException(message)
        return put(self, function_id, *args, **given)

    return put_method


def _create_authorizer(create: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the validation expression, which moto loses between two spellings of its name."""

    def create_authorizer(self: RestAPI, *args: Any, **given: Any) -> Any:
        made = create(self, *args, **given)
        made.identity_validation_expression = given.get("identiy_validation_expression")
        return made

    return create_authorizer


def _import_http_api(_: Callable[..., None]) -> Callable[..., None]:
    def import_api(self: Api, body_str: str, fail_on_warnings: bool) -> None:  # noqa: FBT001 - moto's
        document = yaml.safe_load(body_str)
        _check(document)
        if fail_on_warnings:
            _check_references(document)
        documents.import_http_api(self, document)

    return import_api


def _answer_import_api(_: Any) -> Callable[..., Any]:
    """The operation ImportApi, which moto doesn't have."""

    def import_api(self: ApiGatewayV2Response) -> Any:
        body = json.loads(self.body).get("body") or ""
        _check(yaml.safe_load(body))
        strict = str(self._get_param("failOnWarnings", "false")).lower() == "true"
        backend = self.apigatewayv2_backend
        api = backend.create_api(None, None, None, None, None, "", "HTTP", None, {}, None)  # type: ignore[arg-type]
        try:
            backend.reimport_api(api.api_id, body, fail_on_warnings=strict)
        except Exception:
            backend.delete_api(api.api_id)
            raise
        return 201, {}, json.dumps(api.to_json())

    return import_api


def _answer_get_authorizers(_: Any) -> Callable[..., Any]:
    """The operation GetAuthorizers, which moto doesn't have."""

    def get_authorizers(self: ApiGatewayV2Response) -> Any:
        api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
        return 200, {}, json.dumps({"items": [each.to_json() for each in api.authorizers.values()]})

    return get_authorizers


def _create_api(create: Callable[..., Any]) -> Callable[..., Any]:
    """Make the route and the stage of an API that is created with a target, which moto leaves out."""

    def create_api(self: ApiGatewayV2Response) -> Any:
        answer = create(self)
        given = json.loads(self.body)
        if given.get("target"):
            api = self.apigatewayv2_backend.get_api(json.loads(answer[2])["apiId"])
            quick_start(api, given["target"], given.get("routeKey"), given.get("credentialsArn"))
        return answer

    return create_api


def quick_start(api: Api, target: str, route_key: str | None, credentials_arn: str | None) -> None:
    """Give an API one route, by default for everything, and a stage that is deployed by itself."""
    proxy = "AWS_PROXY" if target.startswith("arn:") else "HTTP_PROXY"
    integration = api.create_integration(
        connection_type="INTERNET",
        description="",
        integration_method="POST" if proxy == "AWS_PROXY" else "ANY",
        integration_type=proxy,
        integration_uri=target,
        credentials_arn=credentials_arn,
        payload_format_version="2.0" if proxy == "AWS_PROXY" else "1.0",
    )
    api.create_route(
        api_key_required=False,
        authorization_scopes=[],
        route_key=route_key or "$default",
        target=f"integrations/{integration.id}",
        authorization_type="NONE",
    )
    api.create_stage({"stageName": "$default", "autoDeploy": True})


PATCHES = (
    Patch(APIGatewayBackend, "put_rest_api", _put_rest_api),
    Patch(APIGatewayBackend, "import_rest_api", _import_rest_api),
    Patch(APIGatewayBackend, "put_method", _put_method),
    Patch(APIGatewayResponse, "create_rest_api", _create_rest_api),
    Patch(RestAPI, "apply_patch_operations", _apply_patch_operations),
    Patch(RestAPI, "create_authorizer", _create_authorizer),
    *deployments.PATCHES,
    Patch(Api, "import_api", _import_http_api),
    Patch(ApiGatewayV2Response, "import_api", _answer_import_api, added=True),
    Patch(ApiGatewayV2Response, "get_authorizers", _answer_get_authorizers, added=True),
    Patch(ApiGatewayV2Response, "create_api", _create_api),
)


def apis_completed() -> AbstractContextManager[None]:
    """While entered, API Gateway takes documents, and keeps what moto's leaves out."""
    return patched(PATCHES)
