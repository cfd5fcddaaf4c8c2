"""An API as a document: Swagger 2.0 and OpenAPI 3, as SAM and people write them, becomes moto's API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from destmock._services.apigateway.document_models import put_models, request_models, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.apigateway.models import APIGatewayBackend, Resource, RestAPI
    from moto.apigatewayv2.models import Api

_X = "x-amazon-apigateway-"
_VERBS = {"get", "put", "post", "delete", "options", "head", "patch"}
_ANY = f"{_X}any-method"
_DEFAULT_TTL = 300
_PLACES = {"header": "header", "query": "querystring", "path": "path"}
#: An integration's settings in a document, and what moto calls them.
_INTEGRATION = {
    "uri": "uri",
    "httpMethod": "integration_method",
    "credentials": "credentials",
    "requestTemplates": "request_templates",
    "passthroughBehavior": "passthrough_behavior",
    "tlsConfig": "tls_config",
    "cacheNamespace": "cache_namespace",
    "timeoutInMillis": "timeout_in_millis",
    "requestParameters": "request_parameters",
    "contentHandling": "content_handling",
    "connectionType": "connection_type",
}
_HTTP_INTEGRATION = {
    "connectionId": "connection_id",
    "connectionType": "connection_type",
    "credentials": "credentials_arn",
    "description": "description",
    "httpMethod": "integration_method",
    "integrationSubtype": "integration_subtype",
    "passthroughBehavior": "passthrough_behavior",
    "payloadFormatVersion": "payload_format_version",
    "requestParameters": "request_parameters",
    "requestTemplates": "request_templates",
    "responseParameters": "response_parameters",
    "timeoutInMillis": "timeout_in_millis",
    "tlsConfig": "tls_config",
    "uri": "integration_uri",
}


def put_rest_api(backend: APIGatewayBackend, api: RestAPI, document: dict[str, Any]) -> None:
    """Add what a document describes to a REST API; what is there already is replaced."""
    _Rest(backend, api, document).put()


def clear(api: RestAPI) -> None:
    """Leave nothing of a REST API but its root."""
    root = next(each for each in api.resources.values() if not each.parent_id)
    root.resource_methods = {}
    api.resources, api.default = {root.id: root}, root
    api.authorizers, api.models, api.request_validators, api.gateway_responses = {}, {}, {}, {}


class _Rest:
    def __init__(self, backend: APIGatewayBackend, api: RestAPI, document: dict[str, Any]) -> None:
        self._backend = backend
        self._api = api
        self._document = document
        self._schemes = _schemes(document)
        self._authorizers: dict[str, str] = {}
        self._validators: dict[str, str] = {}

    def put(self) -> None:
        document, api = self._document, self._api
        types = document.get(f"{_X}binary-media-types")
        if types:
            api.binaryMediaTypes = [*types]
        if f"{_X}policy" in document:
            api.policy = json.dumps(document[f"{_X}policy"])
        api.api_key_source = document.get(f"{_X}api-key-source", api.api_key_source)
        self._put_authorizers()
        self._put_responses_and_models()
        for path, item in sorted((document.get("paths") or {}).items()):
            resource = self._resource(path)
            for verb, operation in _operations(item):
                parameters = [resolved(each, document) for each in _parameters(item, operation)]
                self._put_method(resource, verb, {**operation, "parameters": parameters})

    def _put_authorizers(self) -> None:
        for name, scheme in self._schemes.items():
            given = scheme.get(f"{_X}authorizer")
            if given is None:
                continue
            for each in [each for each in self._api.authorizers.values() if each.name == name]:
                del self._api.authorizers[str(each.id)]
            kind = str(given.get("type", "token")).upper()
            by_header = f"method.request.header.{scheme.get('name', 'Authorization')}"
            authorizer = self._backend.create_authorizer(
                self._api.id,
                name,
                kind,
                provider_arns=given.get("providerARNs"),
                auth_type=scheme.get(f"{_X}authtype", "custom"),
                authorizer_uri=given.get("authorizerUri"),
                authorizer_credentials=given.get("authorizerCredentials"),
                identity_source=given.get("identitySource", None if kind == "REQUEST" else by_header),
                identiy_validation_expression=given.get("identityValidationExpression"),
                authorizer_result_ttl=given.get("authorizerResultTtlInSeconds", _DEFAULT_TTL),
            )
            self._authorizers[name] = str(authorizer.id)

    def _put_responses_and_models(self) -> None:
        document, backend, api = self._document, self._backend, self._api
        for kind, given in (document.get(f"{_X}gateway-responses") or {}).items():
            backend.put_gateway_response(
                api.id,
                kind,
                given.get("statusCode"),
                given.get("responseParameters"),
                given.get("responseTemplates"),
            )
        put_models(api, document)
        for name, given in (document.get(f"{_X}request-validators") or {}).items():
            validator = backend.create_request_validator(
                api.id, name, given.get("validateRequestBody"), given.get("validateRequestParameters")
            )
            self._validators[name] = str(validator.id)

    def _resource(self, path: str) -> Resource:
        found = next(each for each in self._api.resources.values() if not each.parent_id)
        for part in path.strip("/").split("/") if path.strip("/") else []:
            existing = [
                each
                for each in self._api.resources.values()
                if each.parent_id == found.id and each.path_part == part
            ]
            found = existing[0] if existing else self._backend.create_resource(self._api.id, found.id, part)
        return found

    def _put_method(self, resource: Resource, verb: str, operation: dict[str, Any]) -> None:
        backend, place = self._backend, (self._api.id, resource.id, verb)
        wanted = operation.get(f"{_X}request-validator", self._document.get(f"{_X}request-validator"))
        backend.put_method(
            *place,
            request_parameters=_request_parameters(operation) or None,
            request_models=request_models(self._api, operation, self._document),
            operation_name=operation.get("operationId"),
            request_validator_id=self._validators.get(wanted or ""),
            **self._authorization(operation),
        )
        for status, response in (operation.get("responses") or {}).items():
            headers = {
                f"method.response.header.{name}": False for name in (response or {}).get("headers") or {}
            }
            backend.put_method_response(*place, str(status), None, headers or None)
        integration = operation.get(f"{_X}integration")
        if integration is None:
            return
        settings = {ours: integration.get(theirs) for theirs, ours in _INTEGRATION.items()}
        kind = str(integration.get("type", "")).upper()
        behaviour = settings["passthrough_behavior"]
        settings["passthrough_behavior"] = behaviour.upper() if behaviour else behaviour
        backend.put_integration(*place, integration_type=kind, **settings)
        for pattern, response in (integration.get("responses") or {}).items():
            backend.put_integration_response(
                *place,
                str(response.get("statusCode")),
                "" if pattern == "default" else pattern,
                dict(response.get("responseTemplates") or {}),
                dict(response.get("responseParameters") or {}),
                response.get("contentHandling"),
            )

    def _authorization(self, operation: Mapping[str, Any]) -> dict[str, Any]:
        """How a method is protected, by its `security` or that of the whole document."""
        own = operation.get(f"{_X}auth", {})
        found: dict[str, Any] = {"authorization_type": str(own.get("type", "NONE")).upper()}
        for name, scopes in _security(operation, self._document):
            scheme = self._schemes.get(name, {})
            if name in self._authorizers:
                kind = str(scheme[f"{_X}authorizer"].get("type", "token")).lower()
                cognito = kind == "cognito_user_pools"
                found["authorization_type"] = "COGNITO_USER_POOLS" if cognito else "CUSTOM"
                found["authorizer_id"] = self._authorizers[name]
                found["authorization_scopes"] = scopes or None
            elif str(scheme.get(f"{_X}authtype", "")).lower() == "awssigv4":
                found["authorization_type"] = "AWS_IAM"
            elif str(scheme.get("name", "")).lower() == "x-api-key":
                found["api_key_required"] = True
        return found


def import_http_api(api: Api, document: dict[str, Any]) -> None:
    """Replace an HTTP API by what a document describes."""
    api.clear()
    info = document.get("info") or {}
    api.name = info.get("title", api.name)
    api.version = str(info["version"]) if "version" in info else api.version
    api.description = info.get("description", api.description)
    cors = document.get(f"{_X}cors")
    if cors is not None:
        api.cors_configuration = {name[0].lower() + name[1:]: value for name, value in cors.items()}  # type: ignore[assignment]
    tags = {each["name"]: each.get(f"{_X}tag-value", "") for each in document.get("tags") or []}
    api.backend.tag_resource(api.arn, tags)
    authorizers = _http_authorizers(api, document)
    for path, item in (document.get("paths") or {}).items():
        for verb, operation in _operations(item):
            key = path if path == "$default" else f"{verb} {path}"
            _put_route(api, key, operation, document, authorizers)


def _http_authorizers(api: Api, document: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The ids of the document's authorisers, and the authorisation types of routes that have them."""
    found = {}
    for name, scheme in _schemes(document).items():
        given = scheme.get(f"{_X}authorizer")
        if given is None:
            continue
        jwt = str(given.get("type", "")).lower() == "jwt"
        source = given.get("identitySource")
        version = given.get("authorizerPayloadFormatVersion")
        authorizer = api.create_authorizer(
            given.get("authorizerCredentials"),
            None if version is None else str(version),  # type: ignore[arg-type]
            given.get("authorizerResultTtlInSeconds"),
            "JWT" if jwt else "REQUEST",
            given.get("authorizerUri"),
            given.get("enableSimpleResponses"),
            [source] if isinstance(source, str) else source,  # type: ignore[arg-type]
            given.get("identityValidationExpression"),
            given.get("jwtConfiguration"),
            name,
        )
        found[name] = (str(authorizer.id), "JWT" if jwt else "CUSTOM")
    return found


