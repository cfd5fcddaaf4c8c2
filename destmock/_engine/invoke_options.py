"""What a caller may add to an invocation, and which functions take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from destmock._aws import api_errors as errors

if TYPE_CHECKING:
    from destmock._functions.functions import Function


class InvokeOptions(NamedTuple):
    """The name of the durable execution that is to be started, and the tenant that it is done for."""

    execution_name: str | None = None
    tenant_id: str | None = None

    def check(self, function: Function | None) -> None:
        """Raise AWS's error for a function that doesn't take these options, or wants others."""
        if self.execution_name is not None and (function is None or function.durable is None):
            raise errors.invalid_parameter(errors.NOT_DURABLE)
        if function is None:
            return
        if function.per_tenant and self.tenant_id is None:
            raise errors.invalid_parameter(errors.TENANT_MISSING)
        if not function.per_tenant and self.tenant_id is not None:
            raise errors.invalid_parameter(errors.NO_TENANTS)


NO_OPTIONS = InvokeOptions()


def why_not_taken(function: Function | None) -> str:
    """What keeps a service, which names no tenant, from invoking a function, said of its ARN."""
    if function is None:
        return "does not exist"
    if function.per_tenant:
        return "is invoked for a tenant only"
    return "is of a durable function, and names no version or alias"


def refusal_of(function: Function | None, arn: str) -> errors.AWSError:
    """What Lambda answers to a service that can't invoke a function."""
    if function is None:
        return errors.not_found(errors.NOT_FOUND.format(arn=arn))
    return errors.invalid_parameter(errors.TENANT_MISSING if function.per_tenant else errors.UNQUALIFIED)
