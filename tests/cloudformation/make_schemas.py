"""Makes `destmock/_cloudformation/resources/schemas.json` of AWS's resource schemas, which cfn-lint has.

A type is taken if moto has its operation but no model, and if the operation is named exactly like the
resource, or is listed below: names that are only alike make other resources. Run it with the moto and
botocore that destmock is to work with:

    pip install cfn-lint && python tests/cloudformation/make_schemas.py
"""

import importlib
import json
import pkgutil
import re
from collections import defaultdict
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import botocore.session
from botocore import xform_name
from moto.cloudformation.parsing import get_model_map
from moto.core.responses import BaseResponse

import destmock

SCHEMAS = Path(str(distribution("cfn-lint").locate_file("cfnlint/data/schemas")))
TABLE = Path(destmock.__file__).parent / "_cloudformation" / "resources" / "schemas.json"
#: Types that have kinds of their own, or will.
OURS = (
    "AWS::ApiGateway::",
    "AWS::ApiGatewayV2::",
    "AWS::CloudFormation::",
    "AWS::Lambda::",
    "AWS::Logs::SubscriptionFilter",
    "AWS::Scheduler::",
    "AWS::SecretsManager::Secret",
)
MAKING = ("Create", "Put", "Register", "Request", "Allocate", "Enable", "Start", "Associate", "Add")
READING = ("Describe", "Get", "List")
UPDATING = ("Update", "Modify", "Put")
DELETING = ("Delete", "Remove", "Deregister", "Disassociate", "Terminate", "Schedule", "Cancel", "Disable")
#: The noun of the operations, where it isn't the resource's name.
NOUNS = {
    "AWS::CloudWatch::Alarm": "MetricAlarm",
    "AWS::Cognito::UserPoolGroup": "Group",
    "AWS::Cognito::UserPoolIdentityProvider": "IdentityProvider",
    "AWS::Cognito::UserPoolResourceServer": "ResourceServer",
    "AWS::EC2::PrefixList": "ManagedPrefixList",
    "AWS::ElastiCache::SubnetGroup": "CacheSubnetGroup",
    "AWS::IAM::OIDCProvider": "OpenIDConnectProvider",
}
#: Operations whose names follow no rule; `None` for those that are alike only.
OPERATIONS = {
    "AWS::Budgets::Budget": {"create": "CreateBudget"},
    "AWS::Cognito::UserPoolUser": {
        "create": "AdminCreateUser",
        "read": "AdminGetUser",
        "delete": "AdminDeleteUser",
    },
    "AWS::Cognito::UserPoolUserToGroupAttachment": {
        "create": "AdminAddUserToGroup",
        "delete": "AdminRemoveUserFromGroup",
    },
    **{
        f"AWS::ServiceDiscovery::{kind}": {"read": "ListNamespaces", "delete": "DeleteNamespace"}
        for kind in ("HttpNamespace", "PrivateDnsNamespace", "PublicDnsNamespace")
    },
    "AWS::WAFv2::WebACLAssociation": {
        "create": "AssociateWebACL",
        "read": None,
        "update": None,
        "delete": "DisassociateWebACL",
    },
}
#: Properties whose parameters have another name.
RENAMES = {
    "AWS::Backup::BackupPlan": {"BackupPlanRule": "Rules"},
    "AWS::CloudTrail::Trail": {"TrailName": "Name"},
    "AWS::ElastiCache::CacheCluster": {"ClusterName": "CacheClusterId"},
    "AWS::ElastiCache::SubnetGroup": {"Description": "CacheSubnetGroupDescription"},
}
#: Properties that stand for several, as the `Ref` of another resource gives them.
PARTS = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": {
        "ScalingTargetId": ["ResourceId", "ScalableDimension", "ServiceNamespace"]
    },
}
#: What `Ref` gives, where it isn't the last part of the primary identifier.
REFS = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ["ResourceId", "ScalableDimension", "ServiceNamespace"],
    "AWS::Transfer::Server": ["Arn"],
}
#: The property that is named, where the schema doesn't tell.
NAMES = {
    "AWS::Glue::Database": {},  # inside its DatabaseInput
    "AWS::Glue::Table": {},
    "AWS::OpenSearchService::Domain": {"name": "DomainName", "longest": 28, "lower": True},
}
#: Parameters that the operation wants, and CloudFormation adds by itself.
DEFAULTS = {
    "AWS::CloudFront::Distribution": {
        "DistributionConfig.CallerReference": "{name}",
        "DistributionConfig.Comment": "",
        "DistributionConfig.CacheBehaviors.Items.ForwardedValues.Cookies": {"Forward": "none"},
        "DistributionConfig.DefaultCacheBehavior.ForwardedValues.Cookies": {"Forward": "none"},
        "DistributionConfig.Origins.Items.S3OriginConfig.OriginAccessIdentity": "",
    },
    "AWS::ResourceGroups::Group": {
        "ResourceQuery.Query": '{"ResourceTypeFilters":["AWS::AllSupported"],"StackIdentifier":"{stack}"}',
    },
    "AWS::Timestream::Table": {
        "RetentionProperties.MemoryStoreRetentionPeriodInHours": 6,
        "RetentionProperties.MagneticStoreRetentionPeriodInDays": 73000,
    },
}
_POOL = "cognito-idp.{region}.amazonaws.com/{ref}"
_EVENTS = "arn:{partition}:events:{region}:{account}:"
#: Attributes that moto doesn't answer, as AWS writes them.
FORMATS = {
    "AWS::AppSync::GraphQLApi": {
        "GraphQLUrl": "https://{ApiId}.appsync-api.{region}.amazonaws.com/graphql",
        "GraphQLDns": "{ApiId}.appsync-api.{region}.amazonaws.com",
    },
    "AWS::Cognito::UserPool": {"ProviderName": _POOL, "ProviderURL": f"https://{_POOL}"},
    "AWS::Events::ApiDestination": {"ArnForPolicy": f"{_EVENTS}api-destination/{{ref}}"},
    "AWS::Events::Connection": {"ArnForPolicy": f"{_EVENTS}connection/{{ref}}"},
    "AWS::SES::EmailIdentity": {
        f"DkimDNSToken{part}{number}": text.format(number)
        for number in (1, 2, 3)
        for part, text in (
            ("Name", "token{}._domainkey.{{ref}}"),
            ("Value", "token{}.dkim.amazonses.com"),
        )
    },
}
LONGEST_GENERATED = 250
#: Names of the services that have more than one API; the newer comes first.
PREFERRED = ("sesv2", "wafv2", "elbv2", "opensearch", "kinesisanalyticsv2")


