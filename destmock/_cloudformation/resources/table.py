"""The resource types that moto's CloudFormation has no model for, or one that leaves out too much.

Each resource is made through its service's own API, so that a template is subject to everything that the
service checks, keeps and refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._cloudformation.resources import (
    attachments,
    buckets,
    functions,
    http_apis,
    messages,
    permissions,
    policies,
    rest_apis,
    rest_parts,
    rest_stages,
    schedules,
    secrets,
    state_machines,
    tables,
)
from destmock._cloudformation.resources.kinds import WithoutEffect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._cloudformation.resources.kinds import Kind


#: Types that matter to CloudFormation, CDK or whoever looks at dashboards only.
_WITHOUT_EFFECT = (
    "AWS::ApplicationInsights::Application",
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::WaitConditionHandle",
)

_ALL: tuple[Kind, ...] = (
    *functions.KINDS,
    *messages.KINDS,
    *buckets.KINDS,
    *schedules.KINDS,
    *rest_apis.KINDS,
    *rest_parts.KINDS,
    *rest_stages.KINDS,
    *http_apis.KINDS,
    *secrets.KINDS,
    *state_machines.KINDS,
    *tables.KINDS,
    *permissions.KINDS,
    *policies.KINDS,
    *attachments.KINDS,
    *(WithoutEffect(name) for name in _WITHOUT_EFFECT),
)
KINDS: Mapping[str, Kind] = {kind.type: kind for kind in _ALL}