def _put_route(
    api: Api,
    key: str,
    operation: Mapping[str, Any],
    document: Mapping[str, Any],
    authorizers: Mapping[str, tuple[str, str]],
) -> None:
    kind, authorizer_id, scopes = "NONE", None, None
    for name, wanted in _security(operation, document):
        if name in authorizers:
            (authorizer_id, kind), scopes = authorizers[name], wanted or None
        elif str(_schemes(document).get(name, {}).get(f"{_X}authtype", "")).lower() == "awssigv4":
            kind = "AWS_IAM"
    given = resolved(operation.get(f"{_X}integration"), document)
    target = ""
    if given is not None:
        settings = {ours: given.get(theirs) for theirs, ours in _HTTP_INTEGRATION.items()}
        settings["connection_type"] = settings["connection_type"] or "INTERNET"
        version = settings["payload_format_version"]
        settings["payload_format_version"] = None if version is None else str(version)
        integration = api.create_integration(integration_type=str(given.get("type", "")).upper(), **settings)
        target = f"integrations/{integration.id}"
    api.create_route(
        api_key_required=False,
        authorization_scopes=scopes or [],
        route_key=key,
        target=target,
        authorization_type=kind,
        authorizer_id=authorizer_id,
        operation_name=operation.get("operationId"),
    )


def _operations(item: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The methods of a path: `GET` and so on, and `ANY`."""
    for name, operation in item.items():
        if name.lower() in _VERBS:
            yield name.upper(), operation or {}
        elif name.lower() == _ANY:
            yield "ANY", operation or {}


def _schemes(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    components = document.get("components") or {}
    found: dict[str, dict[str, Any]] = (
        document.get("securityDefinitions") or components.get("securitySchemes") or {}
    )
    return found


def _security(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for each in operation.get("security", document.get("security")) or []:
        yield from each.items()


def _parameters(item: Mapping[str, Any], operation: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*(item.get("parameters") or []), *(operation.get("parameters") or [])]


def _request_parameters(operation: Mapping[str, Any]) -> dict[str, bool]:
    return {
        f"method.request.{_PLACES[each['in']]}.{each['name']}": bool(each.get("required"))
        for each in operation.get("parameters") or []
        if each.get("in") in _PLACES
    }