@cache
def session():
    return botocore.session.get_session()


@cache
def model(service):
    return session().get_service_model(service)


@cache
def services():
    """botocore's services by all the prefixes that a permission may have for them."""
    found = defaultdict(list)
    for service in session().get_available_services():
        names = {service, model(service).signing_name, model(service).endpoint_prefix}
        for name in names:
            found[name].append(service)
    return {
        name: sorted(each, key=lambda service: (service not in PREFERRED, service))
        for name, each in found.items()
    }


@cache
def answered(service):
    """The operations that moto has for one of botocore's services, as the names of its methods."""
    folder = {"lambda": "awslambda"}.get(service, service.replace("-", ""))
    try:
        responses = importlib.import_module(f"moto.{folder}.responses")
    except ModuleNotFoundError:
        return frozenset()
    modules = [responses]
    if hasattr(responses, "__path__"):
        names = [name for _, name, _ in pkgutil.iter_modules(responses.__path__)]
        modules += [importlib.import_module(f"moto.{folder}.responses.{name}") for name in names]
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseResponse) and value is not BaseResponse
    ]
    inherited = set(dir(BaseResponse))
    return frozenset(name for each in classes for name in dir(each) if name not in inherited)


def has(service, operation):
    return operation in model(service).operation_names and xform_name(operation) in answered(service)


def nouns(kind):
    """The names of a resource in operations: one, and several."""
    bases = dict.fromkeys([NOUNS.get(kind, kind.split("::")[-1]), kind.split("::")[-1]])
    return [form for base in bases for form in (base, f"{base}s", re.sub("y$", "ies", base))]


def listed(schema, handler):
    return [
        each for each in schema.get("handlers", {}).get(handler, {}).get("permissions", []) if ":" in each
    ]


def making(kind, schema):
    """The service and the operation by which a resource is made; nothing if there is none in moto."""
    given = OPERATIONS.get(kind, {}).get("create")
    wanted = {f"{verb}{nouns(kind)[0]}".lower() for verb in MAKING}
    for permission in listed(schema, "create"):
        prefix, operation = permission.split(":", 1)
        for service in services().get(prefix.lower(), []):
            if given and has(service, given):
                return service, given
            known = {each.lower(): each for each in model(service).operation_names}
            found = known.get(operation.lower())
            if found and operation.lower() in wanted and has(service, found):
                return service, found
    return None


def named(kind, service, action, verbs):
    """The operation of the same service that reads, changes or deletes the resource."""
    if action in OPERATIONS.get(kind, {}):
        return OPERATIONS[kind][action]
    known = {each.lower(): each for each in model(service).operation_names}
    wanted = (f"{verb}{noun}".lower() for verb in verbs for noun in nouns(kind))
    return next((known[each] for each in wanted if each in known and has(service, known[each])), None)


def paths(schema, key):
    """The paths of some properties: `Arn`, `Endpoint.Address`."""
    found = [each.removeprefix("/properties/").replace("/", ".") for each in schema.get(key, [])]
    return [each for each in found if "*" not in each]


def definition(schema, name):
    found = schema.get("properties", {}).get(name, {})
    reference = found.get("$ref", "")
    return schema["definitions"][reference.split("/")[-1]] if "/definitions/" in reference else found


def is_lower(pattern):
    """Whether a pattern of names, as far as Python understands it, allows small letters only."""
    try:
        return bool(re.search(pattern, "name-a") and not re.search(pattern, "Name-A"))
    except re.error:
        return False


def naming(kind, schema):
    """The property that may get a generated name, its longest value, and whether it is lower case."""
    if kind in NAMES:
        return NAMES[kind]
    noun, made = kind.split("::")[-1], {*paths(schema, "readOnlyProperties"), *schema.get("required", [])}
    identifiers = [each for each in paths(schema, "primaryIdentifier") if each not in made]
    for name in [*identifiers, "Name", f"{noun}Name"]:
        found = definition(schema, name)
        if name in made or found.get("type") != "string" or not name.lower().endswith(("name", "identifier")):
            continue
        lower = is_lower(found.get("pattern", ""))
        return {
            "name": name,
            "longest": min(int(found.get("maxLength", LONGEST_GENERATED)), LONGEST_GENERATED),
            **({"lower": True} if lower else {}),
        }
    return {}


def row(kind, schema):
    """What the table says of a type; nothing if no operation makes it."""
    found = making(kind, schema)
    if found is None:
        return None
    service, create = found
    made = paths(schema, "readOnlyProperties")
    operations = {
        "read": named(kind, service, "read", READING),
        "update": create if create.startswith("Put") else named(kind, service, "update", UPDATING),
        "delete": named(kind, service, "delete", DELETING),
    }
    return {
        "service": service,
        "create": create,
        **{action: each for action, each in operations.items() if each},
        "id": paths(schema, "primaryIdentifier"),
        **({"ref": REFS[kind]} if kind in REFS else {}),
        **({"attributes": made} if made else {}),
        **({"replace": paths(schema, "createOnlyProperties")} if "createOnlyProperties" in schema else {}),
        **naming(kind, schema),
        **{
            name: table[kind]
            for name, table in (
                ("renames", RENAMES),
                ("parts", PARTS),
                ("defaults", DEFAULTS),
                ("formats", FORMATS),
            )
            if kind in table
        },
    }


def table():
    """All the rows, by type."""
    provided = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text("utf-8"))
    theirs = get_model_map()
    rows = {}
    for kind, file in sorted(provided.items()):
        if kind in theirs or kind.startswith(OURS):
            continue
        found = row(kind, json.loads((SCHEMAS / "resources" / f"{file}.json").read_text("utf-8")))
        if found is not None:
            rows[kind] = found
    return rows


def main():
    """Write the table, a type a line."""
    rows = ",\n".join(
        f"{json.dumps(kind)}:{json.dumps(row, separators=(',', ':'))}" for kind, row in table().items()
    )
    TABLE.write_text(f"{{\n{rows}\n}}\n", "utf-8")


if __name__ == "__main__":
    main()
